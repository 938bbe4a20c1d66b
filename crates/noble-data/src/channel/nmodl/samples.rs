//! Values at which formulas are compared.

use super::machine::Machine;
use crate::channel::Expression;

/// Largest relative difference of formulas that mean the same.
const TOLERANCE: f64 = 1e-9;

pub(super) const N_POINTS: usize = 8;

/// Voltage, temperature and calcium, none of them round, so that no formula is singular there.
const POINTS: [(f64, f64, f64); N_POINTS] = [
    (-131.37, 6.31, 1.7e-3),
    (-97.113, 34.07, 2.3e-5),
    (-77.71, 21.13, 6.1e-5),
    (-61.29, 36.43, 9.7e-5),
    (-43.173, 23.57, 3.1e-4),
    (-21.419, 31.19, 7.9e-8),
    (3.571, 25.91, 5.3e-2),
    (47.23, 17.77, 1.1e-6),
];

impl Machine<'_> {
    /// Whether two formulas agree at all sample points.
    pub(super) fn agree(&self, a: &Expression, b: &Expression) -> bool {
        let (a_values, b_values) = (self.values(a), self.values(b));
        let has_any = a_values.iter().any(|value| value.is_finite());
        a == b || has_any && a_values.iter().zip(b_values).all(|(a, b)| near(*a, b))
    }

    /// Values of a formula at all sample points; NaN where it has none.
    pub(super) fn values(&self, expression: &Expression) -> Vec<f64> {
        let at = |point: &(f64, f64, f64)| self.value(expression, &|name| self.sample(name, *point));
        POINTS.iter().map(|point| at(point).unwrap_or(f64::NAN)).collect()
    }

    /// The value of a formula at a voltage, other names as at a sample point.
    pub(super) fn value_at_mv(&self, expression: &Expression, v: f64) -> Option<f64> {
        let (_, celsius, calcium) = POINTS[4];
        self.value(expression, &|name| self.sample(name, (v, celsius, calcium)))
    }

    fn sample(&self, name: &str, (v, celsius, calcium): (f64, f64, f64)) -> Option<f64> {
        match name {
            "v" => Some(v),
            "celsius" => Some(celsius),
            "q" => self.temperature.map(|temperature| temperature.at(celsius)),
            "faraday" => Some(96_485.332_123_310_02),
            "gas" => Some(8.314_462_618_153_24),
            "calcium_millimolar" => Some(calcium),
            "calcium_outside_millimolar" => Some(2.03),
            "calcium_current_ma_per_cm2" => Some(-1.7e-3),
            "sodium_reversal_mv" => Some(50.37),
            "potassium_reversal_mv" => Some(-77.19),
            "calcium_reversal_mv" => Some(131.3),
            _ => self.sample_of_own(name),
        }
    }

    /// States apart from each other, parameters at their defaults.
    fn sample_of_own(&self, name: &str) -> Option<f64> {
        if let Some(idx) = self.symbols.states.iter().position(|(_, ours)| ours == name) {
            return Some(0.31 + 0.07 * f64::from(u32::try_from(idx).unwrap_or_default()));
        }
        let parameter = self.symbols.parameters.iter().find(|one| one.name == name)?;
        Some(parameter.default.unwrap_or(1.37))
    }
}

pub(super) fn near(a: f64, b: f64) -> bool {
    (!a.is_finite() && !b.is_finite()) || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}
