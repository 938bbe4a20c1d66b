//! Latent features beyond threshold and slope: what a few sweeps of a model say about it.
//!
//! Threshold current and F-I slope tell models apart on a map; they do not tell the rate at a current to the thousandth that
//! forty spikes in their places need, nor the shape of a spike. The wide set adds what describes trains of spikes on the way
//! from threshold to the largest current, and a handful of voltages and times, all of which an experimenter can measure on a
//! cell.
//!
//! One line of [`SWEPT`] per feature of a single sweep, one entry of [`TRAINS`] per train.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use noble_cell::CablePlan;
use noble_data::sweeps::StimulusWindow;
use noble_features::{Mode, PreparedSweep, Settings, Sweep, feature};
use noble_operator::{RhythmKnot, TrainShape};
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
    /// These, latencies, rates and leads of trains, and voltages and times of single sweeps.
    Wide,
}

impl LatentSet {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    pub(crate) fn is_excitability(&self) -> bool {
        *self == Self::Excitability
    }
}

/// The sweep a latent feature is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// At the lowest current of the dataset.
    Lowest,
    /// One of [`TRAINS`].
    Train(u8),
}

/// A latent feature that is the mean of a feature's values on one sweep.
struct Swept {
    name: &'static str,
    feature: &'static str,
    taken: Taken,
}

const fn swept(name: &'static str, feature: &'static str, taken: Taken) -> Swept {
    Swept { name, feature, taken }
}

/// In the middle of the F-I curve spikes are many and neither early nor crowded.
const MIDDLE: Taken = Taken::Train(75);

/// Voltages and times of single sweeps.
const SWEPT: [Swept; 6] = [
    swept("spike_peak_mv", "peak_voltage", MIDDLE),
    swept("spike_width_ms", "spike_half_width", MIDDLE),
    swept("ahp_depth_mv", "AHP_depth", MIDDLE),
    swept("rest_mv", "voltage_base", Taken::Lowest),
    swept("hyperpolarized_mv", "steady_state_voltage_stimend", Taken::Lowest),
    swept("sag_mv", "sag_amplitude", Taken::Lowest),
];

/// Currents at which trains of spikes are measured, as hundredths of the root of the way, along which latencies and rates
/// change most evenly.
const TRAINS: [u8; 6] = [5, 12, 25, 50, 75, 100];
/// Of the first of them, next to threshold, only the latency is taken: its rate comes of few spikes.
const FIRST_RATE: usize = 1;
/// Time constant with which a train comes to its late rate.
const SETTLING_MS: f64 = 100.0;
/// Spikes that a train's count has to go before a step.
const BEFORE_FIRST: f64 = 0.5;
/// Part of the time from the first spike to the end of the step after which the late rate is taken.
const LATE: f64 = 0.4;
/// Part of that time which a train must last to come to a late rate.
const LEAST_LATE: f64 = 0.7;
/// Fewest spikes that tell a lead from a rate.
const FEWEST_FOR_LEAD: usize = 4;

fn way(hundredths: u8) -> f64 {
    (f64::from(hundredths) / 100.0).powi(2)
}

/// What is measured of a train.
#[derive(Debug, Clone, Copy)]
enum OfTrain {
    Latency,
    Rate,
    Lead,
}

impl OfTrain {
    /// Name of the latent feature at one of [`TRAINS`].
    fn name(self, hundredths: u8) -> String {
        match self {
            Self::Latency => format!("latency_{hundredths:02}_ms"),
            Self::Rate => format!("rate_{hundredths:02}_hz"),
            Self::Lead => format!("lead_{hundredths:02}"),
        }
    }

    /// Where it is measured.
    fn places(self) -> &'static [u8] {
        match self {
            Self::Latency => &TRAINS,
            Self::Rate | Self::Lead => &TRAINS[FIRST_RATE..],
        }
    }

    fn knots(self) -> Vec<RhythmKnot> {
        let knot = |hundredths: &u8| RhythmKnot { name: self.name(*hundredths), way: way(*hundredths) };
        self.places().iter().map(knot).collect()
    }
}

/// The rates among the latent features, where on the F-I curve they lie.
#[must_use]
pub fn rate_knots() -> Vec<RhythmKnot> {
    OfTrain::Rate.knots()
}

/// Latencies and leads among the latent features, and how leads are gained.
#[must_use]
pub fn train_shape() -> TrainShape {
    TrainShape {
        latencies: OfTrain::Latency.knots(),
        leads: OfTrain::Lead.knots(),
        settling_ms: SETTLING_MS,
        before_first: BEFORE_FIRST,
    }
}

/// What [`measure_swept`] measures and how, as text: kept features of another definition are measured anew.
pub(crate) fn swept_definition() -> String {
    let names: Vec<&str> = SWEPT.iter().map(|swept| swept.name).collect();
    let constants = (SETTLING_MS, LATE, FEWEST_FOR_LEAD, LEAST_LATE);
    format!("{names:?} {TRAINS:?} {FIRST_RATE} {constants:?}, latencies up to the end of the step")
}

/// Late rate and lead of a train.
///
/// With the times `s` since the first spike, the count of spikes after it is `f s + a (1 − e^{−s/τ})`: rate `f` and lead `a` are
/// those for which it is right at the last spike and, between the two spikes there, [`LATE`] of the way from the first
/// spike to the end of the step. Of trains of few spikes, or that end before [`LEAST_LATE`] of the way, or would come to no
/// rate, `f` is the inverse mean interval and `a` zero; of one spike both are.
struct Train {
    rate_hz: f64,
    lead: f64,
}

