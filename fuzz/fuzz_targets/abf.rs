//! Any bytes after the signature of ABF: an error or sweeps that hold together, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| noble_fuzz::read_whole(bytes, noble_data::recording::read_abf));
