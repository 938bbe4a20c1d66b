use noble_operator::{Network, Operator};
use noble_reference::case_folders;
use proptest::prelude::*;

use crate::support::operator;

/// The smallest PyTorch file among the reference cases; none where there are no cases.
fn pth() -> Option<Vec<u8>> {
    let files = case_folders("neuralop").into_iter().filter(|case| case.find("weights.pth").is_some());
    files.map(|case| case.bytes("weights.pth")).min_by_key(Vec::len)
}

/// Flips bytes at relative places, mostly near the ends, where the tables of a file lie, then cuts it.
fn damage(bytes: &[u8], flips: &[(f64, u8)], cut: f64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (place, mask) in flips {
        let idx = (place * bytes.len() as f64) as usize;
        let last = bytes.len() - 1;
        bytes[idx.min(last)] ^= mask;
    }
    bytes.truncate((cut * bytes.len() as f64) as usize);
    bytes
}

fn places() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..0.2f64, 0.8..1.0f64, 0.0..1.0f64]
}

fn cuts() -> impl Strategy<Value = f64> {
    prop_oneof![Just(1.0f64), 0.0..1.0f64]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn invariant_damaged_operator_files_never_panic(
        flips in prop::collection::vec((places(), 1u8..), 0..6),
        cut in cuts(),
    ) {
        let whole = operator().to_bytes().unwrap();
        let bytes = damage(&whole, &flips, cut);
        let _ = Network::from_file_bytes(&bytes);
        let read = Operator::from_bytes(&bytes);
        prop_assert!(read.is_err() || bytes.len() == whole.len());
    }

    #[test]
    fn invariant_damaged_pytorch_files_never_panic(
        flips in prop::collection::vec((places(), 1u8..), 0..6),
        cut in cuts(),
    ) {
        if let Some(whole) = pth() {
            let bytes = damage(&whole, &flips, cut);
            let _ = Network::from_pth(&bytes);
        }
    }

    #[test]
    fn invariant_noise_is_no_network(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Network::from_file_bytes(&bytes).is_err());
        prop_assert!(Network::from_pth(&bytes).is_err());
    }
}
