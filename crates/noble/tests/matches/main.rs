//! Comparison with numbers of others that several crates are needed for.

#![expect(clippy::unwrap_used, reason = "a reference that cannot be read is a failure")]

mod published;
mod recordings;

#[test]
fn matches_neuron_published_features() {
    published::compare_all();
}

#[test]
fn matches_efel_features_of_recordings() {
    recordings::compare_all();
}
