//! Recordings written as NWB and read back, and files that are cut.

use std::path::PathBuf;

use ndarray::Array1;
use ndarray_npy::NpzReader;
use noble_data::recording::{
    NwbSession, RecordedStimulus, RecordedSweep, StimulusOrigin, detect_steps, read_nwb,
};
use noble_data::sweeps::Precision;
use noble_data::{Error, Recording, TimeGrid, Trace};

fn session(precision: Precision) -> NwbSession {
    NwbSession {
        identifier: "round trip".to_owned(),
        description: "closed forms".to_owned(),
        start_time: "2026-01-31T09:30:00+01:00".to_owned(),
        created: "2026-01-31T09:30:00.5Z".to_owned(),
        precision,
    }
}

fn sweep(number: u32, level_na: f64) -> RecordedSweep {
    let v_mv: Vec<f64> = (0..500).map(|idx| -70.0 + (f64::from(idx) * 0.1).sin() / 3.0).collect();
    let mut current_na = vec![0.0; 500];
    current_na[100..300].fill(level_na);
    RecordedSweep {
        name: format!("sweep {number} channel 0"),
        number: Some(number),
        channel_idx: 0,
        channel: Some("IN 0".to_owned()),
        trace: Trace::new(TimeGrid::new(0.0, 0.05, 500).unwrap(), v_mv).unwrap(),
        stimulus: Some(RecordedStimulus {
            current_na,
            origin: StimulusOrigin::Recorded { name: format!("sweep {number} channel 0_stimulus") },
        }),
        notes: Vec::new(),
    }
}

fn recording() -> Recording {
    let mut sweeps: Vec<RecordedSweep> =
        (0..12).map(|number| sweep(number, f64::from(number) / 30.0)).collect();
    sweeps[3].stimulus = None;
    sweeps[3].notes = vec!["no stimulus: none has its number or name".to_owned()];
    Recording { format: "nwb 2.8.0".to_owned(), sweeps, refused: Vec::new(), notes: Vec::new() }
}

#[test]
fn invariant_nwb_comes_back_with_the_same_bits() {
    let written = recording();
    let bytes = written.to_nwb(&session(Precision::Double)).unwrap();
    assert_eq!(read_nwb(&bytes).unwrap(), written);
    assert_eq!(bytes, written.to_nwb(&session(Precision::Double)).unwrap());
}

#[test]
fn invariant_nwb_of_single_precision_rounds_to_float32() {
    let read = read_nwb(&recording().to_nwb(&session(Precision::Single)).unwrap()).unwrap();
    for (read, written) in read.sweeps.iter().zip(&recording().sweeps) {
        let rounded = written.trace.v_mv().iter().map(|v| f64::from(*v as f32));
        assert!(read.trace.v_mv().iter().copied().eq(rounded));
    }
}

#[test]
fn invariant_nwb_refuses_times_and_names_that_cannot_be() {
    let place_of = |error: Error| match error {
        Error::Recording { place, .. } => place,
        other => panic!("{other}"),
    };
    for time in [
        "",
        "yesterday",
        "2026-01-31",
        "2026-01-31T09:30:00",
        "2026-01-31T09:30:00+1",
        "2026-02-29T09:30:00Z",
        "2026-13-01T09:30:00Z",
        "2026-01-31T24:30:00Z",
        "2026-01-31T09:60:00Z",
        "2026-01-31T09:30:00.Z",
        "2026-01-31T09:30:00+24:00",
    ] {
        let session = NwbSession { start_time: time.to_owned(), ..session(Precision::Double) };
        assert_eq!(place_of(recording().to_nwb(&session).unwrap_err()), "start_time", "{time}");
    }
    let mut twice = recording();
    twice.sweeps[1].name = twice.sweeps[0].name.clone();
    assert_eq!(place_of(twice.to_nwb(&session(Precision::Double)).unwrap_err()), "sweep 0 channel 0");
}

/// Files of other programs that lie in the repository.
fn files() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../reference/recordings");
    let mut files = Vec::new();
    for case in ["abf", "nwb"] {
        for entry in std::fs::read_dir(folder.join(case)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == case) {
                files.push((path.clone(), std::fs::read(path).unwrap()));
            }
        }
    }
    assert!(files.len() > 10, "reference/recordings has {} files", files.len());
    files
}

#[test]
fn invariant_cut_files_are_errors() {
    for (path, bytes) in files() {
        Recording::from_bytes(&bytes).unwrap();
        // Blocks of ABF are filled up behind the data.
        let n_filled = if path.extension().is_some_and(|extension| extension == "abf") { 512 } else { 0 };
        for share in 0..200 {
            let n_kept = (bytes.len() - n_filled) * share / 200;
            let error = Recording::from_bytes(&bytes[..n_kept]).map(|cut| cut.sweeps.len());
            assert!(error.is_err(), "{}: {error:?} sweeps in {n_kept} bytes", path.display());
        }
    }
}

#[test]
fn invariant_files_of_no_format_are_named() {
    for bytes in [&b""[..], b"A", b"ABF", b"time_ms,v_mv", &[0; 512]] {
        let error = Recording::from_bytes(bytes).unwrap_err();
        assert!(error.to_string().contains("give an ABF 1, ABF 2 or NWB 2 file"), "{error}");
    }
}

