//! Which stimulus was presented while a response was recorded.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::File;
use super::RefusedSweep;
use super::names;
use super::series::{Kind, Rows, Series};
use super::table::{self, Stretch};
use crate::Error;
use crate::recording::NO_CURRENT;

/// A response, or a stretch of it, and its stimulus.
#[derive(Debug, Clone)]
pub(super) struct Pair<'a> {
    pub(super) stimulus: Option<&'a Series>,
    pub(super) response_rows: Rows,
    pub(super) stimulus_rows: Rows,
    /// The response holds several sweeps.
    pub(super) is_part: bool,
    pub(super) notes: Vec<String>,
}

impl<'a> Pair<'a> {
    fn whole(stimulus: Option<&'a Series>, notes: Vec<String>) -> Self {
        Self { stimulus, response_rows: None, stimulus_rows: None, is_part: false, notes }
    }

    /// The name of the series, with the first sample where it holds several sweeps.
    pub(super) fn name(&self, response: &Series) -> String {
        match self.response_rows {
            Some((first, _)) if self.is_part => format!("{}[{first}]", response.name),
            _ => response.name.clone(),
        }
    }
}

/// All that is known about pairs of a file.
pub(super) struct Pairing {
    stimuli: Vec<Series>,
    /// Stretches of the table by address of the response.
    rows: BTreeMap<u64, Vec<(Stretch, Option<Stretch>)>>,
    responses: Vec<Series>,
    /// Places of responses and of stimuli by what is left of their names.
    response_keys: BTreeMap<Vec<String>, Vec<usize>>,
    stimulus_keys: BTreeMap<Vec<String>, Vec<usize>>,
    used: RefCell<BTreeSet<u64>>,
}

impl Pairing {
    pub(super) fn new(file: &File<'_>, responses: &[Series], stimuli: Vec<Series>) -> Result<Self, Error> {
        let mut rows: BTreeMap<u64, Vec<(Stretch, Option<Stretch>)>> = BTreeMap::new();
        for (response, stimulus) in table::read(file)? {
            if let Some(response) = response {
                rows.entry(response.address).or_default().push((response, stimulus));
            }
        }
        let is_driven = |response: &&Series| response.kind == Kind::CurrentClamp;
        let responses: Vec<Series> = responses.iter().filter(is_driven).cloned().collect();
        let mut response_keys: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
        for (idx, response) in responses.iter().enumerate() {
            response_keys.entry(names::key(&response.name)).or_default().push(idx);
        }
        let mut stimulus_keys: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
        for (idx, stimulus) in stimuli.iter().enumerate() {
            if stimulus.kind != Kind::VoltageClamp {
                stimulus_keys.entry(names::key(&stimulus.name)).or_default().push(idx);
            }
        }
        Ok(Self { stimuli, rows, responses, response_keys, stimulus_keys, used: RefCell::default() })
    }

