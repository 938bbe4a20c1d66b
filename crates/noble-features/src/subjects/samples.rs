//! The samples themselves.

use crate::Feature;

pub(super) const FEATURES: &[Feature] = &[
    Feature::many("time", "ms", |s| Some(s.times_ms().to_vec()))
        .is("Times of the samples.", "resampled times")
        .precisely("recorded times"),
    Feature::many("voltage", "mv", |s| Some(s.v_mv().to_vec()))
        .is("Voltages of the samples.", "resampled voltages")
        .precisely("recorded voltages"),
    Feature::many("current", "na", |s| Some(s.current_na()?.to_vec()))
        .is("Currents of the samples.", "resampled currents")
        .precisely("recorded currents"),
];
