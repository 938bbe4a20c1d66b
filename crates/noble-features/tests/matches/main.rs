//! Features and distances against the values of other programs.

mod efel;
mod load;
mod spike_trains;

#[test]
fn matches_efel() {
    efel::compare_all();
}

#[test]
fn matches_pyspike_spike_distance() {
    spike_trains::compare_all(spike_trains::compare_spike_distance);
}

#[test]
fn matches_elephant_van_rossum_distance() {
    spike_trains::compare_all(spike_trains::compare_van_rossum);
}
