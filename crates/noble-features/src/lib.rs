//! Electrophysiology features of a voltage trace, with eFEL's names and definitions.
//!
//! The field compares cells through eFEL's numbers, so a feature here is eFEL's to the ninth digit, including the
//! resampling that it does first. What differs is everything around the number: a bad trace is a named error with
//! its place, a suspicious one a [`Warning`], an undefined feature `None` and never NaN, and one
//! [`PreparedSweep`] resamples and detects spikes once for all features asked of it.
//!
//! A feature is one function and one line in the table of its module; [`features`] lists them all, and
//! [`features_page`] describes them in full. eFEL's grid is one [`Mode`]; the other, precise, has none.
//!
//! # Example
//! ```
//! use noble_features::{PreparedSweep, Settings, Sweep, feature_values};
//! let times_ms: Vec<f64> = (0..3000).map(|i| f64::from(i) * 0.1).collect();
//! let v_mv: Vec<f64> = times_ms.iter().map(|t| -70.0 + 100.0 * (-((t - 120.0) / 0.5).powi(2)).exp()).collect();
//! let sweep = Sweep::new(times_ms.as_slice(), &v_mv, 100.0, 200.0)?;
//! let prepared = PreparedSweep::new(&sweep, &Settings::default())?;
//! let values = feature_values(&prepared, &["Spikecount", "inv_first_ISI"])?;
//! assert_eq!(values, [Some(vec![1.0]), None]);
//! # Ok::<(), noble_features::Error>(())
//! ```

mod error;
mod events;
pub mod fi;
pub mod metrics;
mod page;
mod prepared;
mod registry;
mod resample;
mod samples;
mod scan;
mod settings;
mod spelling;
mod subjects;
mod sweep;
mod warning;
#[cfg(test)]
mod waveform;

pub use error::Error;
pub use page::features_page;
pub use prepared::{Point, PreparedSweep};
pub use registry::{
    Feature, LEFT_OUT_FEATURES, STUDY_FEATURES, STUDY_FIRING_FEATURES, STUDY_SILENT_FEATURES, feature,
    feature_values, features,
};
pub use settings::{BaseMode, Mode, SettingName, Settings};
pub use subjects::{ALL as SUBJECTS, Subject, is_depolarization_blocked};
pub use sweep::{Sweep, Times};
pub use warning::Warning;
