use std::collections::BTreeMap;

use noble_data::{Sampling, TimeGrid};

use crate::{
    Architecture, Embedding, Error, FORMAT_VERSION, Initialization, InputEncoding, LatentFeature, Network,
    Operator, OperatorCard, Query, QueryStimulus, StepRange, StepTiming, TraceSampling, VoltageOutput,
    Warning,
};

fn operator(n_current_frequencies: usize, grid: TimeGrid) -> Operator {
    let latent = LatentFeature { name: "i_thr_na".to_owned(), min: 0.01, max: 0.02, n_frequencies: 1 };
    let input =
        InputEncoding { current_unit_na: 0.1, n_current_frequencies, latents: vec![latent], rhythm: None };
    let architecture = Architecture::new(input.n_channels(), 4, 2, 12);
    let network = Network::new(&architecture, Initialization::UnitVariance, 1).unwrap();
    let card = OperatorCard {
        format_version: FORMAT_VERSION,
        architecture,
        channel_order: input.channel_names(),
        input,
        output: VoltageOutput::MILLIVOLTS,
        grid,
        stimulus: StepTiming { delay_ms: 15.0, duration_ms: 400.0 },
        steps: StepRange { lowest_na: -0.11, highest_na: 0.28 },
        sampling: TraceSampling { kind: Sampling::Plain, every: 1, dt_ms: grid.step_ms(), settle_ms: 0.0 },
        train_models: vec![],
        validation_models: vec![],
        test_models: vec![],
        models: vec![],
        training_data_sha256: String::new(),
        metrics: BTreeMap::new(),
        seed: 0,
        provenance: String::new(),
    };
    Operator::new(card, network).unwrap()
}

fn published() -> Operator {
    operator(9, TimeGrid::new(0.0, 0.06, 8583).unwrap())
}

fn query(step_na: f64) -> Query {
    let latents = BTreeMap::from([("i_thr_na".to_owned(), 0.015)]);
    Query { stimulus: QueryStimulus::Step { step_na }, latents }
}

#[test]
fn analytic_other_steps_keep_the_span() {
    let card = published().card().clone();
    let span_ms = 8583.0 * 0.06;
    for (step_ms, n_samples) in [(0.03, 17166), (0.02, 25749), (0.1, 5150), (0.4, 1287), (20.0, 26)] {
        let grid = card.grid_at(step_ms).unwrap();
        assert_eq!(grid.n_samples(), n_samples);
        assert!((grid.step_ms() * n_samples as f64 / span_ms - 1.0).abs() < 1e-12);
    }
    assert_eq!(card.grid_at(0.06).unwrap(), card.grid);
    // Mode 6 is the highest of twelve; it needs more than twelve samples.
    assert_eq!(card.grid_at(span_ms / 13.0).unwrap().n_samples(), 13);
    let error = card.grid_at(span_ms / 12.0).unwrap_err();
    assert!(matches!(error, Error::LostModes { n_samples: 12, n_modes: 6, n_used: 7, .. }), "{error}");
    assert!(error.to_string().contains("6 of the network's 7 modes; give a step of at most 39.6138"));
    for step_ms in [0.0, -0.1, f64::NAN, f64::INFINITY, 1e-9] {
        let error = card.grid_at(step_ms);
        let is_named = matches!(error, Err(Error::TimeStep { .. } | Error::LostModes { .. }));
        assert!(is_named, "{step_ms} ms: {error:?}");
    }
}

/// ARCHITECTURE of the reference: with nine frequencies on 8583 samples the amplitude aliases beyond 5.3 units.
#[test]
fn analytic_published_embedding_aliases_beyond_half_a_nanoampere() {
    let card = published().card().clone();
    let is_aliased = |grid, step_na: f64| {
        let warnings = card.warnings(grid, step_na, &BTreeMap::new());
        warnings.iter().any(|warning| matches!(warning, Warning::Aliased { name, .. } if name == "step_na"))
    };
    let limit_na = 0.1 * 8582.0 / (512.0 * std::f64::consts::PI);
    assert!((limit_na - 0.5335).abs() < 1e-4);
    assert!(is_aliased(card.grid, -1.001 * limit_na) && !is_aliased(card.grid, -0.999 * limit_na));
    let coarse = card.grid_at(0.12).unwrap();
    let limit_na = limit_na * coarse.n_samples() as f64 / 8583.0;
    assert!(is_aliased(coarse, 1.001 * limit_na) && !is_aliased(coarse, 0.999 * limit_na));
    assert!(card.training_aliases(card.grid).is_empty());
    assert_eq!(card.training_aliases(card.grid_at(0.2).unwrap()).len(), 1);
}

