//! Features of all sweeps of a file or an ensemble.

use std::collections::BTreeMap;

use noble_data::Sweeps;
use noble_data::sweeps::StimulusWindow;
use noble_features::{Feature, PreparedSweep, Settings, Sweep, feature, features};
use rayon::prelude::*;

use crate::Error;

/// Features of one sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepFeatures {
    /// Row of the sweep.
    pub sweep_idx: usize,
    /// Amplitude of its step, where known.
    pub step_na: Option<f64>,
    /// What looks wrong with it.
    pub warnings: Vec<String>,
    /// Values by eFEL's name, in the order asked for; `None` where undefined.
    pub values: Vec<(&'static str, Option<Vec<f64>>)>,
    /// Times of the spikes' peaks.
    pub spike_times_ms: Vec<f64>,
}

impl SweepFeatures {
    /// Mean of a feature's values, where it is defined.
    #[must_use]
    pub fn mean(&self, name: &str) -> Option<f64> {
        let (_, values) = self.values.iter().find(|(own, _)| *own == name)?;
        let values = values.as_ref()?;
        #[expect(clippy::cast_precision_loss, reason = "a small count")]
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Some(mean)
    }

    /// All means by name.
    #[must_use]
    pub fn means(&self) -> BTreeMap<&'static str, Option<f64>> {
        self.values.iter().map(|(name, _)| (*name, self.mean(name))).collect()
    }
}

/// Features by name; `all` stands for every one.
///
/// # Errors
/// [`Error::Features`] for a name that is unknown, with the nearest known one.
pub fn features_named(names: &[String]) -> Result<Vec<&'static Feature>, Error> {
    if names.iter().any(|name| name == "all") {
        return Ok(features().collect());
    }
    names.iter().map(|name| Ok(feature(name)?)).collect()
}

/// Features of every sweep, in parallel.
///
/// # Errors
/// [`Error::Usage`] naming the sweep when its trace cannot be used.
pub fn extract(
    sweeps: &Sweeps,
    asked: &[&'static Feature],
    window: StimulusWindow,
) -> Result<Vec<SweepFeatures>, Error> {
    let rows = (0..sweeps.n_sweeps()).into_par_iter();
    rows.map(|sweep_idx| {
        let v_mv = sweeps.v_mv.row(sweep_idx).to_vec();
        let named = |error: noble_features::Error| in_sweep(sweep_idx, &error);
        let sweep =
            Sweep::new(sweeps.times_ms.as_slice(), &v_mv, window.start_ms, window.end_ms).map_err(named)?;
        let prepared = PreparedSweep::new(&sweep, &Settings::default()).map_err(named)?;
        Ok(SweepFeatures {
            sweep_idx,
            step_na: sweeps.step_na[sweep_idx],
            warnings: prepared.warnings().iter().map(ToString::to_string).collect(),
            values: asked.iter().map(|feature| (feature.name, feature.values(&prepared))).collect(),
            spike_times_ms: prepared.peaks().iter().map(|peak| peak.time_ms).collect(),
        })
    })
    .collect()
}

fn in_sweep(sweep_idx: usize, error: &noble_features::Error) -> Error {
    let message = error.to_string();
    match message.rsplit_once("; ") {
        Some((what, remedy)) => Error::usage(format!("sweep {sweep_idx}: {what}"), remedy),
        None => Error::usage(format!("sweep {sweep_idx}: {message}"), "mend or remove the sweep"),
    }
}
