//! A reader's answer, looked at from all sides.

use noble_data::recording::{NwbSession, detect_steps, read_nwb};
use noble_data::sweeps::Precision;
use noble_data::{Error, Recording};

/// Recordings with more samples than this are not written back, which would cost most of the time.
const MAX_WRITTEN: usize = 20_000;

/// Reads bytes; what is read has steps within its sweeps, and comes back from a file of ours.
pub fn read_whole(bytes: &[u8], read: fn(&[u8]) -> Result<Recording, Error>) {
    let Ok(recording) = read(bytes) else { return };
    let steps = detect_steps(&recording.sweeps);
    let mut n_values = 0;
    for (sweep, step) in recording.sweeps.iter().zip(steps) {
        let n_samples = sweep.trace.v_mv().len();
        n_values += n_samples;
        if let Some(stimulus) = &sweep.stimulus {
            assert_eq!(stimulus.current_na.len(), n_samples, "one current per voltage");
            n_values += n_samples;
        }
        if let Ok(step) = step {
            assert!(step.first_sample < step.end_sample && step.end_sample <= n_samples, "{step:?}");
        }
    }
    // Eight bytes each; a file of a few bytes may hold 64 MB of a constant.
    assert!(n_values * 8 <= (64 << 20) + 65 * bytes.len(), "{n_values} values of {} bytes", bytes.len());
    if n_values > MAX_WRITTEN {
        return;
    }
    let session = NwbSession {
        identifier: "fuzz".to_owned(),
        description: String::new(),
        start_time: "2026-01-31T09:30:00Z".to_owned(),
        created: "2026-01-31T09:30:00Z".to_owned(),
        precision: Precision::Double,
    };
    if let Ok(written) = recording.to_nwb(&session) {
        let again = read_nwb(&written).expect("a file of ours is read");
        assert_eq!(again.sweeps.len(), recording.sweeps.len(), "every sweep comes back: {:?}", again.refused);
    }
}
