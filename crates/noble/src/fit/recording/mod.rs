//! Targets from a recording: features of its sweeps, mean and deviation per current.

mod group;

use noble_data::fitting::{FIT_TARGETS_FORMAT_VERSION, FeatureTarget, Firing, FitTargets, TargetSweep};
use noble_features::{Feature, PreparedSweep, Settings, feature};

pub(super) use group::SAME_HOLDING_NA;
use group::{Group, check_durations, grouped, has_earlier_spikes, has_later_spikes, notes_of};

use crate::Error;
use crate::sweep_file::FileSweep;

/// Features of sweeps with spikes.
const FIRING_FEATURES: [&str; 10] = [
    "mean_frequency",
    "AP1_peak",
    "AP1_width",
    "AHP1_depth_from_peak",
    "AHP_time_from_peak",
    "mean_AP_amplitude",
    "inv_first_ISI",
    "time_to_first_spike",
    "steady_state_voltage_stimend",
    "voltage_base",
];

/// Features of sweeps without.
const SILENT_FEATURES: [&str; 4] =
    ["voltage_base", "steady_state_voltage_stimend", "decay_time_constant_after_stim", "sag_amplitude"];

/// Currents so near are of one sweep. // [nA]
pub(super) const SAME_CURRENT_NA: f64 = 5e-4;

/// Share of the mean that a deviation is at least.
pub(crate) const LEAST_RELATIVE_DEVIATION: f64 = 0.05;

/// How a recording becomes targets.
#[derive(Debug, Clone)]
pub struct RecordingSettings {
    /// Features of sweeps with spikes, by eFEL's name; each is asked only of those.
    pub firing_features: Vec<String>,
    /// Features of sweeps without spikes.
    pub silent_features: Vec<String>,
    /// How features are taken.
    pub settings: Settings,
    /// Least deviation, as a share of the mean's size.
    pub least_relative_deviation: f64,
    /// Currents so near count as the same.
    pub same_current_na: f64,
    /// Kept of the time before and after the stimulus, in ms: what lies farther out is not simulated.
    pub kept_ms: (f64, f64),
    /// Most sweeps with spikes and without, evenly chosen over the currents.
    pub n_sweeps: (usize, usize),
}

impl Default for RecordingSettings {
    /// Ten features of sweeps with spikes and four of others, at least 5 % of the mean, three currents with spikes and two
    /// without.
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            firing_features: owned(&FIRING_FEATURES),
            silent_features: owned(&SILENT_FEATURES),
            settings: Settings::default(),
            least_relative_deviation: LEAST_RELATIVE_DEVIATION,
            same_current_na: SAME_CURRENT_NA,
            kept_ms: (50.0, 100.0),
            n_sweeps: (3, 2),
        }
    }
}

/// Asked of cells that stop firing before the step does: rates between spikes do not see it.
const STOPPING_FEATURE: &str = "Spikecount_stimint";

/// Least deviation of a feature by its unit: 0.5 mV, 1 Hz, 0.05 ms, one spike; nothing for others.
#[must_use]
pub fn least_deviation(feature: &Feature) -> f64 {
    match (feature.unit_suffix, feature.name) {
        ("mv", _) => 0.5,
        ("hz", _) => 1.0,
        ("ms", _) => 0.05,
        (_, "Spikecount" | STOPPING_FEATURE) => 1.0,
        _ => 0.0,
    }
}

/// What was made of a recording, and what was assumed.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedTargets {
    /// The targets.
    pub targets: FitTargets,
    /// Resting voltage: median of `voltage_base` over the sweeps used.
    pub resting_mv: f64,
    /// Decisions a user should know of.
    pub notes: Vec<String>,
}

