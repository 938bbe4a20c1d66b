//! Units of foreign files and their factors to ours: the only place where recordings are converted.

const MV_PER_V: f64 = 1e3;
const MV_PER_MICROVOLT: f64 = 1e-3;
const NA_PER_A: f64 = 1e9;
const NA_PER_MILLIAMPERE: f64 = 1e6;
const NA_PER_MICROAMPERE: f64 = 1e3;
const NA_PER_PICOAMPERE: f64 = 1e-3;
const NA_PER_FEMTOAMPERE: f64 = 1e-6;

/// What a channel measures or commands, with the factor to our unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Quantity {
    /// Voltage; the factor gives millivolts.
    Voltage(f64),
    /// Current; the factor gives nanoamperes.
    Current(f64),
}

/// The meaning of a unit's name; `None` where it is neither a voltage nor a current.
pub(super) fn quantity(unit: &str) -> Option<Quantity> {
    Some(match unit.trim() {
        "V" | "volt" | "volts" | "Volts" => Quantity::Voltage(MV_PER_V),
        "mV" | "millivolts" => Quantity::Voltage(1.0),
        "uV" | "µV" => Quantity::Voltage(MV_PER_MICROVOLT),
        "A" | "ampere" | "amperes" | "Amperes" | "amps" => Quantity::Current(NA_PER_A),
        "mA" => Quantity::Current(NA_PER_MILLIAMPERE),
        "uA" | "µA" => Quantity::Current(NA_PER_MICROAMPERE),
        "nA" => Quantity::Current(1.0),
        "pA" | "picoamperes" => Quantity::Current(NA_PER_PICOAMPERE),
        "fA" => Quantity::Current(NA_PER_FEMTOAMPERE),
        _ => return None,
    })
}

/// Factor to nanoamperes, for a unit of current.
pub(super) fn na_per(unit: &str) -> Option<f64> {
    match quantity(unit)? {
        Quantity::Current(factor) => Some(factor),
        Quantity::Voltage(_) => None,
    }
}
