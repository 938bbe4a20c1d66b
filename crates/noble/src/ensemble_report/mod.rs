//! An ensemble's answer as tables and figures: what `noble predict` prints and writes.

mod figures;

use std::collections::BTreeMap;

use noble_data::{ModelId, Sweeps};
use noble_operator::{OperatorCard, Warning};
use serde_json::{Value, json};

use crate::Member;
use crate::features::SweepFeatures;
use crate::table::csv_table;

/// An answer with everything that describes it, one row per member and current.
#[derive(Debug, Clone, Copy)]
pub struct EnsembleReport<'a> {
    /// Header of the operator.
    pub card: &'a OperatorCard,
    /// Who was asked for.
    pub members: &'a [Member],
    /// Voltages, rows by member, then by current.
    pub sweeps: &'a Sweeps,
    /// Features of each row.
    pub features: &'a [SweepFeatures],
    /// What the operator warns of in each row.
    pub warnings: &'a [Vec<Warning>],
}

impl EnsembleReport<'_> {
    /// Number of a row's model.
    #[must_use]
    pub fn model(&self, row: usize) -> ModelId {
        self.sweeps.models.as_ref().map_or(0, |models| models[row])
    }

    /// Names of the latent features.
    pub fn latent_names(&self) -> impl Iterator<Item = &String> {
        self.card.input.latents.iter().map(|latent| &latent.name)
    }

    /// What the operator and the features warn of in a row.
    #[must_use]
    pub fn row_warnings(&self, features: &SweepFeatures) -> Vec<String> {
        let of_operator = self.warnings[features.sweep_idx].iter().map(ToString::to_string);
        of_operator.chain(features.warnings.iter().cloned()).collect()
    }

    /// Header and lines of some latent features and features, in a spelling of numbers.
    pub fn table(
        &self,
        (latents, names): (&[&String], &[&str]),
        format: impl Fn(Option<f64>) -> String,
    ) -> (Vec<String>, Vec<Vec<String>>) {
        let mut header = vec!["model".to_owned(), "step_na".to_owned()];
        header.extend(latents.iter().map(|name| (*name).clone()));
        header.extend(names.iter().map(|name| (*name).to_owned()));
        let line = |row: &SweepFeatures| {
            let idx = row.sweep_idx;
            let latents = latents.iter().map(|name| Some(self.sweeps.latents[*name][idx]));
            let values =
                std::iter::once(row.step_na).chain(latents).chain(names.iter().map(|name| row.mean(name)));
            std::iter::once(self.model(idx).to_string()).chain(values.map(&format)).collect()
        };
        (header, self.features.iter().map(line).collect())
    }

    /// Spikes during the step over its duration, of each row.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count of spikes")]
    pub fn rates_hz(&self) -> Vec<f64> {
        let timing = self.card.stimulus;
        let end_ms = timing.delay_ms + timing.duration_ms;
        let rate_hz = |row: &SweepFeatures| {
            let is_during = |t_ms: &&f64| (timing.delay_ms..=end_ms).contains(*t_ms);
            row.spike_times_ms.iter().filter(is_during).count() as f64 / (1e-3 * timing.duration_ms)
        };
        self.features.iter().map(rate_hz).collect()
    }

    /// Some features and all warnings, comma-separated.
    #[must_use]
    pub fn csv(&self, names: &[&str]) -> String {
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let latents: Vec<&String> = self.latent_names().collect();
        let (mut header, mut lines) = self.table((&latents, names), number);
        header.push("warnings".to_owned());
        for (line, features) in lines.iter_mut().zip(self.features) {
            line.push(self.row_warnings(features).join("; "));
        }
        csv_table(&header, &lines)
    }

    /// Everything but the voltages, one object per row.
    #[must_use]
    pub fn json(&self) -> Value {
        let row = |features: &SweepFeatures| {
            let idx = features.sweep_idx;
            let latents: BTreeMap<&String, f64> =
                self.latent_names().map(|name| (name, self.sweeps.latents[name][idx])).collect();
            json!({
                "model": self.model(idx),
                "step_na": features.step_na,
                "latents": latents,
                "features": features.means(),
                "spike_times_ms": features.spike_times_ms,
                "warnings": self.row_warnings(features),
            })
        };
        Value::Array(self.features.iter().map(row).collect())
    }
}
