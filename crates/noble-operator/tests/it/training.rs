use noble_operator::{
    AdamWSettings, BatchReport, Embedding, Error, Initialization, Loss, Network, NetworkPlan, Sample,
    SampleInput, Schedule, Trainer, TrainerSettings, evaluate_batch,
};

use crate::support::{N_SAMPLES, architecture, card, network};

fn settings() -> TrainerSettings {
    TrainerSettings {
        n_samples: N_SAMPLES,
        loss: Loss::RelativeL4,
        features: None,
        optimizer: AdamWSettings::default(),
        schedule: Schedule::WarmupCosine { peak: 3e-3, n_warmup_steps: 5, n_steps: 60, final_fraction: 0.1 },
        average_decay: Some(0.99),
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

fn run(trainer: &mut Trainer, samples: &[Sample<'_>], n_steps: usize) -> Vec<BatchReport> {
    (0..n_steps).map(|i| trainer.train_batch(&samples[i % 2..]).expect("a finite loss")).collect()
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
        evaluate_batch(trainer.plan(), &samples, Loss::RelativeL2).iter().sum::<f64>() / samples.len() as f64
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
    let on_threads = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            let mut trainer = Trainer::new(network(2), settings()).unwrap();
            let reports = run(&mut trainer, &data.samples(), 6);
            let losses: Vec<u64> = reports.iter().map(|report| report.loss.to_bits()).collect();
            (losses, bits(trainer.network()), bits(&trainer.averaged_network()))
        })
    };
    let alone = on_threads(1);
    for n_threads in [2, 3, 7] {
        assert!(on_threads(n_threads) == alone, "{n_threads} threads");
    }
}

#[test]
fn invariant_resumed_run_equals_an_uninterrupted_one() {
    let data = Data::new();
    let samples = data.samples();
    let mut straight = Trainer::new(network(4), settings()).unwrap();
    run(&mut straight, &samples, 4);
    let saved = straight.to_bytes().unwrap();
    let mut resumed = Trainer::from_bytes(&saved).unwrap();
    assert_eq!(resumed.to_bytes().unwrap(), saved);
    let ahead = run(&mut straight, &samples, 5);
    assert_eq!(run(&mut resumed, &samples, 5), ahead);
    assert_eq!(bits(resumed.network()), bits(straight.network()));
    assert_eq!(bits(&resumed.averaged_network()), bits(&straight.averaged_network()));
    assert_eq!(resumed.n_steps(), 9);
}

#[test]
fn invariant_wrong_training_states_are_named() {
    let bytes = Trainer::new(network(4), settings()).unwrap().to_bytes().unwrap();
    assert!(matches!(Trainer::from_bytes(&bytes[..bytes.len() / 2]), Err(Error::SafeTensors { .. })));
    let bare = network(4).to_safetensors().unwrap();
    assert!(matches!(Trainer::from_bytes(&bare), Err(Error::MissingCard { .. })));
}

#[test]
fn invariant_diverged_batch_takes_no_step() {
    let data = Data::new();
    let mut samples = data.samples();
    let target = [f32::NAN; N_SAMPLES];
    samples[0].target = &target;
    let mut trainer = Trainer::new(network(4), settings()).unwrap();
    let before = bits(trainer.network());
    assert!(matches!(trainer.train_batch(&samples), Err(Error::Diverged { step: 0, .. })));
    assert_eq!(bits(trainer.network()), before);
}

#[test]
fn invariant_seed_alone_decides_a_fresh_network() {
    for initialization in [Initialization::Package, Initialization::UnitVariance] {
        let draw = |seed| Network::new(&architecture(), initialization, seed).unwrap();
        assert_eq!(bits(&draw(1)), bits(&draw(1)));
        assert_ne!(bits(&draw(1)), bits(&draw(2)));
    }
}