/// Features of a recording's sweeps as targets: per current the mean over its repeats, and as deviation their standard
/// deviation, at least a stated share of the mean and a stated size. Before the step all sweeps of one holding current are
/// repeats of each other, so that `voltage_base` is of them all.
///
/// Left out, with a note: a feature that some repeat lacks; `voltage_base` where spikes precede the step, and times to a
/// spike that came before it; what follows the step where spikes do; currents that block the cell, unless asked for.
/// A cell that stops firing before the step ends is asked for its number of spikes as well.
///
/// # Errors
/// [`Error::Usage`] for a recording without spikes, without hyperpolarized sweeps, with unknown currents or windows, for
/// voltages that no membrane has, and for an asked current that no sweep has; [`Error::Features`] for an unknown feature.
pub fn recording_targets(
    sweeps: &[FileSweep],
    asked_na: Option<&[f64]>,
    settings: &RecordingSettings,
) -> Result<RecordedTargets, Error> {
    let groups = grouped(sweeps, settings)?;
    if !groups.iter().any(Group::fires) {
        let what = "no current of the recording makes every repeat fire";
        return Err(Error::usage(what, "give a recording with spikes, or check its unit and window"));
    }
    if asked_na.is_none() && groups.iter().all(|group| !group.fires() || group.is_blocked()) {
        let what = "every current that makes the cell fire drives it into depolarization block";
        return Err(Error::usage(what, "record weaker currents, or name some all the same with --fit-na"));
    }
    if !groups.iter().any(|group| group.is_hyperpolarized() && !group.fires()) {
        let what =
            "the recording has no hyperpolarized sweep without spikes, which the membrane is fitted to";
        return Err(Error::usage(what, "record one, or give targets with --targets"));
    }
    check_durations(&groups)?;
    let is_spontaneous = groups.iter().flat_map(|group| &group.sweeps).any(has_earlier_spikes);
    let mut notes = notes_of(&groups, (asked_na, is_spontaneous), settings);
    let chosen = chosen(&groups, asked_na, settings)?;
    let mut targets: Vec<TargetSweep> = chosen
        .iter()
        .map(|group| {
            let rest = rest_of(&groups, group.holding_na)?;
            target_of(group, &rest, settings, is_spontaneous, &mut notes)
        })
        .collect::<Result<_, Error>>()?;
    name_apart(&mut targets);
    let resting_mv = resting_mv(&groups).ok_or_else(|| {
        Error::usage("voltage_base is defined in no sweep", "give a window that starts later")
    })?;
    let source = format!("{} sweeps of a recording", sweeps.len());
    let targets = FitTargets { format_version: FIT_TARGETS_FORMAT_VERSION, source, sweeps: targets };
    Ok(RecordedTargets { targets, resting_mv, notes })
}

/// Numbers the sweeps whose rounded currents are the same.
fn name_apart(targets: &mut [TargetSweep]) {
    for place in 1..targets.len() {
        let (before, own) = targets.split_at_mut(place);
        let name = own[0].name.clone();
        let is_taken = |name: &str| before.iter().any(|other| other.name == name);
        let free = (2..).map(|number| format!("{name}_{number}")).find(|numbered| !is_taken(numbered));
        if is_taken(&name) {
            own[0].name = free.unwrap_or(name);
        }
    }
}

fn chosen<'g, 'a>(
    groups: &'g [Group<'a>],
    asked_na: Option<&[f64]>,
    settings: &RecordingSettings,
) -> Result<Vec<&'g Group<'a>>, Error> {
    if let Some(asked_na) = asked_na {
        let named = |asked_na: &f64| {
            let is_near = |group: &&Group<'_>| (group.total_na - asked_na).abs() <= settings.same_current_na;
            let near: Vec<&Group<'_>> = groups.iter().filter(is_near).collect();
            match near[..] {
                [group] => Ok(group),
                [] => {
                    let known: Vec<String> =
                        groups.iter().map(|group| format!("{:.4}", group.total_na)).collect();
                    let what = format!("no sweep has a current of {asked_na} nA");
                    Err(Error::usage(what, format!("choose among {}", known.join(", "))))
                }
                _ => {
                    let holding: Vec<String> =
                        near.iter().map(|group| format!("{:.4}", group.holding_na)).collect();
                    let what = format!(
                        "sweeps of {asked_na} nA begin from holding currents of {} nA",
                        holding.join(", ")
                    );
                    Err(Error::usage(what, "choose those of one with --sweeps"))
                }
            }
        };
        return asked_na.iter().map(named).collect();
    }
    let firing: Vec<&Group<'a>> =
        groups.iter().filter(|group| group.fires() && !group.is_blocked()).collect();
    let silent: Vec<&Group<'a>> =
        groups.iter().filter(|group| group.is_hyperpolarized() && !group.fires()).collect();
    let (n_firing, n_silent) = settings.n_sweeps;
    Ok(spread(&silent, n_silent).into_iter().chain(spread(&firing, n_firing)).collect())
}

/// At most `n` of a list, evenly, the last always and the first if there is room for two.
pub(super) fn spread<T: Copy>(all: &[T], n: usize) -> Vec<T> {
    if all.len() <= n {
        return all.to_vec();
    }
    let last = all.len() - 1;
    (0..n).map(|place| all[if n == 1 { last } else { (place * last + (n - 1) / 2) / (n - 1) }]).collect()
}

/// Name of the feature that depends on nothing after the onset of the step.
const REST: &str = "voltage_base";

