//! Command voltages of a voltage clamp.

use serde::{Deserialize, Serialize};

use super::spec::{check_values, read_versioned};
use crate::Error;
use crate::channel::Range;

const FORMAT: &str = "voltage protocol";

/// Version of the voltage protocol read and written by this release.
pub const VOLTAGE_PROTOCOL_FORMAT_VERSION: u32 = 1;

/// A command voltage and how long it is held.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoltageStep {
    /// How long.
    pub duration_ms: f64,
    /// Command voltage.
    pub command_mv: f64,
}

/// Steps of command voltage, one after the other from time zero; the clamp is off after the last.
///
/// The electrode's current is `(command - v) / series_resistance`, nA where the voltages are mV.
///
/// # Source
/// NEURON 9.0.2 `SEClamp`, which knows three steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoltageProtocol {
    /// Version of this layout, [`VOLTAGE_PROTOCOL_FORMAT_VERSION`].
    pub format_version: u32,
    /// Resistance between electrode and cell.
    pub series_resistance_megaohm: f64,
    /// The steps in order.
    pub steps: Vec<VoltageStep>,
}

/// Reads a voltage protocol and checks its values.
///
/// # Errors
/// [`Error::Json`] with the place when the bytes are not JSON of this layout and version; [`Error::Protocol`] for a
/// value that cannot be.
pub fn read_voltage_protocol(bytes: &[u8]) -> Result<VoltageProtocol, Error> {
    let protocol: VoltageProtocol = read_versioned(bytes, FORMAT, VOLTAGE_PROTOCOL_FORMAT_VERSION)?;
    protocol.check()?;
    Ok(protocol)
}

impl VoltageProtocol {
    /// A protocol of this release's version.
    ///
    /// # Errors
    /// [`Error::Protocol`] for a resistance that is not greater than zero, a duration that is not finite or less than
    /// zero, a voltage that is not finite.
    pub fn new(series_resistance_megaohm: f64, steps: Vec<VoltageStep>) -> Result<Self, Error> {
        let protocol =
            Self { format_version: VOLTAGE_PROTOCOL_FORMAT_VERSION, series_resistance_megaohm, steps };
        protocol.check()?;
        Ok(protocol)
    }

    fn check(&self) -> Result<(), Error> {
        let resistance = ("series_resistance_megaohm", self.series_resistance_megaohm, Range::Positive);
        check_values(FORMAT, &[resistance])?;
        for (step_idx, step) in self.steps.iter().enumerate() {
            let values = [
                ("duration_ms", step.duration_ms, Range::NotNegative),
                ("command_mv", step.command_mv, Range::Any),
            ];
            check_values(&format!("{FORMAT}: steps[{step_idx}]"), &values)?;
        }
        Ok(())
    }

    /// Command voltage at one time, `None` where the clamp is off.
    #[must_use]
    pub fn command_mv(&self, t_ms: f64) -> Option<f64> {
        let mut end_ms = 0.0;
        let is_on = |step: &&VoltageStep| {
            end_ms += step.duration_ms;
            t_ms < end_ms
        };
        self.steps.iter().find(is_on).map(|step| step.command_mv)
    }

    /// When the clamp goes off.
    #[must_use]
    pub fn end_ms(&self) -> f64 {
        self.steps.iter().map(|step| step.duration_ms).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"format_version": 1, "series_resistance_megaohm": 0.01, "steps": [
        {"duration_ms": 10, "command_mv": -80}, {"duration_ms": 5, "command_mv": 0}]}"#;

    #[test]
    fn analytic_commands_follow_one_another_and_end() {
        let protocol = read_voltage_protocol(FILE.as_bytes()).unwrap();
        let expected = [(0.0, Some(-80.0)), (9.99, Some(-80.0)), (10.0, Some(0.0)), (15.0, None)];
        for (t_ms, command_mv) in expected {
            assert_eq!(protocol.command_mv(t_ms), command_mv, "{t_ms}");
        }
        assert!((protocol.end_ms() - 15.0).abs() < 1e-12);
        let text = serde_json::to_string(&protocol).unwrap();
        assert_eq!(read_voltage_protocol(text.as_bytes()).unwrap(), protocol);
    }

    #[test]
    fn invariant_values_that_cannot_be_are_named() {
        let cases = [
            ("0.01", "0", "voltage protocol: series_resistance_megaohm is 0; give a finite number greater"),
            (
                "\"duration_ms\": 5",
                "\"duration_ms\": -5",
                "steps[1]: duration_ms is -5; give a finite number of",
            ),
            ("\"command_mv\": 0", "\"command_mv\": null", "voltage protocol: file: invalid type: null"),
            ("\"command_mv\": 0", "\"command_v\": 0", "unknown field `command_v`"),
            ("\"format_version\": 1", "\"format_version\": 2", "format_version: version 2 is not 1"),
        ];
        for (found, put, expected) in cases {
            let message = read_voltage_protocol(FILE.replace(found, put).as_bytes()).unwrap_err().to_string();
            assert!(message.contains(expected), "{message} lacks {expected}");
        }
        let step = VoltageStep { duration_ms: 1.0, command_mv: f64::NAN };
        let message = VoltageProtocol::new(1.0, vec![step]).unwrap_err().to_string();
        assert!(message.contains("steps[0]: command_mv is NaN"), "{message}");
    }
}
