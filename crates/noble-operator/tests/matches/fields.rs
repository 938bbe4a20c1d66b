//! Losses, optimizer, schedule and embeddings on their own.

use noble_operator::{
    AdamW, AdamWSettings, Loss, Network, PlateauSettings, Schedule, ScheduleState, embedding,
};
use noble_operator::{Architecture, Initialization, ParameterInfo};
use noble_reference::{Case, Tally};

use crate::arrays::{Arrays, largest, max_abs};

/// Sines and cosines in single precision: the package is within 3.6e-8 of exact ones.
pub(crate) const SINUSOID_MAX_ABS: f64 = 1e-7;
/// Losses against double precision, relative.
const LOSS_RELATIVE: f64 = 1e-6;
/// Gradients of a loss, per largest gradient; the package computes them in single precision.
const LOSS_GRADIENT: f64 = 2e-5;
/// Parameters of size one after ten steps in single precision.
const PARAMETER_MAX_ABS: f64 = 2e-6;
/// Moments, per largest moment.
const MOMENT_RELATIVE: f64 = 1e-6;
/// Learning rates are the same products in double precision.
const RATE_RELATIVE: f64 = 1e-12;

const LOSSES: [(&str, Loss); 8] = [
    ("l1_rel", Loss::RelativeL1),
    ("l2_rel", Loss::RelativeL2),
    ("l4_rel", Loss::RelativeL4),
    ("h1_rel", Loss::RelativeH1),
    ("l1_abs", Loss::AbsoluteL1),
    ("l2_abs", Loss::AbsoluteL2),
    ("l4_abs", Loss::AbsoluteL4),
    ("h1_abs", Loss::AbsoluteH1),
];

pub(crate) fn check_losses(case: &Case, tally: &mut Tally) {
    let file = Arrays::read(case, "losses.safetensors");
    let sets: Vec<&str> = file.names().filter_map(|name| name.strip_suffix(".pred")).collect();
    for set in sets {
        let (predicted, target) =
            (file.singles(&format!("{set}.pred")), file.singles(&format!("{set}.target")));
        let n = file.shape(&format!("{set}.pred"))[2];
        for (name, loss) in LOSSES {
            let place = format!("loss {set}.{name}");
            let mut gradient = vec![0.0; predicted.len()];
            let traces =
                predicted.chunks_exact(n).zip(target.chunks_exact(n)).zip(gradient.chunks_exact_mut(n));
            let value: f64 = traces.map(|((p, t), g)| loss.value_and_gradient(p, t, g)).sum();
            let exact = file.get(&format!("{set}.{name}.f64"))[0];
            tally.value(&place, (value / exact - 1.0).abs(), LOSS_RELATIVE);
            let stored = file.get(&format!("{set}.{name}.grad"));
            let deviation = max_abs(&gradient, stored) / largest(stored);
            tally.value(&format!("{place} gradient"), deviation, LOSS_GRADIENT);
        }
    }
    for (name, loss) in LOSSES {
        if let Some(stored) = file.find(&format!("zero_target.{name}")) {
            let value = loss.value(&[0.5; 16], &[0.0; 16]);
            tally.value(&format!("loss zero_target.{name}"), (value / stored[0] - 1.0).abs(), LOSS_RELATIVE);
        }
        if let Some(stored) = file.find(&format!("equal.{name}")) {
            let mut gradient = [1.0; 16];
            let value = loss.value_and_gradient(&[0.5; 16], &[0.5; 16], &mut gradient);
            tally.value(&format!("loss equal.{name}"), (value - stored[0]).abs(), LOSS_RELATIVE);
            tally.holds(&format!("loss equal.{name} has no gradient"), gradient.iter().all(|g| *g == 0.0));
        }
    }
}

