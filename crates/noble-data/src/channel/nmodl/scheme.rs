//! Reactions to a kinetic scheme, and where it starts.

use std::collections::BTreeMap;

use super::affine::{Affine, is_zero};
use super::machine::{Machine, Scope};
use super::problem::Problem;
use super::samples::{N_POINTS, near};
use super::simplify::{binary, negate, number};
use crate::channel::{BinaryOperator, Expression, InflowOverride, PublishedStart, SchemeSpec, Transition};

/// Most states; so many a channel file may have.
const MOST_STATES: usize = 64;

const START: &str = "write SOLVE … STEADYSTATE sparse in INITIAL";

/// One equation of a LINEAR block.
struct Row {
    line: usize,
    /// Coefficient of each state.
    coefficients: Vec<Expression>,
}

/// What a row says: the balance of a state with some inflows replaced.
type Balance = (usize, Vec<InflowOverride>);

impl Machine<'_> {
    /// The scheme of all reactions.
    pub(super) fn scheme(&mut self, initial: &Scope) -> Result<Option<SchemeSpec>, Problem> {
        let Some(first) = self.reactions.first() else { return Ok(None) };
        let line = first.line;
        let is_in =
            |theirs: &String| self.reactions.iter().any(|one| one.from == *theirs || one.to == *theirs);
        let pairs: Vec<(String, String)> =
            self.symbols.states.iter().filter(|(theirs, _)| is_in(theirs)).cloned().collect();
        if pairs.len() > MOST_STATES {
            self.complain(line, "too many states", format!("use at most {MOST_STATES}"));
            return Ok(None);
        }
        let ours: BTreeMap<String, String> = pairs.iter().cloned().collect();
        let transitions = self.transitions(&ours);
        let states: Vec<String> = pairs.iter().map(|(_, ours)| ours.clone()).collect();
        let mut scheme = SchemeSpec { states, transitions, published_start: None };
        let is_known = scheme.transitions.iter().flat_map(|one| [&one.forward_per_ms, &one.backward_per_ms]);
        let rates: Vec<Expression> = is_known.cloned().collect();
        let is_known = rates.iter().filter(|rate| !self.is_known(rate)).count() == 0;
        for (line, zero) in self.conserved.clone() {
            if !is_sum_less_one(&zero, &scheme.states) {
                let remedy = "write the sum of all states = 1";
                self.complain(line, "CONSERVE of something else than the sum", remedy);
            }
        }
        if !is_known || self.starts_steady {
            return Ok(Some(scheme));
        }
        if self.equations.is_empty() {
            self.check_balance(&scheme, &pairs, initial);
        } else {
            scheme.published_start = self.published_start(&scheme)?;
        }
        Ok(Some(scheme))
    }

    /// Reactions with our names; those that join the same two states are added.
    fn transitions(&mut self, ours: &BTreeMap<String, String>) -> Vec<Transition> {
        let mut all: Vec<Transition> = Vec::new();
        for one in self.reactions.clone() {
            let (Some(from), Some(to)) = (ours.get(&one.from), ours.get(&one.to)) else {
                let stranger = if ours.contains_key(&one.from) { &one.to } else { &one.from };
                self.complain(one.line, format!("~ {stranger}, which is no state"), "declare it in STATE");
                continue;
            };
            let add = |sum: &mut Expression, rate| *sum = binary(BinaryOperator::Add, sum.clone(), rate);
            if let Some(known) = all.iter_mut().find(|known| known.from == *from && known.to == *to) {
                add(&mut known.forward_per_ms, one.forward);
                add(&mut known.backward_per_ms, one.backward);
            } else if let Some(known) = all.iter_mut().find(|known| known.from == *to && known.to == *from) {
                add(&mut known.forward_per_ms, one.backward);
                add(&mut known.backward_per_ms, one.forward);
            } else {
                all.push(Transition {
                    from: from.clone(),
                    to: to.clone(),
                    forward_per_ms: one.forward,
                    backward_per_ms: one.backward,
                });
            }
        }
        all
    }

    /// What INITIAL sets must be the steady state: nothing flows, and the states sum to one.
    fn check_balance(&mut self, scheme: &SchemeSpec, pairs: &[(String, String)], initial: &Scope) {
        let start_of = |theirs: &String| initial.globals.get(theirs).cloned().unwrap_or(number(0.0));
        let starts: Vec<Expression> = pairs.iter().map(|(theirs, _)| start_of(theirs)).collect();
        if starts.iter().filter(|start| !self.is_known(start)).count() > 0 {
            return;
        }
        let starts: Vec<Vec<f64>> = starts.iter().map(|start| self.values(start)).collect();
        let mut flows = vec![[0.0; N_POINTS]; starts.len()];
        let mut largest = [0.0_f64; N_POINTS];
        let place = |name: &String| scheme.states.iter().position(|state| state == name);
        for one in &scheme.transitions {
            let (Some(from), Some(to)) = (place(&one.from), place(&one.to)) else { continue };
            let (forward, backward) = (self.values(&one.forward_per_ms), self.values(&one.backward_per_ms));
            for (idx, largest) in largest.iter_mut().enumerate() {
                let (out, back) = (starts[from][idx] * forward[idx], starts[to][idx] * backward[idx]);
                flows[from][idx] -= out - back;
                flows[to][idx] += out - back;
                *largest = largest.max(out.abs()).max(back.abs());
            }
        }
        let balances =
            flows.iter().all(|flow| flow.iter().zip(&largest).all(|(flow, most)| near(most + flow, *most)));
        let sums_to_one = (0..N_POINTS).all(|idx| near(starts.iter().map(|start| start[idx]).sum(), 1.0));
        if !balances || !sums_to_one {
            let line = pairs.iter().map(|(theirs, _)| self.line_of(theirs)).min().unwrap_or(1);
            self.complain(line, "the scheme does not start at its steady state", START);
        }
    }

    /// The start that a LINEAR block gives; `None` where that is the steady state.
    fn published_start(&mut self, scheme: &SchemeSpec) -> Result<Option<PublishedStart>, Problem> {
        let mut is_balanced = vec![false; scheme.states.len()];
        let (mut inflows, mut n_sums) = (Vec::new(), 0);
        for (line, zero) in self.equations.clone() {
            if is_sum_less_one(&zero, &scheme.states)
                || is_sum_less_one(&negate(zero.clone()), &scheme.states)
            {
                n_sums += 1;
                continue;
            }
            let row = self.row(line, &zero, scheme)?;
            let found = row.and_then(|row| self.balance(&row, scheme));
            match found.filter(|(state, _)| !is_balanced[*state]) {
                Some((state, replaced)) => {
                    is_balanced[state] = true;
                    inflows.extend(replaced);
                }
                None => {
                    let remedy = "write the balance of each state but one, and the sum of all = 1";
                    self.complain(line, "an equation that is no balance of a state", remedy);
                    return Ok(None);
                }
            }
        }
        let left: Vec<usize> = (0..is_balanced.len()).filter(|idx| !is_balanced[*idx]).collect();
        let ([replaced], 1) = (&left[..], n_sums) else {
            let line = self.equations.first().map_or(1, |(line, _)| *line);
            self.complain(line, "LINEAR block with too few or too many equations", START);
            return Ok(None);
        };
        let balance_replaced_by_sum = scheme.states[*replaced].clone();
        Ok((!inflows.is_empty()).then_some(PublishedStart { balance_replaced_by_sum, inflows }))
    }

    /// Coefficients of an equation without constant part.
    fn row(&mut self, line: usize, zero: &Expression, scheme: &SchemeSpec) -> Result<Option<Row>, Problem> {
        let (mut coefficients, mut rest) = (Vec::new(), zero.clone());
        for state in &scheme.states {
            rest = self.expanded(&rest, state, line)?;
            let Some(Affine { constant, slope }) = Affine::of(&rest, state) else { return Ok(None) };
            coefficients.push(slope);
            rest = constant;
        }
        let is_whole =
            is_zero(&rest) || self.values(&rest).iter().all(|value| value.abs() < f64::MIN_POSITIVE);
        Ok(is_whole.then_some(Row { line, coefficients }))
    }

    /// The state whose balance a row is, but for some inflows.
    fn balance(&mut self, row: &Row, scheme: &SchemeSpec) -> Option<Balance> {
        (0..scheme.states.len())
            .flat_map(|state| [1.0, -1.0].map(|sign| (state, sign)))
            .filter_map(|(state, sign)| Some((state, self.inflows_replaced(row, scheme, state, sign)?)))
            .min_by_key(|(_, replaced)| replaced.len())
            .inspect(|(_, replaced)| self.note_replaced(row.line, replaced))
    }

    fn note_replaced(&mut self, line: usize, replaced: &[InflowOverride]) {
        for InflowOverride { balance, from, .. } in replaced {
            self.note(format!(
                "line {line}: the start takes another rate from {from} to {balance}; kept as it is"
            ));
        }
    }

    /// Inflows that differ from the scheme's; `None` where something else differs.
    fn inflows_replaced(
        &self,
        row: &Row,
        scheme: &SchemeSpec,
        state: usize,
        sign: f64,
    ) -> Option<Vec<InflowOverride>> {
        let name = &scheme.states[state];
        let (mut inflow_from, mut outflow) = (BTreeMap::new(), number(0.0));
        for one in &scheme.transitions {
            let (other, rate_in, rate_out) = match (one.from == *name, one.to == *name) {
                (true, _) => (&one.to, &one.backward_per_ms, &one.forward_per_ms),
                (_, true) => (&one.from, &one.forward_per_ms, &one.backward_per_ms),
                _ => continue,
            };
            inflow_from.insert(other, rate_in);
            outflow = binary(BinaryOperator::Add, outflow, rate_out.clone());
        }
        let mut replaced = Vec::new();
        for (idx, other) in scheme.states.iter().enumerate() {
            let found = &row.coefficients[idx];
            let found = if sign < 0.0 { negate(found.clone()) } else { found.clone() };
            if idx == state {
                self.agree(&found, &negate(outflow.clone())).then_some(())?;
                continue;
            }
            match inflow_from.get(other) {
                None => is_zero(&found).then_some(())?,
                Some(rate) if self.agree(&found, rate) => {}
                Some(_) if is_zero(&found) || self.values(&found).iter().any(|rate| *rate < 0.0) => {
                    return None;
                }
                Some(_) => {
                    let (balance, from) = (name.clone(), other.clone());
                    replaced.push(InflowOverride { balance, from, rate_per_ms: found });
                }
            }
        }
        Some(replaced)
    }
}

/// Whether a formula is the sum of all states less one.
fn is_sum_less_one(zero: &Expression, states: &[String]) -> bool {
    // Distinct values, whose sum betrays a missing state.
    let value_of = |name: &str| {
        let idx = states.iter().position(|state| state == name)?;
        Some(1.0 + 0.37 * f64::from(u32::try_from(idx).unwrap_or_default()))
    };
    let expected: f64 = states.iter().filter_map(|state| value_of(state)).sum();
    zero.evaluate(&value_of).is_ok_and(|found| near(found + 1.0, expected))
}
