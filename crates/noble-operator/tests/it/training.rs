use noble_operator::{
    AdamWSettings, BatchReport, Embedding, Error, Initialization, Loss, Network, NetworkPlan,
    OneCycleSettings, OptimizerSettings, PlateauSettings, Sample, SampleInput, Schedule, Trainer,
    TrainerSettings, evaluate_batch,
};

use crate::support::{N_SAMPLES, architecture, card, network};

fn settings() -> TrainerSettings {
    TrainerSettings {
        n_samples: N_SAMPLES,
        loss: Loss::RelativeL4,
        features: None,
        optimizer: OptimizerSettings::Adamw(AdamWSettings::default()),
        schedule: Schedule::WarmupCosine { peak: 3e-3, n_warmup_steps: 5, n_steps: 60, final_fraction: 0.1 },
        average_decay: Some(0.99),
        clip_norm: None,
    }
}

/// A family of decaying sines whose frequency follows the current.
struct Data {
    embedding: Embedding,
    currents: Vec<Vec<f32>>,
    targets: Vec<Vec<f32>>,
}

impl Data {
    fn new() -> Self {
        let card = card();
        let steps: Vec<f64> = (0..6).map(|i| 0.05 * f64::from(i)).collect();
        let currents = steps.iter().map(|step| card.stimulus.samples_na(card.grid, *step)).collect();
        let wave = |step: &f64| {
            let value = |t: usize| (-0.02 * t as f64).exp() * (t as f64 * (0.1 + step)).sin();
            (0..N_SAMPLES).map(|t| value(t) as f32).collect()
        };
        let targets = steps.iter().map(wave).collect();
        Self { embedding: Embedding::new(&card.input, N_SAMPLES), currents, targets }
    }

    fn samples(&self) -> Vec<Sample<'_>> {
        let rows = self.currents.iter().zip(&self.targets).enumerate();
        rows.map(|(i, (stimulus_na, target))| Sample {
            input: SampleInput::Embedded {
                embedding: &self.embedding,
                stimulus_na,
                step_na: 0.05 * i as f64,
                latents: &[100.0, 0.1],
            },
            target,
        })
        .collect()
    }
}

/// Settings that differ in everything a state has to carry.
fn all_settings() -> Vec<TrainerSettings> {
    let schedules = [
        settings().schedule,
        Schedule::Constant { learning_rate: 1e-3 },
        Schedule::OneCycle(OneCycleSettings::new(3e-3, 60)),
        Schedule::ReduceOnPlateau(PlateauSettings { learning_rate: 1e-2, factor: 0.4, patience: 0 }),
    ];
    let kinds = OptimizerSettings::all().into_iter().flat_map(|optimizer| schedules.map(|s| (optimizer, s)));
    let mut all: Vec<TrainerSettings> =
        kinds.map(|(optimizer, schedule)| TrainerSettings { optimizer, schedule, ..settings() }).collect();
    all.push(TrainerSettings { clip_norm: Some(1e-3), average_decay: None, ..settings() });
    all
}

fn run(trainer: &mut Trainer, samples: &[Sample<'_>], n_steps: usize) -> Vec<BatchReport> {
    let step = |i: usize| {
        let report = trainer.train_batch(&samples[i % 2..]).expect("a finite loss");
        if report.n_steps.is_multiple_of(3) {
            trainer.end_epoch();
        }
        report
    };
    (0..n_steps).map(step).collect()
}

fn bits(network: &Network) -> Vec<u32> {
    network.values().iter().map(|value| value.to_bits()).collect()
}

#[test]
fn invariant_training_lowers_the_loss() {
    let data = Data::new();
    let samples = data.samples();
    let schedule =
        Schedule::WarmupCosine { peak: 1e-2, n_warmup_steps: 20, n_steps: 400, final_fraction: 0.0 };
    let mut trainer = Trainer::new(network(2), TrainerSettings { schedule, ..settings() }).unwrap();
    let loss = |trainer: &Trainer| -> f64 {
        trainer.engine().evaluate(&samples, &Loss::RelativeL2.into()).iter().sum::<f64>()
            / samples.len() as f64
    };
    let before = loss(&trainer);
    run(&mut trainer, &samples, 400);
    let after = loss(&trainer);
    assert!(after < 0.5 * before, "relative L2 {before} before and {after} after");
    let averaged = NetworkPlan::new(&trainer.averaged_network(), N_SAMPLES).unwrap();
    let averaged: f64 = evaluate_batch(&averaged, &samples, Loss::RelativeL2).iter().sum();
    assert!(averaged / (samples.len() as f64) < before);
}

#[test]
fn invariant_bits_do_not_depend_on_threads() {
    let data = Data::new();
    for settings in all_settings() {
        let on_threads = |n_threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| {
                let mut trainer = Trainer::new(network(2), settings.clone()).unwrap();
                let reports = run(&mut trainer, &data.samples(), 6);
                let bits_of = |report: &BatchReport| [report.loss.to_bits(), report.gradient_norm.to_bits()];
                let reports: Vec<[u64; 2]> = reports.iter().map(bits_of).collect();
                (reports, bits(trainer.network()), bits(&trainer.averaged_network()))
            })
        };
        let alone = on_threads(1);
        for n_threads in [2, 3, 7] {
            assert!(on_threads(n_threads) == alone, "{n_threads} threads, {settings:?}");
        }
    }
}

