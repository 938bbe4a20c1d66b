//! Figures of an ensemble: voltages, places in latent space, F-I curves, and features over the latent plane.

use std::collections::BTreeMap;

use noble_data::ModelId;
use noble_data::dataset::Split;
use noble_features::feature;

use super::EnsembleReport;
use crate::ensemble_members::split_of;
use crate::figure::{
    EnsembleFigure, FiFigure, FiRole, FiSeries, HeatMapCell, HeatMapFigure, LatentFigure, LatentPoint,
    LatentRole, StepCurrent, axis, ensemble_svg, fi_svg, heat_map_svg, latent_svg,
};
use crate::{I_THR, S_THR};

impl EnsembleReport<'_> {
    /// The ensemble at the first current.
    #[must_use]
    pub fn ensemble_svg(&self, steps_na: &[f64]) -> String {
        let rows = || (0..self.members.len()).map(|member_idx| member_idx * steps_na.len());
        let timing = self.card.stimulus;
        ensemble_svg(&EnsembleFigure {
            title: format!(
                "{} neuron{} at {} nA",
                self.members.len(),
                if self.members.len() == 1 { "" } else { "s" },
                axis::number(steps_na[0], 3)
            ),
            subtitle: "predicted by a Fourier neural operator".to_owned(),
            times_ms: self.sweeps.times_ms.clone(),
            v_mv: rows().map(|row| self.sweeps.v_mv.row(row).to_vec()).collect(),
            spike_times_ms: rows().map(|row| self.features[row].spike_times_ms.clone()).collect(),
            step: StepCurrent {
                delay_ms: timing.delay_ms,
                duration_ms: timing.duration_ms,
                amplitude_na: steps_na[0],
            },
            member_labels: rows().map(|row| self.model(row).to_string()).collect(),
            highlighted_idx: None,
        })
    }

    /// Places of the members among the operator's models.
    #[must_use]
    pub fn latent_svg(&self) -> String {
        let place = |latents: &BTreeMap<String, f64>, role, label: String| {
            let (threshold_na, slope_hz_per_na) = (*latents.get(I_THR)?, *latents.get(S_THR)?);
            Some(LatentPoint { threshold_na, slope_hz_per_na, role, label })
        };
        let role = |id: ModelId| match split_of(self.card, id) {
            Split::Test => LatentRole::Test,
            Split::Validation => LatentRole::Validation,
            Split::Train => LatentRole::Train,
        };
        let known =
            self.card.models.iter().filter_map(|model| place(&model.latents, role(model.id), String::new()));
        let asked = self
            .members
            .iter()
            .filter_map(|member| place(&member.latents, LatentRole::Queried, member.id.to_string()));
        latent_svg(&LatentFigure {
            title: "Latent space".to_owned(),
            subtitle: "threshold current and F-I slope of the models".to_owned(),
            points: known.chain(asked).collect(),
        })
    }

    /// Rates of every member over the currents, in their order.
    #[must_use]
    pub fn fi_svg(&self, steps_na: &[f64]) -> String {
        let timing = self.card.stimulus;
        let mut order: Vec<usize> = (0..steps_na.len()).collect();
        order.sort_by(|a, b| steps_na[*a].total_cmp(&steps_na[*b]));
        let rates_hz = self.rates_hz();
        let of_member =
            |member: usize| order.iter().map(|step| rates_hz[member * steps_na.len() + step]).collect();
        fi_svg(&FiFigure {
            title: "F-I curves".to_owned(),
            subtitle: format!("steps of {} ms, predicted", axis::number(timing.duration_ms, 0)),
            series: vec![FiSeries {
                label: "operator".to_owned(),
                role: FiRole::Predicted,
                currents_na: order.iter().map(|step| steps_na[*step]).collect(),
                rates_hz: (0..self.members.len()).map(of_member).collect(),
                threshold_na: None,
            }],
        })
    }

    /// A feature at the first current over the cells of a grid.
    #[must_use]
    pub fn heat_map_svg(
        &self,
        name: &str,
        (step_na, cell_size): (f64, (f64, f64)),
        n_steps: usize,
    ) -> String {
        let cell = |(member, row): (&crate::Member, usize)| {
            let (threshold_na, slope_hz_per_na) = (*member.latents.get(I_THR)?, *member.latents.get(S_THR)?);
            Some(HeatMapCell { threshold_na, slope_hz_per_na, value: self.features[row].mean(name) })
        };
        let cells = self.members.iter().zip((0..self.members.len()).map(|member| member * n_steps));
        let trained = self.card.train_models.iter().filter_map(|id| self.card.model_latents(*id).ok());
        let unit = feature(name).map(|feature| feature.unit()).unwrap_or_default();
        heat_map_svg(&HeatMapFigure {
            title: format!("{name} at {} nA", axis::number(step_na, 3)),
            subtitle: "predicted between the models, other latent features as these let expect".to_owned(),
            feature: if unit.is_empty() { name.to_owned() } else { format!("{name} ({unit})") },
            cells: cells.filter_map(cell).collect(),
            cell_size,
            models: trained
                .filter_map(|latents| Some((*latents.get(I_THR)?, *latents.get(S_THR)?)))
                .collect(),
        })
    }
}
