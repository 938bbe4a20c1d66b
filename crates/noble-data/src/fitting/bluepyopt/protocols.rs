//! `protocols.json` with `features.json` to targets.

use serde_json::Value;

use super::{FEATURES, PROTOCOLS, features, parse, stimuli, wrong};
use crate::Error;
use crate::cell_model::FieldReport;
use crate::fitting::{FIT_TARGETS_FORMAT_VERSION, FeatureTarget, FitTargets, TargetSweep};

/// Protocol whose features the l5pc example takes up to the end of the sweep.
const TO_THE_END: &str = "bAP";

/// Reads what BluePyOpt aims at: current steps, and features at the soma.
///
/// Takes the lists of stimuli of BluePyOpt's l5pc example, whose first is the step and whose others are held throughout,
/// and the objects of `step` and `holding` of its later examples; features as `{feature: [mean, deviation]}` or as
/// a list. Features elsewhere than at the soma, and protocols without any at the soma, are left out and reported.
///
/// # Errors
/// [`Error::Json`] with place and remedy for another layout, currents other than a step and a holding current, features
/// of a protocol that is not there, and what [`FitTargets::check`] refuses.
///
/// # Source
/// BluePyOpt `examples/l5pc/l5pc_evaluator.py` at 0577fc2.
pub fn read_protocols(
    protocols_json: &[u8],
    features_json: &[u8],
) -> Result<(FitTargets, FieldReport), Error> {
    let (protocols, features) = (parse(PROTOCOLS, protocols_json)?, parse(FEATURES, features_json)?);
    let remedy = "write an object by name of protocol";
    let protocols = protocols.as_object().ok_or_else(|| wrong(PROTOCOLS, "file", "is no object", remedy))?;
    let features = features.as_object().ok_or_else(|| wrong(FEATURES, "file", "is no object", remedy))?;
    if let Some(lone) = features.keys().find(|name| !protocols.contains_key(*name)) {
        let remedy = format!("add it to {PROTOCOLS}, or leave its features out");
        return Err(wrong(FEATURES, lone, "there is no protocol of that name", &remedy));
    }
    let mut report = FieldReport::default();
    let mut sweeps = Vec::new();
    for (name, protocol) in protocols {
        let own = features.get(name).map(|own| features::read(name, own, &mut report)).transpose()?;
        let own = own.unwrap_or_default();
        if own.is_empty() {
            report.ignored.push(format!("{name}: left out, as it has no features at the soma"));
            continue;
        }
        sweeps.push(sweep(name, protocol, own, &mut report)?);
    }
    let source = format!("{PROTOCOLS} and {FEATURES} of BluePyOpt");
    let targets = FitTargets { format_version: FIT_TARGETS_FORMAT_VERSION, source, sweeps };
    report.assumed.extend(targets.check()?);
    Ok((targets, report))
}

fn sweep(
    name: &str,
    protocol: &Value,
    features: Vec<FeatureTarget>,
    report: &mut FieldReport,
) -> Result<TargetSweep, Error> {
    let stimuli::Currents { step_na, delay_ms, duration_ms, total_ms, holding_na } =
        stimuli::read(name, protocol, &mut report.ignored)?;
    if name == TO_THE_END {
        let line =
            "bAP: features are those of the step; the l5pc example takes them up to the end of the sweep";
        report.assumed.push(line.to_owned());
    }
    report.used.push(format!("{name}.stimuli"));
    let name = name.to_owned();
    Ok(TargetSweep { name, step_na, delay_ms, duration_ms, total_ms, holding_na, features, firing: None })
}
