//! What an operator in training makes of the validation traces.

use noble_operator::{Loss, Network, NetworkPlan, SampleInput, predict_batch};

use super::{FeatureErrors, TrainingSet};
use crate::evaluate::{Asked, GroupReport, compare_traces, group_report};
use crate::progress::go_on;
use crate::{Error, Progress};

const SPIKE_HEIGHT: &str = "mean_AP_amplitude";
const SPIKE_WIDTH: &str = "AP1_width";
const STEADY_STATE: &str = "steady_state_voltage_stimend";

/// Losses and feature errors over the validation traces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validation {
    /// Mean relative L4.
    pub(super) relative_l4: f64,
    /// Mean of the training loss.
    pub(super) training_loss: f64,
    /// Mean relative L2.
    pub(super) relative_l2: f64,
    /// Features; none where the prediction is not finite.
    pub(super) features: Option<FeatureErrors>,
}

/// Traces predicted before it is asked again whether to go on.
const N_TOGETHER: usize = 64;

/// Predicts all validation traces and compares.
pub(super) fn validate(
    set: &TrainingSet,
    network: &Network,
    loss: Loss,
    progress: &dyn Progress,
) -> Result<Validation, Error> {
    let plan = NetworkPlan::new(network, set.window.grid.n_samples())?;
    let (predicted, [relative_l4, relative_l2, training_loss]) = set.with_validation(|samples| {
        let inputs: Vec<SampleInput<'_>> = samples.iter().map(|sample| sample.input).collect();
        let mut predicted = Vec::with_capacity(inputs.len() * plan.n_samples());
        for together in inputs.chunks(N_TOGETHER) {
            go_on(progress)?;
            predicted.extend(predict_batch(&plan, together));
        }
        let mean = |loss: Loss| {
            let pairs = predicted.chunks(plan.n_samples()).zip(samples);
            #[expect(clippy::cast_precision_loss, reason = "a count of traces")]
            let n_traces = samples.len() as f64;
            pairs.map(|(predicted, sample)| loss.value(predicted, sample.target)).sum::<f64>() / n_traces
        };
        let means = [Loss::RelativeL4, Loss::RelativeL2, loss].map(mean);
        Ok::<_, Error>((predicted, means))
    })?;
    let is_finite = predicted.iter().all(|y| y.is_finite());
    let features = is_finite.then(|| feature_errors(set, &predicted)).transpose()?;
    Ok(Validation { relative_l4, training_loss, relative_l2, features })
}

fn feature_errors(set: &TrainingSet, predicted: &[f32]) -> Result<FeatureErrors, Error> {
    let predicted_mv: Vec<f64> = predicted.iter().map(|y| set.to_mv(*y)).collect();
    let names = [SPIKE_HEIGHT, SPIKE_WIDTH, STEADY_STATE];
    let asked = Asked::new(&names, &[])?;
    let traces = compare_traces(set.validation_references(), &predicted_mv, &asked, &set.window)?;
    let report: GroupReport = group_report("validation", &traces.iter().collect::<Vec<_>>())?;
    let median = |name: &str| report.features.get(name).map(|error| error.median_absolute);
    Ok(FeatureErrors {
        n_both_fire: report.firing.n_both_fire,
        n_missed: report.firing.n_missed,
        n_invented: report.firing.n_invented,
        spike_count: report.spike_count_mean_absolute,
        spike_height_mv: median(SPIKE_HEIGHT),
        spike_width_ms: median(SPIKE_WIDTH),
        steady_state_mv: median(STEADY_STATE),
    })
}
