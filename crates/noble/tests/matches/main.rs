//! Comparison with numbers of others that several crates are needed for.

#![expect(clippy::unwrap_used, reason = "a reference that cannot be read is a failure")]

mod published;

#[test]
fn matches_neuron_published_features() {
    published::compare_all();
}
