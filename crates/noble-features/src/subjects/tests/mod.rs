//! Every feature against a closed form on drawn waveforms, one file per subject.

mod after_bursts;
mod ahp;
mod block;
mod bursts;
mod height;
mod intervals;
mod levels;
mod precise;
mod relaxation;
mod shape;
mod smooth;
mod spikes;

use std::collections::BTreeSet;

use crate::{PreparedSweep, feature, features};

/// Relative to values of one and more: the rounding of repeated addition, and of slopes made of it.
const ROUNDING: f64 = 1e-8;

/// A drawn trace with the values of some of its features; none where a feature is missing.
struct Drawn {
    sweep: PreparedSweep<'static>,
    expected: Vec<(&'static str, Vec<f64>)>,
    tolerance: f64,
}

impl Drawn {
    fn new(sweep: PreparedSweep<'static>) -> Self {
        Self { sweep, expected: Vec::new(), tolerance: ROUNDING }
    }

    fn has(mut self, name: &'static str, values: &[f64]) -> Self {
        self.expected.push((name, values.to_vec()));
        self
    }

    fn lacks(self, name: &'static str) -> Self {
        self.has(name, &[])
    }

    /// As well as the waveform allows.
    fn within(self, tolerance: f64) -> Self {
        Self { tolerance, ..self }
    }

    fn check(&self) {
        for (name, expected) in &self.expected {
            check(name, &self.sweep, expected, self.tolerance);
        }
    }
}

fn check(name: &str, sweep: &PreparedSweep<'_>, expected: &[f64], tolerance: f64) {
    let values = feature(name).unwrap().values(sweep).unwrap_or_default();
    let is_near =
        |(value, expected): (&f64, &f64)| (value - expected).abs() <= tolerance * expected.abs().max(1.0);
    let is_right = values.len() == expected.len() && values.iter().zip(expected).all(is_near);
    assert!(is_right, "{name}: {values:?}, not {expected:?}");
}

/// Index of the sample at a time.
fn at(time_ms: f64) -> f64 {
    (time_ms * 10.0).round()
}

/// Every drawn trace of every subject.
fn all_drawn() -> Vec<Drawn> {
    [
        after_bursts::drawn(),
        ahp::drawn(),
        block::drawn(),
        bursts::drawn(),
        height::drawn(),
        intervals::drawn(),
        levels::drawn(),
        relaxation::drawn(),
        shape::drawn(),
        spikes::drawn(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn invariant_every_feature_has_a_closed_form() {
    let drawn = all_drawn();
    let with_values = drawn.iter().flat_map(|drawn| &drawn.expected).filter(|(_, values)| !values.is_empty());
    let tested: BTreeSet<&str> = with_values.map(|(name, _)| *name).collect();
    let untested: Vec<&str> =
        features().map(|feature| feature.name).filter(|name| !tested.contains(name)).collect();
    assert!(untested.is_empty(), "no closed form in subjects/tests for {untested:?}");
}

#[test]
fn invariant_silence_has_no_spike_shape() {
    let silent = crate::waveform::spiking(&[]);
    let of_spikes =
        ["Height of spikes", "Width of spikes", "Rise and fall of spikes", "After spikes", "Between bursts"];
    for subject in crate::SUBJECTS.iter().filter(|subject| of_spikes.contains(&subject.title)) {
        for feature in subject.features {
            assert_eq!(feature.values(&silent), None, "{}", feature.name);
        }
    }
}
