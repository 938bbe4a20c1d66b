use std::collections::HashMap;

use noble_data::TimeGrid;
use noble_operator::{CARD_KEY, Error, Network, Operator, OperatorCard, Query, QueryStimulus, VoltageOutput};
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
    let timing = noble_operator::StepTiming { delay_ms: 15.0, duration_ms: 400.0 };
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
