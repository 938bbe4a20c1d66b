//! Features and distances against the values of other programs.

mod efel;
mod load;
mod precise;
mod spike_trains;

#[test]
fn matches_efel() {
    efel::compare_features();
}

#[test]
fn invariant_precise_mode_sees_the_same_spikes() {
    efel::compare_all(|place, entry, tally| {
        efel::with_prepared(place, entry, |prepared| {
            precise::compare(prepared, (place.id, place.is_own()), tally);
        });
    });
}

#[test]
fn matches_pyspike_spike_distance() {
    spike_trains::compare_all(spike_trains::compare_spike_distance);
}

#[test]
fn matches_elephant_van_rossum_distance() {
    spike_trains::compare_all(spike_trains::compare_van_rossum);
}
