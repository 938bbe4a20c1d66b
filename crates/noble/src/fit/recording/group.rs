//! The sweeps of a recording by current: what may be fitted, and what is said about them all.

use noble_features::{PreparedSweep, Warning, is_depolarization_blocked};

use super::RecordingSettings;
use crate::Error;
use crate::features::prepare;
use crate::sweep_file::FileSweep;

/// Holding currents so near are of one experiment; they are measured, not commanded, in some files. // [nA]
pub(in crate::fit) const SAME_HOLDING_NA: f64 = 5e-3;

/// Steps whose lengths differ by no more are as long as each other. // [ms]
const SAME_DURATION_MS: f64 = 1.0;

/// Sweeps of one current, from one holding current, with their prepared traces.
pub(super) struct Group<'a> {
    /// Current during the step, the holding current included.
    pub(super) total_na: f64,
    pub(super) holding_na: f64,
    pub(super) sweeps: Vec<PreparedSweep<'a>>,
}

pub(super) fn grouped<'a>(
    sweeps: &'a [FileSweep],
    settings: &RecordingSettings,
) -> Result<Vec<Group<'a>>, Error> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for sweep in sweeps {
        let unknown = || {
            let what = format!("the current of {} is not known", sweep.called());
            Error::usage(what, "leave it out with --sweeps, or give a file that states its stimulus")
        };
        let total_na = sweep.step_na.ok_or_else(unknown)?;
        let holding_na = sweep.holding_na.unwrap_or(0.0);
        let prepared = prepare(sweep, &settings.settings)?;
        check_voltages(sweep, &prepared)?;
        let is_same = |group: &&mut Group<'a>| {
            (group.total_na - total_na).abs() <= settings.same_current_na
                && (group.holding_na - holding_na).abs() <= SAME_HOLDING_NA
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.sweeps.push(prepared),
            None => groups.push(Group { total_na, holding_na, sweeps: vec![prepared] }),
        }
    }
    groups.sort_by(|a, b| a.total_na.total_cmp(&b.total_na));
    Ok(groups)
}

/// Voltages of another unit, or with an offset, give features without meaning.
fn check_voltages(sweep: &FileSweep, prepared: &PreparedSweep<'_>) -> Result<(), Error> {
    let is_grave = |warning: &Warning| {
        matches!(
            warning,
            Warning::LooksLikeVolts { .. }
                | Warning::LooksLikeMillivolts { .. }
                | Warning::BaseAboveThreshold { .. }
        )
    };
    match prepared.warnings().into_iter().find(is_grave) {
        None => Ok(()),
        Some(warning) => Err(Error::usage(
            format!("{}: {warning}", sweep.called()),
            "mend the file, leave the sweep out with --sweeps, or state another threshold with --set Threshold=MV",
        )),
    }
}

impl Group<'_> {
    pub(super) fn is_hyperpolarized(&self) -> bool {
        self.total_na < self.holding_na
    }

    /// Whether every repeat has a spike in the step.
    pub(super) fn fires(&self) -> bool {
        self.sweeps.iter().all(|sweep| sweep.n_stimulus_spikes() > 0)
    }

    /// Whether any repeat stops in depolarization block.
    pub(super) fn is_blocked(&self) -> bool {
        self.fires() && self.sweeps.iter().any(is_depolarization_blocked)
    }

    /// Whether any repeat is silent for the rest of the step after its only spike, or for more than two of its longest
    /// intervals.
    pub(super) fn stops(&self) -> bool {
        self.sweeps.iter().any(|sweep| {
            let (start_ms, end_ms) = (sweep.stim_start_ms(), sweep.stim_end_ms());
            let all = sweep.peaks().iter().map(|peak| peak.time_ms);
            let times_ms: Vec<f64> = all.filter(|time_ms| (start_ms..=end_ms).contains(time_ms)).collect();
            let longest_ms = times_ms.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
            times_ms.last().is_some_and(|last_ms| end_ms - last_ms > 2.0 * longest_ms)
        })
    }
}

/// What was decided for all sweeps.
pub(super) fn notes_of(
    groups: &[Group<'_>],
    (asked_na, is_spontaneous): (Option<&[f64]>, bool),
    settings: &RecordingSettings,
) -> Vec<String> {
    let mut notes = Vec::new();
    if is_spontaneous {
        notes.push(
            "the cell fires without current: no sweep is asked to be silent, voltage_base and times to the first \
             spike are left out where spikes precede the step, and its models may have no threshold current"
                .to_owned(),
        );
    }
    let blocked: Vec<String> = groups
        .iter()
        .filter(|group| group.is_blocked())
        .map(|group| format!("{:.3}", group.total_na))
        .collect();
    if asked_na.is_none() && !blocked.is_empty() {
        notes.push(format!("left out: {} nA, which block the cell by depolarization", blocked.join(", ")));
    }
    if let Some(held) = groups.iter().find(|group| group.holding_na.abs() > SAME_HOLDING_NA) {
        notes.push(format!(
            "held at {:.3} nA: a sweep is named by its whole current, its step_na comes on top of the holding current; \
             threshold and F-I slope of the models are measured from no current",
            held.holding_na
        ));
    }
    let (before_ms, after_ms) = settings.kept_ms;
    let is_longer = |sweep: &PreparedSweep<'_>| {
        let times_ms = sweep.times_ms();
        let ends = times_ms.first().zip(times_ms.last());
        ends.is_some_and(|(start_ms, end_ms)| {
            sweep.stim_start_ms() - start_ms > before_ms || end_ms - sweep.stim_end_ms() > after_ms
        })
    };
    if groups.iter().flat_map(|group| &group.sweeps).any(is_longer) {
        notes.push(format!("simulated from {before_ms} ms before the step to {after_ms} ms after it"));
    }
    notes
}

/// Steps of several lengths are several experiments, and what they mean cannot be guessed.
pub(super) fn check_durations(groups: &[Group<'_>]) -> Result<(), Error> {
    let sweeps = groups.iter().flat_map(|group| &group.sweeps);
    let mut durations_ms: Vec<f64> =
        sweeps.map(|sweep| sweep.stim_end_ms() - sweep.stim_start_ms()).collect();
    durations_ms.sort_by(f64::total_cmp);
    durations_ms.dedup_by(|longer, shorter| *longer - *shorter <= SAME_DURATION_MS);
    if durations_ms.len() < 2 {
        return Ok(());
    }
    let all: Vec<String> = durations_ms.iter().map(|duration_ms| format!("{duration_ms:.0}")).collect();
    let what = format!("the steps of the recording are {} ms long", all.join(", "));
    Err(Error::usage(
        what,
        "choose sweeps of one protocol with --sweeps; `noble extract FILE --list` lists them",
    ))
}

pub(super) fn has_earlier_spikes(sweep: &PreparedSweep<'_>) -> bool {
    sweep.peaks().first().is_some_and(|peak| peak.time_ms < sweep.stim_start_ms())
}

pub(super) fn has_later_spikes(sweep: &PreparedSweep<'_>, until_ms: f64) -> bool {
    sweep.peaks().iter().any(|peak| peak.time_ms > sweep.stim_end_ms() && peak.time_ms <= until_ms)
}
