//! Kinetic schemes: states that are named once and hang together.

use std::collections::BTreeSet;

use super::document::wrong;
use super::expression::Expression;
use super::model::{PublishedStart, SchemeSpec};
use crate::Error;

/// Most states of a scheme; its matrix is dense.
const MOST_STATES: usize = 64;

const PATH: &str = "scheme";

/// Refuses a scheme whose steady state would not be one.
pub(super) fn check(scheme: &SchemeSpec) -> Result<(), Error> {
    let n_states = scheme.states.len();
    if !(2..=MOST_STATES).contains(&n_states) {
        let remedy = format!("give 2 to {MOST_STATES}");
        return Err(wrong("scheme.states", format!("has {n_states} states"), remedy));
    }
    let mut pairs = BTreeSet::new();
    for (idx, transition) in scheme.transitions.iter().enumerate() {
        let path = format!("{PATH}.transitions[{idx}]");
        let from = state_idx(scheme, &transition.from, &format!("{path}.from"))?;
        let to = state_idx(scheme, &transition.to, &format!("{path}.to"))?;
        if from == to {
            return Err(wrong(&path, "leads from a state to itself", "delete it"));
        }
        if !pairs.insert((from.min(to), from.max(to))) {
            let what = format!("joins {} and {} again", transition.from, transition.to);
            return Err(wrong(&path, what, "write one transition with the sum of the rates"));
        }
    }
    check_connected(scheme, &pairs)?;
    scheme.published_start.as_ref().map_or(Ok(()), |start| check_start(scheme, start, &pairs))
}

fn state_idx(scheme: &SchemeSpec, name: &str, path: &str) -> Result<usize, Error> {
    scheme.states.iter().position(|state| state == name).ok_or_else(|| {
        let remedy = format!("use one of {}", scheme.states.join(", "));
        wrong(path, format!("state {name:?} is unknown"), remedy)
    })
}

/// Every state is reached from the first.
fn check_connected(scheme: &SchemeSpec, pairs: &BTreeSet<(usize, usize)>) -> Result<(), Error> {
    let mut is_reached = vec![false; scheme.states.len()];
    is_reached[0] = true;
    for _ in &scheme.states {
        for (a, b) in pairs {
            let either = is_reached[*a] || is_reached[*b];
            (is_reached[*a], is_reached[*b]) = (either, either);
        }
    }
    match is_reached.iter().position(|is_reached| !is_reached) {
        None => Ok(()),
        Some(idx) => {
            let what = format!("no transitions lead from {} to {}", scheme.states[0], scheme.states[idx]);
            Err(wrong("scheme.transitions", what, "add one, or delete the state"))
        }
    }
}

fn check_start(
    scheme: &SchemeSpec,
    start: &PublishedStart,
    pairs: &BTreeSet<(usize, usize)>,
) -> Result<(), Error> {
    let path = "scheme.published_start";
    state_idx(scheme, &start.balance_replaced_by_sum, &format!("{path}.balance_replaced_by_sum"))?;
    let mut seen = BTreeSet::new();
    for (idx, inflow) in start.inflows.iter().enumerate() {
        let path = format!("{path}.inflows[{idx}]");
        let to = state_idx(scheme, &inflow.balance, &format!("{path}.balance"))?;
        let from = state_idx(scheme, &inflow.from, &format!("{path}.from"))?;
        if !pairs.contains(&(from.min(to), from.max(to))) {
            let what = format!("nothing flows from {} to {}", inflow.from, inflow.balance);
            return Err(wrong(&path, what, "name two states that a transition joins"));
        }
        if !seen.insert((from, to)) {
            return Err(wrong(&path, "is given twice", "keep one"));
        }
    }
    Ok(())
}

/// Every formula of a scheme.
pub(super) fn formulas(scheme: &SchemeSpec) -> impl Iterator<Item = &Expression> {
    let rates = scheme.transitions.iter().flat_map(|one| [&one.forward_per_ms, &one.backward_per_ms]);
    let inflows = scheme.published_start.iter().flat_map(|start| &start.inflows);
    rates.chain(inflows.map(|inflow| &inflow.rate_per_ms))
}
