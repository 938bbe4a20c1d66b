//! Equations of states to gates and the concentration.

use std::collections::BTreeSet;

use super::affine::{concentration, gate};
use super::machine::{Machine, Scope};
use super::problem::Problem;
use crate::channel::{BinaryOperator, ConcentrationSpec, Expression, GateKind, GateSpec, Ion};

const CALCIUM: &str = "calcium_millimolar";
const LINEAR: &str = "write x' = (inf - x) / tau or x' = alpha * (1 - x) - beta * x";
const START: &str = "set it in INITIAL to the steady state of its equation";

impl Machine<'_> {
    /// States with an equation of their own.
    pub(super) fn gates(&mut self, initial: &Scope, scope: &Scope) -> Result<Vec<GateSpec>, Problem> {
        let in_scheme: BTreeSet<String> =
            self.reactions.iter().flat_map(|one| [one.from.clone(), one.to.clone()]).collect();
        let mut gates = Vec::new();
        for (theirs, ours) in self.symbols.states.clone() {
            if in_scheme.contains(&theirs) {
                continue;
            }
            let Some((derivative, line)) = self.derivative(&theirs, &ours, scope)? else { continue };
            match gate(&derivative, &ours) {
                Some(kind) => {
                    self.check_tau(&kind, &theirs, line);
                    self.check_start(&theirs, &kind, initial);
                    gates.push(GateSpec { name: ours, kind });
                }
                None => self.complain(line, format!("{theirs}' is not linear in {theirs}"), LINEAR),
            }
        }
        Ok(gates)
    }

    /// The equation of a state with the state written out, and its line.
    fn derivative(
        &mut self,
        theirs: &str,
        ours: &str,
        scope: &Scope,
    ) -> Result<Option<(Expression, usize)>, Problem> {
        let key = format!("{theirs}'");
        let Some(value) = scope.globals.get(&key) else {
            let line = self.file.states.iter().find(|one| one.name == theirs).map_or(1, |one| one.line);
            self.complain(
                line,
                format!("state {theirs} has no equation"),
                "SOLVE a block with it in BREAKPOINT",
            );
            return Ok(None);
        };
        let line = self.line_of(&key);
        if !self.is_known(value) {
            return Ok(None);
        }
        let value = self.expanded(value, ours, line)?;
        let base = self.base_names(&value);
        match self.symbols.states.iter().find(|(_, other)| other != ours && base.contains(other)) {
            None => Ok(Some((value, line))),
            Some((other, _)) => {
                let what = format!("{theirs}' depends on {other}");
                self.complain(line, what, "write states that pass into each other as KINETIC");
                Ok(None)
            }
        }
    }

    /// A time constant that is negative or no number would not relax.
    fn check_tau(&mut self, kind: &GateKind, theirs: &str, line: usize) {
        let sum;
        let speed = match kind {
            GateKind::Relaxation { tau_ms, .. } => tau_ms,
            GateKind::Rates { alpha_per_ms, beta_per_ms } => {
                let [a, b] = [alpha_per_ms, beta_per_ms].map(|rate| Box::new(rate.clone()));
                sum = Expression::Binary(BinaryOperator::Add, a, b);
                &sum
            }
        };
        if self.values(speed).iter().all(|value| value.is_nan() || *value < 0.0) {
            self.complain(line, format!("{theirs} grows without bound"), LINEAR);
        }
    }

    /// A gate must start where it would come to rest.
    fn check_start(&mut self, theirs: &str, kind: &GateKind, initial: &Scope) {
        let Some(start) = initial.globals.get(theirs).cloned() else {
            if !self.starts_steady {
                let line = self.file.states.iter().find(|one| one.name == theirs).map_or(1, |one| one.line);
                self.complain(line, format!("state {theirs} starts at zero"), START);
            }
            return;
        };
        let steady = match kind {
            GateKind::Relaxation { steady, .. } => steady.clone(),
            GateKind::Rates { alpha_per_ms: a, beta_per_ms: b } => {
                let sum = Expression::Binary(BinaryOperator::Add, Box::new(a.clone()), Box::new(b.clone()));
                Expression::Binary(BinaryOperator::Divide, Box::new(a.clone()), Box::new(sum))
            }
        };
        if self.is_known(&start) && !self.agree(&start, &steady) {
            let line = self.line_of(theirs);
            self.complain(line, format!("{theirs} does not start at its steady state"), START);
        }
    }

    /// The concentration that the file owns.
    pub(super) fn concentration(
        &mut self,
        initial: &Scope,
        scope: &Scope,
    ) -> Result<Option<ConcentrationSpec>, Problem> {
        let Some(owned) = self.symbols.owned_calcium.clone() else { return Ok(None) };
        let Some((derivative, line)) = self.derivative(&owned, CALCIUM, scope)? else { return Ok(None) };
        let Some((steady_millimolar, tau_ms)) = concentration(&derivative, CALCIUM) else {
            let remedy = "write cai' = influx - (cai - floor) / tau";
            self.complain(line, format!("{owned}' is not linear in {owned}"), remedy);
            return Ok(None);
        };
        let start = initial.globals.get(&owned).filter(|start| !self.depends_on(start, CALCIUM)).cloned();
        let start_millimolar = start.filter(|start| self.is_known(start));
        Ok(Some(ConcentrationSpec { ion: Ion::Calcium, steady_millimolar, tau_ms, start_millimolar }))
    }

    /// The line where a name got its value.
    pub(super) fn line_of(&self, name: &str) -> usize {
        self.line_by_name.get(name).copied().unwrap_or(self.file.breakpoint_line)
    }

    /// Whether every name behind a formula has a value; complains of those that have none.
    pub(super) fn is_known(&mut self, expression: &Expression) -> bool {
        let unknown: Vec<Problem> = self
            .base_names(expression)
            .iter()
            .filter_map(|name| self.why_unknown(name))
            .filter(|unknown| !(unknown.is_unset && self.has_unread_statements()))
            .map(|unknown| unknown.problem.clone())
            .collect();
        let is_known = !self.base_names(expression).iter().any(|name| self.why_unknown(name).is_some());
        unknown.into_iter().for_each(|one| self.complain(one.line, one.what, one.remedy));
        is_known
    }

    /// Whether a variable may lack its value because a statement was skipped.
    fn has_unread_statements(&self) -> bool {
        self.n_unread > 0
    }
}
