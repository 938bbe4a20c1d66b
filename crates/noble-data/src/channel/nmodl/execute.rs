//! Statements, run on formulas.

use super::ast::{Formula, Operator, RoutineKind, Statement, StatementKind};
use super::evaluate::choose;
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
        body.iter().try_for_each(|statement| self.statement(statement, scope, depth))
    }

    fn statement(&mut self, statement: &Statement, scope: &mut Scope, depth: usize) -> Result<(), Problem> {
        let line = statement.line;
        self.spend(1, line)?;
        match &statement.kind {
            StatementKind::Local(names) => {
                scope.locals.extend(names.iter().map(|name| (name.clone(), None)));
            }
            StatementKind::Assign { name, value } => {
                let value = self.formula(value, scope, line, depth)?;
                self.assign(name, value, scope);
            }
            StatementKind::Derivative { state, value } => {
                let value = self.formula(value, scope, line, depth)?;
                scope.globals.insert(format!("{state}'"), value);
            }
            StatementKind::Call { name, arguments } => self.call(name, arguments, scope, line, depth)?,
            StatementKind::If { condition, then, otherwise } => {
                if !self.skips_guard(condition, then, otherwise, (scope, line))? {
                    self.choice(condition, [then, otherwise], scope, (line, depth))?;
                }
            }
            StatementKind::Solve { block, method, is_steady_state } => {
                self.solve(block, method.as_deref(), *is_steady_state, scope, line)?;
            }
            StatementKind::Reaction { from, to, forward, backward } => {
                let forward = self.formula(forward, scope, line, depth)?;
                let backward = self.formula(backward, scope, line, depth)?;
                self.reject_choice(line, "a reaction");
                self.reactions.push(Reaction { line, from: from.clone(), to: to.clone(), forward, backward });
            }
            StatementKind::Equation { left, right, is_conserve } => {
                self.equation(left, right, *is_conserve, scope, line)?;
            }
            StatementKind::Ignored(why) => {
                let note = format!("line {line}: {why}");
                if !why.is_empty() && !self.report.ignored.contains(&note) {
                    self.report.ignored.push(note);
                }
            }
            StatementKind::Unsupported(what) => {
                self.complain(line, what.clone(), "write it as assignments, if, and calls");
            }
        }
        Ok(())
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
            Some(_) => self.formula(&Formula::Call(name.to_owned(), arguments.to_vec()), scope, line, depth).map(|_| ()),
            None => {
                self.complain(line, format!("call of {name}, which the file does not define"), "write it out");
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
        self.spend(scope.globals.len() + scope.locals.len(), line)?;
        let test = self.test(condition, scope, line, depth)?;
        self.n_choices += 1;
        let mut ends = [scope.clone(), scope.clone()];
        for (branch, end) in branches.into_iter().zip(&mut ends) {
            self.statements(branch, end, depth)?;
        }
        self.n_choices -= 1;
        let [then, otherwise] = ends;
        for name in then.globals.keys().chain(otherwise.globals.keys()) {
            let [a, b] = [&then, &otherwise].map(|end| end.globals.get(name).cloned());
            if a == b {
                continue;
            }
            let a = a.unwrap_or_else(|| self.read(name, scope, line));
            let b = b.unwrap_or_else(|| self.read(name, scope, line));
            let merged = self.kept(name.trim_end_matches('\''), choose(&test, a, b));
            scope.globals.insert(name.clone(), merged);
        }
        for (name, slot) in &mut scope.locals {
            let [a, b] = [&then, &otherwise].map(|end| end.locals.get(name).cloned().flatten());
            if a == b {
                *slot = a;
                continue;
            }
            let mut value = |side: Option<_>| match side {
                Some(value) => value,
                None => self.unknown(line, format!("{name} is read before it is set"), "set it in both branches"),
            };
            let (a, b) = (value(a), value(b));
            let merged = choose(&test, a, b);
            let is_result = scope.result.as_ref() == Some(name);
            *slot = Some(if is_result { merged } else { self.kept(name, merged) });
        }
        Ok(())
    }

    /// `if (v == -38) { v = v + 0.0001 }` steps off a singular point that our functions do not have.
    fn skips_guard(
        &mut self,
        condition: &Formula,
        then: &[Statement],
        otherwise: &[Statement],
        (scope, line): (&Scope, usize),
    ) -> Result<bool, Problem> {
        let [Statement { kind: StatementKind::Assign { name, value }, .. }] = then else { return Ok(false) };
        let Formula::Binary(Operator::Arithmetic(BinaryOperator::Add | BinaryOperator::Subtract), x, step) = value
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
            Formula::Binary(Operator::Less | Operator::LessEqual, x, y) if Self::is_tiny(y) => match x.as_ref() {
                Formula::Call(name, arguments) if name == "fabs" && arguments.len() == 1 => {
                    zeros.push(self.formula(&arguments[0], scope, line, 0)?);
                    Ok(true)
                }
                _ => Ok(false),
            },
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
            (RoutineKind::Derivative | RoutineKind::Kinetic, true) if is_steady_state => return Ok(()),
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
            self.report.assumed.push(format!("line {line}: {block} is linear and relaxes exactly, not by {method}"));
        }
        let mut inner = Scope { globals: std::mem::take(&mut scope.globals), ..Scope::default() };
        let outcome = self.statements(&routine.body, &mut inner, 1);
        scope.globals = inner.globals;
        outcome
    }

    /// CONSERVE must say that the states sum to one; a LINEAR equation is kept.
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
        if !is_conserve {
            self.equations.push((line, zero));
        } else if !self.is_sum_of_states(&zero) {
            self.complain(line, "CONSERVE of something else than the sum", "write the sum of all states = 1");
        }
        Ok(())
    }

    /// Whether a formula is the sum of all states less one.
    pub(super) fn is_sum_of_states(&self, zero: &crate::channel::Expression) -> bool {
        let states = &self.symbols.states;
        let is_known = |name: &&str| states.iter().any(|(_, ours)| ours == name);
        let names = zero.names();
        // Distinct values whose sum betrays a missing state.
        let value_of = |name: &str| {
            let idx = states.iter().position(|(_, ours)| ours == name)?;
            Some(1.0 + 0.37 * f64::from(u32::try_from(idx).unwrap_or_default()))
        };
        let expected: f64 = states.iter().filter_map(|(_, ours)| value_of(ours)).sum::<f64>() - 1.0;
        let found = zero.evaluate(&value_of).unwrap_or(f64::NAN);
        names.iter().all(is_known) && (found - expected).abs() < 1e-9 * expected.abs().max(1.0)
    }
}
