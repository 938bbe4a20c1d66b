//! Formulas, channel files, and what hostile ones do.

mod catalog;
mod expressions;
mod files;
mod nmodl;

use super::{ChannelModel, Expression, GateKind};

/// The built-in channel files, name and text.
fn catalog_files() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../noble-cell/channels");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<(String, String)> = entries
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn catalog(name: &str) -> ChannelModel {
    let (_, text) = catalog_files().into_iter().find(|(file, _)| file == name).unwrap();
    ChannelModel::read(text.as_bytes()).unwrap()
}

/// What formulas of a channel know, at one voltage.
struct Conditions {
    v: f64,
    celsius: f64,
    calcium_millimolar: f64,
    calcium_current_ma_per_cm2: f64,
}

fn at_voltage(v: f64) -> Conditions {
    Conditions { v, celsius: 30.0, calcium_millimolar: 3e-4, calcium_current_ma_per_cm2: -1e-3 }
}

impl Conditions {
    fn value(&self, channel: &ChannelModel, formula: &Expression) -> f64 {
        let value_of = |name: &str| match name {
            "v" => Some(self.v),
            "celsius" => Some(self.celsius),
            "q" => channel.temperature.map(|temperature| temperature.at(self.celsius)),
            "calcium_millimolar" => Some(self.calcium_millimolar),
            "calcium_current_ma_per_cm2" => Some(self.calcium_current_ma_per_cm2),
            "faraday" => Some(96_485.332_123_310_02),
            _ => channel.parameters.iter().find(|one| one.name == name).and_then(|one| one.default),
        };
        channel.evaluate(formula, &value_of).unwrap()
    }

    /// Steady state and time constant of a gate.
    fn gate(&self, channel: &ChannelModel, name: &str) -> (f64, f64) {
        let gate = channel.gates.iter().find(|gate| gate.name == name).unwrap();
        match &gate.kind {
            GateKind::Rates { alpha_per_ms, beta_per_ms } => {
                let (a, b) = (self.value(channel, alpha_per_ms), self.value(channel, beta_per_ms));
                (a / (a + b), 1.0 / (a + b))
            }
            GateKind::Relaxation { steady, tau_ms } => {
                (self.value(channel, steady), self.value(channel, tau_ms))
            }
        }
    }
}
