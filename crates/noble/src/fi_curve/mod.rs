//! F-I curves of recorded sweeps and of simulated cells, and what they say.
//!
//! Recorded sweeps come as an [`FiSweep`] each, wherever they were read. A simulated cell can be asked at any
//! current, so its threshold is bisected and the curve lies above it.

mod drawing;
mod quantities;

use std::collections::BTreeMap;

use noble_data::ModelId;
use noble_features::fi::{
    Bracket, FI_POINTS, FiAnalysis, FiCurve, FiPoint, Threshold, Undefined, analyze, fi_grid_na, fi_point,
};
use noble_features::{PreparedSweep, Settings};
use rayon::prelude::*;

pub use quantities::FiQuantity;

use crate::excitability::{measure_fi_points, measure_threshold};
use crate::features::prepare;
use crate::sweep_file::{FileSweep, SweepFile};
use crate::{Cells, Error, ExcitabilitySettings, Progress, Protocol};

const MS_PER_S: f64 = 1000.0;

/// How the threshold of a curve was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThresholdRule {
    /// Between two currents of the sweeps.
    Sweeps,
    /// By bisection.
    Bisection {
        /// Currents tried.
        n_tried: usize,
    },
}

/// An F-I curve and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct FiReport {
    /// The model, where there are several or it was simulated.
    pub model: Option<ModelId>,
    /// The sweeps by current.
    pub curve: FiCurve,
    /// What they say; the threshold is the bisected one of a simulated cell.
    pub analysis: FiAnalysis,
    /// How the threshold was found.
    pub threshold_rule: ThresholdRule,
    /// What one spike adds to a rate; of the shortest stimulus where they differ.
    pub rate_step_hz: f64,
}

/// What an F-I curve needs of a sweep, wherever the sweep was read.
#[derive(Debug, Clone, PartialEq)]
pub struct FiSweep {
    /// Its point of the curve.
    pub point: FiPoint,
    /// What one spike adds to its rate.
    pub rate_step_hz: f64,
    /// What looks wrong with it, with its name.
    pub warnings: Vec<String>,
}

impl FiSweep {
    /// The point of a prepared sweep.
    #[must_use]
    pub fn new(sweep: &PreparedSweep<'_>, current_na: f64) -> Self {
        Self {
            point: fi_point(sweep, current_na),
            rate_step_hz: MS_PER_S / (sweep.stim_end_ms() - sweep.stim_start_ms()),
            warnings: sweep.warnings().iter().map(ToString::to_string).collect(),
        }
    }
}

/// Sweeps of a file with their currents.
#[derive(Debug, Clone, PartialEq)]
pub struct CurrentSweeps {
    /// Sweeps by model; `None` in a file without models.
    pub by_model: BTreeMap<Option<ModelId>, Vec<FiSweep>>,
    /// Sweeps left out because no current is known.
    pub n_without_current: usize,
}

/// The points of the sweeps of a file, with spikes by these settings.
///
/// # Errors
/// [`Error::Usage`] when no sweep has a current and a window, several channels have, or naming the sweep whose trace
/// cannot be used.
pub fn current_sweeps(file: &SweepFile, settings: &Settings) -> Result<CurrentSweeps, Error> {
    let known = |sweep: &&FileSweep| sweep.step_na.is_some() && sweep.window.is_ok();
    let known: Vec<&FileSweep> = file.sweeps.iter().filter(known).collect();
    let Some(first) = known.first() else {
        let remedy = "give step_na [n] in an NPZ file, a column ending in _na per sweep in a CSV file, or a recording with its stimulus";
        return Err(Error::usage("no sweep tells its current", remedy));
    };
    let is_other =
        |sweep: &&&FileSweep| (&sweep.channel, sweep.channel_idx) != (&first.channel, first.channel_idx);
    if let Some(other) = known.iter().find(is_other) {
        let channel = |sweep: &FileSweep| sweep.channel.clone().unwrap_or_default();
        let what = format!("sweeps of two channels, {} and {}", channel(first), channel(other));
        return Err(Error::usage(what, "choose those of one with --sweeps"));
    }
    check_durations(&known)?;
    let read = |sweep: &&FileSweep| {
        let prepared = prepare(sweep, settings)?;
        let mut fi_sweep = FiSweep::new(&prepared, sweep.step_na.unwrap_or(0.0));
        fi_sweep.warnings.iter_mut().for_each(|warning| *warning = format!("{}: {warning}", sweep.called()));
        Ok((sweep.model, fi_sweep))
    };
    let read: Vec<_> = known.par_iter().map(read).collect::<Result<_, Error>>()?;
    let mut by_model: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (model, sweep) in read {
        by_model.entry(model).or_default().push(sweep);
    }
    Ok(CurrentSweeps { by_model, n_without_current: file.sweeps.len() - known.len() })
}

