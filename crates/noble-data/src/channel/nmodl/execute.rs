//! Statements, run on formulas.

use std::collections::BTreeSet;

use super::ast::{Formula, Operator, RoutineKind, Statement, StatementKind};
use super::evaluate::{Test, choose};
use super::machine::{Guard, Machine, Reaction, Scope};
use super::problem::Problem;
use super::simplify::binary;
use crate::channel::BinaryOperator;

/// Most calls within calls.
pub(super) const DEEPEST_CALL: usize = 20;

impl Machine<'_> {
    pub(super) fn statements(
        &mut self,
        body: &[Statement],
        scope: &mut Scope,
        depth: usize,
    ) -> Result<(), Problem> {
        self.n_nested += 1;
        let outcome = body.iter().try_for_each(|statement| self.statement(statement, scope, depth));
        self.n_nested -= 1;
        outcome
    }

    /// Keeps the line of what is set; states are set by equations once they have started.
    fn note_place(&mut self, name: &str, line: usize) {
        let is_state = self.file.states.iter().any(|state| state.name == name);
        if is_state && !self.is_initial {
            self.complain(
                line,
                format!("{name} = …, which is a state"),
                "set it in INITIAL, else by its equation",
            );
        }
        if !self.is_initial || is_state {
            self.line_by_name.insert(name.to_owned(), line);
        }
    }

    fn statement(&mut self, statement: &Statement, scope: &mut Scope, depth: usize) -> Result<(), Problem> {
        let line = statement.line;
        self.spend(1, line)?;
        match &statement.kind {
            StatementKind::Local(names) => {
                scope.locals.extend(names.iter().map(|name| (name.clone(), None)));
            }
            StatementKind::Assign { name, value } => {
                let value = self.bounded_formula(value, scope, line, depth)?;
                self.note_place(name, line);
                self.assign(name, value, scope);
            }
            StatementKind::Derivative { state, value } => {
                let value = self.bounded_formula(value, scope, line, depth)?;
                self.line_by_name.insert(format!("{state}'"), line);
                scope.globals.insert(format!("{state}'"), value);
            }
            StatementKind::Call { name, arguments } => self.call(name, arguments, scope, line, depth)?,
            StatementKind::If { condition, then, otherwise } => {
                self.choice(condition, [then, otherwise], scope, (line, depth))?;
            }
            StatementKind::Solve { block, method, is_steady_state } => {
                self.solve(block, method.as_deref(), *is_steady_state, scope, line)?;
            }
            StatementKind::Reaction { from, to, forward, backward } => {
                let [forward, backward] =
                    [forward, backward].map(|rate| self.bounded_formula(rate, scope, line, depth));
                self.reject_choice(line, "a reaction");
                let (from, to) = (from.clone(), to.clone());
                self.reactions.push(Reaction { line, from, to, forward: forward?, backward: backward? });
            }
            StatementKind::Equation { left, right, is_conserve } => {
                self.equation(left, right, *is_conserve, scope, line)?;
            }
            StatementKind::Ignored("") => {}
            StatementKind::Ignored(why) => self.note(format!("line {line}: {why}")),
            StatementKind::Unsupported(what, remedy) => self.skip(line, what, remedy),
        }
        Ok(())
    }

    fn skip(&mut self, line: usize, what: &str, remedy: &str) {
        self.n_unread += 1;
        self.complain(line, what, remedy);
    }

    fn reject_choice(&mut self, line: usize, what: &str) {
        if self.n_choices > 0 {
            self.complain(line, format!("{what} inside if"), "put the if into its rates");
        }
    }

    /// A procedure, or a function whose value is dropped.
    fn call(
        &mut self,
        name: &str,
        arguments: &[Formula],
        scope: &mut Scope,
        line: usize,
        depth: usize,
    ) -> Result<(), Problem> {
        let file = self.file;
        match file.routines.get(name) {
            Some(routine) if routine.kind == RoutineKind::Procedure => {
                let mut inner = self.inner_scope(name, routine, arguments, scope, (line, depth))?;
                let outcome = self.statements(&routine.body, &mut inner, depth + 1);
                scope.globals = inner.globals;
                outcome
            }
            Some(_) => self
                .formula(&Formula::Call(name.to_owned(), arguments.to_vec()), scope, line, depth)
                .map(|_| ()),
            None => {
                self.complain(
                    line,
                    format!("call of {name}, which the file does not define"),
                    "write it out",
                );
                Ok(())
            }
        }
    }

    /// Both branches from the same start; variables that come out different are chosen by the condition.
    fn choice(
        &mut self,
        condition: &Formula,
        branches: [&[Statement]; 2],
        scope: &mut Scope,
        (line, depth): (usize, usize),
    ) -> Result<(), Problem> {
        if self.skips_guard(condition, branches, scope, line)? {
            return Ok(());
        }
        self.spend(scope.globals.len() + scope.locals.len(), line)?;
        let test = self.test(condition, scope, line, depth)?;
        self.n_choices += 1;
        let mut ends = [scope.clone(), scope.clone()];
        for (branch, end) in branches.into_iter().zip(&mut ends) {
            self.statements(branch, end, depth)?;
        }
        self.n_choices -= 1;
        self.merge(&test, ends, scope, line);
        Ok(())
    }

    /// Variables after a choice from those after its branches.
    fn merge(&mut self, test: &Test, [then, otherwise]: [Scope; 2], scope: &mut Scope, line: usize) {
        let names: BTreeSet<&String> = then.globals.keys().chain(otherwise.globals.keys()).collect();
        for name in names {
            let [a, b] = [&then, &otherwise].map(|end| end.globals.get(name).cloned());
            if a == b {
                continue;
            }
            let a = a.unwrap_or_else(|| self.read(name, scope, line));
            let b = b.unwrap_or_else(|| self.read(name, scope, line));
            let merged = self.kept(name.trim_end_matches('\''), choose(test, a, b));
            scope.globals.insert(name.clone(), merged);
        }
        let Scope { locals, result, .. } = scope;
        for (name, slot) in locals {
            let [a, b] = [&then, &otherwise].map(|end| end.locals.get(name).cloned().flatten());
            if a == b {
                *slot = a;
                continue;
            }
            let mut value =
                |side: Option<_>| side.unwrap_or_else(|| self.unset(line, name, "set it in both branches"));
            let (a, b) = (value(a), value(b));
            let merged = choose(test, a, b);
            let is_small_result = result.as_ref() == Some(name) && Self::is_small(&merged);
            *slot = Some(if is_small_result { merged } else { self.kept(name, merged) });
        }
    }

    /// `if (v == -38) { v = v + 0.0001 }` steps off a singular point that our functions do not have.
    fn skips_guard(
        &mut self,
        condition: &Formula,
        [then, otherwise]: [&[Statement]; 2],
        scope: &Scope,
        line: usize,
    ) -> Result<bool, Problem> {
        let [Statement { kind: StatementKind::Assign { name, value }, .. }] = then else { return Ok(false) };
        let Formula::Binary(Operator::Arithmetic(BinaryOperator::Add | BinaryOperator::Subtract), x, step) =
            value
        else {
            return Ok(false);
        };
        let is_step = **x == Formula::Name(name.clone()) && Self::is_tiny(step);
        let mut zeros = Vec::new();
        let is_guard = is_step && otherwise.is_empty() && self.zeros(condition, scope, line, &mut zeros)?;
        if !is_guard || self.keeps_guards {
            return Ok(false);
        }
        let guard = Guard { line, zeros };
        if !self.guards.contains(&guard) {
            self.guards.push(guard);
        }
        Ok(true)
    }

    /// Whether a condition is a list of equalities, and the differences of their sides.
    fn zeros(
        &mut self,
        condition: &Formula,
        scope: &Scope,
        line: usize,
        zeros: &mut Vec<crate::channel::Expression>,
    ) -> Result<bool, Problem> {
        match condition {
            Formula::Binary(Operator::Or, x, y) => {
                Ok(self.zeros(x, scope, line, zeros)? && self.zeros(y, scope, line, zeros)?)
            }
            Formula::Binary(Operator::Equal, x, y) => {
                let (x, y) = (self.formula(x, scope, line, 0)?, self.formula(y, scope, line, 0)?);
                zeros.push(binary(BinaryOperator::Subtract, x, y));
                Ok(true)
            }
            Formula::Binary(Operator::Less | Operator::LessEqual, x, y) if Self::is_tiny(y) => {
                match x.as_ref() {
                    Formula::Call(name, arguments) if name == "fabs" && arguments.len() == 1 => {
                        zeros.push(self.formula(&arguments[0], scope, line, 0)?);
                        Ok(true)
                    }
                    _ => Ok(false),
                }
            }
            _ => Ok(false),
        }
    }

    fn solve(
        &mut self,
        block: &str,
        method: Option<&str>,
        is_steady_state: bool,
        scope: &mut Scope,
        line: usize,
    ) -> Result<(), Problem> {
        self.reject_choice(line, "SOLVE");
        let file = self.file;
        let Some(routine) = file.routines.get(block) else {
            self.complain(line, format!("SOLVE {block}, which the file does not define"), "define the block");
            return Ok(());
        };
        match (routine.kind, self.is_initial) {
            (RoutineKind::Derivative | RoutineKind::Kinetic, true) if is_steady_state => {
                self.starts_steady = true;
                return Ok(());
            }
            (RoutineKind::Derivative | RoutineKind::Kinetic, false) | (RoutineKind::Linear, true) => {}
            _ => {
                let remedy = "solve DERIVATIVE or KINETIC in BREAKPOINT, LINEAR in INITIAL";
                self.complain(line, format!("SOLVE {block}"), remedy);
                return Ok(());
            }
        }
        if let (RoutineKind::Derivative, Some(method)) = (routine.kind, method)
            && method != "cnexp"
        {
            self.note(format!("line {line}: {block} is linear and relaxes exactly, not by {method}"));
        }
        self.run_solved(&routine.body, scope)
    }

    fn run_solved(&mut self, body: &[Statement], scope: &mut Scope) -> Result<(), Problem> {
        let v = scope.globals.get("v").cloned();
        let mut inner = Scope { globals: std::mem::take(&mut scope.globals), ..Scope::default() };
        self.is_solving = true;
        let outcome = self.statements(body, &mut inner, 1);
        self.is_solving = false;
        scope.globals = inner.globals;
        // Each block begins with the voltage of the cell.
        match v {
            Some(v) => drop(scope.globals.insert("v".to_owned(), v)),
            None => drop(scope.globals.remove("v")),
        }
        outcome
    }

    /// Keeps an equation until all reactions are known.
    fn equation(
        &mut self,
        left: &Formula,
        right: &Formula,
        is_conserve: bool,
        scope: &Scope,
        line: usize,
    ) -> Result<(), Problem> {
        self.reject_choice(line, "an equation");
        let (left, right) = (self.formula(left, scope, line, 0)?, self.formula(right, scope, line, 0)?);
        let zero = binary(BinaryOperator::Subtract, left, right);
        if is_conserve { &mut self.conserved } else { &mut self.equations }.push((line, zero));
        Ok(())
    }
}
