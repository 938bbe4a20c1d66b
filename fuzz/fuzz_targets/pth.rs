//! Any bytes as a PyTorch file or a safetensors file of weights: an error or a network of finite numbers, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use noble_operator::Network;

fuzz_target!(|bytes: &[u8]| {
    for read in [Network::from_pth, Network::from_file_bytes] {
        if let Ok(network) = read(bytes) {
            assert!(network.values().iter().all(|value| value.is_finite()), "a number that is not finite");
        }
    }
});
