//! Units of NMODL and our endings of names.

use super::ast::UnitConstant;
use super::simplify::{binary, name, number};
use crate::channel::{BinaryOperator, Expression};

/// Units as files write them, the ending of our name, and how many of our unit one of theirs is.
const UNITS: [(&[&str], &str, f64); 26] = [
    (&["S/cm2", "S/cm^2", "mho/cm2", "siemens/cm2", "mho/cm^2"], "_s_per_cm2", 1.0),
    (&["mS/cm2", "millisiemens/cm2", "mmho/cm2"], "_s_per_cm2", 1e-3),
    (&["uS/cm2", "umho/cm2"], "_s_per_cm2", 1e-6),
    (&["pS/um2", "picosiemens/micron2"], "_s_per_cm2", 1e-4),
    (&["mV", "millivolt"], "_mv", 1.0),
    (&["V", "volt"], "_mv", 1e3),
    (&["ms", "millisecond"], "_ms", 1.0),
    (&["s", "sec", "second"], "_ms", 1e3),
    (&["/ms", "1/ms", "ms-1", "kHz"], "_per_ms", 1.0),
    (&["/s", "1/s", "/sec", "1/sec"], "_per_ms", 1e-3),
    (&["mA/cm2", "milliamp/cm2"], "_ma_per_cm2", 1.0),
    (&["uA/cm2", "microamp/cm2"], "_ma_per_cm2", 1e-3),
    (&["um", "micron", "micrometer"], "_um", 1.0),
    (&["cm", "centimeter"], "_um", 1e4),
    (&["um2", "micron2"], "_um2", 1.0),
    (&["mM", "milli/liter", "millimolar", "mmol/l"], "_millimolar", 1.0),
    (&["uM", "micro/liter", "micromolar"], "_millimolar", 1e-3),
    (&["M", "molar", "1/liter"], "_millimolar", 1e3),
    (&["degC", "celsius"], "_celsius", 1.0),
    (&["nA", "nanoamp"], "_na", 1.0),
    (&["uS", "microsiemens", "umho"], "_usiemens", 1.0),
    (&["Hz", "hertz"], "_hz", 1.0),
    (&["uF/cm2", "microfarad/cm2"], "_uf_per_cm2", 1.0),
    (&["ohm-cm", "ohm cm"], "_ohm_cm", 1.0),
    (&["megohm", "Mohm", "megaohm"], "_megaohm", 1.0),
    (&["mV/ms"], "_mv_per_ms", 1.0),
];

/// Ending and factor of a unit; `None` where the closed list has none.
pub(super) fn ending(unit: &str) -> Option<(&'static str, f64)> {
    let found = UNITS.iter().find(|(spellings, ..)| spellings.contains(&unit.trim()));
    found.map(|(_, ending, factor)| (*ending, *factor))
}

/// A constant of UNITS as a formula; `None` where it is not known here.
pub(super) fn constant(constant: &UnitConstant) -> Option<Expression> {
    let (physical, unit) = match constant {
        UnitConstant::Number(value) => return Some(number(*value)),
        UnitConstant::Physical(physical, unit) => (physical.as_str(), unit.as_str()),
    };
    let is_kilo = unit.starts_with("kilo");
    match physical {
        "faraday" if is_kilo => Some(binary(BinaryOperator::Divide, name("faraday"), number(1e3))),
        "faraday" => Some(name("faraday")),
        "k-mole" => Some(name("gas")),
        "k" => Some(number(1.380_649e-23)),
        "pi" => Some(number(std::f64::consts::PI)),
        "e" => Some(number(1.602_176_634e-19)),
        _ => None,
    }
}
