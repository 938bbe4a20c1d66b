//! What the embedded hall of fame was fitted to, and within which bounds.

use noble_data::cell_model::{AxonRule, CELL_FORMAT_VERSION};
use noble_data::fitting::{
    FIT_SPACE_FORMAT_VERSION, FIT_TARGETS_FORMAT_VERSION, FeatureTarget, Firing, FitTargets, ParameterSpace,
    TargetSweep,
};
use noble_data::{CellModel, SectionKind, SectionParameters};
use noble_features::feature;

use crate::fit::{LEAST_RELATIVE_DEVIATION, by_factors, least_deviation};

const SOMA: &[SectionKind] = &[SectionKind::Soma];
const DENDRITE: &[SectionKind] = &[SectionKind::Dendrite];
const AXON: &[SectionKind] = &[SectionKind::Axon];
const EVERYWHERE: &[SectionKind] = &[SectionKind::Soma, SectionKind::Dendrite, SectionKind::Axon];

/// A free parameter: its sections, what it is, bounds.
type Row = (&'static [SectionKind], &'static str, [f64; 2]);

/// Bounds of the embedded cell: a region around the first accepted models of a search through ten times wider bounds,
/// those of published all-active fits and of the channels' other uses.
const ROWS: [Row; 29] = [
    (EVERYWHERE, "axial_resistivity_ohm_cm", [100.0, 160.0]),
    (EVERYWHERE, "potassium_reversal_mv", [-110.0, -103.0]),
    (EVERYWHERE, "pas.e_mv", [-70.0, -63.0]),
    (SOMA, "capacitance_uf_per_cm2", [1.0, 2.5]),
    (DENDRITE, "capacitance_uf_per_cm2", [3.2, 6.5]),
    (AXON, "capacitance_uf_per_cm2", [0.5, 1.0]),
    (SOMA, "pas.g_s_per_cm2", [1e-3, 5e-3]),
    (DENDRITE, "pas.g_s_per_cm2", [4e-5, 2.5e-4]),
    (AXON, "pas.g_s_per_cm2", [1e-5, 2e-4]),
    (SOMA, "NaV.gbar_s_per_cm2", [0.1, 0.4]),
    (DENDRITE, "NaV.gbar_s_per_cm2", [4e-5, 8e-4]),
    (AXON, "NaV.gbar_s_per_cm2", [0.01, 0.06]),
    (SOMA, "Nap.gbar_s_per_cm2", [1e-5, 3e-4]),
    (SOMA, "Kv3_1.gbar_s_per_cm2", [0.35, 1.5]),
    (DENDRITE, "Kv3_1.gbar_s_per_cm2", [0.06, 0.5]),
    (AXON, "Kv3_1.gbar_s_per_cm2", [0.03, 0.4]),
    (SOMA, "K_T.gbar_s_per_cm2", [5e-6, 3e-4]),
    (DENDRITE, "K_T.gbar_s_per_cm2", [2e-6, 2e-4]),
    (SOMA, "Kd.gbar_s_per_cm2", [5e-6, 3e-4]),
    (AXON, "Kd.gbar_s_per_cm2", [5e-6, 3e-4]),
    (SOMA, "Im_v2.gbar_s_per_cm2", [1e-5, 4e-4]),
    (DENDRITE, "Im_v2.gbar_s_per_cm2", [1.5e-3, 0.012]),
    (SOMA, "SK.gbar_s_per_cm2", [5e-6, 3e-4]),
    (SOMA, "Ca_HVA.gbar_s_per_cm2", [1e-4, 1.2e-3]),
    (SOMA, "Ca_LVA.gbar_s_per_cm2", [4e-4, 8e-3]),
    (SOMA, "CaDynamics.gamma", [3e-3, 0.04]),
    (SOMA, "CaDynamics.decay_ms", [200.0, 800.0]),
    (SOMA, "Ih.gbar_s_per_cm2", [2e-8, 2e-6]),
    (DENDRITE, "Ih.gbar_s_per_cm2", [1e-6, 6e-5]),
];

const SODIUM_REVERSAL_MV: f64 = 53.0;
const TEMPERATURE_CELSIUS: f64 = 34.0;

