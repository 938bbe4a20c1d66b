//! What each channel of a file is: a voltage under current clamp, a monitor of the command, or nothing for us.

use super::header::{Clamp, Header, Output, Waveform};
use crate::recording::units::{Quantity, quantity};

/// What is made of a channel.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Role {
    /// A membrane voltage, with the factor to millivolts.
    Voltage(f64),
    /// Its sweeps are refused for this reason.
    Refused(String),
    /// Beside a voltage; named in the notes with this reason.
    Named(String),
}

/// The role of every channel.
pub(super) fn assign(header: &Header) -> Vec<Role> {
    let kinds: Vec<Option<Kind>> = header.channels.iter().map(|channel| kind(&channel.unit)).collect();
    let has_voltage = kinds.contains(&Some(Kind::Voltage));
    let role = |idx: usize| {
        let channel = &header.channels[idx];
        let is_clamped = kinds[idx].is_some() && is_voltage_clamp(header, &kinds, idx);
        match quantity(&channel.unit) {
            Some(Quantity::Voltage(_)) if is_clamped => {
                Role::Refused("wrong clamp mode: the voltage is commanded (voltage clamp)".to_owned())
            }
            Some(Quantity::Voltage(factor)) => Role::Voltage(factor),
            Some(Quantity::Current(_)) if has_voltage && !is_clamped => {
                Role::Named("records a current beside the voltage".to_owned())
            }
            Some(Quantity::Current(_)) => Role::Refused(format!(
                "wrong clamp mode: records current in {} (voltage clamp)",
                channel.unit
            )),
            None if has_voltage => {
                Role::Named(format!("unit {:?} is neither voltage nor current", channel.unit))
            }
            None => Role::Refused(format!(
                "unit {:?} of channel {:?} is neither voltage nor current",
                channel.unit, channel.name
            )),
        }
    };
    (0..header.channels.len()).map(role).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Voltage,
    Current,
}

fn kind(unit: &str) -> Option<Kind> {
    match quantity(unit)? {
        Quantity::Voltage(_) => Some(Kind::Voltage),
        Quantity::Current(_) => Some(Kind::Current),
    }
}

/// Whether a channel is in voltage clamp.
///
/// The amplifier knows, where it tells. Else outputs with a waveform decide: voltages alone are voltage clamp; where
/// other outputs drive a current, cells differ, and the output of the channel's number decides. A file without any
/// waveform is in voltage clamp where it records a current and the unit of its first output is one of voltage: levels
/// that other outputs are left at say nothing.
fn is_voltage_clamp(header: &Header, kinds: &[Option<Kind>], idx: usize) -> bool {
    if let Some(clamp) = header.channels[idx].clamp {
        return clamp == Clamp::Voltage;
    }
    let driven: Vec<Option<Kind>> =
        header.outputs.iter().map(|output| kind(&output.unit).filter(|_| has_waveform(output))).collect();
    let drives = |kind: Kind| driven.contains(&Some(kind));
    match (drives(Kind::Voltage), drives(Kind::Current)) {
        (true, false) => {
            let own = header.outputs.get(idx).and_then(|output| kind(&output.unit));
            own != Some(Kind::Current) || kinds.contains(&Some(Kind::Current))
        }
        (true, true) => driven.get(idx).copied().flatten() == Some(Kind::Voltage),
        (false, true) => false,
        (false, false) => {
            let first = header.outputs.first().and_then(|output| kind(&output.unit));
            kinds.contains(&Some(Kind::Current)) && first == Some(Kind::Voltage)
        }
    }
}

/// Whether an output follows a waveform that is not all zero.
fn has_waveform(output: &Output) -> bool {
    match output.waveform {
        Waveform::Off => false,
        Waveform::Epochs | Waveform::Alternating => {
            output.epochs.iter().any(|epoch| epoch.level != 0.0 || epoch.level_step != 0.0)
        }
        Waveform::File | Waveform::Unknown(_) => true,
    }
}

/// Whether an output does anything: a waveform that is not all zero, or a holding level.
pub(super) fn drives(output: &Output) -> bool {
    has_waveform(output) || output.holding != 0.0
}
