//! Which sweeps of a file are meant.

use super::{FileSweep, SweepFile};
use crate::Error;

/// Sweeps by place, range of places, or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepSelection(Vec<String>);

impl SweepSelection {
    /// A selection as typed: `3`, `0-5`, or a name.
    #[must_use]
    pub fn new(typed: Vec<String>) -> Self {
        Self(typed)
    }

    /// Leaves the chosen sweeps in the file, in its order.
    ///
    /// # Errors
    /// [`Error::Usage`] for an entry that chooses no sweep.
    pub fn choose(&self, file: &mut SweepFile) -> Result<(), Error> {
        for entry in &self.0 {
            if !file.sweeps.iter().any(|sweep| is_meant(entry, sweep)) {
                let what = format!("no sweep is {entry}: the file has {}", described(file));
                return Err(Error::usage(what, "give places such as 0,3,5-9, or names"));
            }
        }
        let names: Vec<String> = file.sweeps.iter().map(|sweep| sweep.name.clone()).collect();
        // A name comes before a place: of sweeps named 1, 2, 3 the entry 2 is the second.
        let is_chosen = |sweep: &FileSweep| {
            self.0.iter().any(|entry| match names.contains(entry) {
                true => sweep.name == *entry,
                false => is_meant(entry, sweep),
            })
        };
        file.sweeps.retain(is_chosen);
        Ok(())
    }
}

fn is_meant(entry: &str, sweep: &FileSweep) -> bool {
    let is_place = |text: &str| text.parse() == Ok(sweep.sweep_idx);
    let is_in = |(first, last): (&str, &str)| match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) => (first..=last).contains(&sweep.sweep_idx),
        _ => false,
    };
    sweep.name == entry || is_place(entry) || entry.split_once('-').is_some_and(is_in)
}

fn described(file: &SweepFile) -> String {
    match (file.sweeps.first(), file.sweeps.last()) {
        (Some(first), Some(last)) if first.sweep_idx != last.sweep_idx => {
            format!(
                "sweeps {} to {}, from {:?} to {:?}",
                first.sweep_idx, last.sweep_idx, first.name, last.name
            )
        }
        (Some(only), _) => format!("one sweep, {:?}", only.name),
        _ => "none".to_owned(),
    }
}
