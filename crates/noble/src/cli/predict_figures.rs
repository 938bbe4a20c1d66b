//! Figures of `noble predict` beyond the ensemble: F-I curves of its members, and features over the latent plane.

use noble_features::feature;

use super::predict::Rows;
use crate::figure::{FiFigure, FiRole, FiSeries, HeatMapCell, HeatMapFigure, axis, fi_svg, heat_map_svg};
use crate::{I_THR, S_THR};

/// Rates of every member over the currents, in their order.
#[expect(clippy::cast_precision_loss, reason = "a count of spikes")]
pub(super) fn fi_family(rows: &Rows<'_>, steps_na: &[f64]) -> String {
    let timing = rows.card.stimulus;
    let end_ms = timing.delay_ms + timing.duration_ms;
    let mut order: Vec<usize> = (0..steps_na.len()).collect();
    order.sort_by(|a, b| steps_na[*a].total_cmp(&steps_na[*b]));
    let rate_hz = |row: usize| {
        let spikes_ms = &rows.features[row].spike_times_ms;
        let n_spikes = spikes_ms.iter().filter(|t_ms| (timing.delay_ms..=end_ms).contains(t_ms)).count();
        n_spikes as f64 / (1e-3 * timing.duration_ms)
    };
    let of_member =
        |member: usize| order.iter().map(|step| rate_hz(member * steps_na.len() + step)).collect();
    fi_svg(&FiFigure {
        title: "F-I curves".to_owned(),
        subtitle: format!("steps of {} ms, predicted", axis::number(timing.duration_ms, 0)),
        series: vec![FiSeries {
            label: "operator".to_owned(),
            role: FiRole::Predicted,
            currents_na: order.iter().map(|step| steps_na[*step]).collect(),
            rates_hz: (0..rows.members.len()).map(of_member).collect(),
            threshold_na: None,
        }],
    })
}

/// A feature at the first current over the cells of a grid.
pub(super) fn heat_map(
    rows: &Rows<'_>,
    name: &str,
    (step_na, cell_size): (f64, (f64, f64)),
    n_steps: usize,
) -> String {
    let cell = |(member, row): (&crate::Member, usize)| {
        let (threshold_na, slope_hz_per_na) = (*member.latents.get(I_THR)?, *member.latents.get(S_THR)?);
        Some(HeatMapCell { threshold_na, slope_hz_per_na, value: rows.features[row].mean(name) })
    };
    let cells = rows.members.iter().zip((0..rows.members.len()).map(|member| member * n_steps));
    let trained = rows.card.train_models.iter().filter_map(|id| rows.card.model_latents(*id).ok());
    let unit = feature(name).map(|feature| feature.unit()).unwrap_or_default();
    heat_map_svg(&HeatMapFigure {
        title: format!("{name} at {} nA", axis::number(step_na, 3)),
        subtitle: "predicted between the models, other latent features as these let expect".to_owned(),
        feature: if unit.is_empty() { name.to_owned() } else { format!("{name} ({unit})") },
        cells: cells.filter_map(cell).collect(),
        cell_size,
        models: trained.filter_map(|latents| Some((*latents.get(I_THR)?, *latents.get(S_THR)?))).collect(),
    })
}
