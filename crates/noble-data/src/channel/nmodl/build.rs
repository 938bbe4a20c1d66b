//! A file that has run to a channel: what it needs is kept, named as plainly as possible, and checked.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::File;
use super::machine::{Guard, Machine, Scope};
use super::problem::Problem;
use super::symbols::symbols;
use crate::Error;
use crate::channel::{
    CHANNEL_FORMAT_VERSION, ChannelModel, CurrentKind, DEEPEST_EXPRESSION, Expression, GateKind,
    LONGEST_EXPRESSION, Let,
};

/// Names on which a value may depend that INITIAL sets and the run keeps.
const FIXED: [&str; 5] = ["celsius", "q", "faraday", "gas", "calcium_outside_millimolar"];

const BEYOND: &str = "see what a channel file can hold";

/// A channel, and what was decided on the way.
pub(super) struct Built {
    pub(super) channel: ChannelModel,
    pub(super) notes: Vec<String>,
    /// Whether the channel has a value at each point that a statement stepped off.
    pub(super) is_regular: bool,
}

/// Runs a file and takes its channel; statements that step off singular points run only where `keeps_guards`.
pub(super) fn build(file: &File, keeps_guards: bool) -> Result<Built, Error> {
    let mut notes = file.notes.clone();
    let symbols = symbols(file, &mut notes);
    let mut machine = Machine::new(file, symbols, keeps_guards);
    machine.notes = notes;
    machine.problems = file.problems.iter().chain(&machine.symbols.problems).cloned().collect();
    machine.n_unread = file.problems.len();
    if file.suffix.is_none() && file.problems.is_empty() {
        machine.complain(1, "no SUFFIX", "name the mechanism by SUFFIX in NEURON");
    }
    let channel = machine.channel().unwrap_or_else(|problem| {
        machine.problems.push(problem);
        None
    });
    match channel {
        Some(channel) if machine.problems.is_empty() => machine.finished(channel),
        _ => {
            let mut problems = machine.problems;
            problems.sort();
            problems.dedup();
            Err(Error::Nmodl { problems })
        }
    }
}

impl Machine<'_> {
    /// Everything but the name of lets; `None`, or a channel, and problems.
    fn channel(&mut self) -> Result<Option<ChannelModel>, Problem> {
        let file = self.file;
        let (mut initial, mut scope) = (Scope::default(), Scope::default());
        self.is_initial = true;
        self.statements(&file.initial, &mut initial, 0)?;
        self.is_initial = false;
        scope.globals =
            initial.globals.iter().filter(|(name, value)| self.stays(name, value)).map(owned).collect();
        self.statements(&file.breakpoint, &mut scope, 0)?;
        let gates = self.gates(&initial, &scope)?;
        let scheme = self.scheme(&initial)?;
        let concentration = self.concentration(&initial, &scope)?;
        let currents = self.currents(&scope);
        if currents.is_empty() && concentration.is_none() && self.problems.is_empty() {
            let remedy = "WRITE a current or cai in USEION, or name a NONSPECIFIC_CURRENT";
            self.complain(1, "nothing is written", remedy);
        }
        Ok(Some(ChannelModel {
            format_version: CHANNEL_FORMAT_VERSION,
            name: file.suffix.clone().unwrap_or_default(),
            summary: told(file.title.as_ref(), "Imported from NMODL"),
            source: told(file.source.as_ref(), "not stated in the NMODL file"),
            temperature: self.temperature,
            parameters: self.symbols.parameters.clone(),
            lets: Vec::new(),
            gates,
            scheme,
            concentration,
            currents,
        }))
    }

    /// Whether a value that INITIAL sets is that of the whole run.
    fn stays(&self, name: &str, value: &Expression) -> bool {
        let is_state = self.file.states.iter().any(|state| state.name == name);
        let is_parameter = |name: &String| self.symbols.parameters.iter().any(|one| one.name == *name);
        let base = self.base_names(value);
        !is_state && base.iter().all(|name| FIXED.contains(&name.as_str()) || is_parameter(name))
    }

    /// Adds the lets that the channel needs, drops what it does not, and checks it.
    fn finished(mut self, mut channel: ChannelModel) -> Result<Built, Error> {
        channel.lets = self.needed_lets(&channel);
        let is_regular = self.guards.iter().all(|guard| self.is_regular_at(guard, &channel));
        let used: BTreeSet<String> =
            channel.formulas().flat_map(Expression::names).map(str::to_owned).collect();
        if !used.contains("q") {
            channel.temperature = None;
        }
        channel.parameters.retain(|one| used.contains(&one.name));
        for one in self.symbols.parameters.iter().filter(|one| !used.contains(&one.name)) {
            self.notes.push(format!("parameter {} has no effect and is left out", one.name));
        }
        for guard in &self.guards {
            let why = "steps off a singular point, which the formula here does not have";
            self.notes.push(format!("line {}: if is left out: it {why}", guard.line));
        }
        self.rename_lets(&mut channel);
        check_sizes(&channel, self.file.breakpoint_line)?;
        channel.check()?;
        Ok(Built { channel, notes: self.notes, is_regular })
    }

    fn needed_lets(&self, channel: &ChannelModel) -> Vec<Let> {
        let mut needed: BTreeSet<String> =
            channel.formulas().flat_map(Expression::names).map(str::to_owned).collect();
        let mut lets: Vec<Let> = Vec::new();
        for one in self.lets.iter().rev().cloned() {
            if needed.contains(&one.name) {
                needed.extend(one.value.names().into_iter().map(str::to_owned));
                lets.push(one);
            }
        }
        lets.reverse();
        lets
    }

    /// Whether no formula leaps where the guard would have stepped aside.
    fn is_regular_at(&self, guard: &Guard, channel: &ChannelModel) -> bool {
        const NEARBY_MV: f64 = 1e-3;
        const LARGEST_LEAP: f64 = 1e-3;
        guard.zeros.iter().all(|zero| {
            let Some(root_mv) = self.root_mv(zero) else { return false };
            channel.formulas().all(|formula| {
                let at = |v| self.value_at_mv(formula, v).unwrap_or(f64::NAN);
                let (below, here, above) = (at(root_mv - NEARBY_MV), at(root_mv), at(root_mv + NEARBY_MV));
                (here - (below + above) / 2.0).abs() <= LARGEST_LEAP * (below.abs() + above.abs())
            })
        })
    }

    /// The voltage at which a formula that is linear in it is zero.
    fn root_mv(&self, zero: &Expression) -> Option<f64> {
        let (at_zero, at_one) = (self.value_at_mv(zero, 0.0)?, self.value_at_mv(zero, 1.0)?);
        let root_mv = at_zero / (at_zero - at_one);
        let left = self.value_at_mv(zero, root_mv)?.abs();
        (left <= 1e-9 * (at_zero.abs() + at_one.abs())).then_some(root_mv)
    }

    /// Gives lets the names of the file where those are free now.
    fn rename_lets(&self, channel: &mut ChannelModel) {
        let mut taken = self.symbols.taken.clone();
        for one in &self.lets {
            taken.remove(&one.name);
        }
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for one in &channel.lets {
            let wish = self.wish_by_let.get(&one.name).unwrap_or(&one.name);
            let mut new = wish.clone();
            let mut n_tries = 1;
            while !taken.insert(new.clone()) {
                n_tries += 1;
                new = format!("{wish}_{n_tries}");
            }
            names.insert(one.name.clone(), new);
        }
        for one in &mut channel.lets {
            one.name = names[&one.name].clone();
        }
        formulas_mut(channel).for_each(|formula| rename(formula, &names));
    }
}