/// Resting voltage of the recorded cell.
const RESTING_MV: f64 = -65.2;

/// Features of the recorded cell at 0.18 nA.
const AT_180_PA: [(&str, f64); 12] = [
    ("mean_frequency", 69.3),
    ("AP1_peak", 21.0),
    ("AP1_width", 0.472),
    ("AHP1_depth_from_peak", 94.1),
    ("AHP_time_from_peak", 2.17),
    ("mean_AP_amplitude", 69.5),
    ("inv_first_ISI", 68.5),
    ("steady_state_voltage", -66.3),
    ("steady_state_voltage_stimend", -59.1),
    ("time_to_first_spike", 4.24),
    ("voltage_base", -65.2),
    ("decay_time_constant_after_stim", 12.4),
];

/// Currents at which the recorded cell fires, and the lowest at which it is silent; it is so up to -0.03 nA, and one that
/// is silent there and without current is silent between. // [nA]
const FIRES_AT_NA: [f64; 3] = [0.02, 0.06, 0.10];
const SILENT_AT_NA: [f64; 1] = [-0.11];

/// The free parameters of the embedded cell.
#[must_use]
pub fn reference_space() -> ParameterSpace {
    let free = ROWS.iter().map(|(kinds, target, bounds)| by_factors(kinds, target, *bounds)).collect();
    ParameterSpace { format_version: FIT_SPACE_FORMAT_VERSION, base: base(), free }
}

/// What all models share.
fn base() -> CellModel {
    let section =
        SectionParameters { sodium_reversal_mv: SODIUM_REVERSAL_MV, ..SectionParameters::default() };
    CellModel {
        format_version: CELL_FORMAT_VERSION,
        name: "fast_spiking".to_owned(),
        mechanism_set: "allen".to_owned(),
        axon_rule: AxonRule::Stub1,
        temperature_celsius: TEMPERATURE_CELSIUS,
        initial_voltage_mv: RESTING_MV,
        sections: EVERYWHERE.iter().map(|kind| (*kind, section.clone())).collect(),
    }
}

/// Targets of the embedded hall of fame: a human cortical PVALB interneuron.
///
/// Features of one sweep at 0.18 nA, and at which currents the cell fires. A sweep without current is added, in which
/// the voltage must stay at the resting potential: the published ones begin 15 ms before the step, too soon to tell.
///
/// # Panics
/// In no released program: a test takes every feature of the table from the registry.
///
/// # Source
/// Ghafourpour et al., NeurIPS 2025, arXiv 2506.04536: recorded features and sweeps of specimen 689331391.
#[must_use]
pub fn reference_targets() -> FitTargets {
    let target = |(name, mean): &(&str, f64)| {
        let own = feature(name).expect("the table names features of the registry");
        let deviation = (LEAST_RELATIVE_DEVIATION * mean.abs()).max(least_deviation(own));
        FeatureTarget { feature: (*name).to_owned(), mean: *mean, deviation }
    };
    let sweep = |step_na: f64, features: Vec<FeatureTarget>, firing: Firing| TargetSweep {
        name: format!("step_{:.0}pa", 1000.0 * step_na),
        step_na,
        delay_ms: 15.0,
        duration_ms: 400.0,
        total_ms: 515.0,
        holding_na: 0.0,
        features,
        firing: Some(firing),
    };
    let at_180_pa = AT_180_PA.iter().map(target).collect();
    let at_rest = vec![target(&("steady_state_voltage_stimend", RESTING_MV))];
    let mut sweeps = vec![sweep(0.0, at_rest, Firing::Silent), sweep(0.18, at_180_pa, Firing::Fires)];
    sweeps.extend(FIRES_AT_NA.map(|step_na| sweep(step_na, Vec::new(), Firing::Fires)));
    sweeps.extend(SILENT_AT_NA.map(|step_na| sweep(step_na, Vec::new(), Firing::Silent)));
    FitTargets {
        format_version: FIT_TARGETS_FORMAT_VERSION,
        source: "human cortical PVALB interneuron, specimen 689331391, as published with arXiv 2506.04536"
            .to_owned(),
        sweeps,
    }
}
