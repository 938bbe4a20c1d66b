//! Whole networks: outputs, hidden stages, gradients and optimizer trajectories.

use noble_operator::{
    AdamW, AdamWSettings, BatchGradient, Embedding, InputEncoding, LatentFeature, Loss, Network, NetworkPlan,
    Purpose, Sample, SampleInput, Workspace, input_gradient, predict_batch,
};
use noble_reference::{Case, Tally};

use crate::arrays::{Arrays, largest, max_abs, rel_l2};

/// Relative L2 against double precision; the package itself is within 7.6e-7.
const OUTPUT_REL_L2: f64 = 3e-6;
/// Largest deviation from the package's output per largest output: both carry single-precision rounding.
const OUTPUT_MAX_ABS: f64 = 2e-5;
/// Relative L2 of a gradient against double precision; the package's worst tensor is within 4.4e-6.
const GRADIENT_REL_L2: f64 = 2e-5;
/// Parameters after up to five steps at a learning rate of 1e-3; the package is within 3e-7 of double precision.
const PARAMETER_MAX_ABS: f64 = 2e-6;
/// Relative deviation of a loss.
const LOSS_RELATIVE: f64 = 1e-5;
/// Pulse of the embedded cases: 15 ms and 400 ms of a 515 ms trace.
const N_FREQUENCIES: usize = 9;

pub(crate) fn check(case: &Case, tally: &mut Tally) {
    let network = Network::from_file_bytes(&case.bytes("weights.safetensors")).expect("a network");
    if case.find("weights.pth").is_some() {
        let pth = Network::from_pth(&case.bytes("weights.pth")).expect("a network");
        // Only the PyTorch file tells whether the number of modes is odd.
        let is_same = pth.values() == network.values() && pth.parameters() == network.parameters();
        tally.holds(&format!("{}: weights.pth equals weights.safetensors", case.name), is_same);
    }
    let again = Network::from_safetensors(&network.to_safetensors().expect("a file")).expect("a network");
    tally.holds(&format!("{}: written as complex64 and read again", case.name), again == network);
    let io = Arrays::read(case, "io.safetensors");
    let [n_batch, _, n_samples] = io.shape("y") else { panic!("y of {} axes", io.shape("y").len()) };
    let x = match io.find("x") {
        Some(_) => io.singles("x"),
        None => embedded_input(&io, *n_samples, tally, &case.name),
    };
    let run = Run { case, network: &network, x: &x, n_batch: *n_batch, n_samples: *n_samples };
    run.check_forward(&io, tally);
    if case.find("train.safetensors").is_some() {
        run.check_training(&Arrays::read(case, "train.safetensors"), tally);
    }
}

struct Run<'a> {
    case: &'a Case,
    network: &'a Network,
    x: &'a [f32],
    n_batch: usize,
    n_samples: usize,
}