/// The resting voltage before the step in every sweep of a holding current that has no spike there.
fn rest_of(groups: &[Group<'_>], holding_na: f64) -> Result<Vec<f64>, Error> {
    let base = feature(REST)?;
    let is_same = |group: &&Group<'_>| (group.holding_na - holding_na).abs() <= SAME_HOLDING_NA;
    let sweeps = groups.iter().filter(is_same).flat_map(|group| &group.sweeps);
    Ok(sweeps.filter(|sweep| !has_earlier_spikes(sweep)).filter_map(|sweep| base.mean(sweep)).collect())
}

fn target_of(
    group: &Group<'_>,
    rest: &[f64],
    settings: &RecordingSettings,
    is_spontaneous: bool,
    notes: &mut Vec<String>,
) -> Result<TargetSweep, Error> {
    let (first, fires) = (&group.sweeps[0], group.fires());
    let (before_ms, after_ms) = settings.kept_ms;
    let start_ms = first.times_ms().first().copied().unwrap_or(0.0);
    let end_ms = first.times_ms().last().copied().unwrap_or(0.0);
    let delay_ms = (first.stim_start_ms() - start_ms).min(before_ms);
    let duration_ms = first.stim_end_ms() - first.stim_start_ms();
    // Zero is added so that no current is called -0.
    let name = format!("step_{:.0}pa", (1000.0 * group.total_na).round() + 0.0);
    let names = if fires { &settings.firing_features } else { &settings.silent_features };
    let stopping = (fires && group.stops()).then_some(STOPPING_FEATURE);
    let mut features = Vec::new();
    for feature_name in names.iter().map(String::as_str).chain(stopping) {
        let feature = feature(feature_name)?;
        match usable(feature, group, rest, settings) {
            Ok(values) => features.push(target(feature, &values, settings)),
            Err(reason) => notes.push(format!("{name}: {feature_name} left out: {reason}")),
        }
    }
    let firing = match (fires, is_spontaneous) {
        (true, _) => Some(Firing::Fires),
        // A spike that rebounds after the step belongs to the cell.
        (false, false) if group.sweeps.iter().all(|sweep| sweep.n_spikes() == 0) => Some(Firing::Silent),
        (false, _) => None,
    };
    Ok(TargetSweep {
        name,
        step_na: group.total_na - group.holding_na,
        delay_ms,
        duration_ms,
        total_ms: delay_ms + duration_ms + (end_ms - first.stim_end_ms()).min(after_ms),
        holding_na: group.holding_na,
        features,
        firing,
    })
}

/// One value per repeat, or why the feature cannot be a target.
fn usable(
    feature: &Feature,
    group: &Group<'_>,
    rest: &[f64],
    settings: &RecordingSettings,
) -> Result<Vec<f64>, String> {
    let needs_rest = [REST, "time_to_first_spike", "sag_amplitude"].contains(&feature.name);
    let needs_silence_after =
        ["decay_time_constant_after_stim", "steady_state_voltage"].contains(&feature.name);
    if needs_rest && group.sweeps.iter().any(has_earlier_spikes) {
        return Err("spikes precede the step".to_owned());
    }
    let until = |sweep: &PreparedSweep<'_>| sweep.stim_end_ms() + settings.kept_ms.1;
    if needs_silence_after && group.sweeps.iter().any(|sweep| has_later_spikes(sweep, until(sweep))) {
        return Err("spikes follow the step".to_owned());
    }
    if feature.name == REST && !rest.is_empty() {
        return Ok(rest.to_vec());
    }
    let values: Option<Vec<f64>> = group.sweeps.iter().map(|sweep| feature.mean(sweep)).collect();
    values.ok_or_else(|| "it is undefined".to_owned())
}

fn target(feature: &Feature, values: &[f64], settings: &RecordingSettings) -> FeatureTarget {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    let least = (settings.least_relative_deviation * mean.abs()).max(least_deviation(feature));
    FeatureTarget { feature: feature.name.to_owned(), mean, deviation: variance.sqrt().max(least) }
}

/// Median of the base voltage over sweeps whose base has no spike, over all where none is so.
fn resting_mv(groups: &[Group<'_>]) -> Option<f64> {
    let base = feature(REST).ok()?;
    let of = |is_used: fn(&PreparedSweep<'_>) -> bool| {
        let sweeps = groups.iter().flat_map(|group| &group.sweeps).filter(|sweep| is_used(sweep));
        let mut values: Vec<f64> = sweeps.filter_map(|sweep| base.mean(sweep)).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    of(|sweep| !has_earlier_spikes(sweep)).or_else(|| of(|_| true))
}

#[cfg(test)]
mod tests;
