//! Names that formulas know without being told.

/// Membrane potential.
pub(super) const V: &str = "v";
/// Temperature factor, where the file has one.
pub(super) const Q: &str = "q";
/// Calcium inside, next to the membrane.
pub(super) const CALCIUM: &str = "calcium_millimolar";
/// Sum of all calcium currents.
pub(super) const CALCIUM_CURRENT: &str = "calcium_current_ma_per_cm2";

/// Every built-in name, and what it stands for.
pub const BUILT_IN_NAMES: [(&str, &str); 11] = [
    (V, "membrane potential, mV"),
    ("celsius", "temperature of the cell, °C"),
    (Q, "temperature factor of [temperature]"),
    ("faraday", "Faraday constant, C/mol"),
    ("gas", "molar gas constant, J/(mol K)"),
    (CALCIUM, "calcium inside the membrane, mM"),
    ("calcium_outside_millimolar", "calcium outside, mM"),
    (CALCIUM_CURRENT, "sum of calcium currents, outward positive, mA/cm2; in [concentration] alone"),
    ("sodium_reversal_mv", "reversal potential of sodium, mV"),
    ("potassium_reversal_mv", "reversal potential of potassium, mV"),
    ("calcium_reversal_mv", "reversal potential of calcium, mV"),
];

/// Endings of names with a unit.
///
/// A name of a rate per millisecond ends in `_ms` too, so the list need not be searched by length.
pub(crate) const UNIT_SUFFIXES: [&str; 17] = [
    "_ms",
    "_per_ms",
    "_mv",
    "_mv_per_ms",
    "_na",
    "_ma_per_cm2",
    "_um",
    "_um2",
    "_hz",
    "_hz_per_na",
    "_celsius",
    "_s_per_cm2",
    "_usiemens",
    "_uf_per_cm2",
    "_ohm_cm",
    "_megaohm",
    "_millimolar",
];
