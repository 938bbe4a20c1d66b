//! The state of running an NMODL file on formulas in place of numbers.
//!
//! Every assignment that computes something becomes a let, so that formulas stay as small as the file wrote them.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{File, Formula};
use super::problem::Problem;
use super::simplify::{Shift, extent, name, number};
use super::symbols::Symbols;
use crate::channel::{Expression, Let, TemperatureFactor};

/// Marks a name without value; such a name matters only where a result depends on it.
const UNKNOWN: char = '?';

/// Steps of work allowed: procedures calling procedures can multiply without end.
const MOST_STEPS: usize = 400_000;

/// Lets allowed.
const MOST_LETS: usize = 2000;

/// Statements and formulas within each other, over all calls; each takes some of the stack.
const DEEPEST_NESTING: usize = 250;

/// Parts of a function's value beyond which it gets a name of its own.
const LARGEST_UNNAMED: usize = 60;

/// Values of variables at one point of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Variables of the file; derivatives under the state's name with a prime.
    pub(super) globals: BTreeMap<String, Expression>,
    /// Arguments and LOCAL variables; `None` before the first assignment.
    pub(super) locals: BTreeMap<String, Option<Expression>>,
    /// Variable that holds the value of the function that runs.
    pub(super) result: Option<String>,
}

/// One transition of a KINETIC block.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reaction {
    pub(super) line: usize,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) forward: Expression,
    pub(super) backward: Expression,
}

/// Why a name has no value.
pub(super) struct Unknown {
    pub(super) problem: Problem,
    /// Whether a statement that could not be read may have set it.
    pub(super) is_unset: bool,
}

/// A statement that steps off a singular point, left out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Guard {
    pub(super) line: usize,
    /// Formulas that are zero at the singular points.
    pub(super) zeros: Vec<Expression>,
}

pub(super) struct Machine<'f> {
    pub(super) file: &'f File,
    pub(super) symbols: Symbols,
    pub(super) lets: Vec<Let>,
    pub(super) temperature: Option<TemperatureFactor>,
    pub(super) reactions: Vec<Reaction>,
    /// Equations of LINEAR blocks, each zero.
    pub(super) equations: Vec<(usize, Expression)>,
    /// What CONSERVE names, each zero.
    pub(super) conserved: Vec<(usize, Expression)>,
    pub(super) guards: Vec<Guard>,
    pub(super) keeps_guards: bool,
    pub(super) problems: Vec<Problem>,
    /// What a user should know.
    pub(super) notes: Vec<String>,
    pub(super) is_initial: bool,
    /// Whether a block runs that SOLVE names.
    pub(super) is_solving: bool,
    /// Whether INITIAL solves for the steady state.
    pub(super) starts_steady: bool,
    /// Lines where states and currents get their values.
    pub(super) line_by_name: BTreeMap<String, usize>,
    /// Whether a variable was last set in a block that SOLVE names.
    set_by_solving: BTreeMap<String, bool>,
    /// Statements and formulas around the one that runs.
    pub(super) n_nested: usize,
    /// Statements that could not be read.
    pub(super) n_unread: usize,
    /// The name that a let would have if it were free.
    pub(super) wish_by_let: BTreeMap<String, String>,
    /// Choices around the statement that runs.
    pub(super) n_choices: usize,
    pub(super) steps_left: usize,
    /// Whether a function of the file is a linoid, and the sign of its first argument.
    pub(super) linoids: BTreeMap<String, Option<f64>>,
    unknown: BTreeMap<String, Unknown>,
    /// Let by the text of its value, so that the same value gets one name.
    let_by_text: BTreeMap<String, String>,
    reach: BTreeMap<String, BTreeSet<String>>,
}

