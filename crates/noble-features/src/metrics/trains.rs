//! Spike trains drawn for property tests.

use proptest::prelude::*;

/// Length of the interval of drawn trains.
pub(super) const LENGTH_MS: f64 = 200.0;

/// Ascending spike times within `LENGTH_MS`, some of them shared by trains because half the times are whole numbers.
pub(super) fn train() -> impl Strategy<Value = Vec<f64>> {
    let whole = (0..=200_u32).prop_map(f64::from);
    let time_ms = prop_oneof![whole, 0.0..LENGTH_MS];
    prop::collection::vec(time_ms, 0..24).prop_map(|mut spikes_ms| {
        spikes_ms.sort_by(f64::total_cmp);
        spikes_ms.dedup();
        spikes_ms
    })
}