pub(crate) fn check_adamw(case: &Case, tally: &mut Tally) {
    let file = Arrays::read(case, "adamw.safetensors");
    for (tag, weight_decay) in [("wd0", 0.0), ("wd1e-2", 0.01)] {
        for kind in ["real", "complex"] {
            let mut values = file.singles(&format!("{kind}.init"));
            let parameters = [parameter(kind == "complex", values.len())];
            let settings = AdamWSettings { weight_decay, ..AdamWSettings::default() };
            let mut optimizer = AdamW::new(settings, values.len());
            for step in 1..=10 {
                let gradient = file.singles(&format!("step{step}.{kind}.grad"));
                optimizer.step(&mut values, &gradient, &parameters, 1e-3);
                let place = format!("{tag}.step{step}.{kind}");
                tally.value(&format!("adamw {place}"), max_abs(&values, file.get(&place)), PARAMETER_MAX_ABS);
            }
            for (moment, ours) in [("exp_avg", &optimizer.first), ("exp_avg_sq", &optimizer.second)] {
                let place = format!("{tag}.{kind}.{moment}");
                let stored = file.get(&place);
                let deviation = max_abs(ours, stored) / largest(stored);
                tally.value(&format!("adamw {place}"), deviation, MOMENT_RELATIVE);
            }
        }
    }
}

/// A parameter of any name; the optimizer looks at its place and kind only.
fn parameter(is_complex: bool, len: usize) -> ParameterInfo {
    let network =
        Network::new(&Architecture::new(1, 2, 1, 2), Initialization::default(), 0).expect("valid sizes");
    let mut parameter = network.parameters()[0].clone();
    (parameter.is_complex, parameter.span) = (is_complex, 0..len);
    parameter
}

pub(crate) fn check_plateau(case: &Case, tally: &mut Tally) {
    let runs = case.json("plateau.json");
    for (i, run) in runs.as_array().expect("a list").iter().enumerate() {
        let number = |key: &str| run[key].as_f64().expect("a number");
        let settings = PlateauSettings {
            learning_rate: number("lr0"),
            factor: number("factor"),
            patience: run["patience"].as_u64().expect("a count"),
        };
        let mut state = ScheduleState::new(Schedule::ReduceOnPlateau(settings));
        let series =
            |key: &str| run[key].as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number"));
        for (epoch, (metric, stored)) in series("metric").zip(series("lr_after")).enumerate() {
            state.end_epoch(metric);
            let deviation = (state.learning_rate(0) / stored - 1.0).abs();
            tally.value(&format!("plateau run {i} epoch {epoch}"), deviation, RATE_RELATIVE);
        }
    }
}

pub(crate) fn check_embeddings(case: &Case, tally: &mut Tally) {
    let file = Arrays::read(case, "embeddings.safetensors");
    let lengths: Vec<usize> =
        file.names().filter_map(|n| n.strip_prefix('T')?.strip_suffix(".time")?.parse().ok()).collect();
    for n in lengths {
        for (name, ours) in [("time", embedding::time(n)), ("grid01", embedding::grid(n))] {
            let stored = file.singles(&format!("T{n}.{name}"));
            let is_same = ours.len() == stored.len()
                && ours.iter().zip(&stored).all(|(a, b)| a.to_bits() == b.to_bits());
            tally.holds(&format!("embedding T{n}.{name} to the bit"), is_same);
        }
        for (name, scalars, n_frequencies) in [("amp.K9", "amps", 9), ("feat.K1", "feats", 1)] {
            let name = format!("T{n}.{name}.freq");
            let scalars = file.singles(scalars);
            let time = embedding::time(n);
            let n_stored = file.shape(&name)[0];
            let mut rows = vec![0.0; n_stored * 2 * n_frequencies * n];
            let last = &scalars[scalars.len() - n_stored..];
            for (scalar, rows) in last.iter().zip(rows.chunks_exact_mut(2 * n_frequencies * n)) {
                embedding::sinusoids(*scalar, &time, rows);
            }
            tally.value(&format!("embedding {name}"), max_abs(&rows, file.get(&name)), SINUSOID_MAX_ABS);
        }
    }
}
