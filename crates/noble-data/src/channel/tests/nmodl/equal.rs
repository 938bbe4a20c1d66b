//! Two channels side by side, number by number.

use std::collections::BTreeMap;

use crate::channel::{ChannelModel, CurrentKind, Expression, GateKind};

/// Largest relative difference: formulas of the same meaning differ by rounding, which cancellation in
/// `exp(x) - 1` next to a singular point enlarges.
const RELATIVE_TOLERANCE: f64 = 1e-9;

const VOLTAGES_MV: [f64; 16] = [
    -151.3, -119.3, -118.7, -97.1, -80.1, -71.9, -60.05, -55.2, -49.9, -38.3, -26.9, -17.3, -4.1, 0.1, 35.5,
    60.0,
];
const TEMPERATURES_CELSIUS: [f64; 3] = [6.3, 24.7, 36.0];
const CALCIUM_MILLIMOLAR: [f64; 5] = [3e-8, 1e-5, 9.9e-5, 3e-4, 0.02];

struct At {
    v: f64,
    celsius: f64,
    calcium_millimolar: f64,
}

impl At {
    fn value(&self, channel: &ChannelModel, formula: &Expression) -> f64 {
        let value_of = |name: &str| match name {
            "v" => Some(self.v),
            "celsius" => Some(self.celsius),
            "q" => channel.temperature.map(|temperature| temperature.at(self.celsius)),
            "calcium_millimolar" => Some(self.calcium_millimolar),
            "calcium_outside_millimolar" => Some(2.0),
            "calcium_current_ma_per_cm2" => Some(-1e-3),
            "faraday" => Some(96_485.332_123_310_02),
            "gas" => Some(8.314_462_618_153_24),
            "sodium_reversal_mv" => Some(50.0),
            "potassium_reversal_mv" => Some(-85.0),
            "calcium_reversal_mv" => Some(120.0),
            "gbar_s_per_cm2" => Some(0.37),
            _ => {
                let parameter = channel.parameters.iter().find(|one| one.name == name);
                let state = || name.bytes().map(f64::from).sum::<f64>() / 1000.0;
                Some(parameter.map_or_else(state, |one| one.default.unwrap_or(1.0)))
            }
        };
        channel.evaluate(formula, &value_of).unwrap()
    }
}

/// Everything about a channel that a simulation would feel, by what it is.
fn values(channel: &ChannelModel, at: &At) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    let value = |formula: &Expression| at.value(channel, formula);
    for gate in &channel.gates {
        let (steady, tau_ms) = match &gate.kind {
            GateKind::Rates { alpha_per_ms, beta_per_ms } => {
                let (a, b) = (value(alpha_per_ms), value(beta_per_ms));
                (a / (a + b), 1.0 / (a + b))
            }
            GateKind::Relaxation { steady, tau_ms } => (value(steady), value(tau_ms)),
        };
        all.insert(format!("steady {}", gate.name), steady);
        all.insert(format!("tau {}", gate.name), tau_ms);
    }
    for one in channel.scheme.iter().flat_map(|scheme| &scheme.transitions) {
        all.insert(format!("{} to {}", one.from, one.to), value(&one.forward_per_ms));
        all.insert(format!("{} to {}", one.to, one.from), value(&one.backward_per_ms));
    }
    for start in channel.scheme.iter().flat_map(|scheme| &scheme.published_start) {
        all.insert(format!("sum replaces {}", start.balance_replaced_by_sum), 1.0);
        for one in &start.inflows {
            all.insert(format!("start, {} to {}", one.from, one.balance), value(&one.rate_per_ms));
        }
    }
    if let Some(one) = &channel.concentration {
        all.insert(format!("steady {}", one.ion.name()), value(&one.steady_millimolar));
        all.insert(format!("tau {}", one.ion.name()), value(&one.tau_ms));
        let start = one.start_millimolar.as_ref();
        all.extend(start.map(|start| (format!("start {}", one.ion.name()), value(start))));
    }
    currents(channel, at, &mut all);
    all
}

fn currents(channel: &ChannelModel, at: &At, all: &mut BTreeMap<String, f64>) {
    let value = |formula: &Expression| at.value(channel, formula);
    for one in &channel.currents {
        let (slope, current) = match &one.kind {
            CurrentKind::Conductance { conductance_s_per_cm2, reversal_mv } => {
                let own = one.ion.map(|ion| Expression::Name(ion.reversal_name().to_owned()));
                let reversal = value(reversal_mv.as_ref().or(own.as_ref()).unwrap());
                (value(conductance_s_per_cm2), value(conductance_s_per_cm2) * (at.v - reversal))
            }
            CurrentKind::Current { current_ma_per_cm2 } => (f64::NAN, value(current_ma_per_cm2)),
        };
        let ion = one.ion.map_or("mixture", |ion| ion.name());
        all.insert(format!("conductance {ion}"), slope);
        all.insert(format!("current {ion}"), current);
    }
}

/// The first difference of two channels, in words.
pub(super) fn difference(a: &ChannelModel, b: &ChannelModel) -> Option<String> {
    for v in VOLTAGES_MV {
        for celsius in TEMPERATURES_CELSIUS {
            for calcium_millimolar in CALCIUM_MILLIMOLAR {
                let at = At { v, celsius, calcium_millimolar };
                let (a, b) = (values(a, &at), values(b, &at));
                if !a.keys().eq(b.keys()) {
                    let only_one =
                        a.keys().chain(b.keys()).find(|key| a.contains_key(*key) != b.contains_key(*key));
                    return Some(format!("only one has {only_one:?}"));
                }
                for (key, a) in &a {
                    let b = b[key];
                    let is_near = (a - b).abs() <= RELATIVE_TOLERANCE * a.abs().max(b.abs());
                    let is_same = is_near || a.is_nan() && b.is_nan();
                    if !is_same {
                        return Some(format!("{key} at {v} mV, {celsius} °C: {a} is not {b}"));
                    }
                }
            }
        }
    }
    None
}
