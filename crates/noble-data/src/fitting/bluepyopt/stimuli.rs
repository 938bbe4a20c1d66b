//! The currents of one protocol: a step, and what is held throughout.

use serde_json::{Map, Value};

use super::{PROTOCOLS, number, wrong};
use crate::Error;

/// Keys of a protocol with a meaning here.
const KEYS: [&str; 3] = ["stimuli", "extra_recordings", "type"];

/// Kinds of protocols whose currents are stated in nA.
const STATED: [&str; 2] = ["StepProtocol", "SweepProtocol"];

/// One current of a protocol.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pulse {
    amp_na: f64,
    delay_ms: f64,
    duration_ms: f64,
    total_ms: f64,
}

/// Step and holding current of a protocol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Currents {
    pub(super) step_na: f64,
    pub(super) delay_ms: f64,
    pub(super) duration_ms: f64,
    pub(super) total_ms: f64,
    pub(super) holding_na: f64,
}

/// Reads the currents, with what was passed over.
pub(super) fn read(name: &str, protocol: &Value, ignored: &mut Vec<String>) -> Result<Currents, Error> {
    let object =
        protocol.as_object().ok_or_else(|| wrong(PROTOCOLS, name, "is no object", "give its stimuli"))?;
    let kind = object.get("type");
    if let Some(kind) = kind.filter(|kind| !kind.as_str().is_some_and(|kind| STATED.contains(&kind))) {
        let remedy = format!("use {}, with currents in nA", STATED.join(" or "));
        return Err(wrong(PROTOCOLS, &format!("{name}.type"), format!("type {kind} is unknown"), &remedy));
    }
    if object.contains_key("extra_recordings") {
        ignored.push(format!("{name}.extra_recordings: only the soma is recorded"));
    }
    let unknown = object.keys().filter(|key| !KEYS.contains(&key.as_str()));
    ignored.extend(unknown.map(|key| format!("{name}.{key}: not known")));
    let (step, held) = pulses(&format!("{name}.stimuli"), object)?;
    let total_ms = held.iter().fold(step.total_ms, |longest, pulse| longest.max(pulse.total_ms));
    let holding_na = held.iter().fold(0.0, |sum, pulse| sum + pulse.amp_na);
    let Pulse { amp_na, delay_ms, duration_ms, .. } = step;
    Ok(Currents { step_na: amp_na, delay_ms, duration_ms, total_ms, holding_na })
}

/// The step and the currents throughout the sweep, from either layout.
fn pulses(place: &str, object: &Map<String, Value>) -> Result<(Pulse, Vec<Pulse>), Error> {
    let remedy = "give a list, or an object of step and holding";
    match object.get("stimuli") {
        Some(Value::Array(list)) => {
            let named = list.iter().enumerate().map(|(idx, value)| (format!("{place}[{idx}]"), value));
            let read: Vec<(String, Pulse)> = named
                .map(|(place, value)| pulse(&place, value).map(|pulse| (place, pulse)))
                .collect::<Result<_, _>>()?;
            let ((_, step), held) =
                read.split_first().ok_or_else(|| wrong(PROTOCOLS, place, "are none", remedy))?;
            let held = held.iter().map(|(place, pulse)| throughout(place, *pulse));
            Ok((*step, held.collect::<Result<_, _>>()?))
        }
        Some(Value::Object(by_role)) => {
            if let Some(other) = by_role.keys().find(|key| !["step", "holding"].contains(&key.as_str())) {
                return Err(wrong(
                    PROTOCOLS,
                    &format!("{place}.{other}"),
                    "is neither step nor holding",
                    remedy,
                ));
            }
            let at = |role: &str| (format!("{place}.{role}"), by_role.get(role));
            let (step_place, step) = at("step");
            let step = step.ok_or_else(|| wrong(PROTOCOLS, &step_place, "is missing", remedy))?;
            let step = pulse(&step_place, only(&step_place, step)?)?;
            let (place, holding) = at("holding");
            let holding = holding.filter(|value| !value.is_null());
            let held =
                holding.map(|value| throughout(&place, pulse(&place, only(&place, value)?)?)).transpose()?;
            Ok((step, held.into_iter().collect()))
        }
        _ => Err(wrong(PROTOCOLS, place, "are missing", remedy)),
    }
}

/// A stimulus, or a list of one.
fn only<'v>(place: &str, value: &'v Value) -> Result<&'v Value, Error> {
    match value.as_array().map(Vec::as_slice) {
        None => Ok(value),
        Some([one]) => Ok(one),
        Some(several) => {
            let what = format!("holds {} stimuli", several.len());
            Err(wrong(PROTOCOLS, place, what, "give one step, and a holding current beside it"))
        }
    }
}

fn pulse(place: &str, value: &Value) -> Result<Pulse, Error> {
    let at = |key: &str| number(PROTOCOLS, &format!("{place}.{key}"), value.get(key));
    Ok(Pulse {
        amp_na: at("amp")?,
        delay_ms: at("delay")?,
        duration_ms: at("duration")?,
        total_ms: at("totduration")?,
    })
}

fn throughout(place: &str, pulse: Pulse) -> Result<Pulse, Error> {
    if pulse.delay_ms <= 0.0 && pulse.delay_ms + pulse.duration_ms >= pulse.total_ms {
        return Ok(pulse);
    }
    let what =
        format!("lasts from {} ms for {} ms of {} ms", pulse.delay_ms, pulse.duration_ms, pulse.total_ms);
    Err(wrong(PROTOCOLS, place, what, "hold it throughout the sweep, or leave it out"))
}