/// Longest stimulus of a curve, in units of the shortest.
const MAX_DURATION_RATIO: f64 = 1.1;

/// Rates of stimuli of different length are not of one curve.
fn check_durations(sweeps: &[&FileSweep]) -> Result<(), Error> {
    let windows = sweeps.iter().filter_map(|sweep| sweep.window.as_ref().ok());
    let durations_ms = windows.map(|window| window.end_ms - window.start_ms);
    let shortest_ms = durations_ms.clone().fold(f64::INFINITY, f64::min);
    let longest_ms = durations_ms.fold(0.0, f64::max);
    if longest_ms > MAX_DURATION_RATIO * shortest_ms {
        let what = format!("stimuli of {shortest_ms} to {longest_ms} ms in one file");
        return Err(Error::usage(what, "choose the sweeps of one protocol with --sweeps"));
    }
    Ok(())
}

/// The curve of sweeps in any order.
///
/// # Errors
/// [`Error::Features`] without a sweep, or for a current that is not finite.
pub fn recorded_fi(model: Option<ModelId>, sweeps: &[FiSweep]) -> Result<FiReport, Error> {
    let points: Vec<FiPoint> = sweeps.iter().map(|sweep| sweep.point).collect();
    let rate_step_hz = sweeps.iter().map(|sweep| sweep.rate_step_hz).fold(0.0, f64::max);
    let curve = FiCurve::new(&points)?;
    let analysis = analyze(&curve, rate_step_hz)?;
    Ok(FiReport { model, curve, analysis, threshold_rule: ThresholdRule::Sweeps, rate_step_hz })
}

/// How a simulated cell is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedFiSettings {
    /// Currents of the curve; `None` for [`FI_POINTS`] from above the threshold to `largest_na`.
    pub currents_na: Option<Vec<f64>>,
    /// Largest current of the search for the threshold, and of the curve.
    pub largest_na: f64,
    /// Number of currents where none are given.
    pub n_points: usize,
    /// Width of the threshold's bracket relative to the threshold.
    pub relative_tolerance: f64,
}

impl Default for SimulatedFiSettings {
    /// As [`ExcitabilitySettings`].
    fn default() -> Self {
        let ExcitabilitySettings { largest_na, relative_tolerance, .. } = ExcitabilitySettings::default();
        Self { currents_na: None, largest_na, n_points: FI_POINTS, relative_tolerance }
    }
}

/// Curves of models: the threshold by bisection, then whole sweeps at every current.
///
/// A cell that is silent up to the largest current, or fires without one, is no error: its curve goes from zero to the
/// largest current, and its threshold says why it is not there.
///
/// # Errors
/// [`Error::Usage`] for settings or a protocol without sense, [`Error::Model`] with what went wrong in a model,
/// [`Error::Stopped`].
pub fn simulated_fi(
    cells: &Cells,
    ids: &[ModelId],
    protocol: &Protocol,
    settings: &SimulatedFiSettings,
    progress: &dyn Progress,
) -> Result<Vec<FiReport>, Error> {
    protocol.check()?;
    if protocol.duration_ms <= 0.0 {
        return Err(Error::usage("the step lasts 0 ms", "give a duration greater than zero"));
    }
    if !(settings.largest_na.is_finite() && settings.largest_na > 0.0) {
        let what = format!("the largest current is {} nA", settings.largest_na);
        return Err(Error::usage(what, "give a finite current greater than zero"));
    }
    if settings.currents_na.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::usage("no current is given", "give at least one"));
    }
    progress.start("F-I curves", ids.len());
    let of_model = |id: &ModelId| {
        let report = model_fi((cells, *id), protocol, settings, progress);
        progress.advance(1);
        report.map_err(|error| match error {
            error @ (Error::Model { .. } | Error::Stopped) => error,
            error => error.of_model(*id),
        })
    };
    let reports = ids.par_iter().map(of_model).collect();
    progress.finish();
    reports
}

