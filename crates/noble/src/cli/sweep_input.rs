//! Options that say how a file of sweeps is read, and the words about what was assumed.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args, ValueEnum};
use noble_data::sweeps::StimulusWindow;
use noble_features::{Mode, Settings};

use super::terminal::{counted, words};
use crate::Error;
use crate::sweep_file::{SweepFile, SweepSelection};

#[derive(Debug, Args)]
pub(super) struct SweepInputArgs {
    /// Sweeps of the file by place (0,3,5-9) or name [default: all]
    #[arg(long, value_name = "SWEEP,…", value_delimiter = ',')]
    sweeps: Option<Vec<String>>,
    /// Onset of the stimulus, in place of that of the file
    #[arg(long, value_name = "MS", requires = "stim_end_ms", allow_hyphen_values = true)]
    stim_start_ms: Option<f64>,
    /// End of the stimulus, in place of that of the file
    #[arg(long, value_name = "MS", requires = "stim_start_ms", allow_hyphen_values = true)]
    stim_end_ms: Option<f64>,
    /// Liquid junction potential to subtract from every voltage; never subtracted without this
    #[arg(long, value_name = "MV", allow_hyphen_values = true)]
    liquid_junction_mv: Option<f64>,
}

/// Options that say how features are defined.
#[derive(Debug, Args)]
pub(super) struct DefinitionArgs {
    /// eFEL's resampling, or the recorded samples with places between them
    #[arg(long, value_enum, default_value = "efel")]
    mode: ModeArg,
    /// eFEL's settings by name, such as Threshold=-30 or interp_step=0.02
    #[arg(long, value_name = "NAME=VALUE,…", value_delimiter = ',', allow_hyphen_values = true)]
    set: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModeArg {
    /// Resampled as eFEL does: its numbers
    Efel,
    /// As recorded: peaks, minima and crossings between samples
    Precise,
}

impl DefinitionArgs {
    /// The settings that were typed.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        let mode = match self.mode {
            ModeArg::Efel => Mode::Efel,
            ModeArg::Precise => Mode::Precise,
        };
        let mut settings = Settings { mode, ..Settings::default() };
        for typed in &self.set {
            let Some((name, value)) = typed.split_once('=') else {
                return Err(Error::usage(format!("--set {typed} has no value"), "write it as NAME=VALUE"));
            };
            settings.set(name.trim(), value.trim())?;
        }
        settings.check()?;
        Ok(settings)
    }

    /// Whether anything was typed that needs a file.
    pub(super) fn is_typed(&self) -> bool {
        !self.set.is_empty() || matches!(self.mode, ModeArg::Precise)
    }
}

impl SweepInputArgs {
    /// The chosen sweeps of a file, with what was typed about them.
    pub(super) fn read(&self, path: &Path) -> Result<SweepFile, Error> {
        let mut file = SweepFile::read(path)?;
        if file.sweeps.is_empty() {
            return Err(without_sweeps(path, &file));
        }
        if let Some(sweeps) = &self.sweeps {
            SweepSelection::new(sweeps.clone()).choose(&mut file)?;
        }
        if let (Some(start_ms), Some(end_ms)) = (self.stim_start_ms, self.stim_end_ms) {
            if !(start_ms.is_finite() && end_ms.is_finite() && end_ms > start_ms) {
                let what = format!("stimulus from {start_ms} ms to {end_ms} ms");
                return Err(Error::usage(what, "give a finite end after a finite start"));
            }
            file.set_window(StimulusWindow { start_ms, end_ms });
        }
        match self.liquid_junction_mv {
            Some(junction_mv) if !junction_mv.is_finite() => {
                let what = format!("--liquid-junction-mv is {junction_mv}");
                return Err(Error::usage(what, "give a finite potential in mV, such as 14"));
            }
            Some(junction_mv) => file.subtract_junction_mv(junction_mv),
            None => {}
        }
        Ok(file)
    }

