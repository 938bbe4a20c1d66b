//! Latent features beyond threshold and slope: what a few sweeps of a model say about it.
//!
//! Threshold current and F-I slope tell models apart on a map; they do not tell the rate at a current to the thousandth that
//! forty spikes in their places need, nor the shape of a spike. The wide set adds rates on the way from threshold to the
//! largest current, and a handful of voltages and times, all of which an experimenter can measure on a cell.
//!
//! One line of [`SWEPT`] per feature.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use noble_cell::CablePlan;
use noble_data::sweeps::StimulusWindow;
use noble_features::{Mode, PreparedSweep, Settings, Sweep, feature};
use noble_operator::RateKnot;
use serde::{Deserialize, Serialize};

use crate::progress::Within;
use crate::simulate::{LANES, simulate_pairs};
use crate::{Error, I_THR, Progress, Protocol};

/// Which latent features are measured of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatentSet {
    /// Threshold current and F-I slope, as published.
    #[default]
    Excitability,
    /// These, rates, and voltages and times of a few sweeps.
    Wide,
}

impl LatentSet {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    pub(crate) fn is_excitability(&self) -> bool {
        *self == Self::Excitability
    }
}

/// The sweep a latent feature is taken of.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Taken {
    /// At the lowest current of the dataset.
    Lowest,
    /// At this part of the way from threshold current to the largest current.
    Way(f64),
}

/// A latent feature that is the mean of a feature's values on one sweep.
struct Swept {
    name: &'static str,
    feature: &'static str,
    taken: Taken,
    /// From the mean to the feature's value.
    value: fn(f64) -> f64,
}

const fn swept(name: &'static str, feature: &'static str, taken: Taken) -> Swept {
    Swept { name, feature, taken, value: |mean| mean }
}

/// `1 / mean interval`: the count of spikes rises by it, however late the first spike comes.
const fn rate(name: &'static str, way: f64) -> Swept {
    Swept { name, feature: "all_ISI_values", taken: Taken::Way(way), value: |interval_ms| 1e3 / interval_ms }
}

/// In the middle of the F-I curve spikes are many and neither early nor crowded.
const MIDDLE: Taken = Taken::Way(0.49);

/// All of them. The rates lie evenly in the root of the way, along which rates grow most evenly.
const SWEPT: [Swept; 11] = [
    rate("rate_01_hz", 0.01),
    rate("rate_16_hz", 0.16),
    rate("rate_49_hz", 0.49),
    rate("rate_100_hz", 1.0),
    swept("latency_ms", "time_to_first_spike", Taken::Way(0.16)),
    swept("spike_peak_mv", "peak_voltage", MIDDLE),
    swept("spike_width_ms", "spike_half_width", MIDDLE),
    swept("ahp_depth_mv", "AHP_depth", MIDDLE),
    swept("rest_mv", "voltage_base", Taken::Lowest),
    swept("hyperpolarized_mv", "steady_state_voltage_stimend", Taken::Lowest),
    swept("sag_mv", "sag_amplitude", Taken::Lowest),
];

/// The rates among the latent features, where on the F-I curve they lie.
#[must_use]
pub fn rate_knots() -> Vec<RateKnot> {
    let knot = |swept: &Swept| match swept.taken {
        Taken::Way(way) if swept.name.starts_with("rate_") => {
            Some(RateKnot { name: swept.name.to_owned(), way })
        }
        _ => None,
    };
    SWEPT.iter().filter_map(knot).collect()
}

/// Measures a model whose threshold current is among `known`, features between samples; a model with one spike or none at a
/// rate's current has a rate of zero there.
///
/// # Errors
/// [`Error::Usage`] for a feature that the model's sweep does not have, [`Error::Cell`] when a run diverges,
/// [`Error::Stopped`].
pub(crate) fn measure_swept(
    plan: &CablePlan,
    protocol: &Protocol,
    known: &BTreeMap<String, f64>,
    (lowest_na, largest_na): (f64, f64),
    progress: &dyn Progress,
) -> Result<BTreeMap<String, f64>, Error> {
    let threshold_na = known.get(I_THR).copied().unwrap_or(0.0);
    let current_na = |taken: Taken| match taken {
        Taken::Lowest => lowest_na,
        Taken::Way(way) => threshold_na + way * (largest_na - threshold_na),
    };
    let mut taken: Vec<Taken> = Vec::new();
    for swept in &SWEPT {
        if !taken.contains(&swept.taken) {
            taken.push(swept.taken);
        }
    }
    let pairs: Vec<(&CablePlan, f64)> = taken.iter().map(|taken| (plan, current_na(*taken))).collect();
    let window = StimulusWindow { start_ms: protocol.delay_ms, end_ms: protocol.end_ms() };
    let settings = Settings { mode: Mode::Precise, ..Settings::default() };
    let mut all = known.clone();
    // Models are measured in parallel, so the sweeps of one share a core.
    let lanes = NonZeroUsize::new(pairs.len().min(LANES));
    let traces = simulate_pairs(&pairs, protocol, lanes, &Within(progress))?;
    for (trace, taken) in traces.into_iter().zip(&taken) {
        let trace = trace?;
        let sweep = Sweep::from_trace(&trace, window.start_ms, window.end_ms)?;
        let prepared = PreparedSweep::new(&sweep, &settings)?;
        for swept in SWEPT.iter().filter(|swept| swept.taken == *taken) {
            let value = match feature(swept.feature)?.mean(&prepared) {
                Some(mean) => (swept.value)(mean),
                None if swept.name.starts_with("rate_") => 0.0,
                None => return Err(undefined(swept, current_na(*taken))),
            };
            all.insert(swept.name.to_owned(), value);
        }
    }
    Ok(all)
}

fn undefined(swept: &Swept, step_na: f64) -> Error {
    let what = format!("{} ({}) is not defined at {step_na} nA", swept.name, swept.feature);
    Error::usage(what, "leave the model out with --models, or measure --latents excitability")
}
