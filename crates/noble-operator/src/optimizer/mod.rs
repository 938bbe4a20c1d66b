//! The optimizer and the learning-rate schedules.

mod adamw;
mod schedule;

pub use adamw::{AdamW, AdamWSettings};
pub use schedule::{PlateauSettings, Schedule, ScheduleState};
