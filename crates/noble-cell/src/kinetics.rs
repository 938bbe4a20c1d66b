//! What the states of a channel do at a fixed voltage, formula by formula: to look at a channel before it runs.

use std::collections::BTreeMap;

use noble_data::channel::{ChannelModel, ConcentrationSpec, Expression, GateKind, GateSpec, SchemeSpec};

use crate::Error;
use crate::constants::{CALCIUM_INSIDE_MILLIMOLAR, CALCIUM_OUTSIDE_MILLIMOLAR};
use crate::ion::calcium_nernst_slope_mv;
use crate::program::{StartOfScheme, constant, scheme_flows, scheme_start};

/// What a channel sees while its membrane is held.
#[derive(Debug, Clone, PartialEq)]
pub struct MembraneConditions {
    /// Voltage.
    pub v_mv: f64,
    /// Temperature.
    pub temperature_celsius: f64,
    /// Calcium inside; its reversal potential follows from it.
    pub calcium_millimolar: f64,
    /// Reversal potential of sodium.
    pub sodium_reversal_mv: f64,
    /// Reversal potential of potassium.
    pub potassium_reversal_mv: f64,
    /// Values of the channel's parameters where they are not the default.
    pub parameters: BTreeMap<String, f64>,
}

impl Default for MembraneConditions {
    /// −65 mV, 34 °C, and NEURON's concentrations and reversal potentials.
    fn default() -> Self {
        Self {
            v_mv: -65.0,
            temperature_celsius: 34.0,
            calcium_millimolar: CALCIUM_INSIDE_MILLIMOLAR,
            sodium_reversal_mv: 50.0,
            potassium_reversal_mv: -77.0,
            parameters: BTreeMap::new(),
        }
    }
}

impl MembraneConditions {
    fn value_of(&self, channel: &ChannelModel, name: &str) -> Option<f64> {
        match name {
            "v" => Some(self.v_mv),
            "calcium_millimolar" => Some(self.calcium_millimolar),
            // A membrane that is held still, so that nothing flows into a pool.
            "calcium_current_ma_per_cm2" => Some(0.0),
            "sodium_reversal_mv" => Some(self.sodium_reversal_mv),
            "potassium_reversal_mv" => Some(self.potassium_reversal_mv),
            "calcium_reversal_mv" => {
                let ratio = CALCIUM_OUTSIDE_MILLIMOLAR / self.calcium_millimolar;
                Some(calcium_nernst_slope_mv(self.temperature_celsius) * ratio.ln())
            }
            _ => {
                let own = channel.parameters.iter().find(|parameter| parameter.name == name);
                let given = || self.parameters.get(name).copied();
                match own {
                    Some(own) => given().or(own.default),
                    None => constant(channel, name, self.temperature_celsius),
                }
            }
        }
    }
}

/// Where a state goes at a fixed voltage, and how fast.
///
/// Values are as the formulas give them, NaN where they are singular.
#[derive(Debug, Clone, PartialEq)]
pub struct Kinetics {
    /// Name of the gate or state; `calcium_millimolar` for a pool.
    pub name: String,
    /// Value that it approaches: a fraction, or a concentration in mM.
    pub steady: f64,
    /// Time constant of a gate or pool; of a state of a scheme the mean time until it is left.
    pub tau_ms: f64,
}

/// Steady states and time constants of a channel: gates, states of its scheme, its pool without current.
///
/// Gate: `alpha / (alpha + beta)` and `1 / (alpha + beta)`, or `steady` and `tau_ms`. State of a scheme: the solution of
/// `K x = 0` with sum one, and `1 /` the sum of the rates that lead away.
///
/// # Errors
/// [`Error::Data`] when a formula needs a parameter that has neither a default nor a value; [`Error::SchemeStart`]
/// when the rates of a scheme leave its steady state undetermined.
///
/// # Example
/// ```
/// use noble_cell::{MembraneConditions, catalog, kinetics_at};
/// let ih = &catalog::find_set("allen").expect("a set").iter().find(|one| one.name == "Ih").expect("a channel").model;
/// let m = &kinetics_at(ih, &MembraneConditions { v_mv: -120.0, ..MembraneConditions::default() })?[0];
/// assert!(m.steady > 0.5 && m.tau_ms > 20.0);
/// # Ok::<(), noble_cell::Error>(())
/// ```
pub fn kinetics_at(channel: &ChannelModel, conditions: &MembraneConditions) -> Result<Vec<Kinetics>, Error> {
    let at = Place { channel, conditions };
    let mut all: Vec<Kinetics> = channel.gates.iter().map(|gate| at.gate(gate)).collect::<Result<_, _>>()?;
    if let Some(scheme) = &channel.scheme {
        all.extend(at.scheme(scheme)?);
    }
    if let Some(pool) = &channel.concentration {
        all.push(at.pool(pool)?);
    }
    Ok(all)
}

/// A channel under its conditions.
struct Place<'a> {
    channel: &'a ChannelModel,
    conditions: &'a MembraneConditions,
}

