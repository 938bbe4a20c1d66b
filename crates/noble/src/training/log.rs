//! The training log: one JSON object per line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// State of a run after some steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// Steps made.
    pub step: u64,
    /// Traces seen.
    pub n_traces: u64,
    /// Mean training loss (relative L4) since the entry before; none at the start.
    pub train_loss: Option<f64>,
    /// Mean relative L4 over the validation traces, averaged weights.
    pub validation_loss: f64,
    /// Mean relative L2 of the voltage over the validation traces.
    pub validation_relative_l2: f64,
    /// Learning rate.
    pub learning_rate: f64,
    /// Traces per second since the entry before; none at the start.
    pub throughput_hz: Option<f64>,
    /// Soft features of the objective over the validation traces, by name; empty without feature terms.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub soft_features: BTreeMap<String, SoftFeatureError>,
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

impl LogEntry {
    /// Mean objective over the validation traces, which decides which operator is kept: the loss and the feature terms.
    #[must_use]
    pub fn validation_objective(&self) -> f64 {
        self.validation_loss + self.soft_features.values().map(|feature| feature.cost).sum::<f64>()
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
            validation_relative_l2: 0.1,
            learning_rate: 1e-3,
            throughput_hz: Some(20.0),
            soft_features: BTreeMap::new(),
        };
        let bytes = log_bytes(&[entry(1), entry(2)]);
        assert_eq!(read_log(&bytes), [entry(1), entry(2)]);
        assert_eq!(read_log(&bytes[..bytes.len() - 9]), [entry(1)]);
    }
}
