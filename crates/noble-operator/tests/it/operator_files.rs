use std::collections::HashMap;

use noble_data::{Step, Stimulus, TimeGrid};
use noble_operator::{
    CARD_KEY, Error, Network, Operator, OperatorCard, Query, QueryStimulus, StepTiming, VoltageOutput,
};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::support::{N_SAMPLES, card, latents, network, operator};

fn step(step_na: f64) -> Query {
    Query { stimulus: QueryStimulus::Step { step_na }, latents: latents(0.1, 100.0) }
}

/// The operator's file with its card text changed and a tensor left out or renamed.
fn file(card: Option<&str>, rename: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let bytes = operator().to_bytes().expect("a sound file");
    let tensors = SafeTensors::deserialize(&bytes).expect("a sound file");
    let views: Vec<(String, TensorView<'_>)> =
        tensors.iter().filter_map(|(name, view)| Some((rename(name)?, view))).collect();
    let metadata = card.map(|card| HashMap::from([(CARD_KEY.to_owned(), card.to_owned())]));
    safetensors::serialize(views, metadata).expect("a sound file")
}

fn keep(name: &str) -> Option<String> {
    Some(name.to_owned())
}

#[test]
fn invariant_operator_survives_its_file() {
    let operator = operator();
    let bytes = operator.to_bytes().unwrap();
    let again = Operator::from_bytes(&bytes).unwrap();
    assert_eq!(again, operator);
    assert_eq!(again.to_bytes().unwrap(), bytes);
    let queries = [step(0.0), step(-0.1), step(0.25)];
    let predicted = operator.plan().unwrap().predict_mv(&queries).unwrap();
    let again = again.plan().unwrap().predict_mv(&queries).unwrap();
    assert_eq!(predicted.len(), 3 * N_SAMPLES);
    assert!(predicted.iter().zip(&again).all(|(a, b)| a.to_bits() == b.to_bits()));
}

#[test]
fn invariant_step_equals_its_samples() {
    let plan = operator().plan().unwrap();
    let card = card();
    let samples = card.stimulus.samples_na(card.grid, 0.2);
    assert_eq!(samples.iter().filter(|i| **i != 0.0).count(), 40);
    assert!(samples[9].abs() < 1e-9 && samples[10] > 0.1 && samples[49] > 0.1 && samples[50].abs() < 1e-9);
    let stimulus = QueryStimulus::Samples { current_na: samples, step_na: 0.2 };
    let by_samples = plan.predict_mv(&[Query { stimulus, latents: latents(0.1, 100.0) }]).unwrap();
    assert_eq!(by_samples, plan.predict_mv(&[step(0.2)]).unwrap());
}

#[test]
fn invariant_published_pulse_covers_its_samples() {
    let grid = TimeGrid::new(0.0, 0.06, 8583).unwrap();
    let timing = StepTiming { delay_ms: 15.0, duration_ms: 400.0 };
    let samples = timing.samples_na(grid, 0.1);
    let on: Vec<usize> = (0..8583).filter(|i| samples[*i] != 0.0).collect();
    assert_eq!((on[0], on[on.len() - 1]), (250, 6916));
}

#[test]
fn invariant_voltage_conversions_are_inverse() {
    for output in [VoltageOutput::VOLTS, VoltageOutput::MILLIVOLTS, VoltageOutput::scaled(-70.0, 20.0)] {
        assert!((output.to_mv(output.from_mv(-55.5)) + 55.5).abs() < 1e-5);
    }
}

#[test]
fn invariant_wrong_files_are_named() {
    let text = card().to_json().unwrap();
    let whole = operator().to_bytes().unwrap();
    let error = |bytes: &[u8]| Operator::from_bytes(bytes).unwrap_err();
    assert!(matches!(error(&whole[..whole.len() - 1]), Error::SafeTensors { .. }));
    assert!(matches!(error(&whole[..5]), Error::SafeTensors { n_bytes: 5, .. }));
    assert!(matches!(error(&network(1).to_safetensors().unwrap()), Error::MissingCard { key: CARD_KEY }));
    let without = |name: &str| (name != "lifting.fcs.0.bias").then(|| name.to_owned());
    let missing = error(&file(Some(&text), without));
    assert!(
        matches!(&missing, Error::MissingTensor { name, .. } if name == "lifting.fcs.0.bias"),
        "{missing}"
    );
    let renamed = |name: &str| Some(name.replace("lifting.fcs.0.bias", "lifting.fcs.9.bias"));
    assert!(matches!(error(&file(Some(&text), renamed)), Error::MissingTensor { .. }));
    let no_version = text.replacen("\"format_version\":1,", "", 1);
    assert!(matches!(error(&file(Some(&no_version), keep)), Error::MissingFormatVersion { expected: 1 }));
    let next_version = text.replacen("\"format_version\":1", "\"format_version\":2", 1);
    assert!(matches!(error(&file(Some(&next_version), keep)), Error::FormatVersion { got: 2, expected: 1 }));
    let wider = text.replacen("\"n_modes\":8", "\"n_modes\":10", 1);
    assert!(matches!(error(&file(Some(&wider), keep)), Error::TensorShape { .. }));
    let swapped = text.replacen("\"s_thr_hz_per_na.sin0\"", "\"i_thr_na.sin0\"", 1);
    assert!(matches!(error(&file(Some(&swapped), keep)), Error::CardMismatch { .. }));
    assert!(matches!(error(&file(Some("{\"format_version\":1}"), keep)), Error::Card { .. }));
    assert!(matches!(error(&file(Some("nonsense"), keep)), Error::Card { .. }));
}

#[test]
fn invariant_real_pairs_read_like_complex_numbers() {
    let bytes = operator().to_bytes().unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let views: Vec<(String, TensorView<'_>)> = tensors
        .iter()
        .map(|(name, view)| {
            let mut shape = view.shape().to_vec();
            if view.dtype() == Dtype::C64 {
                shape.push(2);
            }
            (name.to_owned(), TensorView::new(Dtype::F32, shape, view.data()).unwrap())
        })
        .collect();
    let bytes = safetensors::serialize(views, None).unwrap();
    assert_eq!(&Network::from_file_bytes(&bytes).unwrap(), operator().network());
}

#[test]
fn invariant_wrong_requests_are_named() {
    let operator = operator();
    let plan = operator.plan().unwrap();
    let error = |query: Query| plan.predict_mv(&[query]).unwrap_err();
    let mut unknown = step(0.1);
    unknown.latents.insert("sag_mv".to_owned(), 1.0);
    assert!(matches!(error(unknown), Error::Latent { problem: "unknown", .. }));
    let mut missing = step(0.1);
    missing.latents.remove("i_thr_na");
    assert!(matches!(error(missing), Error::Latent { problem: "missing", .. }));
    assert!(matches!(error(step(f64::NAN)), Error::Value { .. }));
    let short = QueryStimulus::Samples { current_na: vec![0.0; 3], step_na: 0.0 };
    assert!(matches!(error(Query { stimulus: short, ..step(0.0) }), Error::TimeGrid { .. }));
    let grid = TimeGrid::new(0.0, 0.25, N_SAMPLES).unwrap();
    assert!(matches!(operator.check_grid(grid), Err(Error::TimeGrid { .. })));
    assert!(operator.check_grid(card().grid).is_ok());
    assert!(matches!(card().model_latents(7), Err(Error::UnknownModel { id: 7, n_models: 2 })));
    let twice = card().order_latents(&[("i_thr_na", 0.1), ("i_thr_na", 0.2)]);
    assert!(matches!(twice, Err(Error::Latent { problem: "given twice", .. })));
    let mut card = card();
    card.architecture.in_channels = 8;
    assert!(OperatorCard::check(&card).is_err());
}

/// One thing made wrong.
type Change = fn(&mut OperatorCard);

#[test]
fn invariant_cards_that_contradict_themselves_are_named() {
    let message = |change: Change| {
        let mut card = card();
        change(&mut card);
        card.check().unwrap_err().to_string()
    };
    let cases: [(Change, &str); 12] = [
        (|card| card.input.n_current_frequencies = 1_000_000_000_000_000, "frequencies of step is 1000000"),
        (|card| card.input.latents[1].n_frequencies = usize::MAX, "frequencies of i_thr_na is 18446"),
        (|card| card.grid = TimeGrid::new(0.0, 0.5, 1 << 40).unwrap(), "grid.n_samples is 1099511627776"),
        (|card| card.validation_models = vec![1], "is model 1 twice, expected \"every model in one list"),
        (|card| card.test_models = vec![2, 2], "is model 2 twice, expected \"every model in one list"),
        (|card| card.models.push(card.models[0].clone()), "models is id 1 twice"),
        (|card| card.stimulus.delay_ms = -1.0, "stimulus is StepTiming { delay_ms: -1.0"),
        (|card| card.stimulus.delay_ms = f64::NAN, "stimulus is StepTiming { delay_ms: NaN"),
        (|card| card.stimulus.duration_ms = 25.1, "expected times from zero within 0 to 30 ms"),
        (|card| card.sampling.every = 4, "sampling is TraceSampling { kind: Plain, every: 4"),
        (|card| card.sampling.dt_ms = f64::NAN, "expected every × dt_ms = grid.step_ms = 0.5 ms"),
        (|card| card.sampling.dt_ms = 0.1 * (1.0 + 1e-8), "expected every × dt_ms"),
    ];
    for (change, expected) in cases {
        let message = message(change);
        assert!(message.contains(expected), "{message} lacks {expected}");
    }
    let mut whole = card();
    whole.stimulus = StepTiming { delay_ms: 0.0, duration_ms: 30.0 };
    assert!(whole.check().is_ok());
}

proptest! {
    /// A step whose edges lie on the grid is on for exactly its samples; any step is on where its stimulus is.
    #[test]
    fn analytic_steps_begin_and_end_at_their_samples(
        (step_ms, n_samples) in (1e-3..2.0_f64, 1_usize..400),
        (first, n_on) in (0_u32..500, 0_u32..500),
        (shift, step_na) in (0.0..1.0_f64, prop_oneof![0.01..2.0_f64, -2.0..-0.01_f64]),
    ) {
        let grid = TimeGrid::new(0.0, step_ms, n_samples).unwrap();
        let places = |timing: StepTiming| -> Vec<usize> {
            let samples = timing.samples_na(grid, step_na);
            (0..n_samples).filter(|i| samples[*i] != 0.0).collect()
        };
        let at = |delay: f64| StepTiming { delay_ms: delay * step_ms, duration_ms: f64::from(n_on) * step_ms };
        let expected: Vec<usize> = (0..n_samples).skip(first as usize).take(n_on as usize).collect();
        prop_assert_eq!(places(at(f64::from(first))), expected);
        let shifted = at(f64::from(first) + shift);
        let StepTiming { delay_ms, duration_ms } = shifted;
        let stimulus = Stimulus::step(Step { delay_ms, duration_ms, amplitude_na: step_na }).unwrap();
        let current_na = stimulus.on_grid_na(grid);
        let expected: Vec<usize> = (0..n_samples).filter(|i| current_na[*i] != 0.0).collect();
        prop_assert_eq!(places(shifted), expected);
    }
}
