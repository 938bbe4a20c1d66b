//! Kinetic schemes: one implicit step by an elimination made for the graph of the scheme.
//!
//! `(1 - dt K) x = old` is eliminated once in symbols, the state with the fewest neighbors first, so a step computes
//! only entries that are not zero. `1 - dt K` has a positive diagonal, no positive entry beside it and column sums of
//! one, so no exchange of rows is ever needed.

use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2};

use noble_data::channel::{ChannelModel, Expression, SchemeSpec};

use super::channel::{Conditions, Formulas, StartOfScheme};
use super::graph::{Graph, Id};
use crate::cable::solve_regular;
use crate::{Error, Integrator};

/// Part of a step that a stage of second order spans.
pub(crate) const ALEXANDER_STAGE: f64 = 1.0 - FRAC_1_SQRT_2;

/// Entries of `1 - dt K`, as they come about.
struct System {
    /// Beside the diagonal `[to][from]`, with their sign turned: positive.
    beside: Vec<Vec<Option<Id>>>,
    diagonal: Vec<Id>,
}

/// One elimination: which state, and what it passes on.
struct Pivot {
    state: usize,
    /// Reciprocal of the diagonal.
    inverse: Id,
    /// To each state that is left, `beside[state][pivot] / diagonal`.
    passes: Vec<(usize, Id)>,
    /// From each state that is left, `beside[pivot][state]`.
    takes: Vec<(usize, Id)>,
}

/// The system without one state after the other.
struct Eliminated {
    pivots: Vec<Pivot>,
}

/// States after a step from those before it: one implicit step of first order, or an L-stable pair of second.
///
/// With `γ = 1 - 1/√2`, `y = (1 - γ dt K)^-1 x`, `z = (1 - γ dt K)^-1 y` the step of second order is
/// `(1 + √2) z - √2 y`.
///
/// # Source
/// Second order: Alexander 1977, SIAM J. Numer. Anal. 14:1006, the method of two stages, on a linear system.
pub(super) fn implicit_step<'a>(
    graph: &mut Graph,
    formulas: &mut Formulas<'a>,
    scheme: &'a SchemeSpec,
    (old, conditions): (Vec<Id>, Conditions),
) -> Vec<Id> {
    match conditions.integrator {
        Integrator::Neuron => {
            System::new(graph, formulas, scheme, conditions.dt_ms).eliminate(graph).solve(graph, old)
        }
        Integrator::SecondOrder => {
            let system = System::new(graph, formulas, scheme, ALEXANDER_STAGE * conditions.dt_ms);
            let eliminated = system.eliminate(graph);
            let first = eliminated.solve(graph, old);
            let second = eliminated.solve(graph, first.clone());
            let [of_first, of_second] = [-SQRT_2, 1.0 + SQRT_2].map(|weight| graph.constant(weight));
            let pairs = first.into_iter().zip(second);
            pairs
                .map(|(first, second)| {
                    let (first, second) =
                        (graph.multiply(of_first, first), graph.multiply(of_second, second));
                    graph.add(first, second)
                })
                .collect()
        }
    }
}

fn place_of(scheme: &SchemeSpec, name: &str) -> usize {
    let place = scheme.states.iter().position(|state| state == name);
    place.expect("the names of states were checked")
}

/// Every flow as its source, its target and its rate.
pub(crate) fn flows(scheme: &SchemeSpec) -> impl Iterator<Item = (usize, usize, &Expression)> {
    let idx = |name: &str| place_of(scheme, name);
    scheme.transitions.iter().flat_map(move |transition| {
        let (from, to) = (idx(&transition.from), idx(&transition.to));
        [(from, to, &transition.forward_per_ms), (to, from, &transition.backward_per_ms)]
    })
}

