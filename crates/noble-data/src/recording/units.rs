//! Units of foreign files and their factors to ours: the only place where recordings are converted.

const MV_PER_V: f64 = 1e3;
const MV_PER_MICROVOLT: f64 = 1e-3;
const MV_PER_NANOVOLT: f64 = 1e-6;
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
///
/// Symbols are told by case (`mV`, `MV`); words are not, and may be plural: `millivolts`, `Amps`, `pico amperes`.
pub(super) fn quantity(unit: &str) -> Option<Quantity> {
    let unit = unit.trim();
    Some(match unit {
        "V" => Quantity::Voltage(MV_PER_V),
        "mV" => Quantity::Voltage(1.0),
        "uV" | "\u{b5}V" | "\u{3bc}V" => Quantity::Voltage(MV_PER_MICROVOLT),
        "A" => Quantity::Current(NA_PER_A),
        "mA" => Quantity::Current(NA_PER_MILLIAMPERE),
        "uA" | "\u{b5}A" | "\u{3bc}A" => Quantity::Current(NA_PER_MICROAMPERE),
        "nA" => Quantity::Current(1.0),
        "pA" => Quantity::Current(NA_PER_PICOAMPERE),
        "fA" => Quantity::Current(NA_PER_FEMTOAMPERE),
        _ => return words(&unit.to_lowercase()),
    })
}

fn words(unit: &str) -> Option<Quantity> {
    let singular = unit.strip_suffix('s').unwrap_or(unit);
    let (rest, is_voltage) = match singular.strip_suffix("volt") {
        Some(prefix) => (prefix, true),
        None => (singular.strip_suffix("ampere").or_else(|| singular.strip_suffix("amp"))?, false),
    };
    Some(match (rest.trim_end_matches([' ', '-', '_']), is_voltage) {
        ("", true) => Quantity::Voltage(MV_PER_V),
        ("milli", true) => Quantity::Voltage(1.0),
        ("micro", true) => Quantity::Voltage(MV_PER_MICROVOLT),
        ("nano", true) => Quantity::Voltage(MV_PER_NANOVOLT),
        ("", false) => Quantity::Current(NA_PER_A),
        ("milli", false) => Quantity::Current(NA_PER_MILLIAMPERE),
        ("micro", false) => Quantity::Current(NA_PER_MICROAMPERE),
        ("nano", false) => Quantity::Current(1.0),
        ("pico", false) => Quantity::Current(NA_PER_PICOAMPERE),
        ("femto", false) => Quantity::Current(NA_PER_FEMTOAMPERE),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_units_by_symbol_and_by_word() {
        for unit in ["V", " volts ", "Volt", "VOLTS"] {
            assert_eq!(quantity(unit), Some(Quantity::Voltage(1e3)), "{unit}");
        }
        for unit in ["mV", "millivolt", "milliVolts", "milli volts"] {
            assert_eq!(quantity(unit), Some(Quantity::Voltage(1.0)), "{unit}");
        }
        for unit in ["uV", "µV", "μV", "microvolts"] {
            assert_eq!(quantity(unit), Some(Quantity::Voltage(1e-3)), "{unit}");
        }
        for (unit, factor) in
            [("Amps", 1e9), ("ampere", 1e9), ("NanoAmperes", 1.0), ("pico amps", 1e-3), ("pA", 1e-3)]
        {
            assert_eq!(quantity(unit), Some(Quantity::Current(factor)), "{unit}");
        }
        for unit in ["mv", "MV", "PA", "a", "v", "", "ms", "bananas", "megavolts", "volt amp"] {
            assert_eq!(quantity(unit), None, "{unit}");
        }
    }
}
