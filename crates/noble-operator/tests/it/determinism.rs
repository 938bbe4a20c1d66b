//! The same bits for any number of threads, any batch and any company in it.

use noble_operator::{
    Architecture, BatchGradient, Embedding, Initialization, InputEncoding, LatentFeature, Loss, Network,
    NetworkPlan, Purpose, Sample, SampleInput, Workspace, predict_batch,
};

const N_SAMPLES: usize = 701;
const N_TRACES: usize = 64;

/// Models at a few currents, so that some ensembles have members and some have none.
struct Data {
    network: Network,
    embedding: Embedding,
    traces: Vec<Trace>,
}

struct Trace {
    stimulus_na: Vec<f32>,
    step_na: f64,
    latents: [f64; 1],
    target: Vec<f32>,
}

impl Data {
    fn new() -> Self {
        let latent = LatentFeature::fit("i_thr_na", &[0.05, 0.2], 1).expect("two values");
        let input = InputEncoding {
            current_unit_na: 0.1,
            n_current_frequencies: 3,
            latents: vec![latent],
            rhythm: None,
        };
        let architecture = Architecture::new(input.n_channels(), 12, 3, 32);
        let trace = |i: usize| {
            let step_na = if i % 8 == 7 { 0.001 * i as f64 } else { 0.1 * (i % 3) as f64 };
            let target = (0..N_SAMPLES).map(|t| ((t * (i + 1)) as f32 * 0.01).sin()).collect();
            let stimulus_na = (0..N_SAMPLES).map(|t| if t > 50 { step_na as f32 } else { 0.0 }).collect();
            Trace { stimulus_na, step_na, latents: [0.05 + 0.002 * i as f64], target }
        };
        Self {
            network: Network::new(&architecture, Initialization::UnitVariance, 4).expect("valid sizes"),
            embedding: Embedding::new(&input, N_SAMPLES),
            traces: (0..N_TRACES).map(trace).collect(),
        }
    }

    fn samples(&self) -> Vec<Sample<'_>> {
        let rows = self.traces.iter();
        rows.map(|trace| Sample {
            input: SampleInput::Embedded {
                embedding: &self.embedding,
                stimulus_na: &trace.stimulus_na,
                step_na: trace.step_na,
                latents: &trace.latents,
            },
            target: &trace.target,
        })
        .collect()
    }
}

fn on_threads<T: Send>(n_threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool of threads").install(work)
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn invariant_predictions_are_the_same_bits_for_threads_and_batches() {
    let data = Data::new();
    let samples = data.samples();
    let inputs: Vec<SampleInput<'_>> = samples.iter().map(|sample| sample.input).collect();
    let plan = NetworkPlan::new(&data.network, N_SAMPLES).unwrap();
    let reference = on_threads(1, || bits(&predict_batch(&plan, &inputs)));
    for n_threads in [1, 2, 8] {
        for batch in [1, 7, 64] {
            let predicted = on_threads(n_threads, || {
                inputs.chunks(batch).flat_map(|chunk| bits(&predict_batch(&plan, chunk))).collect::<Vec<_>>()
            });
            assert!(predicted == reference, "{n_threads} threads, batches of {batch}");
        }
    }
}

#[test]
fn invariant_embedded_inputs_give_the_bits_of_their_channels() {
    let data = Data::new();
    let samples = data.samples();
    let plan = NetworkPlan::new(&data.network, N_SAMPLES).expect("a valid length");
    for trace in &data.traces[..9] {
        let mut channels = vec![0.0; data.network.architecture().in_channels * N_SAMPLES];
        data.embedding.write(&trace.stimulus_na, trace.step_na, &trace.latents, &mut channels);
        let by_channels = predict_batch(&plan, &[SampleInput::Channels(&channels)]);
        let place = data.traces.iter().position(|other| std::ptr::eq(other, trace)).expect("one of them");
        let embedded = predict_batch(&plan, &[samples[place].input]);
        assert!(bits(&embedded) == bits(&by_channels), "trace {place}");
    }
}

#[test]
#[should_panic(expected = "samples")]
fn invariant_an_embedding_of_another_length_is_refused() {
    let data = Data::new();
    let samples = data.samples();
    let plan = NetworkPlan::new(&data.network, N_SAMPLES / 2).expect("a valid length");
    let _ = predict_batch(&plan, &[samples[0].input]);
}

#[test]
fn invariant_threads_share_a_pass_without_changing_a_bit() {
    let data = Data::new();
    let plan = NetworkPlan::new(&data.network, N_SAMPLES).unwrap();
    let x: Vec<f32> =
        (0..data.network.architecture().in_channels * N_SAMPLES).map(|i| (i as f32 * 0.013).sin()).collect();
    let run = |n_threads: usize| {
        let mut y = vec![0.0; N_SAMPLES];
        let mut workspace = Workspace::with_threads(&plan, Purpose::Forward, n_threads);
        on_threads(n_threads, || plan.forward(&mut workspace, &x, &mut y));
        bits(&y)
    };
    for n_threads in [2, 3, 8, 1000] {
        assert!(run(n_threads) == run(1), "{n_threads} threads");
    }
}

#[test]
fn invariant_gradients_are_the_same_bits_for_threads_and_parts() {
    let data = Data::new();
    let samples = data.samples();
    let plan = NetworkPlan::new(&data.network, N_SAMPLES).unwrap();
    for batch in [1, 7, 64] {
        let gradient = |n_threads: usize, part: usize| {
            on_threads(n_threads, || {
                let mut gradient = BatchGradient::new(&data.network);
                samples[..batch]
                    .chunks(part)
                    .for_each(|part| gradient.add(&plan, part, &Loss::RelativeL4.into()));
                bits(gradient.values())
            })
        };
        let reference = gradient(1, batch);
        for n_threads in [1, 2, 8] {
            assert!(gradient(n_threads, batch) == reference, "{n_threads} threads, batch of {batch}");
        }
        assert!(gradient(2, 5) == reference, "batch of {batch} in parts of five");
    }
}