    /// Whether anything was typed that needs a file.
    pub(super) fn is_typed(&self) -> bool {
        self.sweeps.is_some() || self.stim_start_ms.is_some() || self.liquid_junction_mv.is_some()
    }

    /// What the file is and what was assumed, each note once with the sweeps it is about.
    pub(super) fn introduce(&self, path: &Path, file: &SweepFile) {
        words(&format!("{}: {}, {}", path.display(), file.format, counted(file.sweeps.len(), "sweep")));
        match (self.stim_start_ms, self.stim_end_ms) {
            (Some(start_ms), Some(end_ms)) => {
                words(&format!("stimulus from {start_ms} to {end_ms} ms, as typed"));
            }
            _ => file.notes.iter().for_each(|note| words(&format!("note: {note}"))),
        }
        let notes = file
            .sweeps
            .iter()
            .flat_map(|sweep| sweep.notes.iter().map(|note| (note.as_str(), sweep.sweep_idx)));
        for (note, sweeps) in gathered(notes) {
            words(&format!("note: {}: {note}", places(&sweeps, file.sweeps.len())));
        }
        for reason in refusals(file) {
            words(&format!("note: left out {reason}"));
        }
    }
}

/// Why a file has no sweep: its notes, and each reason with the first series that it refused.
fn without_sweeps(path: &Path, file: &SweepFile) -> Error {
    let reasons: Vec<String> = file.notes.iter().cloned().chain(refusals(file)).collect();
    let reasons = if reasons.is_empty() { "it names none".to_owned() } else { reasons.join(", ") };
    let what = format!("{} ({}) holds no sweep of voltage: {reasons}", path.display(), file.format);
    Error::usage(what, "give a recording under current clamp, or mend what is named")
}

/// Each reason of refusal once, with the series it is about.
fn refusals(file: &SweepFile) -> Vec<String> {
    let reasons = file.refused.iter().enumerate().map(|(idx, refused)| (refused.reason.as_str(), idx));
    let told = |(reason, series): (&str, Vec<usize>)| {
        let first = &file.refused[series[0]].name;
        match series.len() {
            1 => format!("{first}: {reason}"),
            n => format!("{first} and {} more: {reason}", n - 1),
        }
    };
    gathered(reasons).into_iter().map(told).collect()
}

/// Notes in the order they first come, each with the sweeps it is about.
pub(super) fn gathered<'a>(notes: impl Iterator<Item = (&'a str, usize)>) -> Vec<(&'a str, Vec<usize>)> {
    let mut gathered: Vec<(&str, Vec<usize>)> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for (note, sweep_idx) in notes {
        let place = *known.entry(note).or_insert_with(|| {
            gathered.push((note, Vec::new()));
            gathered.len() - 1
        });
        gathered[place].1.push(sweep_idx);
    }
    gathered
}

/// Sweeps in few words: `all sweeps`, `sweep 3`, `sweeps 0, 2-5`.
pub(super) fn places(sweeps: &[usize], n_all: usize) -> String {
    if sweeps.len() == n_all && n_all > 1 {
        return "all sweeps".to_owned();
    }
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for sweep_idx in sweeps {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *sweep_idx => *last = *sweep_idx,
            _ => ranges.push((*sweep_idx, *sweep_idx)),
        }
    }
    let text = |(first, last): &(usize, usize)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    let thing = if sweeps.len() == 1 { "sweep" } else { "sweeps" };
    format!("{thing} {}", ranges.iter().map(text).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshot_sweeps_in_few_words() {
        assert_eq!(places(&[0, 1, 2], 3), "all sweeps");
        assert_eq!(places(&[0], 1), "sweep 0");
        assert_eq!(places(&[0, 2, 3, 4, 7], 9), "sweeps 0, 2-4, 7");
    }

    #[test]
    fn invariant_a_note_is_said_once() {
        let notes = [("a", 0), ("b", 0), ("a", 1)];
        assert_eq!(gathered(notes.into_iter()), [("a", vec![0, 1]), ("b", vec![0])]);
    }
}
