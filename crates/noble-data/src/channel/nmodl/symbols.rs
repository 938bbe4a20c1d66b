//! What the names of an NMODL file stand for before any statement has run.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{Declared, File, Formula, StatementKind, UseIon};
use super::problem::Problem;
use super::simplify::{binary, name, number};
use super::units;
use crate::channel::check::has_unit;
use crate::channel::parse::IF;
use crate::channel::{BUILT_IN_NAMES, BinaryOperator, Expression, Function, Ion, ParameterSpec, Range};

/// What a written variable of an ion or a nonspecific current carries.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CurrentName {
    pub(super) name: String,
    pub(super) ion: Option<Ion>,
}

/// Names of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Symbols {
    /// Values that names have from the start.
    pub(super) values: BTreeMap<String, Expression>,
    /// Global parameters: constants, under their own name.
    pub(super) constants: Vec<(String, f64)>,
    pub(super) parameters: Vec<ParameterSpec>,
    pub(super) currents: Vec<CurrentName>,
    /// Variable in the file that is the concentration it owns.
    pub(super) owned_calcium: Option<String>,
    /// State in the file and its name here.
    pub(super) states: Vec<(String, String)>,
    /// Names of ions and constants that cannot be read, and why; a problem only where a result depends on them.
    pub(super) unreadable: BTreeMap<String, Problem>,
    /// Names that are not free any more.
    pub(super) taken: BTreeSet<String>,
    pub(super) problems: Vec<Problem>,
}

/// Finds the meaning of every declared name.
pub(super) fn symbols(file: &File, notes: &mut Vec<String>) -> Symbols {
    let mut symbols = Symbols::default();
    symbols.taken.extend(BUILT_IN_NAMES.iter().map(|(name, _)| (*name).to_owned()));
    symbols.taken.extend(Function::ALL.iter().map(|function| function.name().to_owned()));
    symbols.taken.insert(IF.to_owned());
    for built_in in ["v", "celsius"] {
        symbols.values.insert(built_in.to_owned(), name(built_in));
    }
    for (theirs, (line, constant)) in &file.unit_constants {
        let remedy = "write its value";
        match units::constant(constant) {
            Some(value) => drop(symbols.values.insert(theirs.clone(), value)),
            None => {
                let problem = Problem::new(*line, format!("constant {theirs} of UNITS"), remedy);
                symbols.unreadable.insert(theirs.clone(), problem);
            }
        }
    }
    for ion in &file.ions {
        symbols.ion(ion, notes);
    }
    symbols
        .currents
        .extend(file.nonspecific.iter().map(|name| CurrentName { name: name.clone(), ion: None }));
    symbols.find_owned_calcium(file);
    let is_owned = |state: &&Declared| Some(&state.name) != symbols.owned_calcium.as_ref();
    let states: Vec<String> = file.states.iter().filter(is_owned).map(|one| one.name.clone()).collect();
    for state in states {
        let ours = symbols.fresh(&state);
        if ours != state {
            notes.push(format!("state {state} is {ours}"));
        }
        symbols.values.insert(state.clone(), name(ours.clone()));
        symbols.states.push((state, ours));
    }
    symbols.declared(file, notes);
    symbols
}

impl Symbols {
    /// The state that is the written concentration: of that name, or one that is copied to it.
    fn find_owned_calcium(&mut self, file: &File) {
        let Some(written) = self.owned_calcium.take() else { return };
        let is_state = |name: &str| file.states.iter().any(|state| state.name == name);
        let bodies = file.routines.values().map(|routine| &routine.body).chain([&file.breakpoint]);
        let copied = bodies.flatten().find_map(|statement| match &statement.kind {
            StatementKind::Assign { name, value: Formula::Name(state) } if *name == written => {
                Some(state.clone())
            }
            _ => None,
        });
        let owned =
            if is_state(&written) { Some(written.clone()) } else { copied.filter(|name| is_state(name)) };
        match owned {
            Some(state) => {
                self.values.insert(state.clone(), name("calcium_millimolar"));
                self.owned_calcium = Some(state);
            }
            None => {
                let line =
                    file.ions.iter().find(|ion| ion.writes.contains(&written)).map_or(1, |ion| ion.line);
                let remedy = format!("make {written} a state, or set it to one");
                self.problems.push(Problem::new(line, format!("WRITE {written}, which is no state"), remedy));
            }
        }
    }

    /// A name that is not taken, as near as possible to the wish; taken from now on.
    pub(super) fn fresh(&mut self, wish: &str) -> String {
        let mut candidate = wish.to_owned();
        let mut n_tries = 1;
        while !self.taken.insert(candidate.clone()) {
            n_tries += 1;
            candidate = format!("{wish}_{n_tries}");
        }
        candidate
    }

