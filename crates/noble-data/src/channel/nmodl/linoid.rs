//! Functions of a file that are linoids, told by their values.
//!
//! Channel files write the same guarded quotient in many ways and under many names; what such a function computes
//! says more than how.

use super::ast::{Formula, Routine};
use super::machine::{Machine, Scope};
use super::problem::Problem;
use super::simplify::name;
use super::symbols::Symbols;
use crate::channel::Function;

/// Longest function that is tried.
const MOST_STATEMENTS: usize = 8;

/// Largest relative difference, that of the series at the widest guard in use.
const TOLERANCE: f64 = 1e-6;

/// Arguments where values are compared.
const FIRST: [f64; 13] = [-50.0, -7.7, -1.0, -0.2, -1e-3, -1e-5, 0.0, 1e-5, 1e-3, 0.2, 1.0, 7.7, 50.0];
const SECOND: [f64; 4] = [1.3, 6.0, 25.0, -9.0];

impl Machine<'_> {
    /// The sign of the first argument where a function is `linoid(±x, y)`, or `linoid(±x, 1)`.
    pub(super) fn linoid_sign(
        &mut self,
        function: &str,
        routine: &Routine,
        depth: usize,
    ) -> Result<Option<f64>, Problem> {
        if let Some(known) = self.linoids.get(function) {
            return Ok(*known);
        }
        let is_candidate =
            (1..=2).contains(&routine.arguments.len()) && routine.body.len() <= MOST_STATEMENTS;
        let found = if is_candidate { self.compare(function, routine, depth)? } else { None };
        self.linoids.insert(function.to_owned(), found);
        if found.is_some() {
            self.note(format!("function {function} is linoid"));
        }
        Ok(found)
    }

    fn compare(&mut self, function: &str, routine: &Routine, depth: usize) -> Result<Option<f64>, Problem> {
        let mut trial = Machine::new(self.file, Symbols::default(), true);
        trial.steps_left = self.steps_left;
        trial.n_nested = self.n_nested;
        // The function itself must not be asked about again while it is tried.
        trial.linoids = self.linoids.clone();
        trial.linoids.insert(function.to_owned(), None);
        let mut scope = Scope::default();
        for argument in &routine.arguments {
            scope.globals.insert(argument.clone(), name(argument.clone()));
            trial.symbols.taken.insert(argument.clone());
        }
        let arguments: Vec<Formula> = routine.arguments.iter().cloned().map(Formula::Name).collect();
        let result = trial.formula(&Formula::Call(function.to_owned(), arguments), &scope, 0, depth + 1);
        self.steps_left = trial.steps_left;
        let Ok(result) = result else { return Ok(None) };
        let has_second = routine.arguments.len() == 2;
        let value = |x: f64, y: f64| {
            let value_of = |name: &str| {
                let idx = routine.arguments.iter().position(|argument| argument == name)?;
                Some(if idx == 0 { x } else { y })
            };
            trial.value(&result, &value_of)
        };
        let agrees = |sign: f64| {
            let slopes = if has_second { &SECOND[..] } else { &[1.0] };
            slopes.iter().all(|y| {
                FIRST.iter().all(|x| {
                    let Some(found) = value(*x, *y) else { return false };
                    let expected = Function::Linoid.apply(sign * x, *y);
                    let is_singular = x.abs() < f64::MIN_POSITIVE && !found.is_finite();
                    is_singular || (found - expected).abs() <= TOLERANCE * expected.abs()
                })
            })
        };
        Ok([1.0, -1.0].into_iter().find(|sign| agrees(*sign)))
    }
}