#[test]
fn analytic_embedding_is_the_same_function_of_time() {
    let (card, n) = (published().card().clone(), 8583);
    let channels = |embedding: &Embedding, n: usize| {
        let mut out = vec![0.0; card.input.n_channels() * n];
        embedding.write(&vec![0.0; n], 0.21, &[0.013], &mut out);
        out
    };
    let own = channels(&Embedding::new(&card.input, n), n);
    let fine = channels(&Embedding::resampled(&card.input, n, 3 * n), 3 * n);
    let coarse = channels(&Embedding::resampled(&card.input, n, n / 3), n / 3);
    for channel in 0..card.input.n_channels() {
        let at = |values: &[f32], len: usize, t: usize| values[channel * len + t];
        let worst = |pairs: &mut dyn Iterator<Item = (f32, f32)>| {
            pairs.fold(0.0_f32, |worst, (a, b)| worst.max((a - b).abs()))
        };
        // Phases up to 1e4 rad carry the rounding of single precision, 1e-3.
        let of_fine = worst(&mut (0..n).map(|t| (at(&own, n, t), at(&fine, 3 * n, 3 * t))));
        let of_coarse = worst(&mut (0..n / 3).map(|t| (at(&own, n, 3 * t), at(&coarse, n / 3, t))));
        assert!(of_fine < 4e-3 && of_coarse < 4e-3, "channel {channel}: {of_fine:e}, {of_coarse:e}");
    }
}

/// A network without pointwise layers would be exact; with them a smooth input converges as the step falls.
#[test]
fn analytic_smooth_answers_converge_with_the_step() {
    let operator = operator(2, TimeGrid::new(0.0, 1.0, 512).unwrap());
    let mut operator_card = operator.card().clone();
    operator_card.stimulus = StepTiming { delay_ms: 0.0, duration_ms: 512.0 };
    let operator = Operator::new(operator_card, operator.network().clone()).unwrap();
    let predicted = |step_ms: f64| operator.plan_at(step_ms).unwrap().predict_mv(&[query(0.02)]).unwrap();
    let own = predicted(1.0);
    assert_eq!(own, operator.plan().unwrap().predict_mv(&[query(0.02)]).unwrap());
    let error = |step_ms: f64| {
        let other = predicted(step_ms);
        let (stride, own_stride) = match other.len() > own.len() {
            true => (other.len() / own.len(), 1),
            false => (1, own.len() / other.len()),
        };
        let pairs = other.iter().step_by(stride).zip(own.iter().step_by(own_stride));
        pairs.fold(0.0_f32, |worst, (a, b)| worst.max((a - b).abs()))
    };
    let scale = own.iter().fold(0.0_f32, |largest, v| largest.max(v.abs()));
    assert!(
        error(2.0) < 2e-2 * scale && error(0.5) < 1e-2 * scale,
        "{} {} of {scale}",
        error(2.0),
        error(0.5)
    );
    assert!(error(4.0) > error(2.0));
}

#[test]
fn invariant_answers_carry_their_warnings() {
    let operator = published();
    let plan = operator.plan_at(0.2).unwrap();
    assert_eq!(plan.grid(), operator.card().grid_at(0.2).unwrap());
    let mut far = query(0.3);
    far.latents.insert("i_thr_na".to_owned(), 0.03);
    let warnings: Vec<String> = plan.warnings(&far).iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 4, "{warnings:?}");
    assert_eq!(warnings[0], "i_thr_na = 0.03 lies outside of the training range 0.01 to 0.02");
    assert_eq!(warnings[1], "step_na = 0.3 lies outside of the training range -0.11 to 0.28");
    assert!(warnings[2].contains("fastest of 9 sinusoids of its embedding has 1.07 samples per period"));
    assert!(warnings[3].contains("trained at 0.06 ms"), "{}", warnings[3]);
    assert!(operator.plan().unwrap().warnings(&query(0.1)).is_empty());
}

/// The charge of the step is kept, and its middle.
#[test]
fn analytic_steps_of_current_keep_charge_and_place() {
    let card = published().card().clone();
    let moments = |step_ms: f64| {
        let grid = card.grid_at(step_ms).unwrap();
        let samples = card.step_samples_na(grid, 0.2);
        let charge = |weight: &dyn Fn(usize) -> f64| -> f64 {
            samples.iter().enumerate().map(|(n, i)| f64::from(*i) * weight(n) * grid.step_ms()).sum()
        };
        let whole = charge(&|_| 1.0);
        (whole, charge(&|n| grid.time_ms(n)) / whole)
    };
    let (charge, middle_ms) = moments(0.06);
    assert!((charge - 0.2 * 400.02).abs() < 1e-4, "{charge}");
    for step_ms in [0.02, 0.05, 0.1, 0.4] {
        let (other, other_ms) = moments(step_ms);
        // An edge within a sample moves the middle by a thousandth of a sample at most.
        assert!(
            (other / charge - 1.0).abs() < 1e-6 && (other_ms - middle_ms).abs() < 1e-3,
            "{other} {other_ms}"
        );
    }
    assert_eq!(card.step_samples_na(card.grid, 0.2), card.stimulus.samples_na(card.grid, 0.2));
    assert!(card.step_samples_na(card.grid_at(0.1).unwrap(), 0.0).iter().all(|i| *i == 0.0));
}
