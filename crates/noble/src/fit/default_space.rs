//! What varies where nothing is said: the parameters and bounds of published all-active fits.

use noble_data::cell_model::{AxonRule, CELL_FORMAT_VERSION};
use noble_data::fitting::{FIT_SPACE_FORMAT_VERSION, FreeParameter, ParameterSpace, Scale};
use noble_data::{CellModel, SectionKind, SectionParameters};

use crate::Cells;

/// Where a row applies.
const SOMA: &[SectionKind] = &[SectionKind::Soma];
const AXON: &[SectionKind] = &[SectionKind::Axon];
const DENDRITES: &[SectionKind] = &[SectionKind::Dendrite, SectionKind::ApicalDendrite];
const EVERYWHERE: &[SectionKind] = &SectionKind::ALL;

/// A free parameter: its sections, what it is, bounds.
type Row = (&'static [SectionKind], &'static str, [f64; 2]);

/// Smallest conductance density where the publication begins at zero, so that the search can go by factors.
const LEAST_S_PER_CM2: f64 = 1e-5;

/// Bounds of the human inhibitory cells.
///
/// # Source
/// Nandi et al. 2022, Cell Reports 40:111176, workflow `param_bounds_stage2_human_inh.json` (AllenInstitute
/// All-active-Workflow). Differs: dendrites and apical dendrites vary together; bounds that begin at zero begin at
/// `1e-5 S/cm2`; `1e-7` stays.
const ROWS: [Row; 31] = [
    (EVERYWHERE, "axial_resistivity_ohm_cm", [50.0, 200.0]),
    (EVERYWHERE, "pas.g_s_per_cm2", [1e-7, 0.01]),
    (EVERYWHERE, "pas.e_mv", [-110.0, -60.0]),
    (SOMA, "capacitance_uf_per_cm2", [0.1, 10.0]),
    (AXON, "capacitance_uf_per_cm2", [0.1, 10.0]),
    (DENDRITES, "capacitance_uf_per_cm2", [0.1, 10.0]),
    (SOMA, "NaV.gbar_s_per_cm2", [1e-7, 5.0]),
    (AXON, "NaV.gbar_s_per_cm2", [1e-7, 0.1]),
    (DENDRITES, "NaV.gbar_s_per_cm2", [1e-7, 0.1]),
    (SOMA, "Kv3_1.gbar_s_per_cm2", [LEAST_S_PER_CM2, 2.0]),
    (AXON, "Kv3_1.gbar_s_per_cm2", [LEAST_S_PER_CM2, 2.0]),
    (DENDRITES, "Kv3_1.gbar_s_per_cm2", [LEAST_S_PER_CM2, 1.0]),
    (SOMA, "K_Tst.gbar_s_per_cm2", [LEAST_S_PER_CM2, 1.0]),
    (AXON, "K_Tst.gbar_s_per_cm2", [LEAST_S_PER_CM2, 1.0]),
    (SOMA, "K_Pst.gbar_s_per_cm2", [LEAST_S_PER_CM2, 1.0]),
    (AXON, "K_Pst.gbar_s_per_cm2", [LEAST_S_PER_CM2, 1.0]),
    (AXON, "Kv2like.gbar_s_per_cm2", [LEAST_S_PER_CM2, 0.1]),
    (AXON, "Kd.gbar_s_per_cm2", [1e-7, 0.01]),
    (DENDRITES, "Im_v2.gbar_s_per_cm2", [1e-7, 0.01]),
    (SOMA, "Ih.gbar_s_per_cm2", [1e-7, 1e-4]),
    (DENDRITES, "Ih.gbar_s_per_cm2", [1e-7, 1e-4]),
    (SOMA, "SK.gbar_s_per_cm2", [1e-7, 0.1]),
    (AXON, "SK.gbar_s_per_cm2", [1e-7, 0.1]),
    (SOMA, "Ca_HVA.gbar_s_per_cm2", [1e-7, 1e-3]),
    (AXON, "Ca_HVA.gbar_s_per_cm2", [1e-7, 1e-3]),
    (SOMA, "Ca_LVA.gbar_s_per_cm2", [1e-7, 0.01]),
    (AXON, "Ca_LVA.gbar_s_per_cm2", [1e-7, 0.01]),
    (SOMA, "CaDynamics.gamma", [5e-4, 0.05]),
    (AXON, "CaDynamics.gamma", [5e-4, 0.05]),
    (SOMA, "CaDynamics.decay_ms", [20.0, 1000.0]),
    (AXON, "CaDynamics.decay_ms", [20.0, 1000.0]),
];

const TEMPERATURE_CELSIUS: f64 = 34.0;
const SODIUM_REVERSAL_MV: f64 = 53.0;
const POTASSIUM_REVERSAL_MV: f64 = -107.0;

/// The free parameters of published all-active fits of human inhibitory cells, for the sections that a morphology has.
///
/// The voltage starts at `initial_voltage_mv`, which should be the resting potential. Axon: two stubs of 30 µm at the
/// end of the soma, as in those fits.
#[must_use]
pub fn default_space(cells: &Cells, name: &str, initial_voltage_mv: f64) -> ParameterSpace {
    let mut kinds: Vec<SectionKind> = cells.morphology.sections.iter().map(|section| section.kind).collect();
    kinds.push(SectionKind::Axon);
    let rows = ROWS.iter().filter_map(|(places, target, bounds)| {
        let own: Vec<SectionKind> = places.iter().copied().filter(|kind| kinds.contains(kind)).collect();
        (!own.is_empty()).then(|| by_factors(&own, target, *bounds))
    });
    let free: Vec<FreeParameter> = rows.collect();
    let section = SectionParameters {
        sodium_reversal_mv: SODIUM_REVERSAL_MV,
        potassium_reversal_mv: POTASSIUM_REVERSAL_MV,
        ..SectionParameters::default()
    };
    let kinds = SectionKind::ALL.into_iter().filter(|kind| kinds.contains(kind));
    let sections = kinds.map(|kind| (kind, section.clone())).collect();
    let base = CellModel {
        format_version: CELL_FORMAT_VERSION,
        name: name.to_owned(),
        mechanism_set: "allen".to_owned(),
        axon_rule: AxonRule::Stub1,
        temperature_celsius: TEMPERATURE_CELSIUS,
        initial_voltage_mv,
        sections,
    };
    ParameterSpace { format_version: FIT_SPACE_FORMAT_VERSION, base, free }
}

/// A parameter that a search steps through by factors; a voltage evenly.
pub(crate) fn by_factors(kinds: &[SectionKind], target: &str, bounds: [f64; 2]) -> FreeParameter {
    let target = target.parse().expect("tables of free parameters name them as files do");
    let scale = if bounds[0] > 0.0 { Scale::Log } else { Scale::Linear };
    FreeParameter { scale, ..FreeParameter::new(kinds, target, bounds) }
}
