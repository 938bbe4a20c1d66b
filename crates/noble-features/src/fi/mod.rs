//! The curve of firing rate against current: its threshold and its slope above threshold.
//!
//! Both numbers depend on how they are measured, so the measurement is part of this module: the threshold is
//! bisected, not read off a grid, because a grid gives every similar cell the same threshold; the slope is a
//! line through all spiking sweeps of a fixed grid, because a local slope just above threshold counts single
//! spikes; blocked sweeps are left out, because they bend the line down.

mod slope;
mod threshold;

pub use slope::{FI_POINTS, FiPoint, FiSlope, fi_grid_na, fi_point, fi_slope_hz_per_na};
pub use threshold::{Threshold, ThresholdSettings, threshold_current_na};
