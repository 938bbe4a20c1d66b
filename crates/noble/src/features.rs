//! Features of all sweeps of a file or an ensemble.

use std::collections::BTreeMap;

use noble_data::Sweeps;
use noble_data::sweeps::StimulusWindow;
use noble_features::{Feature, PreparedSweep, Settings, Sweep, feature, features};
use rayon::prelude::*;

use crate::Error;
use crate::sweep_file::FileSweep;

/// The samples themselves, whose means say nothing.
const SAMPLES: [&str; 3] = ["time", "voltage", "current"];

/// No patch or sharp electrode injects more into one cell. // [nA]
pub(crate) const LARGEST_STEP_NA: f64 = 20.0;

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
        let values = values.as_ref().filter(|values| !values.is_empty())?;
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

/// What a missing value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// A feature is there with finite values, or it is not there.
    #[default]
    None,
    /// As eFEL has it: NaN, infinities and empty lists too.
    Efel,
}

/// How features are extracted.
#[derive(Debug, Clone, Default)]
pub struct ExtractSettings {
    /// eFEL's settings and the mode.
    pub settings: Settings,
    /// What a missing value looks like.
    pub missing: Missing,
}

/// Features by name; `all` stands for every one.
///
/// # Errors
/// [`Error::Features`] for a name that is unknown, with the nearest known one.
pub fn features_named(names: &[String]) -> Result<Vec<&'static Feature>, Error> {
    if names.iter().any(|name| name == "all") {
        return Ok(features().collect());
    }
    names.iter().map(|name| Ok(feature(name.trim())?)).collect()
}

/// Every feature but the samples themselves.
#[must_use]
pub fn summary_features() -> Vec<&'static Feature> {
    features().filter(|feature| !SAMPLES.contains(&feature.name)).collect()
}

/// Features of every sweep of a file, in parallel, each with its own outcome: a sweep that cannot be used does not
/// stand in the way of the others.
#[must_use]
pub fn extract_sweeps(
    sweeps: &[FileSweep],
    asked: &[&'static Feature],
    settings: &ExtractSettings,
) -> Vec<Result<SweepFeatures, Error>> {
    sweeps.par_iter().map(|sweep| extract_sweep(sweep, asked, settings)).collect()
}

fn extract_sweep(
    sweep: &FileSweep,
    asked: &[&'static Feature],
    settings: &ExtractSettings,
) -> Result<SweepFeatures, Error> {
    let prepared = prepare(sweep, &settings.settings)?;
    let mut row = of_prepared(&prepared, asked, settings.missing);
    if let Some(step_na) = sweep.step_na.filter(|step_na| step_na.abs() > LARGEST_STEP_NA) {
        row.warnings.push(format!("current of {step_na} nA: looks like pA stated as nA; divide by 1000"));
    }
    Ok(SweepFeatures { sweep_idx: sweep.sweep_idx, step_na: sweep.step_na, ..row })
}

/// A sweep of a file as features take it.
///
/// # Errors
/// [`Error::Usage`] naming the sweep when its window is not known or its trace cannot be used.
pub fn prepare<'a>(sweep: &'a FileSweep, settings: &Settings) -> Result<PreparedSweep<'a>, Error> {
    let window = sweep.window.as_ref().map_err(|reason| {
        let what = format!("{}: the window of the stimulus is not known: {reason}", sweep.called());
        Error::usage(what, "give --stim-start-ms and --stim-end-ms")
    })?;
    let checked = || {
        let mut checked = Sweep::new(sweep.times(), &sweep.v_mv, window.start_ms, window.end_ms)?;
        if let Some(current_na) = &sweep.current_na {
            checked = checked.with_current_na(current_na)?;
        }
        if let Some(injected_na) = sweep.injected_na() {
            checked = checked.with_stimulus_current_na(injected_na)?;
        }
        PreparedSweep::new(&checked, settings)
    };
    checked().map_err(|error| in_sweep(&sweep.called(), &error))
}

/// Features of every sweep with eFEL's definitions and default settings, in parallel.
///
/// # Errors
/// [`Error::Usage`] naming the first sweep whose trace cannot be used.
pub fn extract(
    sweeps: &Sweeps,
    asked: &[&'static Feature],
    window: StimulusWindow,
) -> Result<Vec<SweepFeatures>, Error> {
    extract_as(sweeps, asked, (window, &Settings::default()))
}

/// The same with other settings, such as [precise mode](noble_features::Mode).
///
/// # Errors
/// As [`extract`].
pub fn extract_as(
    sweeps: &Sweeps,
    asked: &[&'static Feature],
    (window, settings): (StimulusWindow, &Settings),
) -> Result<Vec<SweepFeatures>, Error> {
    let rows = (0..sweeps.n_sweeps()).into_par_iter();
    rows.map(|sweep_idx| {
        let v_mv = sweeps.v_mv.row(sweep_idx).to_vec();
        let named = |error: noble_features::Error| in_sweep(&format!("sweep {sweep_idx}"), &error);
        let sweep =
            Sweep::new(sweeps.times_ms.as_slice(), &v_mv, window.start_ms, window.end_ms).map_err(named)?;
        let prepared = PreparedSweep::new(&sweep, settings).map_err(named)?;
        let row = of_prepared(&prepared, asked, Missing::None);
        Ok(SweepFeatures { sweep_idx, step_na: sweeps.step_na[sweep_idx], ..row })
    })
    .collect()
}

fn of_prepared(prepared: &PreparedSweep<'_>, asked: &[&'static Feature], missing: Missing) -> SweepFeatures {
    let values = |feature: &&'static Feature| match missing {
        Missing::None => (feature.name, feature.values(prepared)),
        Missing::Efel => (feature.name, feature.efel_values(prepared)),
    };
    SweepFeatures {
        sweep_idx: 0,
        step_na: None,
        warnings: prepared.warnings().iter().map(ToString::to_string).collect(),
        values: asked.iter().map(values).collect(),
        spike_times_ms: prepared.peaks().iter().map(|peak| peak.time_ms).collect(),
    }
}

fn in_sweep(name: &str, error: &noble_features::Error) -> Error {
    let message = error.to_string();
    let (what, remedy) = message.rsplit_once("; ").unwrap_or((&message, "mend or remove the sweep"));
    Error::usage(format!("{name}: {what}"), remedy)
}
