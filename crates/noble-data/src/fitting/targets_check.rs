//! What targets may be, and which contradict each other.

use std::collections::BTreeMap;

use super::targets::{FORMAT, FeatureTarget, Firing, TargetSweep};
use crate::Error;

/// Largest current that is taken for nanoampere.
const LARGEST_NA: f64 = 20.0;

/// Features that count spikes, and may be zero.
const COUNTS: [&str; 5] =
    ["Spikecount", "Spikecount_stimint", "spike_count", "spike_count_stimint", "mean_frequency"];

/// How names of features begin that no sweep without spikes has.
const OF_SPIKES: [&str; 20] = [
    "AP",
    "AHP",
    "ISI",
    "inv_",
    "peak_",
    "spike_",
    "adaptation_index",
    "doublet_ISI",
    "time_to_",
    "all_ISI",
    "mean_AP",
    "min_AHP",
    "fast_AHP",
    "amp_drop",
    "burst_mean",
    "interburst",
    "irregularity_index",
    "single_burst",
    "max_amp",
    "initburst",
];

pub(super) fn check(sweeps: &[TargetSweep]) -> Result<Vec<String>, Error> {
    if sweeps.is_empty() {
        return Err(wrong("sweeps", "there is none".to_owned(), "give at least one sweep"));
    }
    for (idx, sweep) in sweeps.iter().enumerate() {
        let place = format!("sweeps[{idx}] ({})", sweep.name);
        check_stimulus(&place, sweep)?;
        check_features(&place, sweep)?;
        check_firing(&place, sweep)?;
    }
    check_names(sweeps)?;
    check_contradictions(sweeps)?;
    Ok(notes(sweeps))
}

fn check_stimulus(place: &str, sweep: &TargetSweep) -> Result<(), Error> {
    for (key, current_na) in [("step_na", sweep.step_na), ("holding_na", sweep.holding_na)] {
        let place = format!("{place}.{key}");
        if !current_na.is_finite() {
            return Err(wrong(&place, format!("{current_na} is not finite"), "give a finite current in nA"));
        }
        if current_na.abs() > LARGEST_NA {
            let what = format!("{current_na} nA is beyond {LARGEST_NA} nA and looks like pA");
            return Err(wrong(&place, what, "divide by 1000 to give it in nA"));
        }
    }
    let TargetSweep { delay_ms, duration_ms, total_ms, .. } = *sweep;
    if !(duration_ms > 0.0 && duration_ms.is_finite()) {
        let what = format!("{duration_ms} ms is no length of a step");
        return Err(wrong(&format!("{place}.duration_ms"), what, "give one greater than zero"));
    }
    if !(delay_ms >= 0.0 && delay_ms.is_finite()) {
        let what = format!("{delay_ms} ms is no onset");
        return Err(wrong(&format!("{place}.delay_ms"), what, "give one of zero or more"));
    }
    if !(total_ms >= delay_ms + duration_ms && total_ms.is_finite()) {
        let what = format!("{total_ms} ms ends before the step, at {} ms", delay_ms + duration_ms);
        return Err(wrong(&format!("{place}.total_ms"), what, "give the length of the whole sweep"));
    }
    Ok(())
}

fn check_features(place: &str, sweep: &TargetSweep) -> Result<(), Error> {
    if sweep.features.is_empty() && sweep.firing.is_none() {
        return Err(wrong(place, "asks for nothing".to_owned(), "give features or firing, or leave it out"));
    }
    for (idx, target) in sweep.features.iter().enumerate() {
        let place = format!("{place}.features[{idx}] ({})", target.feature);
        let FeatureTarget { feature, mean, deviation } = target;
        if feature.is_empty() {
            return Err(wrong(&place, "has no name".to_owned(), "name a feature of eFEL"));
        }
        if !mean.is_finite() {
            return Err(wrong(&place, format!("mean {mean} is not finite"), "give a finite mean"));
        }
        if !deviation.is_finite() || *deviation < 0.0 {
            let what = format!("deviation {deviation} is no spread");
            return Err(wrong(&place, what, "give a finite deviation greater than zero"));
        }
        if *deviation <= 0.0 {
            let what = "a deviation of 0 would divide by zero".to_owned();
            return Err(wrong(&place, what, "give the spread over repeats or a least deviation"));
        }
        if sweep.features[..idx].iter().any(|other| other.feature == *feature) {
            return Err(wrong(&place, "occurs twice in the sweep".to_owned(), "keep one"));
        }
    }
    Ok(())
}

/// Whether a sweep fires, as far as its targets say.
fn firing_of(sweep: &TargetSweep) -> Option<Firing> {
    let counts = || sweep.features.iter().filter(|target| is_count(&target.feature));
    let counted = match counts().next() {
        None => None,
        Some(_) if counts().all(is_zero) => Some(Firing::Silent),
        Some(_) => Some(Firing::Fires),
    };
    sweep.firing.or(counted)
}

