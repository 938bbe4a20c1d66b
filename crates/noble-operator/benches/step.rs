//! Time per trace of a forward pass and of a training step, one thread, minimum of several runs.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::Instant;

use noble_operator::{
    AdamWSettings, Architecture, Initialization, Loss, Network, NetworkPlan, OptimizerSettings, Purpose,
    Sample, SampleInput, Schedule, Trainer, TrainerSettings, Workspace,
};

const N_RUNS: usize = 7;
const BATCH: usize = 4;

fn main() {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("the pool is made once");
    measure("published", &Architecture::new(23, 24, 12, 256), 8583);
    measure("compact", &Architecture::new(23, 24, 6, 256), 5150);
}

fn measure(name: &str, architecture: &Architecture, n_samples: usize) {
    let network = Network::new(architecture, Initialization::default(), 1).expect("valid sizes");
    let x: Vec<f32> = (0..architecture.in_channels * n_samples).map(|i| (i as f32 * 0.01).sin()).collect();
    let target: Vec<f32> = (0..n_samples).map(|i| (i as f32 * 0.02).cos()).collect();
    let plan = NetworkPlan::new(&network, n_samples).expect("a valid length");
    let mut workspace = Workspace::new(&plan, Purpose::Forward);
    let mut y = vec![0.0; n_samples];
    let forward_ms = fastest_ms(|| plan.forward(&mut workspace, &x, &mut y));
    let settings = TrainerSettings {
        n_samples,
        loss: Loss::RelativeL4,
        optimizer: OptimizerSettings::Adamw(AdamWSettings::default()),
        clip_norm: None,
        schedule: Schedule::Constant { learning_rate: 1e-4 },
        average_decay: None,
    };
    let mut trainer = Trainer::new(network, settings).expect("valid settings");
    let samples = [Sample { input: SampleInput::Channels(&x), target: &target }; BATCH];
    let step_ms = fastest_ms(|| _ = trainer.train_batch(&samples).expect("a finite loss"));
    println!(
        "{name} T {n_samples}: forward {forward_ms:.2} ms, training step {:.2} ms per trace",
        step_ms / BATCH as f64
    );
}

fn fastest_ms(mut run: impl FnMut()) -> f64 {
    let times = (0..N_RUNS).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64() * 1e3
    });
    times.fold(f64::INFINITY, f64::min)
}