impl System {
    fn new<'a>(graph: &mut Graph, formulas: &mut Formulas<'a>, scheme: &'a SchemeSpec, dt_ms: f64) -> Self {
        let n = scheme.states.len();
        let (one, dt) = (graph.constant(1.0), graph.constant(dt_ms));
        let mut system = Self { beside: vec![vec![None; n]; n], diagonal: vec![one; n] };
        for (from, to, rate) in flows(scheme) {
            let rate = formulas.write(graph, rate);
            let flow = graph.multiply(dt, rate);
            system.add(graph, (to, from), flow);
        }
        for from in 0..n {
            for to in 0..n {
                if let Some(flow) = system.beside[to][from] {
                    system.diagonal[from] = graph.add(system.diagonal[from], flow);
                }
            }
        }
        system
    }

    fn add(&mut self, graph: &mut Graph, (row, column): (usize, usize), value: Id) {
        let entry = &mut self.beside[row][column];
        *entry = Some(entry.map_or(value, |present| graph.add(present, value)));
    }

    fn neighbors(&self, state: usize, is_left: &[bool]) -> Vec<usize> {
        let touches = |other: &usize| {
            *other != state
                && is_left[*other]
                && (self.beside[state][*other].is_some() || self.beside[*other][state].is_some())
        };
        (0..self.diagonal.len()).filter(touches).collect()
    }

    /// The state with the fewest neighbors goes first; among equals the one that waits for the fewest others, so that
    /// a processor works on several at once.
    fn eliminate(mut self, graph: &mut Graph) -> Eliminated {
        let n = self.diagonal.len();
        let (mut is_left, mut waits) = (vec![true; n], vec![0_u32; n]);
        let mut pivots = Vec::with_capacity(n);
        for _ in 0..n {
            let state = (0..n)
                .filter(|state| is_left[*state])
                .min_by_key(|state| (self.neighbors(*state, &is_left).len(), waits[*state]))
                .expect("a state is left in every round");
            is_left[state] = false;
            let neighbors = self.neighbors(state, &is_left);
            for neighbor in &neighbors {
                waits[*neighbor] = waits[*neighbor].max(waits[state] + 1);
            }
            pivots.push(self.pivot(graph, state, &neighbors));
        }
        Eliminated { pivots }
    }

    fn pivot(&mut self, graph: &mut Graph, state: usize, neighbors: &[usize]) -> Pivot {
        let inverse = graph.reciprocal(self.diagonal[state]);
        let (mut passes, mut takes) = (Vec::new(), Vec::new());
        for &column in neighbors {
            takes.extend(self.beside[state][column].map(|entry| (column, entry)));
        }
        for &row in neighbors {
            let Some(flow) = self.beside[row][state] else { continue };
            let factor = graph.multiply(flow, inverse);
            passes.push((row, factor));
            for &(column, entry) in &takes {
                let product = graph.multiply(factor, entry);
                if row == column {
                    self.diagonal[row] = graph.subtract(self.diagonal[row], product);
                } else {
                    self.add(graph, (row, column), product);
                }
            }
        }
        Pivot { state, inverse, passes, takes }
    }
}

impl Eliminated {
    fn solve(&self, graph: &mut Graph, mut right: Vec<Id>) -> Vec<Id> {
        let add_product = |graph: &mut Graph, to: Id, (a, b): (Id, Id)| {
            let product = graph.multiply(a, b);
            graph.add(to, product)
        };
        for pivot in &self.pivots {
            for &(row, factor) in &pivot.passes {
                right[row] = add_product(graph, right[row], (factor, right[pivot.state]));
            }
        }
        for pivot in self.pivots.iter().rev() {
            for &(column, entry) in &pivot.takes {
                right[pivot.state] = add_product(graph, right[pivot.state], (entry, right[column]));
            }
            right[pivot.state] = graph.multiply(right[pivot.state], pivot.inverse);
        }
        right
    }
}

/// Fractions at the start, one per state: `K x = 0` with the sum of one in place of one balance.
///
/// `value_of` gives the values of names at the place.
///
/// # Errors
/// [`Error::SchemeStart`] when the rates leave the fractions undetermined.
pub(crate) fn start(
    model: &ChannelModel,
    start: StartOfScheme,
    value_of: &impl Fn(&str) -> Option<f64>,
) -> Result<Vec<f64>, Error> {
    let Some(scheme) = &model.scheme else { return Ok(Vec::new()) };
    let n = scheme.states.len();
    let mut matrix = vec![vec![0.0; n]; n];
    for (from, to, rate) in flows(scheme) {
        let rate = model.evaluate(rate, value_of)?;
        matrix[to][from] += rate;
        matrix[from][from] -= rate;
    }
    let idx = |name: &str| place_of(scheme, name);
    let mut replaced = n - 1;
    if let (StartOfScheme::Published, Some(published)) = (start, &scheme.published_start) {
        for inflow in &published.inflows {
            matrix[idx(&inflow.balance)][idx(&inflow.from)] =
                model.evaluate(&inflow.rate_per_ms, value_of)?;
        }
        replaced = idx(&published.balance_replaced_by_sum);
    }
    matrix[replaced] = vec![1.0; n];
    let mut rhs = vec![0.0; n];
    rhs[replaced] = 1.0;
    let fractions = solve_regular(matrix, rhs).filter(|all| all.iter().all(|fraction| fraction.is_finite()));
    fractions.ok_or_else(|| Error::SchemeStart { channel: model.name.clone() })
}
