//! `parameters.json` with `mechanisms.json` to a space of parameters.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Amount, Entry, Subject};
use super::{CellSettings, MECHANISMS, PARAMETERS, parse, wrong};
use crate::Error;
use crate::cell_model::bluepyopt::{SECTION_LISTS, kinds_of};
use crate::cell_model::mechanism_names::LEAK;
use crate::cell_model::{
    CELL_FORMAT_VERSION, CellModel, Distribution, FieldReport, SectionKind, SectionParameters,
};
use crate::fitting::{FIT_SPACE_FORMAT_VERSION, FreeParameter, ParameterSpace, ParameterTarget};

/// Mechanisms of each kind of section.
type Inserted = BTreeMap<SectionKind, BTreeSet<String>>;

/// Reads what BluePyOpt varies and what it holds.
///
/// Entries apply in order, so that one for `apical` overrides an earlier one for `all` there and leaves the other kinds
/// of section to it. Without `mechanisms_json` a section has the mechanisms it gets values for.
///
/// # Errors
/// [`Error::Json`] with the entry and the remedy for another layout, unknown names, section lists or distributions,
/// parameters of mechanisms that are not inserted, one name twice, and what [`ParameterSpace::check`] refuses.
///
/// # Source
/// BluePyOpt `examples/l5pc/l5pc_model.py` at 2228979.
pub fn read_parameters(
    parameters_json: &[u8],
    mechanisms_json: Option<&[u8]>,
    settings: &CellSettings,
) -> Result<(ParameterSpace, FieldReport), Error> {
    let value = parse(PARAMETERS, parameters_json)?;
    let list = value.as_array();
    let list = list.ok_or_else(|| wrong(PARAMETERS, "file", "is no list", "write a list of parameters"))?;
    let entries: Vec<Entry> =
        list.iter().enumerate().map(|(idx, entry)| Entry::read(idx, entry)).collect::<Result<_, _>>()?;
    check_names(&entries)?;
    let mut report = FieldReport::default();
    let inserted = match mechanisms_json {
        Some(bytes) => Some(read_mechanisms(bytes, &mut report)?),
        None => {
            report.assumed.push("mechanisms: a section has those it gets values for".to_owned());
            None
        }
    };
    let mut space = empty_space(settings, inserted.as_ref());
    assume_globals(&entries, settings, &mut report);
    let last = last_entries(&entries);
    for (idx, entry) in entries.iter().enumerate() {
        for key in &entry.unknown_keys {
            report.ignored.push(format!("{}.{key}: not known", entry.place));
        }
        place(entry, idx, (&last, inserted.as_ref()), &mut space, &mut report)?;
    }
    space.check()?;
    Ok((space, report))
}

fn check_names(entries: &[Entry]) -> Result<(), Error> {
    let mut names = BTreeSet::new();
    match entries.iter().find(|entry| !names.insert(entry.name.as_str())) {
        None => Ok(()),
        Some(twice) => Err(wrong(PARAMETERS, &twice.place, "occurs twice", "keep one")),
    }
}

fn read_mechanisms(bytes: &[u8], report: &mut FieldReport) -> Result<Inserted, Error> {
    let value = parse(MECHANISMS, bytes)?;
    let remedy = "write an object of section lists with names of mechanisms";
    let object = value.as_object().ok_or_else(|| wrong(MECHANISMS, "file", "is no object", remedy))?;
    let mut inserted = Inserted::new();
    for (list, names) in object {
        let kinds = kinds_of(list).ok_or_else(|| {
            let known: Vec<&str> = SECTION_LISTS.iter().map(|(known, _)| *known).collect();
            let remedy = format!("name one of {}", known.join(", "));
            wrong(MECHANISMS, list, "section list is unknown", &remedy)
        })?;
        let names = names.as_array().ok_or_else(|| wrong(MECHANISMS, list, "is no list", remedy))?;
        for name in names {
            let name = name.as_str().ok_or_else(|| wrong(MECHANISMS, list, "holds no name", remedy))?;
            for kind in kinds {
                inserted.entry(*kind).or_default().insert(name.to_owned());
            }
        }
        report.used.push(format!("mechanisms of {list}"));
    }
    Ok(inserted)
}

/// The cell that no entry has touched.
fn empty_space(settings: &CellSettings, inserted: Option<&Inserted>) -> ParameterSpace {
    let leak = &SectionParameters::default().mechanisms[LEAK];
    let section = |kind: SectionKind| {
        let names = inserted.and_then(|all| all.get(&kind)).into_iter().flatten();
        let given = |name: &String| if name == LEAK { leak.clone() } else { BTreeMap::new() };
        let mechanisms = names.map(|name| (name.clone(), given(name))).collect();
        (kind, SectionParameters { mechanisms, ..SectionParameters::default() })
    };
    let base = CellModel {
        format_version: CELL_FORMAT_VERSION,
        name: settings.name.clone(),
        mechanism_set: settings.mechanism_set.clone(),
        axon_rule: settings.axon_rule,
        temperature_celsius: settings.temperature_celsius,
        initial_voltage_mv: settings.initial_voltage_mv,
        sections: SectionKind::ALL.into_iter().map(section).collect(),
    };
    ParameterSpace { format_version: FIT_SPACE_FORMAT_VERSION, base, free: Vec::new() }
}