impl Train {
    #[expect(clippy::cast_precision_loss, reason = "a count of spikes")]
    fn of(peaks_ms: &[f64], end_ms: f64) -> Self {
        let (Some(first_ms), Some(last_ms)) = (peaks_ms.first(), peaks_ms.last()) else {
            return Self { rate_hz: 0.0, lead: 0.0 };
        };
        let n_after = (peaks_ms.len() - 1) as f64;
        let (whole_ms, last_ms) = (end_ms - first_ms, last_ms - first_ms);
        let mean = Self { rate_hz: if n_after > 0.0 { 1e3 * n_after / last_ms } else { 0.0 }, lead: 0.0 };
        if peaks_ms.len() < FEWEST_FOR_LEAD || last_ms < LEAST_LATE * whole_ms {
            return mean;
        }
        let late_ms = LATE * whole_ms;
        let after = peaks_ms.partition_point(|peak_ms| peak_ms - first_ms <= late_ms);
        let (before_ms, after_ms) = (peaks_ms[after - 1] - first_ms, peaks_ms[after] - first_ms);
        let late_count = (after - 1) as f64 + (late_ms - before_ms) / (after_ms - before_ms);
        let [late_gain, last_gain] = [late_ms, last_ms].map(|s_ms| 1.0 - (-s_ms / SETTLING_MS).exp());
        let determinant = late_ms * last_gain - last_ms * late_gain;
        let rate_hz = 1e3 * (late_count * last_gain - n_after * late_gain) / determinant;
        let lead = (n_after * late_ms - late_count * last_ms) / determinant;
        if rate_hz > 0.0 { Self { rate_hz, lead } } else { mean }
    }
}

/// Measures a model whose threshold current is among `known`, features between samples; a model with one spike at a rate's
/// current has a rate of zero there, one without a spike the step's duration as its latency.
///
/// # Errors
/// [`Error::Unmeasured`] for a feature that the model's sweep does not have, [`Error::Cell`] when a run diverges,
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
        Taken::Train(train) => threshold_na + way(train) * (largest_na - threshold_na),
    };
    let taken: Vec<Taken> = [Taken::Lowest].into_iter().chain(TRAINS.map(Taken::Train)).collect();
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
        let mean = |name: &str, of: &str| {
            feature(of)?.mean(&prepared).ok_or_else(|| undefined((name, of), current_na(*taken)))
        };
        for swept in SWEPT.iter().filter(|swept| swept.taken == *taken) {
            all.insert(swept.name.to_owned(), mean(swept.name, swept.feature)?);
        }
        let Taken::Train(hundredths) = taken else { continue };
        let mut peaks_ms = feature("peak_time")?.values(&prepared).unwrap_or_default();
        peaks_ms.retain(|peak_ms| (window.start_ms..=window.end_ms).contains(peak_ms));
        // Next to threshold a spike may come when the step is over.
        let first_ms = peaks_ms.first().copied().unwrap_or(window.end_ms);
        all.insert(OfTrain::Latency.name(*hundredths), first_ms - window.start_ms);
        if OfTrain::Rate.places().contains(hundredths) {
            let train = Train::of(&peaks_ms, window.end_ms);
            let names = [OfTrain::Rate, OfTrain::Lead].map(|what| what.name(*hundredths));
            all.extend(names.into_iter().zip([train.rate_hz, train.lead]));
        }
    }
    Ok(all)
}

fn undefined((name, feature): (&str, &str), step_na: f64) -> Error {
    Error::Unmeasured { name: name.to_owned(), feature: feature.to_owned(), step_na }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spikes where the count is whole.
    fn peaks_ms(rate_hz: f64, lead: f64, latency_ms: f64) -> Vec<f64> {
        let count = |s_ms: f64| 1e-3 * rate_hz * s_ms + lead * (1.0 - (-s_ms / SETTLING_MS).exp());
        let place = |n: usize| {
            let (mut low, mut high) = (0.0, 1e4);
            for _ in 0..100 {
                let middle = 0.5 * (low + high);
                if count(middle) < n as f64 { low = middle } else { high = middle }
            }
            latency_ms + low
        };
        (0..).map(place).take_while(|peak_ms| *peak_ms < 400.0).collect()
    }

    #[test]
    fn analytic_rate_and_lead_of_a_train_are_found_again() {
        for (rate_hz, lead) in [(20.0, 0.0), (55.0, 0.4), (90.0, -0.3)] {
            let train = Train::of(&peaks_ms(rate_hz, lead, 7.0), 400.0);
            assert!((train.rate_hz / rate_hz - 1.0).abs() < 2e-3, "{} for {rate_hz}", train.rate_hz);
            assert!((train.lead - lead).abs() < 0.03, "{} for {lead}", train.lead);
        }
    }

    /// Few spikes and those that stop early, or nearly do, have a mean rate.
    #[test]
    fn analytic_trains_too_short_for_a_lead() {
        for (peaks_ms, rate_hz) in [
            (&[][..], 0.0),
            (&[50.0], 0.0),
            (&[50.0, 150.0, 250.0], 10.0),
            (&[10.0, 20.0, 30.0, 40.0, 50.0], 100.0),
            (&[0.0, 10.0, 20.0, 30.0, 42.0, 56.0, 72.0, 92.0, 120.0, 165.0], 1e3 * 9.0 / 165.0),
            (&[0.0, 10.0, 20.0, 30.0, 380.0], 1e3 * 4.0 / 380.0),
        ] {
            let train = Train::of(peaks_ms, 400.0);
            assert!((train.rate_hz - rate_hz).abs() < 1e-9 && train.lead == 0.0, "{peaks_ms:?}");
        }
    }
}