impl<'f> Machine<'f> {
    pub(super) fn new(file: &'f File, symbols: Symbols, keeps_guards: bool) -> Self {
        let mut machine = Self {
            file,
            symbols,
            lets: Vec::new(),
            temperature: None,
            reactions: Vec::new(),
            equations: Vec::new(),
            conserved: Vec::new(),
            guards: Vec::new(),
            keeps_guards,
            problems: Vec::new(),
            notes: Vec::new(),
            is_initial: false,
            is_solving: false,
            starts_steady: false,
            line_by_name: BTreeMap::new(),
            set_by_solving: BTreeMap::new(),
            n_nested: 0,
            n_unread: 0,
            wish_by_let: BTreeMap::new(),
            n_choices: 0,
            steps_left: MOST_STEPS,
            linoids: BTreeMap::new(),
            unknown: BTreeMap::new(),
            let_by_text: BTreeMap::new(),
            reach: BTreeMap::new(),
        };
        for (theirs, value) in std::mem::take(&mut machine.symbols.constants) {
            let named = machine.named(&theirs, number(value));
            machine.symbols.values.insert(theirs, named);
        }
        machine
    }

    /// Spends steps of work.
    pub(super) fn spend(&mut self, n_steps: usize, line: usize) -> Result<(), Problem> {
        if self.lets.len() > MOST_LETS || self.n_nested > DEEPEST_NESTING {
            return Err(Problem::new(
                line,
                "the file is too large or too deep",
                "call procedures less deeply",
            ));
        }
        let left = self.steps_left.checked_sub(n_steps.max(1));
        self.steps_left =
            left.ok_or_else(|| Problem::new(line, "the file runs too long", "call procedures less deeply"))?;
        Ok(())
    }

