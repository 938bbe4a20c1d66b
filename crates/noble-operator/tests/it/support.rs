//! A small operator to test with.

use std::collections::BTreeMap;

use noble_data::{Sampling, TimeGrid};
use noble_operator::{
    Architecture, FORMAT_VERSION, Initialization, InputEncoding, LatentFeature, ModelLatents, Network,
    Operator, OperatorCard, StepRange, StepTiming, TraceSampling, VoltageOutput,
};

pub(crate) const N_SAMPLES: usize = 60;

pub(crate) fn network(seed: u64) -> Network {
    Network::new(&architecture(), Initialization::UnitVariance, seed).expect("valid sizes")
}

pub(crate) fn architecture() -> Architecture {
    Architecture::new(9, 4, 2, 8)
}

pub(crate) fn latents(i_thr_na: f64, s_thr_hz_per_na: f64) -> BTreeMap<String, f64> {
    BTreeMap::from([("i_thr_na".to_owned(), i_thr_na), ("s_thr_hz_per_na".to_owned(), s_thr_hz_per_na)])
}

pub(crate) fn card() -> OperatorCard {
    let feature = |name: &str, values: [f64; 2]| LatentFeature::fit(name, &values, 1).expect("a range");
    let input = InputEncoding {
        current_unit_na: 0.1,
        n_current_frequencies: 2,
        latents: vec![feature("s_thr_hz_per_na", [50.0, 150.0]), feature("i_thr_na", [0.05, 0.2])],
        rhythm: None,
    };
    OperatorCard {
        format_version: FORMAT_VERSION,
        architecture: architecture(),
        channel_order: input.channel_names(),
        input,
        output: VoltageOutput::scaled(-70.0, 20.0),
        grid: TimeGrid::new(0.0, 0.5, N_SAMPLES).expect("a grid"),
        stimulus: StepTiming { delay_ms: 5.0, duration_ms: 20.0 },
        steps: StepRange { lowest_na: -0.11, highest_na: 0.28 },
        sampling: TraceSampling { kind: Sampling::Plain, every: 5, dt_ms: 0.1, settle_ms: 0.0 },
        train_models: vec![1],
        validation_models: vec![2],
        test_models: vec![],
        models: vec![
            ModelLatents { id: 1, latents: latents(0.05, 150.0) },
            ModelLatents { id: 2, latents: latents(0.2, 50.0) },
        ],
        training_data_sha256: "00".to_owned(),
        metrics: BTreeMap::from([("validation_relative_l4".to_owned(), 0.125)]),
        seed: 3,
        provenance: "noble train".to_owned(),
    }
}

pub(crate) fn operator() -> Operator {
    Operator::new(card(), network(5)).expect("a consistent operator")
}
