//! A look at whether everything computes as it should on this machine, in about a second.
//!
//! The embedded hall of fame states threshold currents to a tenth of a percent; the simulator must find them again. The
//! embedded operator was trained on that simulator; the two must agree.

use noble_data::sweeps::StimulusWindow;
use noble_data::{ModelId, Sweeps};
use noble_features::feature;
use noble_features::metrics::{Norm, TracePair};
use noble_operator::Operator;

use crate::features::extract;
use crate::reference_cell::reference_cells;
use crate::{
    Cells, Error, ExcitabilitySettings, I_THR, Protocol, Silent, embedded_operator, members_of, predict,
    simulate_sweeps,
};

/// What one part of the test found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What was tried.
    pub name: &'static str,
    /// What came out, in words.
    pub found: String,
    /// Whether it is as it should be.
    pub is_good: bool,
}

/// Models that are tried.
const N_MODELS: usize = 3;
/// A current at which every embedded model fires. // [nA]
const FIRING_NA: f64 = 0.15;
/// No embedded model is farther off at that current; wrong kernels are off by ten times as much.
const WORST_RELATIVE_L2: f64 = 0.25;
/// Spikes that prediction and simulation may differ by.
const WORST_COUNT: f64 = 2.0;

/// Tries simulator, operator and features.
///
/// # Errors
/// When one of them cannot be used at all.
pub fn self_test() -> Result<Vec<Finding>, Error> {
    let (cells, operator) = (reference_cells()?, embedded_operator()?);
    let ids: Vec<ModelId> = cells.models.keys().copied().take(N_MODELS).collect();
    let mut findings = vec![thresholds(&cells, &ids)?];
    findings.extend(agreement(&cells, &operator, &ids)?);
    Ok(findings)
}

/// Models fire at the threshold that is stated of them, and not below its bracket.
fn thresholds(cells: &Cells, ids: &[ModelId]) -> Result<Finding, Error> {
    let below = 1.0 - 2.0 * ExcitabilitySettings::default().relative_tolerance;
    let (protocol, mut n_good) = (Protocol::default(), 0);
    for id in ids {
        let threshold_na =
            cells.latents.get(id).and_then(|latents| latents.get(I_THR)).copied().unwrap_or(0.0);
        let steps_na = [below * threshold_na, threshold_na];
        let counts = spike_counts(&simulate_sweeps(cells, &[*id], &steps_na, &protocol, None, &Silent)?)?;
        n_good += usize::from(counts[0] < 0.5 && counts[1] > 0.5);
    }
    Ok(Finding {
        name: "simulator",
        found: format!("{n_good} of {} models fire from the current that is stated of them", ids.len()),
        is_good: n_good == ids.len(),
    })
}

fn spike_counts(sweeps: &Sweeps) -> Result<Vec<f64>, Error> {
    let protocol = Protocol::default();
    let window = StimulusWindow { start_ms: protocol.delay_ms, end_ms: protocol.end_ms() };
    let rows = extract(sweeps, &[feature("Spikecount")?], window)?;
    Ok(rows.iter().map(|row| row.mean("Spikecount").unwrap_or(0.0)).collect())
}

/// Prediction and simulation of the same models at the same current.
fn agreement(cells: &Cells, operator: &Operator, ids: &[ModelId]) -> Result<Vec<Finding>, Error> {
    let members = members_of(operator, ids)?;
    let predicted = predict(&operator.plan()?, &members, &[FIRING_NA], &Silent)?.sweeps;
    let protocol = Protocol::of_operator(operator.card());
    let simulated = simulate_sweeps(cells, ids, &[FIRING_NA], &protocol, None, &Silent)?;
    let mut worst: f64 = 0.0;
    for (own, other) in predicted.v_mv.rows().into_iter().zip(simulated.v_mv.rows()) {
        let (own, other) = (own.to_vec(), other.to_vec());
        worst = worst.max(TracePair::new(&other, &own)?.relative_error(Norm::L2).unwrap_or(f64::INFINITY));
    }
    let counts = spike_counts(&predicted)?.into_iter().zip(spike_counts(&simulated)?);
    let worst_count = counts.map(|(own, other)| (own - other).abs()).fold(0.0, f64::max);
    Ok(vec![
        Finding {
            name: "operator",
            found: format!("voltage at most {:.1} % from the simulator's", 100.0 * worst),
            is_good: worst < WORST_RELATIVE_L2,
        },
        Finding {
            name: "features",
            found: format!("counts of spikes at most {worst_count} apart"),
            is_good: worst_count <= WORST_COUNT,
        },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_everything_is_as_it_should_be() {
        let findings = self_test().unwrap();
        assert!(findings.iter().all(|finding| finding.is_good), "{findings:?}");
    }
}
