//! Shapes that rates of ion channels share.

/// Below this ratio a linoid is replaced by its series.
///
/// # Source
/// NEURON 9.0.2 `vtrap`, as written in the published channel files.
const SERIES_BELOW: f64 = 1e-6;

/// `s / (exp(s/k) - 1)`, which is `k` at `s = 0`.
pub(super) fn linoid(s: f64, k: f64) -> f64 {
    let u = s / k;
    if u.abs() < SERIES_BELOW { k * (1.0 - 0.5 * u) } else { s / (u.exp() - 1.0) }
}

/// `1 / (1 + exp(u))`.
pub(super) fn sigmoid(u: f64) -> f64 {
    1.0 / (1.0 + u.exp())
}

/// How rates grow with temperature; conductances do not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TemperatureFactor {
    /// The rates hold at any temperature.
    None,
    /// `q10 ^ ((T - reference) / 10)`.
    Q10 {
        /// Factor per ten degrees.
        q10: f64,
        /// Temperature at which the rates were measured.
        reference_celsius: f64,
    },
    /// The factor of 34 °C over 21 °C, whatever the temperature.
    Fixed34,
}

/// Factor per ten degrees of most cortical channel files.
pub(super) const CORTICAL_Q10: f64 = 2.3;

impl TemperatureFactor {
    /// The factor at a temperature.
    pub(super) fn at(self, temperature_celsius: f64) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Q10 { q10, reference_celsius } => {
                q10.powf((temperature_celsius - reference_celsius) / 10.0)
            }
            Self::Fixed34 => CORTICAL_Q10.powf((34.0 - 21.0) / 10.0),
        }
    }
}

/// Where a gate goes and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gate {
    /// Steady state.
    pub(super) steady: f64,
    /// Time constant.
    pub(super) tau_ms: f64,
}

impl Gate {
    /// From an opening and a closing rate [1/ms] at temperature factor `q`.
    pub(super) fn from_rates(opening: f64, closing: f64, q: f64) -> Self {
        let sum = opening + closing;
        Self { steady: opening / sum, tau_ms: 1.0 / (sum * q) }
    }

    /// The gate after one step of exact relaxation.
    pub(super) fn relax(self, x: f64, dt_ms: f64) -> f64 {
        x + (1.0 - (-dt_ms / self.tau_ms).exp()) * (self.steady - x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_linoid_is_smooth_at_its_guard() {
        for s in [-3e-6, -6.1e-6, -5.9e-6, 0.0, 5.9e-6, 6.1e-6] {
            let u: f64 = s / 6.0;
            let series = 6.0 * (1.0 - u / 2.0 + u * u / 12.0);
            assert!((linoid(s, 6.0) - series).abs() < 2e-9, "{s}");
        }
    }

    #[test]
    fn analytic_relaxation_is_exact() {
        let gate = Gate::from_rates(0.3, 0.1, 2.0);
        let mut x = 0.1;
        for _ in 0..50 {
            x = gate.relax(x, 0.02);
        }
        let expected = 0.75 + (0.1 - 0.75) * (-0.8_f64).exp();
        assert!((x - expected).abs() < 1e-14);
    }
}