fn assume_globals(entries: &[Entry], settings: &CellSettings, report: &mut FieldReport) {
    let has = |is_it: fn(&Subject) -> bool| entries.iter().any(|entry| is_it(&entry.subject));
    if !has(|subject| matches!(subject, Subject::Temperature)) {
        report.assumed.push(format!("celsius: {} °C", settings.temperature_celsius));
    }
    if !has(|subject| matches!(subject, Subject::InitialVoltage)) {
        report.assumed.push(format!("v_init: {} mV", settings.initial_voltage_mv));
    }
    report.assumed.push(format!("mechanism set {}", settings.mechanism_set));
    report.assumed.push(format!("axon rule {}", settings.axon_rule.name()));
}

/// Which entry holds for a number of a kind of section.
type Last<'e> = BTreeMap<(SectionKind, &'e ParameterTarget), usize>;

fn last_entries(entries: &[Entry]) -> Last<'_> {
    let mut last = Last::new();
    for (idx, entry) in entries.iter().enumerate() {
        if let Subject::Sections { kinds, target, .. } = &entry.subject {
            last.extend(kinds.iter().map(|kind| ((*kind, target), idx)));
        }
    }
    last
}

/// Puts one entry where no later one holds.
fn place(
    entry: &Entry,
    idx: usize,
    (last, inserted): (&Last<'_>, Option<&Inserted>),
    space: &mut ParameterSpace,
    report: &mut FieldReport,
) -> Result<(), Error> {
    let (kinds, target, distribution) = match (&entry.subject, &entry.amount) {
        (Subject::Sections { kinds, target, distribution }, _) => (*kinds, target, distribution),
        (subject, Amount::Frozen(value)) => {
            match subject {
                Subject::Temperature => space.base.temperature_celsius = *value,
                _ => space.base.initial_voltage_mv = *value,
            }
            report.used.push(entry.place.clone());
            return Ok(());
        }
        (_, Amount::Free(_)) => return Err(wrong(PARAMETERS, &entry.place, "has bounds", "give its value")),
    };
    check_inserted(entry, (kinds, target), inserted)?;
    let (own, overridden): (Vec<SectionKind>, Vec<SectionKind>) =
        kinds.iter().partition(|kind| last.get(&(**kind, target)) == Some(&idx));
    for kind in &overridden {
        let later = last.get(&(*kind, target)).copied().unwrap_or_default();
        report.ignored.push(format!("{}: {} is overridden by parameters[{later}]", entry.place, kind.name()));
    }
    if own.is_empty() {
        return Ok(());
    }
    report.used.push(entry.place.clone());
    set(&own, target, (&entry.amount, distribution.as_ref()), space);
    Ok(())
}

fn set(
    kinds: &[SectionKind],
    target: &ParameterTarget,
    (amount, distribution): (&Amount, Option<&Distribution>),
    space: &mut ParameterSpace,
) {
    match amount {
        Amount::Free(bounds) => {
            let free = FreeParameter::new(kinds, target.clone(), *bounds);
            space.free.push(FreeParameter { distribution: distribution.cloned(), ..free });
        }
        Amount::Frozen(value) => {
            let sections = space.base.sections.iter_mut().filter(|(kind, _)| kinds.contains(kind));
            for (_, section) in sections {
                target.set_in(section, *value);
                if let (ParameterTarget::Mechanism { mechanism, parameter }, Some(formula)) =
                    (target, distribution)
                {
                    let own = section.distributions.entry(mechanism.clone()).or_default();
                    own.insert(parameter.clone(), formula.clone());
                }
            }
        }
    }
}

fn check_inserted(
    entry: &Entry,
    (kinds, target): (&[SectionKind], &ParameterTarget),
    inserted: Option<&Inserted>,
) -> Result<(), Error> {
    let (ParameterTarget::Mechanism { mechanism, .. }, Some(inserted)) = (target, inserted) else {
        return Ok(());
    };
    let lacks = |kind: &&SectionKind| !inserted.get(*kind).is_some_and(|names| names.contains(mechanism));
    match kinds.iter().find(lacks) {
        None => Ok(()),
        Some(kind) => {
            let what = format!("{mechanism} is not inserted in {}", kind.name());
            let remedy = format!("add it to {MECHANISMS}, or leave the parameter out");
            Err(wrong(PARAMETERS, &entry.place, what, &remedy))
        }
    }
}
