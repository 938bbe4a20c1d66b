//! The features, one file per subject, each with the table of its own.

mod after_bursts;
mod ahp;
mod amplitude;
mod block;
mod bursts;
mod current;
mod deflection;
mod edges;
mod impedance;
mod initial_burst;
mod intervals;
mod levels;
mod loose_bursts;
mod samples;
mod series;
mod slopes;
mod spikes;
mod straight_line;
mod time_constants;
mod timing;
mod width;

#[cfg(test)]
mod tests;

pub use block::is_depolarization_blocked;
pub(crate) use levels::{find_voltage_base_mv, has_base_window};
pub(crate) use loose_bursts::find_borders as find_loose_burst_borders;

use crate::Feature;

/// Features that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// Heading.
    pub title: &'static str,
    /// The features.
    pub features: &'static [Feature],
}

/// Every subject, in the order of the documentation.
pub const ALL: &[Subject] = &[
    Subject { title: "Spikes", features: spikes::FEATURES },
    Subject { title: "Times of spikes", features: timing::FEATURES },
    Subject { title: "Intervals between spikes", features: intervals::FEATURES },
    Subject { title: "Height of spikes", features: amplitude::FEATURES },
    Subject { title: "Width of spikes", features: width::FEATURES },
    Subject { title: "Rise and fall of spikes", features: edges::FEATURES },
    Subject { title: "Slopes", features: slopes::FEATURES },
    Subject { title: "After spikes", features: ahp::FEATURES },
    Subject { title: "Bursts", features: bursts::FEATURES },
    Subject { title: "After bursts", features: after_bursts::FEATURES },
    Subject { title: "Between bursts", features: after_bursts::SHARE_FEATURES },
    Subject { title: "Bursts by the older rule", features: loose_bursts::FEATURES },
    Subject { title: "The initial burst", features: initial_burst::FEATURES },
    Subject { title: "Levels of voltage", features: levels::FEATURES },
    Subject { title: "Deflection, sag and input resistance", features: deflection::FEATURES },
    Subject { title: "Time constants", features: time_constants::FEATURES },
    Subject { title: "Depolarization block", features: block::FEATURES },
    Subject { title: "Current", features: current::FEATURES },
    Subject { title: "Impedance", features: impedance::FEATURES },
    Subject { title: "Samples", features: samples::FEATURES },
];