    fn ion(&mut self, ion: &UseIon, notes: &mut Vec<String>) {
        let known = match ion.name.as_str() {
            "na" => Some(Ion::Sodium),
            "k" => Some(Ion::Potassium),
            "ca" => Some(Ion::Calcium),
            _ => None,
        };
        let (reversal, current) = (format!("e{}", ion.name), format!("i{}", ion.name));
        let (inside, outside) = (format!("{}i", ion.name), format!("{}o", ion.name));
        let is_calcium = known == Some(Ion::Calcium);
        for read in &ion.reads {
            let value = match known {
                Some(known) if *read == reversal => Some(name(known.reversal_name())),
                Some(Ion::Calcium) if *read == inside => Some(name("calcium_millimolar")),
                Some(Ion::Calcium) if *read == outside => Some(name("calcium_outside_millimolar")),
                Some(Ion::Calcium) if *read == current => Some(name("calcium_current_ma_per_cm2")),
                None if *read == reversal => Some(self.foreign_reversal(ion, notes)),
                _ => None,
            };
            match value {
                Some(value) => drop(self.values.insert(read.clone(), value)),
                None => drop(self.unreadable.insert(read.clone(), cannot(ion, &format!("READ {read}")))),
            }
        }
        for write in &ion.writes {
            if *write == current {
                self.currents.push(CurrentName { name: write.clone(), ion: known });
            } else if is_calcium && *write == inside {
                self.owned_calcium = Some(write.clone());
                self.values.insert(write.clone(), name("calcium_millimolar"));
            } else {
                self.problems.push(cannot(ion, &format!("WRITE {write}")));
            }
        }
        if known.is_none() && !ion.writes.is_empty() {
            notes.push(format!("ion {} is unknown here: its current counts for no ion", ion.name));
        }
    }

    /// The reversal potential of an unknown ion is a parameter that the cell must set.
    fn foreign_reversal(&mut self, ion: &UseIon, notes: &mut Vec<String>) -> Expression {
        let ours = self.fresh(&format!("e{}_mv", ion.name));
        notes.push(format!("e{} is parameter {ours}, which the cell must set", ion.name));
        self.parameters.push(ParameterSpec { name: ours.clone(), default: None, range: Range::Any });
        name(ours)
    }

    /// Parameters of PARAMETER and CONSTANT; what a RANGE names can be set per section.
    fn declared(&mut self, file: &File, notes: &mut Vec<String>) {
        for one in &file.parameters {
            let is_known = self.values.contains_key(&one.name);
            let is_written = self.currents.iter().any(|current| current.name == one.name);
            if is_known || is_written || matches!(one.name.as_str(), "dt" | "t") {
                continue;
            }
            if file.ranges.contains(&one.name) || file.globals.contains(&one.name) {
                if file.globals.contains(&one.name) {
                    notes.push(format!("GLOBAL {} can be set for each section here", one.name));
                }
                self.parameter(one, file, notes);
            } else {
                let (text, unit) = (one.value.unwrap_or_default(), shown_unit(one));
                notes.push(format!(
                    "parameter {}{unit} is the constant {text}; name it in RANGE to let a cell set it",
                    one.name
                ));
                self.constants.push((one.name.clone(), text));
            }
        }
        let constants = file.constants.iter().map(|one| (one.name.clone(), one.value.unwrap_or_default()));
        self.constants.extend(constants);
    }

    fn parameter(&mut self, one: &Declared, file: &File, notes: &mut Vec<String>) {
        let ending = one.unit.as_deref().and_then(units::ending);
        let suffix = file.suffix.as_deref().unwrap_or_default();
        let stem = if one.name == format!("g{suffix}bar") { "gbar" } else { one.name.as_str() };
        let wish = match ending {
            Some((ending, _)) if !stem.ends_with(ending) => format!("{stem}{ending}"),
            _ => stem.to_owned(),
        };
        let ours = self.fresh(&wish);
        if ours != one.name {
            notes.push(format!("{}{} is {ours}", one.name, shown_unit(one)));
        }
        let factor = ending.map_or(1.0, |(_, factor)| factor);
        if ending.is_none() && one.unit.as_deref().is_some_and(|unit| unit != "1") {
            let unit = shown_unit(one);
            notes.push(format!("unit{unit} of {} has no ending here: declared without unit", one.name));
        }
        let default = one.value.unwrap_or_default() * factor;
        let is_conductance = ours.ends_with("_s_per_cm2") && default >= 0.0;
        let is_not_negative = is_conductance || one.is_bounded_by_zero && default >= 0.0;
        let range = if is_not_negative { Range::NotNegative } else { Range::Any };
        if ending.is_none() && has_unit(&ours) {
            notes.push(format!("the unit of {ours} is taken from its name"));
        }
        self.parameters.push(ParameterSpec { name: ours.clone(), default: Some(default), range });
        let value = binary(BinaryOperator::Divide, name(ours), number(factor));
        self.values.insert(one.name.clone(), value);
    }
}

fn cannot(ion: &UseIon, what: &str) -> Problem {
    let remedy = "use reversal potentials, currents, and the concentration of calcium alone";
    Problem::new(ion.line, format!("USEION {} {what}", ion.name), remedy)
}

fn shown_unit(one: &Declared) -> String {
    one.unit.as_ref().map_or(String::new(), |unit| format!(" ({unit})"))
}