#[test]
fn invariant_a_batch_in_parts_gives_the_bits_of_the_whole() {
    let data = Data::new();
    let samples = data.samples();
    for settings in all_settings() {
        let mut whole = Trainer::new(network(2), settings.clone()).unwrap();
        let mut parts = Trainer::new(network(2), settings.clone()).unwrap();
        for step in 0..4 {
            for part in samples.chunks(1 + step) {
                parts.accumulate(part).unwrap();
            }
            assert_eq!(whole.train_batch(&samples).unwrap(), parts.step().unwrap());
            assert_eq!(bits(whole.network()), bits(parts.network()), "step {step}, {settings:?}");
        }
    }
}

#[test]
fn invariant_resumed_run_equals_an_uninterrupted_one() {
    let data = Data::new();
    let samples = data.samples();
    for settings in all_settings() {
        let mut straight = Trainer::new(network(4), settings.clone()).unwrap();
        run(&mut straight, &samples, 4);
        let saved = straight.to_bytes().unwrap();
        let mut resumed = Trainer::from_bytes(&saved).unwrap();
        assert_eq!(resumed.to_bytes().unwrap(), saved);
        let ahead = run(&mut straight, &samples, 5);
        assert_eq!(run(&mut resumed, &samples, 5), ahead, "{settings:?}");
        assert_eq!(bits(resumed.network()), bits(straight.network()));
        assert_eq!(bits(&resumed.averaged_network()), bits(&straight.averaged_network()));
        assert_eq!(resumed.to_bytes().unwrap(), straight.to_bytes().unwrap());
        assert_eq!(resumed.n_steps(), 9);
    }
}

#[test]
fn invariant_long_gradients_are_shortened_and_short_ones_are_not() {
    let data = Data::new();
    let after = |clip_norm| {
        let mut trainer = Trainer::new(network(4), TrainerSettings { clip_norm, ..settings() }).unwrap();
        let report = trainer.train_batch(&data.samples()).unwrap();
        (report.gradient_norm, bits(trainer.network()))
    };
    let (norm, free) = after(None);
    assert_eq!(after(Some(2.0 * norm)), (norm, free.clone()));
    let (clipped_norm, clipped) = after(Some(1e-6 * norm));
    assert!((clipped_norm / norm - 1.0).abs() < 1e-12 && clipped != free);
}

#[test]
fn invariant_wrong_training_states_are_named() {
    let trainer = Trainer::new(network(4), settings()).unwrap();
    let bytes = trainer.to_bytes().unwrap();
    for length in [0, 7, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        let cut = Trainer::from_bytes(&bytes[..length]);
        assert!(matches!(cut, Err(Error::SafeTensors { .. })), "{length} bytes");
    }
    let bare = network(4).to_safetensors().unwrap();
    assert!(matches!(Trainer::from_bytes(&bare), Err(Error::TrainerState { .. })));
    let version = br#"\"format_version\":2"#;
    let place = bytes.windows(version.len()).position(|part| part == version).unwrap();
    let mut other = bytes.clone();
    other[place + version.len() - 1] = b'9';
    let error = Trainer::from_bytes(&other).unwrap_err();
    assert!(matches!(error, Error::TrainerStateVersion { got: 9, expected: 2 }), "{error}");
}

#[test]
fn invariant_diverged_batch_takes_no_step_and_names_its_sample() {
    let data = Data::new();
    let mut samples = data.samples();
    let target = [f32::NAN; N_SAMPLES];
    samples[3].target = &target;
    let mut trainer = Trainer::new(network(4), settings()).unwrap();
    let before = bits(trainer.network());
    let diverged = |result| matches!(result, Err(Error::Diverged { step: 0, sample_idx: Some(3), .. }));
    assert!(diverged(trainer.train_batch(&samples)));
    trainer.accumulate(&samples[..2]).unwrap();
    assert!(diverged(trainer.accumulate(&samples[2..]).map(|()| unreachable!())));
    assert_eq!(bits(trainer.network()), before);
    let mut fresh = Trainer::new(network(4), settings()).unwrap();
    assert_eq!(trainer.train_batch(&data.samples()).unwrap(), fresh.train_batch(&data.samples()).unwrap());
}

#[test]
fn invariant_seed_alone_decides_a_fresh_network() {
    for initialization in [Initialization::Package, Initialization::UnitVariance] {
        let draw = |seed| Network::new(&architecture(), initialization, seed).unwrap();
        assert_eq!(bits(&draw(1)), bits(&draw(1)));
        assert_ne!(bits(&draw(1)), bits(&draw(2)));
    }
}