fn is_count(feature: &str) -> bool {
    COUNTS.contains(&feature)
}

fn is_zero(target: &FeatureTarget) -> bool {
    target.mean.to_bits() << 1 == 0
}

fn check_firing(place: &str, sweep: &TargetSweep) -> Result<(), Error> {
    let contradiction = |what: String| Err(wrong(place, what, "keep the one that was recorded"));
    let counts = || sweep.features.iter().filter(|target| is_count(&target.feature));
    match (sweep.firing, counts().find(|target| is_zero(target)), counts().find(|target| !is_zero(target))) {
        (Some(Firing::Fires), Some(zero), _) => contradiction(format!("fires, but {} is 0", zero.feature)),
        (Some(Firing::Silent), _, Some(some)) => {
            contradiction(format!("is silent, but {} is {}", some.feature, some.mean))
        }
        (_, Some(zero), Some(some)) => {
            contradiction(format!("{} is 0, but {} is {}", zero.feature, some.feature, some.mean))
        }
        _ if firing_of(sweep) == Some(Firing::Silent) => {
            let needs_spikes = |target: &&FeatureTarget| {
                !is_count(&target.feature) && OF_SPIKES.iter().any(|start| target.feature.starts_with(start))
            };
            match sweep.features.iter().find(needs_spikes) {
                Some(target) => contradiction(format!("is silent, but {} needs spikes", target.feature)),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn check_names(sweeps: &[TargetSweep]) -> Result<(), Error> {
    let mut steps = BTreeMap::new();
    for (idx, sweep) in sweeps.iter().enumerate() {
        let place = format!("sweeps[{idx}] ({})", sweep.name);
        if sweep.name.is_empty() {
            return Err(wrong(&place, "has no name".to_owned(), "give each sweep its own name"));
        }
        let Some(step_na) = steps.insert(&sweep.name, sweep.step_na) else { continue };
        let what = if step_na.to_bits() == sweep.step_na.to_bits() {
            "the name occurs twice".to_owned()
        } else {
            format!("the name has two steps, {step_na} and {} nA", sweep.step_na)
        };
        return Err(wrong(&place, what, "give each sweep its own name"));
    }
    Ok(())
}

/// Currents and times of a sweep, to compare by bits.
fn stimulus_of(sweep: &TargetSweep) -> [u64; 5] {
    let TargetSweep { step_na, holding_na, delay_ms, duration_ms, total_ms, .. } = sweep;
    [step_na, holding_na, delay_ms, duration_ms, total_ms].map(|value| (value + 0.0).to_bits())
}

/// Two answers to one question.
fn check_contradictions(sweeps: &[TargetSweep]) -> Result<(), Error> {
    let mut means: BTreeMap<([u64; 5], &str), (f64, &str)> = BTreeMap::new();
    let mut firing: BTreeMap<[u64; 5], (Firing, &str)> = BTreeMap::new();
    for (idx, sweep) in sweeps.iter().enumerate() {
        let place = format!("sweeps[{idx}] ({})", sweep.name);
        let stimulus = stimulus_of(sweep);
        for FeatureTarget { feature, mean, .. } in &sweep.features {
            let (known, other) = *means.entry((stimulus, feature)).or_insert((*mean, &sweep.name));
            if known.to_bits() != mean.to_bits() {
                let what =
                    format!("{feature} is {mean}, but {known} in {other} with the same current and times");
                return Err(wrong(&place, what, "give one mean, over both"));
            }
        }
        let Some(own) = firing_of(sweep) else { continue };
        let (known, other) = *firing.entry(stimulus).or_insert((own, &sweep.name));
        if known != own {
            let what = format!("is {}, but {other} with the same current and times is not", word(own));
            return Err(wrong(&place, what, "keep the one that was recorded"));
        }
    }
    Ok(())
}

fn word(firing: Firing) -> &'static str {
    match firing {
        Firing::Fires => "firing",
        Firing::Silent => "silent",
    }
}

/// A larger current that is silent where a smaller one fires can be a block by depolarization, or a slip.
fn notes(sweeps: &[TargetSweep]) -> Vec<String> {
    let mut notes = Vec::new();
    for silent in sweeps.iter().filter(|sweep| firing_of(sweep) == Some(Firing::Silent)) {
        let is_below = |other: &&TargetSweep| {
            firing_of(other) == Some(Firing::Fires)
                && (0.0..silent.step_na).contains(&other.step_na)
                && silent.holding_na >= other.holding_na
                && silent.duration_ms >= other.duration_ms
        };
        if let Some(fires) = sweeps.iter().find(is_below) {
            notes.push(format!(
                "{} is silent at {} nA, though {} fires at {} nA",
                silent.name, silent.step_na, fires.name, fires.step_na
            ));
        }
    }
    notes
}

fn wrong(place: &str, what: String, remedy: &str) -> Error {
    Error::Json { format: FORMAT, place: place.to_owned(), what, remedy: remedy.to_owned() }
}
