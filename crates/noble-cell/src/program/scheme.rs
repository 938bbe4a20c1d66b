//! Kinetic schemes: one implicit step by an elimination made for the graph of the scheme.
//!
//! `(1 - dt K) x = old` is eliminated once in symbols, the state with the fewest neighbors first, so a step computes
//! only entries that are not zero. `1 - dt K` has a positive diagonal, no positive entry beside it and column sums of
//! one, so no exchange of rows is ever needed.

use noble_data::channel::{ChannelModel, Expression, SchemeSpec};

use super::channel::{Formulas, StartOfScheme};
use super::graph::{Graph, Id, Input};
use crate::Error;
use crate::cable::solve_dense;

/// Entries of `dt K` beside the diagonal and what is added to the diagonal, as they come about.
struct System {
    /// `[to][from]`, positive.
    beside: Vec<Vec<Option<Id>>>,
    diagonal: Vec<Id>,
    right: Vec<Id>,
}

/// States after an implicit step; they are the inputs from `first_state` on.
pub(super) fn implicit_step<'a>(
    graph: &mut Graph,
    formulas: &mut Formulas<'a>,
    scheme: &'a SchemeSpec,
    (first_state, dt_ms): (usize, f64),
) -> Vec<Id> {
    let n = scheme.states.len();
    let one = graph.constant(1.0);
    let input =
        |idx: usize| Input::State(u16::try_from(first_state + idx).expect("channels have few values"));
    let mut system = System {
        beside: vec![vec![None; n]; n],
        diagonal: vec![one; n],
        right: (0..n).map(|idx| graph.input(input(idx))).collect(),
    };
    let dt = graph.constant(dt_ms);
    for (from, to, rate) in flows(scheme) {
        let rate = formulas.write(graph, rate);
        let flow = graph.multiply(dt, rate);
        system.beside[to][from] = Some(match system.beside[to][from] {
            Some(present) => graph.add(present, flow),
            None => flow,
        });
    }
    for from in 0..n {
        for to in 0..n {
            if let Some(flow) = system.beside[to][from] {
                system.diagonal[from] = graph.add(system.diagonal[from], flow);
            }
        }
    }
    system.solve(graph)
}

fn place_of(scheme: &SchemeSpec, name: &str) -> usize {
    let place = scheme.states.iter().position(|state| state == name);
    place.expect("the names of states were checked")
}

/// Every flow as its source, its target and its rate.
fn flows(scheme: &SchemeSpec) -> impl Iterator<Item = (usize, usize, &Expression)> {
    let idx = |name: &str| place_of(scheme, name);
    scheme.transitions.iter().flat_map(move |transition| {
        let (from, to) = (idx(&transition.from), idx(&transition.to));
        [(from, to, &transition.forward_per_ms), (to, from, &transition.backward_per_ms)]
    })
}

impl System {
    fn neighbors(&self, state: usize, is_left: &[bool]) -> Vec<usize> {
        let touches = |other: &usize| {
            *other != state
                && is_left[*other]
                && (self.beside[state][*other].is_some() || self.beside[*other][state].is_some())
        };
        (0..self.right.len()).filter(touches).collect()
    }

    fn solve(mut self, graph: &mut Graph) -> Vec<Id> {
        let n = self.right.len();
        let mut is_left = vec![true; n];
        let mut order = Vec::with_capacity(n);
        for _ in 0..n {
            let pivot = (0..n)
                .filter(|state| is_left[*state])
                .min_by_key(|state| self.neighbors(*state, &is_left).len())
                .expect("a state is left in every round");
            is_left[pivot] = false;
            let neighbors = self.neighbors(pivot, &is_left);
            let inverse = graph.reciprocal(self.diagonal[pivot]);
            self.eliminate(graph, (pivot, inverse), &neighbors);
            order.push((pivot, inverse, neighbors));
        }
        for (pivot, inverse, neighbors) in order.into_iter().rev() {
            for neighbor in neighbors {
                if let Some(flow) = self.beside[pivot][neighbor] {
                    let inflow = graph.multiply(flow, self.right[neighbor]);
                    self.right[pivot] = graph.add(self.right[pivot], inflow);
                }
            }
            self.right[pivot] = graph.multiply(self.right[pivot], inverse);
        }
        self.right
    }

    fn eliminate(&mut self, graph: &mut Graph, (pivot, inverse): (usize, Id), neighbors: &[usize]) {
        for &row in neighbors {
            let Some(flow) = self.beside[row][pivot] else { continue };
            let factor = graph.multiply(flow, inverse);
            let carried = graph.multiply(factor, self.right[pivot]);
            self.right[row] = graph.add(self.right[row], carried);
            for &column in neighbors {
                let Some(entry) = self.beside[pivot][column] else { continue };
                let product = graph.multiply(factor, entry);
                if row == column {
                    self.diagonal[row] = graph.subtract(self.diagonal[row], product);
                } else {
                    self.beside[row][column] = Some(match self.beside[row][column] {
                        Some(present) => graph.add(present, product),
                        None => product,
                    });
                }
            }
        }
    }
}

/// Fractions at the start, one per state: `K x = 0` with the sum of one in place of one balance.
///
/// `value_of` gives the values of names at the place.
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
    Ok(solve_dense(matrix, rhs))
}
