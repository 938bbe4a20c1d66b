//! The training log: one JSON object per line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// State of a run after some steps; entries of earlier releases lack some values.
///
/// `throughput_hz` and `elapsed_ms` are the clock's and differ from run to run; everything else is the same to the bit
/// for the same settings, [`LogEntry::without_clock`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// Steps made.
    pub step: u64,
    /// Traces seen.
    pub n_traces: u64,
    /// Mean training loss since the entry before; none at the start.
    pub train_loss: Option<f64>,
    /// Mean relative L4 over the validation traces, averaged weights.
    pub validation_loss: f64,
    /// Mean of the training loss over the validation traces, averaged weights, where it is another than relative L4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_training_loss: Option<f64>,
    /// Mean relative L2 of the voltage over the validation traces.
    pub validation_relative_l2: f64,
    /// Learning rate of the next step.
    pub learning_rate: f64,
    /// Mean norm of the gradient of the mean loss since the entry before; none at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// What features of the validation traces say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<FeatureErrors>,
    /// Traces per second since the entry before; none at the start.
    pub throughput_hz: Option<f64>,
    /// Soft features of the objective over the validation traces, by name; empty without feature terms.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub soft_features: BTreeMap<String, SoftFeatureError>,
    /// Time spent on the run so far, validations included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<f64>,
}

/// A soft feature of the predicted against that of the simulated traces.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftFeatureError {
    /// Traces whose reference has the feature.
    pub n_traces: usize,
    /// Those of them whose prediction has no value.
    pub n_missing: usize,
    /// Root of the mean squared difference, in the feature's unit, over the traces that have both.
    pub rms: f64,
    /// `Σ (p − r)² / Σ r²` over the same traces, the published study's feature loss.
    pub relative_square: f64,
    /// Mean of the weighted term over all validation traces, as the objective has it.
    pub cost: f64,
}

/// Errors of features over the validation traces, and misfires.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureErrors {
    /// Traces on which both fire.
    pub n_both_fire: usize,
    /// Traces on which the simulator fires and the operator is silent.
    pub n_missed: usize,
    /// Traces on which the operator fires and the simulator is silent.
    pub n_invented: usize,
    /// Mean difference of the number of spikes, over all traces.
    pub spike_count: f64,
    /// Median error of `mean_AP_amplitude`, over the traces that agree on firing.
    pub spike_height_mv: Option<f64>,
    /// Median error of `AP1_width`, likewise.
    pub spike_width_ms: Option<f64>,
    /// Median error of `steady_state_voltage_stimend`, likewise.
    pub steady_state_mv: Option<f64>,
}

impl LogEntry {
    /// Mean objective over the validation traces, which decides which operator is kept: the training loss and the feature
    /// terms.
    #[must_use]
    pub fn validation_objective(&self) -> f64 {
        let loss = self.validation_training_loss.unwrap_or(self.validation_loss);
        loss + self.soft_features.values().map(|feature| feature.cost).sum::<f64>()
    }

    /// The entry without what the clock said.
    #[must_use]
    pub fn without_clock(self) -> Self {
        Self { throughput_hz: None, elapsed_ms: None, ..self }
    }
}

/// Entries of a log; a last line that was cut off is left out.
#[must_use]
pub fn read_log(bytes: &[u8]) -> Vec<LogEntry> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map_while(|line| serde_json::from_str(line).ok()).collect()
}

/// The text of a log.
pub(super) fn log_bytes(entries: &[LogEntry]) -> Vec<u8> {
    let line = |entry: &LogEntry| serde_json::to_string(entry).unwrap_or_default() + "\n";
    entries.iter().map(line).collect::<String>().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_a_cut_off_log_keeps_its_whole_lines() {
        let entry = |step| LogEntry {
            step,
            n_traces: 16 * step,
            train_loss: (step > 0).then_some(0.5),
            validation_loss: 0.25,
            validation_training_loss: None,
            validation_relative_l2: 0.1,
            learning_rate: 1e-3,
            gradient_norm: Some(0.3),
            features: Some(FeatureErrors { n_missed: 2, ..FeatureErrors::default() }),
            throughput_hz: Some(20.0),
            soft_features: BTreeMap::new(),
            elapsed_ms: Some(1e4),
        };
        let bytes = log_bytes(&[entry(1), entry(2)]);
        assert_eq!(read_log(&bytes), [entry(1), entry(2)]);
        assert_eq!(read_log(&bytes[..bytes.len() - 9]), [entry(1)]);
    }

    #[test]
    fn invariant_entries_of_earlier_releases_are_read() {
        let line = r#"{"step":10,"n_traces":40,"train_loss":0.5,"validation_loss":0.25,"validation_relative_l2":0.1,"learning_rate":0.001,"throughput_hz":20.0}"#;
        let entries = read_log(line.as_bytes());
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].step, entries[0].gradient_norm, entries[0].features), (10, None, None));
    }
}