    /// Tells the user something, once.
    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(super) fn complain(&mut self, line: usize, what: impl Into<String>, remedy: impl Into<String>) {
        let problem = Problem::new(line, what, remedy);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// A value that nobody knows; a problem only where a result depends on it.
    pub(super) fn unknown(&mut self, line: usize, what: String, remedy: impl Into<String>) -> Expression {
        let key = format!("{UNKNOWN}{what}");
        let problem = Problem::new(line, what, remedy);
        self.unknown.entry(key.clone()).or_insert(Unknown { problem, is_unset: false });
        name(key)
    }

    /// A variable read before it is set.
    pub(super) fn unset(&mut self, line: usize, variable: &str, remedy: &'static str) -> Expression {
        let what = format!("{variable} is read before it is set");
        let key = format!("{UNKNOWN}{what}");
        let problem = Problem::new(line, what, remedy);
        self.unknown.entry(key.clone()).or_insert(Unknown { problem, is_unset: true });
        name(key)
    }

    /// Why a name has no value, where it is one of those.
    pub(super) fn why_unknown(&self, name: &str) -> Option<&Unknown> {
        self.unknown.get(name)
    }

    pub(super) fn read(&mut self, variable: &str, scope: &Scope, line: usize) -> Expression {
        match scope.locals.get(variable) {
            Some(Some(value)) => return value.clone(),
            Some(None) => return self.unset(line, variable, "set it before"),
            None => {}
        }
        if let Some(value) = scope.globals.get(variable) {
            self.note_other_time(variable, value, line);
            return value.clone();
        }
        if let Some(value) = self.symbols.values.get(variable) {
            return value.clone();
        }
        if let Some(problem) = self.symbols.unreadable.get(variable).cloned() {
            return self.unknown(problem.line, problem.what, problem.remedy);
        }
        match variable {
            "t" | "dt" | "diam" | "area" => {
                let remedy = "let v, celsius and calcium alone decide";
                self.unknown(line, format!("a result depends on {variable}"), remedy)
            }
            _ => self.unset(line, variable, "set it in the same block, or declare it in PARAMETER"),
        }
    }

    /// NEURON runs what SOLVE names after the step and the rest of BREAKPOINT before it.
    fn note_other_time(&mut self, variable: &str, value: &Expression, line: usize) {
        let is_set_by_solving = self.set_by_solving.get(variable).copied();
        if self.is_initial || is_set_by_solving.is_none_or(|other| other == self.is_solving) {
            return;
        }
        if self.depends_on(value, "v") {
            self.note(if self.is_solving {
                format!("line {line}: {variable} is of the same moment, in NEURON of one step before")
            } else {
                format!("line {line}: {variable} counts in the slope of the current, in NEURON it does not")
            });
        }
    }

    pub(super) fn assign(&mut self, variable: &str, value: Expression, scope: &mut Scope) {
        let is_result = scope.result.as_deref() == Some(variable);
        let value = if is_result && Self::is_small(&value) { value } else { self.kept(variable, value) };
        match scope.locals.get_mut(variable) {
            Some(slot) => *slot = Some(value),
            None => {
                if !self.is_initial {
                    self.set_by_solving.insert(variable.to_owned(), self.is_solving);
                }
                scope.globals.insert(variable.to_owned(), value);
            }
        }
    }

    /// Whether a function's value needs no name.
    pub(super) fn is_small(value: &Expression) -> bool {
        extent(value).1 <= LARGEST_UNNAMED
    }

    /// The value itself where it is a number or a shifted name, else the name of a new let.
    pub(super) fn kept(&mut self, wish: &str, value: Expression) -> Expression {
        let is_light = extent(&value).1 <= 2 || Shift::of(&value).is_some();
        if is_light { value } else { self.named(wish, value) }
    }

    /// The name of a new let.
    pub(super) fn named(&mut self, wish: &str, value: Expression) -> Expression {
        let text = value.to_string();
        if let Some(known) = self.let_by_text.get(&text) {
            return name(known.clone());
        }
        let ours = self.symbols.fresh(wish);
        self.let_by_text.insert(text, ours.clone());
        self.wish_by_let.insert(ours.clone(), wish.to_owned());
        let reach = self.base_names(&value);
        self.steps_left = self.steps_left.saturating_sub(reach.len());
        self.reach.insert(ours.clone(), reach);
        self.lets.push(Let { name: ours.clone(), value });
        name(ours)
    }

    /// Names behind all lets.
    pub(super) fn base_names(&self, expression: &Expression) -> BTreeSet<String> {
        let mut base = BTreeSet::new();
        for name in expression.names() {
            match self.reach.get(name) {
                Some(reach) => base.extend(reach.iter().cloned()),
                None => drop(base.insert(name.to_owned())),
            }
        }
        base
    }

    /// The value of a let.
    pub(super) fn let_value(&self, name: &str) -> Option<&Expression> {
        self.lets.iter().find(|one| one.name == name).map(|one| &one.value)
    }

    /// Whether a formula depends on a name of ours.
    pub(super) fn depends_on(&self, expression: &Expression, name: &str) -> bool {
        self.base_names(expression).contains(name)
    }

    /// A formula whose lets that depend on a name are written out.
    pub(super) fn expanded(
        &self,
        expression: &Expression,
        on: &str,
        line: usize,
    ) -> Result<Expression, Problem> {
        const LARGEST: usize = 2000;
        let mut current = expression.clone();
        loop {
            let names: Vec<String> = current.names().into_iter().map(str::to_owned).collect();
            let is_open = |name: &String| self.reach.get(name).is_some_and(|reach| reach.contains(on));
            let open: BTreeMap<&str, &Expression> = names
                .iter()
                .filter(|name| is_open(name))
                .filter_map(|name| self.let_value(name).map(|value| (name.as_str(), value)))
                .collect();
            if open.is_empty() {
                return Ok(current);
            }
            current =
                super::simplify::rebuilt(&current, &|name| open.get(name).map(|value| (*value).clone()));
            if extent(&current).1 > LARGEST {
                let what = format!("the formula for {on} is too large");
                return Err(Problem::new(line, what, "write the derivative directly in terms of the state"));
            }
        }
    }

    /// The value of a formula at given values of base names.
    pub(super) fn value(
        &self,
        expression: &Expression,
        value_of: &impl Fn(&str) -> Option<f64>,
    ) -> Option<f64> {
        let mut values: BTreeMap<&str, f64> = BTreeMap::new();
        for one in &self.lets {
            let value = one.value.evaluate(&|name| values.get(name).copied().or_else(|| value_of(name)));
            if let Ok(value) = value {
                values.insert(&one.name, value);
            }
        }
        expression.evaluate(&|name| values.get(name).copied().or_else(|| value_of(name))).ok()
    }

    /// Whether a formula is a step that nobody would notice.
    pub(super) fn is_tiny(formula: &Formula) -> bool {
        const LARGEST_STEP: f64 = 1e-3;
        matches!(formula, Formula::Number(number) if *number > 0.0 && *number <= LARGEST_STEP)
    }
}
