//! Parameter sets of the embedded cell: one set chosen by hand, and variants around it.
//!
//! Until a search against recordings gives them, the variants are drawn at random: every conductance and pool is
//! multiplied by `f^u`, `u` uniform in [-1, 1], with a spread `f` by kind of parameter. The ranges are those over
//! which published all-active fits of one mouse Pvalb cell scatter (Nandi et al. 2022, Cell Reports 40:111176),
//! narrowed until the variants fire like one cell type.

use std::collections::BTreeMap;

use noble_data::cell_model::{AxonRule, CELL_FORMAT_VERSION};
use noble_data::{CellModel, ModelId, SectionKind, SectionParameters};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// One parameter: mechanism, name, value of the set chosen by hand, spread `f` of the variants.
type Entry = (&'static str, &'static str, f64, f64);

const SOMA: [Entry; 12] = [
    ("pas", "g_s_per_cm2", 1.2e-4, 1.13),
    ("NaV", "gbar_s_per_cm2", 0.05, 1.06),
    ("Kv3_1", "gbar_s_per_cm2", 0.9, 1.1),
    ("K_T", "gbar_s_per_cm2", 0.01, 1.3),
    ("Kd", "gbar_s_per_cm2", 5e-4, 1.3),
    ("Im_v2", "gbar_s_per_cm2", 3.0e-4, 1.25),
    ("SK", "gbar_s_per_cm2", 2.0e-4, 1.25),
    ("Ca_HVA", "gbar_s_per_cm2", 3.0e-4, 1.18),
    ("Ca_LVA", "gbar_s_per_cm2", 1.0e-3, 1.18),
    ("CaDynamics", "gamma", 0.01, 1.18),
    ("CaDynamics", "decay_ms", 150.0, 1.18),
    ("Ih", "gbar_s_per_cm2", 5.0e-5, 1.18),
];

const DENDRITE: [Entry; 5] = [
    ("pas", "g_s_per_cm2", 1.2e-4, 1.13),
    ("NaV", "gbar_s_per_cm2", 0.004, 1.18),
    ("Kv3_1", "gbar_s_per_cm2", 0.05, 1.18),
    ("Im_v2", "gbar_s_per_cm2", 8.0e-5, 1.25),
    ("Ih", "gbar_s_per_cm2", 2.0e-5, 1.18),
];

const AXON: [Entry; 4] = [
    ("pas", "g_s_per_cm2", 1.2e-4, 1.13),
    ("NaV", "gbar_s_per_cm2", 0.06, 1.08),
    ("Kv3_1", "gbar_s_per_cm2", 0.4, 1.1),
    ("Kd", "gbar_s_per_cm2", 1.0e-3, 1.18),
];

const LEAK_REVERSAL_MV: f64 = -78.0;
const CAPACITANCE_UF_PER_CM2: f64 = 1.0;
const AXIAL_RESISTIVITY_OHM_CM: f64 = 120.0;
const SODIUM_REVERSAL_MV: f64 = 53.0;
const POTASSIUM_REVERSAL_MV: f64 = -107.0;
const TEMPERATURE_CELSIUS: f64 = 34.0;
const SEED: u64 = 7;

/// The parameter set of a number: 0 is the one chosen by hand.
#[must_use]
pub fn reference_parameters(id: ModelId) -> CellModel {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED.wrapping_add(u64::from(id) << 20));
    let mut draw = |spread: f64| if id == 0 { 1.0 } else { spread.powf(2.0 * rng.random::<f64>() - 1.0) };
    // The leak and the capacitance belong to the membrane, so they vary alike everywhere.
    let (leak_factor, capacitance_factor) = (draw(1.13), draw(1.04));
    let kinds: [(SectionKind, &[Entry]); 3] =
        [(SectionKind::Soma, &SOMA), (SectionKind::Dendrite, &DENDRITE), (SectionKind::Axon, &AXON)];
    let mut sections = BTreeMap::new();
    for (kind, entries) in kinds {
        let mut mechanisms: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
        for (mechanism, parameter, value, spread) in entries {
            let factor = if *mechanism == "pas" { leak_factor } else { draw(*spread) };
            mechanisms
                .entry((*mechanism).to_owned())
                .or_default()
                .insert((*parameter).to_owned(), value * factor);
        }
        let leak = mechanisms.entry("pas".to_owned()).or_default();
        leak.insert("e_mv".to_owned(), LEAK_REVERSAL_MV);
        let section = SectionParameters {
            axial_resistivity_ohm_cm: AXIAL_RESISTIVITY_OHM_CM,
            capacitance_uf_per_cm2: CAPACITANCE_UF_PER_CM2 * capacitance_factor,
            sodium_reversal_mv: SODIUM_REVERSAL_MV,
            potassium_reversal_mv: POTASSIUM_REVERSAL_MV,
            mechanisms,
            distributions: BTreeMap::new(),
        };
        sections.insert(kind, section);
    }
    CellModel {
        format_version: CELL_FORMAT_VERSION,
        name: format!("fast_spiking_{id}"),
        mechanism_set: "allen".to_owned(),
        axon_rule: AxonRule::Stub1,
        temperature_celsius: TEMPERATURE_CELSIUS,
        initial_voltage_mv: LEAK_REVERSAL_MV,
        sections,
    }
}