fn model_fi(
    (cells, id): (&Cells, ModelId),
    protocol: &Protocol,
    settings: &SimulatedFiSettings,
    progress: &dyn Progress,
) -> Result<FiReport, Error> {
    let plan = cells.plan(id)?;
    let search = ExcitabilitySettings {
        largest_na: settings.largest_na,
        n_fi_points: settings.n_points,
        relative_tolerance: settings.relative_tolerance,
    };
    let found = bisected(measure_threshold(&plan, protocol, &search, progress))?;
    let currents_na = match &settings.currents_na {
        Some(currents_na) => currents_na.clone(),
        None => currents_na(&found, settings)?,
    };
    let points = measure_fi_points(&plan, protocol, &currents_na, progress)?;
    let rate_step_hz = MS_PER_S / protocol.duration_ms;
    let curve = FiCurve::new(&points)?;
    let mut analysis = analyze(&curve, rate_step_hz)?;
    let mut n_tried = 0;
    analysis.threshold = match found {
        Ok(threshold) => {
            n_tried = threshold.n_tried;
            analysis.silent_above_na.extend(&threshold.silent_above_na);
            analysis.silent_above_na.sort_by(f64::total_cmp);
            analysis.silent_above_na.dedup();
            Ok(Bracket { lower_na: threshold.silent_na, upper_na: threshold.threshold_na })
        }
        Err(why) => Err(why),
    };
    let threshold_rule = ThresholdRule::Bisection { n_tried };
    Ok(FiReport { model: Some(id), curve, analysis, threshold_rule, rate_step_hz })
}

/// A search without a threshold is a finding.
fn bisected(found: Result<Threshold, Error>) -> Result<Result<Threshold, Undefined>, Error> {
    match found {
        Ok(threshold) => Ok(Ok(threshold)),
        Err(Error::Features(noble_features::Error::NeverFires { largest_na })) => {
            Ok(Err(Undefined::AllSilent { largest_na }))
        }
        Err(Error::Features(noble_features::Error::FiresAtLowerLimit { lower_na })) => {
            Ok(Err(Undefined::FiresAtSmallest { smallest_na: lower_na }))
        }
        Err(error) => Err(error),
    }
}

/// The grid above the threshold; from zero, and with zero, where there is none.
fn currents_na(
    found: &Result<Threshold, Undefined>,
    settings: &SimulatedFiSettings,
) -> Result<Vec<f64>, Error> {
    let grid = |from_na: f64| fi_grid_na(from_na, settings.largest_na, settings.n_points);
    match found {
        Ok(threshold) if threshold.threshold_na < settings.largest_na => Ok(grid(threshold.threshold_na)?),
        _ => Ok([vec![0.0], grid(0.0)?].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference_cell::reference_cells;
    use crate::{Silent, measure_excitability};

    /// Short sweeps, so that the test is.
    const PROTOCOL: (f64, f64, f64) = (10.0, 150.0, 170.0);

    fn protocol() -> Protocol {
        let (delay_ms, duration_ms, total_ms) = PROTOCOL;
        Protocol { delay_ms, duration_ms, total_ms, ..Protocol::default() }
    }

    #[test]
    fn invariant_a_simulated_curve_has_the_latent_features() {
        let cells = reference_cells().unwrap();
        let id = *cells.models.keys().next().unwrap();
        let settings = ExcitabilitySettings::default();
        let expected =
            measure_excitability(&cells.plan(id).unwrap(), &protocol(), &settings, &Silent).unwrap();
        let reports =
            simulated_fi(&cells, &[id], &protocol(), &SimulatedFiSettings::default(), &Silent).unwrap();
        let [report] = reports.as_slice() else { panic!("one model") };
        let threshold = report.analysis.threshold.unwrap();
        assert_eq!(threshold.upper_na.to_bits(), expected.threshold.threshold_na.to_bits());
        assert_eq!(report.analysis.slope.unwrap(), expected.slope);
        assert_eq!(report.curve.points(), expected.points);
    }

    #[test]
    fn invariant_a_cell_without_threshold_says_why() {
        let cells = reference_cells().unwrap();
        let id = *cells.models.keys().next().unwrap();
        let settings =
            SimulatedFiSettings { largest_na: 0.01, n_points: 2, ..SimulatedFiSettings::default() };
        let reports = simulated_fi(&cells, &[id], &protocol(), &settings, &Silent).unwrap();
        assert_eq!(reports[0].analysis.threshold, Err(Undefined::AllSilent { largest_na: 0.01 }));
        assert_eq!(reports[0].curve.levels().len(), 3);
        for (quantity, without) in reports[0].quantities().iter().zip(["silent up to 0.01 nA"; 2]) {
            assert_eq!((quantity.value, quantity.reason.as_str()), (None, without));
        }
        for largest_na in [0.0, f64::NAN] {
            let settings = SimulatedFiSettings { largest_na, ..SimulatedFiSettings::default() };
            assert!(matches!(
                simulated_fi(&cells, &[id], &protocol(), &settings, &Silent),
                Err(Error::Usage { .. })
            ));
        }
    }
}
