//! The explorer: an operator, its latent space and the simulator beside it, on a page of the local browser.
//!
//! [`Explorer`] answers questions and knows no network; [`serve`] puts it behind HTTP on this machine. The page only draws: every
//! number on it comes from here, and so from the same functions as the commands'.

mod answer;
mod explorer;
mod question;
mod recording;
mod server;

pub use answer::Answer;
pub use explorer::{About, Explorer};
pub use question::{Asked, CurveQuestion, Question, SolveQuestion};
pub use recording::{LARGEST_RECORDING_BYTES, recorded_answer};
pub use server::{Address, serve};