fn owned((name, value): (&String, &Expression)) -> (String, Expression) {
    (name.clone(), value.clone())
}

fn told(text: Option<&String>, otherwise: &str) -> String {
    text.filter(|text| !text.trim().is_empty()).map_or(otherwise.to_owned(), Clone::clone)
}

fn rename(formula: &mut Expression, names: &BTreeMap<String, String>) {
    match formula {
        Expression::Number(_) => {}
        Expression::Name(name) => {
            if let Some(new) = names.get(name) {
                name.clone_from(new);
            }
        }
        Expression::Negate(x) => rename(x, names),
        Expression::Binary(_, x, y) => [x, y].into_iter().for_each(|part| rename(part, names)),
        Expression::Call(_, arguments) => arguments.iter_mut().for_each(|part| rename(part, names)),
        Expression::If { left, right, then, otherwise, .. } => {
            [left, right, then, otherwise].into_iter().for_each(|part| rename(part, names));
        }
    }
}

/// Every formula of a channel, as [`ChannelModel::formulas`].
fn formulas_mut(channel: &mut ChannelModel) -> impl Iterator<Item = &mut Expression> {
    let gates = channel.gates.iter_mut().flat_map(|gate| match &mut gate.kind {
        GateKind::Rates { alpha_per_ms, beta_per_ms } => [alpha_per_ms, beta_per_ms],
        GateKind::Relaxation { steady, tau_ms } => [steady, tau_ms],
    });
    let currents = channel.currents.iter_mut().flat_map(|current| match &mut current.kind {
        CurrentKind::Conductance { conductance_s_per_cm2, reversal_mv } => {
            [Some(conductance_s_per_cm2), reversal_mv.as_mut()]
        }
        CurrentKind::Current { current_ma_per_cm2 } => [Some(current_ma_per_cm2), None],
    });
    let concentration = channel.concentration.iter_mut().flat_map(|one| {
        [Some(&mut one.steady_millimolar), Some(&mut one.tau_ms), one.start_millimolar.as_mut()]
    });
    let scheme = channel.scheme.iter_mut().flat_map(|scheme| {
        let start = scheme.published_start.iter_mut().flat_map(|start| &mut start.inflows);
        let rates =
            scheme.transitions.iter_mut().flat_map(|one| [&mut one.forward_per_ms, &mut one.backward_per_ms]);
        rates.chain(start.map(|inflow| &mut inflow.rate_per_ms))
    });
    let lets = channel.lets.iter_mut().map(|one| &mut one.value);
    lets.chain(gates).chain(scheme).chain(concentration.flatten()).chain(currents.flatten())
}

/// Every formula must come back from its text.
fn check_sizes(channel: &ChannelModel, line: usize) -> Result<(), Error> {
    let comes_back =
        |formula: &Expression| Expression::parse(&formula.to_string()).is_ok_and(|one| one == *formula);
    if channel.formulas().all(comes_back) {
        return Ok(());
    }
    let what = format!("a formula of over {DEEPEST_EXPRESSION} levels or {LONGEST_EXPRESSION} characters");
    Err(Error::Nmodl { problems: vec![Problem::new(line, what, BEYOND)] })
}
