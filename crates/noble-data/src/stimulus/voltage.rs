//! Command voltages of a voltage clamp.

use serde::{Deserialize, Serialize};

use super::spec::{check_values, read_versioned};
use crate::Error;
use crate::channel::Range;

const FORMAT: &str = "voltage protocol";

/// Version of the voltage protocol read and written by this release.
pub const VOLTAGE_PROTOCOL_FORMAT_VERSION: u32 = 1;

/// A command voltage and how long it is held, or a ramp between two.
///
/// The command is `command_mv + (ramp_to_mv - command_mv) t / duration_ms`, with `t` from the beginning of the step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoltageStep {
    /// How long.
    pub duration_ms: f64,
    /// Command voltage, at the beginning of a ramp.
    pub command_mv: f64,
    /// Command voltage that a ramp reaches at its end; `None` holds `command_mv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp_to_mv: Option<f64>,
}

impl VoltageStep {
    fn check(&self, place: &str) -> Result<(), Error> {
        let mut values = vec![
            ("duration_ms", self.duration_ms, Range::NotNegative),
            ("command_mv", self.command_mv, Range::Any),
        ];
        values.extend(self.ramp_to_mv.map(|ramp_to_mv| ("ramp_to_mv", ramp_to_mv, Range::Any)));
        check_values(place, &values)
    }

    /// Command voltage at a time from its beginning.
    fn command_after_mv(&self, t_ms: f64) -> f64 {
        let slope = |ramp_to_mv: f64| (ramp_to_mv - self.command_mv) * (t_ms / self.duration_ms);
        self.command_mv + self.ramp_to_mv.map_or(0.0, slope)
    }
}

/// Steps of command voltage, one after the other from time zero; the clamp is off after the last.
///
/// The electrode's current is `(command - v) / series_resistance`, nA where the voltages are mV.
///
/// # Source
/// NEURON 9.0.2 `SEClamp`, which knows three steps; a ramp as `Vector.play` with interpolation into its command.
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
            step.check(&format!("{FORMAT}: steps[{step_idx}]"))?;
        }
        Ok(())
    }

    /// Command voltage at one time, `None` where the clamp is off.
    #[must_use]
    pub fn command_mv(&self, t_ms: f64) -> Option<f64> {
        let mut begin_ms = 0.0;
        for step in &self.steps {
            let end_ms = begin_ms + step.duration_ms;
            if t_ms < end_ms {
                return Some(step.command_after_mv(t_ms - begin_ms));
            }
            begin_ms = end_ms;
        }
        None
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
    fn analytic_ramp_goes_from_one_command_to_the_other() {
        let put = "\"duration_ms\": 5, \"command_mv\": 0, \"ramp_to_mv\": 20";
        let file = FILE.replace("\"duration_ms\": 5, \"command_mv\": 0", put);
        let protocol = read_voltage_protocol(file.as_bytes()).unwrap();
        for (t_ms, expected_mv) in [(9.0, -80.0), (10.0, 0.0), (11.25, 5.0), (14.0, 16.0)] {
            let command_mv = protocol.command_mv(t_ms).unwrap();
            assert!((command_mv - expected_mv).abs() < 1e-12, "{t_ms}: {command_mv}");
        }
        assert_eq!(protocol.command_mv(15.0), None);
        let text = serde_json::to_string(&protocol).unwrap();
        assert_eq!(text.matches("ramp_to_mv").count(), 1, "{text}");
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
        let held = VoltageStep { duration_ms: 1.0, command_mv: 0.0, ramp_to_mv: None };
        let steps = [
            ("command_mv", VoltageStep { command_mv: f64::NAN, ..held }),
            ("ramp_to_mv", VoltageStep { ramp_to_mv: Some(f64::NAN), ..held }),
        ];
        for (name, step) in steps {
            let message = VoltageProtocol::new(1.0, vec![step]).unwrap_err().to_string();
            assert!(message.contains(&format!("steps[0]: {name} is NaN")), "{message}");
        }
    }
}