impl Run<'_> {
    fn inputs(&self) -> Vec<SampleInput<'_>> {
        let len = self.x.len() / self.n_batch;
        self.x.chunks_exact(len).map(SampleInput::Channels).collect()
    }

    fn check_forward(&self, io: &Arrays, tally: &mut Tally) {
        let plan = NetworkPlan::new(self.network, self.n_samples).expect("a plan");
        let y = predict_batch(&plan, &self.inputs());
        let name = &self.case.name;
        tally.value(&format!("{name} y64 rel L2"), rel_l2(&y, io.get("y64")), OUTPUT_REL_L2);
        let scale = largest(io.get("y"));
        tally.value(&format!("{name} y max abs"), max_abs(&y, io.get("y")) / scale, OUTPUT_MAX_ABS);
        let mut workspace = Workspace::new(&plan, Purpose::Gradient);
        let mut out = vec![0.0; self.n_samples];
        for (b, x) in self.x.chunks_exact(self.x.len() / self.n_batch).enumerate() {
            plan.forward(&mut workspace, x, &mut out);
            let is_same = out.iter().zip(&y[b * self.n_samples..]).all(|(a, b)| a.to_bits() == b.to_bits());
            tally.holds(&format!("{name} trace {b}: remembering changes no bit"), is_same);
            for idx in 0..=self.network.architecture().n_layers {
                let stage = if idx == 0 { "lifting".to_owned() } else { format!("block.{}", idx - 1) };
                self.check_stage(io, (&stage, b), &workspace.hidden(idx).expect("remembered"), tally);
            }
        }
    }

    /// One hidden array of trace `b`; large cases store every 29th sample.
    fn check_stage(&self, io: &Arrays, (stage, b): (&str, usize), hidden: &[f32], tally: &mut Tally) {
        let (full, strided, exact) =
            (format!("stage.{stage}"), format!("stage.{stage}.strided"), format!("stage64.{stage}"));
        let place = format!("{} {stage} trace {b}", self.case.name);
        if io.find(&exact).is_some() {
            let stored = &io.get(&exact)[b * hidden.len()..][..hidden.len()];
            tally.value(&format!("{place} rel L2"), rel_l2(hidden, stored), OUTPUT_REL_L2);
        }
        let (stored, stride) = if io.find(&full).is_some() {
            (io.get(&full), 1)
        } else {
            (io.get(&strided), self.n_samples.div_ceil(io.shape(&strided)[2]))
        };
        let rows = hidden.chunks_exact(self.n_samples);
        let values: Vec<f32> = rows.flat_map(|row| row.iter().step_by(stride).copied()).collect();
        let stored = &stored[b * values.len()..][..values.len()];
        tally.value(&place, max_abs(&values, stored) / largest(stored), OUTPUT_MAX_ABS);
    }

    fn check_training(&self, train: &Arrays, tally: &mut Tally) {
        let target = train.singles("target");
        let inputs = self.inputs();
        let targets = target.chunks_exact(self.n_samples);
        let samples: Vec<Sample<'_>> =
            inputs.iter().zip(targets).map(|(input, target)| Sample { input: *input, target }).collect();
        let plan = NetworkPlan::new(self.network, self.n_samples).expect("a plan");
        let mut gradient = BatchGradient::new(self.network);
        let loss = gradient.compute(&plan, &samples, Loss::RelativeL4);
        let name = &self.case.name;
        let exact = train.get("loss64")[0];
        tally.value(&format!("{name} loss"), (loss / exact - 1.0).abs(), LOSS_RELATIVE);
        for parameter in self.network.parameters() {
            let ours = &gradient.values()[parameter.span.clone()];
            let exact = train.get(&format!("grad64.{}", parameter.name));
            tally.value(&format!("{name} gradient {}", parameter.name), rel_l2(ours, exact), GRADIENT_REL_L2);
        }
        let by_input: Vec<f32> =
            samples.iter().flat_map(|sample| input_gradient(&plan, sample, Loss::RelativeL4).1).collect();
        let stored = train.get("grad_input");
        tally.value(&format!("{name} gradient by input"), rel_l2(&by_input, stored), GRADIENT_REL_L2);
        for (tag, weight_decay) in [("wd0", 0.0), ("wd1e-2", 0.01)] {
            self.check_steps(train, &samples, (tag, weight_decay), tally);
        }
    }

    fn check_steps(
        &self,
        train: &Arrays,
        samples: &[Sample<'_>],
        (tag, decay): (&str, f64),
        tally: &mut Tally,
    ) {
        let mut network = self.network.clone();
        let parameters = network.parameters().to_vec();
        let settings = AdamWSettings { weight_decay: decay, ..AdamWSettings::default() };
        let mut optimizer = AdamW::new(settings, network.values().len());
        let mut plan = NetworkPlan::new(&network, self.n_samples).expect("a plan");
        let mut gradient = BatchGradient::new(&network);
        for step in 1..=5 {
            let loss = gradient.compute(&plan, samples, Loss::RelativeL4);
            let stored = train.get(&format!("adamw.{tag}.losses"))[step - 1];
            let place = format!("{} {tag} loss before step {step}", self.case.name);
            tally.value(&place, (loss / stored - 1.0).abs(), LOSS_RELATIVE);
            optimizer.step(network.values_mut(), gradient.values(), &parameters, 1e-3);
            plan.load(&network);
            for parameter in &parameters {
                let place = format!("adamw.{tag}.step{step}.{}", parameter.name);
                if let Some(stored) = train.find(&place) {
                    let ours = &network.values()[parameter.span.clone()];
                    tally.value(
                        &format!("{} {place}", self.case.name),
                        max_abs(ours, stored),
                        PARAMETER_MAX_ABS,
                    );
                }
            }
        }
    }
}

/// The input of a case that stores its amplitudes and scaled latent features; the first trace is stored whole.
fn embedded_input(io: &Arrays, n_samples: usize, tally: &mut Tally, name: &str) -> Vec<f32> {
    // Scaling maps [0, 3] to [0.5, 3.5], so a stored scaled feature goes in half a unit lower.
    let latent = |name: &str| LatentFeature { name: name.to_owned(), min: 0.0, max: 3.0, n_frequencies: 1 };
    let latents = vec![latent("slope"), latent("intercept")];
    let encoding =
        InputEncoding { current_unit_na: 0.1, n_current_frequencies: N_FREQUENCIES, latents, rhythm: None };
    let embedding = Embedding::new(&encoding, n_samples);
    let first = io.singles("x_first_trace");
    let mut x = Vec::new();
    for (b, amp) in io.get("amp").iter().enumerate() {
        let step_na = amp * 0.1;
        let on = first[..n_samples].iter().position(|i| *i != 0.0).expect("a pulse");
        let off = first[..n_samples].iter().rposition(|i| *i != 0.0).expect("a pulse");
        let stimulus: Vec<f32> =
            (0..n_samples).map(|t| if (on..=off).contains(&t) { step_na as f32 } else { 0.0 }).collect();
        let scaled = [io.get("slope")[b] - 0.5, io.get("intercept")[b] - 0.5];
        let mut channels = vec![0.0; encoding.n_channels() * n_samples];
        embedding.write(&stimulus, step_na, &scaled, &mut channels);
        x.extend(channels);
    }
    let len = first.len();
    let stored: Vec<f64> = first.iter().map(|value| f64::from(*value)).collect();
    tally.value(
        &format!("{name} embedded input"),
        max_abs(&x[..len], &stored),
        crate::fields::SINUSOID_MAX_ABS,
    );
    let stride = n_samples.div_ceil(io.shape("x_strided")[2]);
    let strided: Vec<f32> =
        x.chunks_exact(n_samples).flat_map(|row| row.iter().step_by(stride).copied()).collect();
    let place = format!("{name} embedded input, strided");
    tally.value(&place, max_abs(&strided, io.get("x_strided")), crate::fields::SINUSOID_MAX_ABS);
    x
}