    /// The sweeps of a response: one, or one for every row of the table that names it.
    pub(super) fn pairs(&self, response: &Series) -> Vec<Pair<'_>> {
        if response.kind == Kind::ZeroCurrent {
            return vec![Pair::whole(None, vec![format!("no stimulus: {NO_CURRENT}")])];
        }
        match self.rows.get(&response.address) {
            Some(rows) => rows.iter().map(|row| self.of_row(response, *row, rows.len() > 1)).collect(),
            None => vec![self.of_series(response)],
        }
    }

    fn of_row(&self, response: &Series, row: (Stretch, Option<Stretch>), is_part: bool) -> Pair<'_> {
        let (stretch, stimulus) = row;
        let stimulus = stimulus.filter(|stimulus| stimulus.address != stretch.address);
        let series = stimulus
            .and_then(|stimulus| self.stimuli.iter().find(|series| series.address == stimulus.address));
        let mut pair = match series {
            Some(series) => Pair::whole(Some(series), Vec::new()),
            None => self.of_series(response),
        };
        pair.is_part = is_part;
        pair.response_rows = stretch.rows;
        pair.stimulus_rows = match (series, stimulus) {
            (Some(series), Some(stimulus)) => {
                self.used.borrow_mut().insert(series.address);
                stimulus.rows
            }
            // A stimulus that the table does not name is as long as the whole response, if anything.
            _ => stretch.rows,
        };
        pair
    }

    fn of_series(&self, response: &Series) -> Pair<'_> {
        let by_number = self.by_number(response);
        let found = match by_number {
            Ok(Some(stimulus)) => Some((stimulus, Vec::new())),
            _ => self.by_name(response).or_else(|| self.only(response)),
        };
        match (found, by_number) {
            (Some((stimulus, notes)), _) => {
                self.used.borrow_mut().insert(stimulus.address);
                Pair::whole(Some(stimulus), notes)
            }
            (None, Err(reason)) => Pair::whole(None, vec![format!("no stimulus: {reason}")]),
            (None, Ok(_)) => Pair::whole(None, vec!["no stimulus: none has its number or name".to_owned()]),
        }
    }

    fn currents(&self) -> impl Iterator<Item = &Series> {
        self.stimuli.iter().filter(|stimulus| stimulus.kind != Kind::VoltageClamp)
    }

    /// The stimulus of the same sweep number, and of the same electrode where several have it; `Err` says why it is not
    /// certain.
    fn by_number(&self, response: &Series) -> Result<Option<&Series>, &'static str> {
        let Some(number) = response.sweep_number else { return Ok(None) };
        let has_number = |series: &Series| series.sweep_number == Some(number);
        let others =
            || self.responses.iter().filter(|other| has_number(other) && other.address != response.address);
        let found: Vec<&Series> = self.currents().filter(|stimulus| has_number(stimulus)).collect();
        if found.is_empty() {
            return Ok(None);
        }
        if others().any(|other| other.electrode == response.electrode) {
            return Err("several responses have its number and electrode");
        }
        let same_electrode = |stimulus: &&&Series| stimulus.electrode == response.electrode;
        let of_electrode: Vec<&&Series> = found.iter().filter(same_electrode).collect();
        match (found.as_slice(), of_electrode.as_slice()) {
            (_, [stimulus]) => Ok(Some(stimulus)),
            ([stimulus], _) if stimulus.electrode.is_none() => match others().next() {
                None => Ok(Some(stimulus)),
                Some(_) => Err("several responses have its number and the stimulus names no electrode"),
            },
            ([_], _) => Err("the one of its number has another electrode"),
            _ => Err("several stimuli have its number"),
        }
    }

    /// The only stimulus whose name is the same but for words like `response` and `stimulus` and which states no other
    /// number or electrode, if no other response is so too.
    fn by_name(&self, response: &Series) -> Option<(&Series, Vec<String>)> {
        let key = Some(names::key(&response.name)).filter(|key| !key.is_empty())?;
        let of_name = self.stimulus_keys.get(&key)?.iter().map(|idx| &self.stimuli[*idx]);
        let mut fitting = of_name.filter(|stimulus| may_belong(response, stimulus));
        let stimulus = fitting.next().filter(|_| fitting.next().is_none())?;
        let rivals = self.response_keys.get(&key).into_iter().flatten().map(|idx| &self.responses[*idx]);
        let mut rivals = rivals.filter(|other| other.address != response.address);
        if rivals.any(|other| may_belong(other, stimulus)) {
            return None;
        }
        Some((stimulus, vec![format!("stimulus {} is paired by its name", stimulus.name)]))
    }

    /// The only stimulus of the only response.
    fn only(&self, response: &Series) -> Option<(&Series, Vec<String>)> {
        let mut currents = self.currents();
        let stimulus = currents.next().filter(|_| currents.next().is_none() && self.responses.len() == 1)?;
        may_belong(response, stimulus)
            .then(|| (stimulus, vec![format!("stimulus {} is the only one", stimulus.name)]))
    }

    /// Stimuli of current clamp that no response was found for.
    pub(super) fn unpaired(&self) -> Vec<RefusedSweep> {
        let used = self.used.borrow();
        let is_left =
            |stimulus: &&Series| stimulus.kind == Kind::CurrentClamp && !used.contains(&stimulus.address);
        let left = self.stimuli.iter().filter(is_left);
        left.map(|stimulus| stimulus.refused("a stimulus without a response")).collect()
    }
}

/// Whether response and stimulus state no different sweep numbers or electrodes.
fn may_belong(response: &Series, stimulus: &Series) -> bool {
    let numbers = response.sweep_number.zip(stimulus.sweep_number);
    let electrodes = response.electrode.as_ref().zip(stimulus.electrode.as_ref());
    numbers.is_none_or(|(ours, theirs)| ours == theirs)
        && electrodes.is_none_or(|(ours, theirs)| ours == theirs)
}
