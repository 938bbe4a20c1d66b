//! What each channel of a file is: a voltage under current clamp, a monitor of the command, or nothing for us.

use super::header::{Header, Output, Waveform};
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
    let quantities: Vec<_> = header.channels.iter().map(|channel| quantity(&channel.unit)).collect();
    let has_current = quantities.iter().any(|quantity| matches!(quantity, Some(Quantity::Current(_))));
    let has_voltage = quantities.iter().any(|quantity| matches!(quantity, Some(Quantity::Voltage(_))));
    let is_voltage_clamp = has_current && commands_voltage(&header.outputs);
    let role = |idx: usize| match quantities[idx] {
        Some(Quantity::Voltage(_)) if is_voltage_clamp => {
            Role::Refused("wrong clamp mode: the voltage is commanded (voltage clamp)".to_owned())
        }
        Some(Quantity::Voltage(factor)) => Role::Voltage(factor),
        Some(Quantity::Current(_)) if has_voltage && !is_voltage_clamp && !is_clamped(header, idx) => {
            Role::Named("records a current beside the voltage".to_owned())
        }
        Some(Quantity::Current(_)) => Role::Refused(format!(
            "wrong clamp mode: records current in {} (voltage clamp)",
            header.channels[idx].unit
        )),
        None if has_voltage => {
            Role::Named(format!("unit {:?} is neither voltage nor current", header.channels[idx].unit))
        }
        None => Role::Refused(format!(
            "unit {:?} of channel {:?} is neither voltage nor current",
            header.channels[idx].unit, header.channels[idx].name
        )),
    };
    (0..header.channels.len()).map(role).collect()
}

/// Whether the output of a channel's number drives a voltage: the channel is that of another cell, in voltage clamp.
fn is_clamped(header: &Header, idx: usize) -> bool {
    let output = header.outputs.get(idx).filter(|output| drives(output));
    output.is_some_and(|output| matches!(quantity(&output.unit), Some(Quantity::Voltage(_))))
}

/// Whether voltages are commanded and no current is.
fn commands_voltage(outputs: &[Output]) -> bool {
    let is_driving = |output: &&Output| drives(output);
    let driving: Vec<_> = outputs.iter().filter(is_driving).map(|output| quantity(&output.unit)).collect();
    let n_currents = driving.iter().filter(|driven| matches!(driven, Some(Quantity::Current(_)))).count();
    driving.iter().any(|driven| matches!(driven, Some(Quantity::Voltage(_)))) && n_currents == 0
}

/// Whether an output does anything: a waveform that is not all zero, or a holding level.
pub(super) fn drives(output: &Output) -> bool {
    let has_level = output.epochs.iter().any(|epoch| epoch.level != 0.0 || epoch.level_step != 0.0);
    match output.waveform {
        Waveform::Off => output.holding != 0.0,
        Waveform::Epochs => has_level || output.holding != 0.0,
        Waveform::File | Waveform::Unknown(_) => true,
    }
}