/// What the fuzz targets keep, findings included, as packed by `fuzz/pack.py`.
#[test]
fn invariant_damaged_recordings_are_errors() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/damaged_recordings.npz");
    let mut packed = NpzReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let names = packed.names().unwrap();
    assert!(names.len() > 20, "{} damaged files", names.len());
    for name in names {
        let bytes: Array1<u8> = packed.by_name(&name).unwrap();
        if let Ok(recording) = Recording::from_bytes(&bytes.to_vec()) {
            let _ = detect_steps(&recording.sweeps);
        }
    }
}

/// Bytes replaced at drawn places, by a generator of our own so that every run is the same.
#[test]
fn invariant_changed_bytes_never_panic() {
    let mut state = 1_u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for (_, bytes) in files() {
        for _ in 0..60 {
            let mut changed = bytes.clone();
            for _ in 0..1 + draw(8) {
                // Headers are at the front.
                let n_front = if draw(2) == 0 { changed.len() } else { changed.len().min(6144) };
                let place = draw(n_front);
                changed[place] = [0, 1, 0x7f, 0x80, 0xff][draw(5)];
            }
            if let Ok(recording) = Recording::from_bytes(&changed) {
                let _ = detect_steps(&recording.sweeps);
            }
        }
    }
}

#[test]
fn invariant_a_stimulus_that_two_responses_claim_is_given_to_none() {
    let mut written = recording();
    written.sweeps.truncate(3);
    // The same number and, but for words that say response or stimulus, the same name.
    written.sweeps[0].name = "x".to_owned();
    written.sweeps[1].name = "x_a".to_owned();
    written.sweeps[1].number = Some(0);
    written.sweeps[1].stimulus = None;
    let read = read_nwb(&written.to_nwb(&session(Precision::Double)).unwrap()).unwrap();
    let has_stimulus: Vec<bool> = read.sweeps.iter().map(|sweep| sweep.stimulus.is_some()).collect();
    assert_eq!((has_stimulus, read.sweeps.len()), (vec![true, false, false], 3), "{read:?}");
    assert_eq!(read.sweeps[0].name, "sweep 2 channel 0");
}

#[test]
fn invariant_declared_sizes_cost_nothing() {
    let bytes = recording().to_nwb(&session(Precision::Double)).unwrap();
    // A dataspace of one axis, then its length.
    let space = [&[1, 1, 0, 0, 0, 0, 0, 0][..], &500_u64.to_le_bytes()].concat();
    let places: Vec<usize> = (0..bytes.len() - 16).filter(|at| bytes[*at..].starts_with(&space)).collect();
    assert_eq!(places.len(), 23, "12 voltages and 11 currents");
    for n_declared in [501, 1 << 40, u64::MAX] {
        let mut changed = bytes.clone();
        for place in &places {
            changed[place + 8..place + 16].copy_from_slice(&n_declared.to_le_bytes());
        }
        let read = read_nwb(&changed).unwrap();
        assert!(read.sweeps.iter().all(|sweep| sweep.trace.v_mv().len() == 501), "{n_declared}");
        assert!(n_declared == 501 || read.refused.len() == 12, "{n_declared}: {:?}", read.refused);
    }
}

fn abf_file(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../reference/recordings/abf");
    std::fs::read(folder.join(name)).unwrap()
}

#[test]
fn analytic_user_lists_of_abf_1_belong_to_their_output() {
    let with_list = |output_idx: usize| {
        let mut bytes = abf_file("v1_steps.abf");
        bytes[3360 + 2 * output_idx] = 1;
        Recording::from_bytes(&bytes).unwrap().sweeps.remove(0)
    };
    assert!(with_list(1).stimulus.is_some());
    let listed = with_list(0);
    assert!(listed.notes.iter().any(|note| note.contains("user list")), "{:?}", listed.notes);
}

#[test]
fn invariant_more_epochs_than_clampex_writes_are_an_error() {
    let read = |n_epochs: u32| {
        let mut bytes = abf_file("v2_epochs.abf");
        let block = u32::try_from(bytes.len() / 512).unwrap();
        // Output 0, a step of no length.
        let epoch = [&[0, 0, 0, 0, 1, 0][..], &[0; 42]].concat();
        bytes.extend(epoch.repeat(usize::try_from(n_epochs).unwrap()));
        for (offset, number) in [(156, block), (160, 48), (164, n_epochs)] {
            bytes[offset..offset + 4].copy_from_slice(&number.to_le_bytes());
        }
        Recording::from_bytes(&bytes)
    };
    assert!(read(50).is_ok());
    let error = read(51).unwrap_err().to_string();
    assert!(error.contains("51 epochs of output 0"), "{error}");
}

#[test]
fn invariant_channels_of_one_name_or_none_stay_apart() {
    for channel in [Some("Vm".to_owned()), None] {
        let mut written = recording();
        written.sweeps.truncate(3);
        for (channel_idx, sweep) in (0..).zip(&mut written.sweeps) {
            (sweep.channel_idx, sweep.channel, sweep.number) = (channel_idx, channel.clone(), Some(7));
        }
        let read = read_nwb(&written.to_nwb(&session(Precision::Double)).unwrap()).unwrap();
        for (read, written) in read.sweeps.iter().zip(&written.sweeps) {
            assert_eq!((read.channel_idx, &read.stimulus), (written.channel_idx, &written.stimulus));
            assert_eq!(read.number, Some(7));
        }
    }
}
