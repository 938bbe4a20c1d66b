//! One exponential in place of several whose arguments differ by a number.
//!
//! `e^{(v-a)/k}` and `e^{(v-b)/k}` differ by a factor, `e^{-v/k}` is a reciprocal; `linoid(-s, k) = linoid(s, k) e^{s/k}`. So the four rates of a
//! sodium channel that share a slope cost one exponential.

use super::graph::{Graph, Id, Input, Node};

/// Factors between shared exponentials stay below `e^40`, so nothing over- or underflows early.
const LARGEST_SHIFT: f64 = 40.0;

/// `slope·v + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Affine {
    slope: f64,
    offset: f64,
}

/// The graph with shared exponentials, and the new place of each of its values.
pub(super) fn share(graph: &Graph) -> (Graph, Vec<Id>) {
    let affine = affine_values(graph);
    let (mut shared, mut places) = (Graph::default(), Vec::<Id>::with_capacity(graph.len()));
    let mut bases: Vec<(Affine, Id)> = Vec::new();
    let mut linoids: Vec<(Affine, Id, Id, Id)> = Vec::new();
    for id in graph.ids() {
        let node = graph.node(id);
        let place = match node {
            Node::Exponential(argument) => affine[argument.index()]
                .filter(|form| form.slope.abs() > 0.0)
                .map(|form| from_base(&mut shared, &mut bases, form, places[argument.index()])),
            Node::Linoid(s, u, k, exponential) => affine[s.index()].map(|form| {
                let (s, k, e) = (places[s.index()], places[k.index()], places[exponential.index()]);
                let is_mirror = |other: &&(Affine, Id, Id, Id)| other.1 == k && other.0.is_negative_of(form);
                if let Some((_, _, value, other_e)) = linoids.iter().find(is_mirror).copied() {
                    return shared.multiply(value, other_e);
                }
                let value = shared.insert(Node::Linoid(s, places[u.index()], k, e));
                linoids.push((form, k, value, e));
                value
            }),
            _ => None,
        };
        let place = place.unwrap_or_else(|| shared.rebuilt(node, |part| places[part.index()]));
        places.push(place);
    }
    (shared, places)
}

impl Affine {
    fn is_negative_of(self, other: Self) -> bool {
        self.slope.to_bits() == (-other.slope).to_bits()
            && (self.offset + other.offset).abs() < f64::MIN_POSITIVE
    }
}

fn from_base(graph: &mut Graph, bases: &mut Vec<(Affine, Id)>, form: Affine, argument: Id) -> Id {
    let is_near = |base: &&(Affine, Id)| {
        base.0.slope.to_bits() == form.slope.to_bits() && (form.offset - base.0.offset).abs() <= LARGEST_SHIFT
    };
    if let Some((base, value)) = bases.iter().find(is_near).copied() {
        let factor = graph.constant((form.offset - base.offset).exp());
        return graph.multiply(factor, value);
    }
    // A base e^u and its mirror e^-u: a reciprocal costs a sixth of an exponential.
    let is_mirror = |base: &&(Affine, Id)| {
        base.0.slope.to_bits() == (-form.slope).to_bits()
            && (form.offset + base.0.offset).abs() <= LARGEST_SHIFT
    };
    if let Some((base, value)) = bases.iter().find(is_mirror).copied() {
        let (factor, inverse) = (graph.constant((form.offset + base.offset).exp()), graph.reciprocal(value));
        return graph.multiply(factor, inverse);
    }
    let value = graph.exponential(argument);
    bases.push((form, value));
    value
}

/// Values that are a straight line in the voltage.
fn affine_values(graph: &Graph) -> Vec<Option<Affine>> {
    let mut values: Vec<Option<Affine>> = Vec::with_capacity(graph.len());
    for id in graph.ids() {
        let of = |part: Id| values[part.index()];
        let number = |part: Id| graph.number(part);
        let value = match graph.node(id) {
            Node::Constant(bits) => Some(Affine { slope: 0.0, offset: f64::from_bits(bits) }),
            Node::Input(Input::Voltage) => Some(Affine { slope: 1.0, offset: 0.0 }),
            Node::Add(a, b) => of(a)
                .zip(of(b))
                .map(|(a, b)| Affine { slope: a.slope + b.slope, offset: a.offset + b.offset }),
            Node::Subtract(a, b) => of(a)
                .zip(of(b))
                .map(|(a, b)| Affine { slope: a.slope - b.slope, offset: a.offset - b.offset }),
            Node::Multiply(a, b) => number(a)
                .zip(of(b))
                .map(|(factor, b)| Affine { slope: factor * b.slope, offset: factor * b.offset }),
            _ => None,
        };
        values.push(value);
    }
    values
}
