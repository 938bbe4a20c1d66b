use std::collections::BTreeMap;

use ndarray::Array2;

use super::*;
use crate::{Error, TimeGrid};

#[expect(clippy::cast_precision_loss, reason = "small whole numbers")]
fn shard() -> Shard {
    Shard {
        grid: TimeGrid::new(0.0, 0.1, 50).unwrap(),
        seed: u64::MAX,
        stimulus_na: Array2::from_shape_fn((2, 50), |(trace, sample)| (trace * sample) as f32),
        voltage_mv: Array2::from_shape_fn((2, 50), |(trace, sample)| -70.0 - (trace + sample) as f32),
        step_na: vec![0.25, -0.11],
        models: vec![4, 31],
        splits: vec![Split::Train, Split::Test],
        latents: BTreeMap::from([("i_thr_na".to_owned(), vec![0.05, 0.06])]),
    }
}

#[test]
fn invariant_shard_comes_back_as_written() {
    let bytes = shard().to_hdf5().unwrap();
    assert_eq!(bytes, shard().to_hdf5().unwrap(), "the same traces give the same bytes");
    assert_eq!(Shard::from_hdf5(&bytes).unwrap(), shard());
}

#[test]
fn invariant_truncated_shard_is_an_error() {
    let bytes = shard().to_hdf5().unwrap();
    for n_bytes in (0..bytes.len()).step_by(7) {
        assert!(Shard::from_hdf5(&bytes[..n_bytes]).is_err(), "{n_bytes}");
    }
}

#[test]
fn invariant_shard_with_nan_is_an_error() {
    let mut bad = shard();
    bad.voltage_mv[[1, 3]] = f32::NAN;
    let message = Shard::from_hdf5(&bad.to_hdf5().unwrap()).unwrap_err().to_string();
    assert!(message.contains("voltage_mv of trace 1: sample 3 at 0.3"), "{message}");
}

#[test]
fn invariant_manifest_notices_changed_and_missing_shards() {
    let bytes = b"bytes".to_vec();
    let entry = |sha256| ShardEntry { file: "shard-00000.h5".to_owned(), n_traces: 2, sha256 };
    let mut manifest = Manifest {
        format_version: Manifest::FORMAT_VERSION,
        seed: 1,
        grid: TimeGrid::new(0.0, 0.1, 50).unwrap(),
        solver_step_ms: 0.02,
        sampling: crate::Sampling::Plain,
        every: 5,
        delay_ms: 15.0,
        settle_ms: 0.0,
        highest_na: None,
        duration_ms: 400.0,
        models: Vec::new(),
        shards: vec![entry(None)],
        provenance: BTreeMap::new(),
    };
    assert!(matches!(manifest.data_sha256(), Err(Error::Dataset { .. })));
    manifest.shards = vec![entry(Some(sha256_hex(&bytes)))];
    assert!(manifest.data_sha256().is_ok());
    assert!(manifest.check_shard(0, &bytes).is_ok());
    assert!(manifest.check_shard(0, b"byte").is_err());
    let text = serde_json::to_string(&manifest).unwrap();
    assert_eq!(Manifest::read(text.as_bytes()).unwrap(), manifest);
    let broken = text.replace("\"step_ms\":0.1", "\"step_ms\":0.0");
    assert!(Manifest::read(broken.as_bytes()).is_err());
}
