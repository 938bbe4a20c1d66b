//! The curve of firing rate against current: its threshold and its slope above threshold.
//!
//! Both numbers depend on how they are measured, so the measurement is part of this module: the threshold is
//! bisected, not read off a grid, because a grid gives every similar cell the same threshold; the slope is a
//! line through all spiking sweeps of a fixed grid, because a local slope just above threshold counts single
//! spikes; blocked sweeps are left out, because they bend the line down.
//!
//! [`threshold_current_na`] asks a cell that can be asked, such as a simulated one, at any current. Recorded sweeps
//! are what they are: [`FiCurve`] puts them together by current, and [`analyze`] reads threshold, slopes, saturation
//! and block off the curve, each with the uncertainty that the grid of currents leaves, or with the reason why it is
//! not there.

mod analysis;
mod curve;
mod slope;
mod threshold;

pub use analysis::{Bracket, FiAnalysis, LargestRate, SlopeBetween, Undefined, analyze};
pub use curve::{FiCurve, FiLevel, FiState};
pub use slope::{FI_POINTS, FiPoint, FiSlope, fi_grid_na, fi_point, fi_slope_hz_per_na};
pub use threshold::{Threshold, ThresholdSettings, threshold_current_na};

use curve::SAME_CURRENT_NA;