impl Place<'_> {
    fn value(&self, formula: &Expression) -> Result<f64, Error> {
        let value_of = |name: &str| self.conditions.value_of(self.channel, name);
        Ok(self.channel.evaluate(formula, &value_of)?)
    }

    fn gate(&self, gate: &GateSpec) -> Result<Kinetics, Error> {
        let (steady, tau_ms) = match &gate.kind {
            GateKind::Rates { alpha_per_ms, beta_per_ms } => {
                let (opening, closing) = (self.value(alpha_per_ms)?, self.value(beta_per_ms)?);
                (opening / (opening + closing), 1.0 / (opening + closing))
            }
            GateKind::Relaxation { steady, tau_ms } => (self.value(steady)?, self.value(tau_ms)?),
        };
        Ok(Kinetics { name: gate.name.clone(), steady, tau_ms })
    }

    fn scheme(&self, scheme: &SchemeSpec) -> Result<Vec<Kinetics>, Error> {
        let value_of = |name: &str| self.conditions.value_of(self.channel, name);
        let steady = scheme_start(self.channel, StartOfScheme::Steady, &value_of)?;
        let mut leaving_per_ms = vec![0.0; scheme.states.len()];
        for (from, _, rate) in scheme_flows(scheme) {
            leaving_per_ms[from] += self.value(rate)?;
        }
        let states = scheme.states.iter().zip(steady).zip(leaving_per_ms);
        let kinetics = |((name, steady), leaving_per_ms): ((&String, f64), f64)| Kinetics {
            name: name.clone(),
            steady,
            tau_ms: 1.0 / leaving_per_ms,
        };
        Ok(states.map(kinetics).collect())
    }

    fn pool(&self, pool: &ConcentrationSpec) -> Result<Kinetics, Error> {
        let (steady, tau_ms) = (self.value(&pool.steady_millimolar)?, self.value(&pool.tau_ms)?);
        Ok(Kinetics { name: "calcium_millimolar".to_owned(), steady, tau_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: f64 = 1e-12;

    fn channel(text: &str) -> ChannelModel {
        let head = "format_version = 1\nname = \"a\"\nsummary = \"a\"\nsource = \"a\"\n";
        ChannelModel::read(format!("{head}{text}").as_bytes()).unwrap()
    }

    fn at_mv(v_mv: f64) -> MembraneConditions {
        MembraneConditions { v_mv, temperature_celsius: 21.0, ..MembraneConditions::default() }
    }

    fn check(found: &Kinetics, name: &str, (steady, tau_ms): (f64, f64)) {
        assert_eq!(found.name, name);
        for (found, expected) in [(found.steady, steady), (found.tau_ms, tau_ms)] {
            assert!(
                (found - expected).abs() <= TOLERANCE * expected.abs(),
                "{name}: {found}, not {expected}"
            );
        }
    }

    #[test]
    fn analytic_gates_scheme_and_pool() {
        let text = "[temperature]\nq10 = 3\nreference_celsius = 11\n\
            [gates.m]\nalpha_per_ms = \"q * exp(v / 20)\"\nbeta_per_ms = 2\n\
            [gates.h]\nsteady = \"sigmoid(v / 10)\"\ntau_ms = \"5 + calcium_millimolar\"\n\
            [scheme]\nstates = [\"C\", \"O\", \"I\"]\n\
            [[scheme.transitions]]\nfrom = \"C\"\nto = \"O\"\nforward_per_ms = 2\nbackward_per_ms = 1\n\
            [[scheme.transitions]]\nfrom = \"O\"\nto = \"I\"\nforward_per_ms = 3\nbackward_per_ms = 6\n\
            [concentration]\nion = \"calcium\"\nsteady_millimolar = \"1e-4 - calcium_current_ma_per_cm2\"\n\
            tau_ms = 80\n";
        let found = kinetics_at(&channel(text), &at_mv(-30.0)).unwrap();
        let (opening, closing) = (3.0 * (-1.5_f64).exp(), 2.0);
        check(&found[0], "m", (opening / (opening + closing), 1.0 / (opening + closing)));
        check(&found[1], "h", (1.0 / (1.0 + (-3.0_f64).exp()), 5.0 + 5e-5));
        // Detailed balance: O = 2 C, I = O / 2.
        check(&found[2], "C", (0.25, 0.5));
        check(&found[3], "O", (0.5, 0.25));
        check(&found[4], "I", (0.25, 1.0 / 6.0));
        check(&found[5], "calcium_millimolar", (1e-4, 80.0));
        assert_eq!(found.len(), 6);
    }

    #[test]
    fn invariant_parameters_come_from_the_default_or_are_asked_for() {
        let text = "[parameters.half_mv]\n[parameters.tau_ms]\ndefault = 4\n\
            [gates.m]\nsteady = \"sigmoid(v - half_mv)\"\ntau_ms = \"tau_ms\"\n\
            [[currents]]\nion = \"sodium\"\nconductance_s_per_cm2 = \"m\"\n";
        let error = kinetics_at(&channel(text), &at_mv(-40.0)).unwrap_err();
        assert!(error.to_string().contains("`half_mv` has no value"), "{error}");
        let parameters = BTreeMap::from([("half_mv".to_owned(), -40.0)]);
        let given = MembraneConditions { parameters, ..at_mv(-40.0) };
        check(&kinetics_at(&channel(text), &given).unwrap()[0], "m", (0.5, 4.0));
    }

    #[test]
    fn invariant_rates_of_zero_leave_a_scheme_undetermined() {
        let text = "[scheme]\nstates = [\"C\", \"O\"]\n\
            [[scheme.transitions]]\nfrom = \"C\"\nto = \"O\"\nforward_per_ms = \"max(v, 0)\"\nbackward_per_ms = 0\n\
            [[currents]]\nion = \"sodium\"\nconductance_s_per_cm2 = \"O\"\n";
        let found = kinetics_at(&channel(text), &at_mv(-40.0));
        assert!(matches!(found, Err(Error::SchemeStart { .. })), "{found:?}");
        assert!(kinetics_at(&channel(text), &at_mv(40.0)).is_ok());
    }
}
