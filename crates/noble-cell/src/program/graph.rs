//! Formulas as a graph without repetition.

use std::collections::HashMap;

use noble_data::channel::Comparison;

/// One value of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(u32);

impl Id {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A number that a program is given, one per compartment and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Input {
    Voltage,
    /// Sum of the currents; programs only write it.
    Current,
    /// Its slope; programs only write it.
    Slope,
    Calcium,
    CalciumReversal,
    CalciumCurrent,
    SodiumReversal,
    PotassiumReversal,
    Parameter(u16),
    State(u16),
    /// Computed once before a run.
    Invariant(u16),
}

impl Input {
    /// Whether it changes during a run.
    pub(crate) fn varies(self) -> bool {
        matches!(
            self,
            Self::Voltage
                | Self::Current
                | Self::Slope
                | Self::Calcium
                | Self::CalciumReversal
                | Self::CalciumCurrent
                | Self::State(_)
        )
    }
}

/// A value by a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Choice {
    pub(crate) is_or_equal: bool,
    pub(crate) left: Id,
    pub(crate) right: Id,
    pub(crate) then: Id,
    pub(crate) otherwise: Id,
}

/// How a value comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// Bits of a number.
    Constant(u64),
    Input(Input),
    Add(Id, Id),
    Subtract(Id, Id),
    Multiply(Id, Id),
    Minimum(Id, Id),
    Maximum(Id, Id),
    Reciprocal(Id),
    Exponential(Id),
    Logarithm(Id),
    SquareRoot(Id),
    Absolute(Id),
    /// `s / (e^u - 1)` of `s`, `u`, `k`, `e^u`.
    Linoid(Id, Id, Id, Id),
    Choose(Choice),
}

impl Node {
    /// What it is made of.
    pub(crate) fn parts(self) -> Vec<Id> {
        match self {
            Self::Constant(_) | Self::Input(_) => Vec::new(),
            Self::Add(a, b)
            | Self::Subtract(a, b)
            | Self::Multiply(a, b)
            | Self::Minimum(a, b)
            | Self::Maximum(a, b) => vec![a, b],
            Self::Reciprocal(a)
            | Self::Exponential(a)
            | Self::Logarithm(a)
            | Self::SquareRoot(a)
            | Self::Absolute(a) => vec![a],
            Self::Linoid(s, u, k, e) => vec![s, u, k, e],
            Self::Choose(Choice { left, right, then, otherwise, .. }) => vec![left, right, then, otherwise],
        }
    }
}

/// Values, each after those it is made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    ids: HashMap<Node, Id>,
}

impl Graph {
    pub(crate) fn node(&self, id: Id) -> Node {
        self.nodes[id.index()]
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = Id> {
        (0..self.nodes.len()).map(|idx| Id(u32::try_from(idx).expect("graphs are small")))
    }

    /// The value of a node, which is made where it does not exist.
    pub(crate) fn insert(&mut self, node: Node) -> Id {
        let next = Id(u32::try_from(self.nodes.len()).expect("graphs are small"));
        let id = *self.ids.entry(node).or_insert(next);
        if id == next {
            self.nodes.push(node);
        }
        id
    }

    pub(crate) fn constant(&mut self, value: f64) -> Id {
        self.insert(Node::Constant(value.to_bits()))
    }

    pub(crate) fn input(&mut self, input: Input) -> Id {
        self.insert(Node::Input(input))
    }

    /// The number of a constant.
    pub(crate) fn number(&self, id: Id) -> Option<f64> {
        match self.node(id) {
            Node::Constant(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    fn is(&self, id: Id, value: f64) -> bool {
        self.number(id).is_some_and(|number| number.to_bits() == value.to_bits())
    }

    fn folded(&mut self, a: Id, b: Id, f: impl Fn(f64, f64) -> f64) -> Option<Id> {
        let value = f(self.number(a)?, self.number(b)?);
        Some(self.constant(value))
    }

    pub(crate) fn add(&mut self, a: Id, b: Id) -> Id {
        if self.is(a, 0.0) {
            return b;
        }
        if self.is(b, 0.0) {
            return a;
        }
        self.folded(a, b, |a, b| a + b).unwrap_or_else(|| self.insert(Node::Add(a.min(b), a.max(b))))
    }

    pub(crate) fn subtract(&mut self, a: Id, b: Id) -> Id {
        if self.is(b, 0.0) {
            return a;
        }
        self.folded(a, b, |a, b| a - b).unwrap_or_else(|| self.insert(Node::Subtract(a, b)))
    }

    pub(crate) fn negate(&mut self, a: Id) -> Id {
        if let Node::Subtract(x, y) = self.node(a) {
            return self.subtract(y, x);
        }
        let minus_one = self.constant(-1.0);
        self.multiply(minus_one, a)
    }

    /// A product; numbers gather in front, so that equal values meet.
    pub(crate) fn multiply(&mut self, a: Id, b: Id) -> Id {
        if let Some(folded) = self.folded(a, b, |a, b| a * b) {
            return folded;
        }
        let (a, b) = if self.number(b).is_some() { (b, a) } else { (a, b) };
        if self.is(a, 1.0) {
            return b;
        }
        if self.is(a, 0.0) {
            return a;
        }
        if let (Some(outer), Node::Multiply(c, d)) = (self.number(a), self.node(b))
            && let Some(inner) = self.number(c)
        {
            let product = self.constant(outer * inner);
            return self.multiply(product, d);
        }
        let is_number = self.number(a).is_some();
        let (a, b) = if is_number || a < b { (a, b) } else { (b, a) };
        self.insert(Node::Multiply(a, b))
    }

    pub(crate) fn divide(&mut self, a: Id, b: Id) -> Id {
        let reciprocal = self.reciprocal(b);
        self.multiply(a, reciprocal)
    }

    pub(crate) fn reciprocal(&mut self, a: Id) -> Id {
        match (self.number(a), self.node(a)) {
            (Some(number), _) => self.constant(1.0 / number),
            (None, Node::Reciprocal(inner)) => inner,
            // Of a number times a reciprocal: no second reciprocal.
            (None, Node::Multiply(c, b)) if self.number(c).is_some_and(f64::is_normal) => {
                match self.node(b) {
                    Node::Reciprocal(inner) => {
                        let factor = self.reciprocal(c);
                        self.multiply(factor, inner)
                    }
                    _ => self.insert(Node::Reciprocal(a)),
                }
            }
            _ => self.insert(Node::Reciprocal(a)),
        }
    }

    pub(crate) fn exponential(&mut self, a: Id) -> Id {
        match self.number(a) {
            Some(number) => self.constant(number.exp()),
            None => self.insert(Node::Exponential(a)),
        }
    }

    pub(crate) fn logarithm(&mut self, a: Id) -> Id {
        match self.number(a) {
            Some(number) => self.constant(number.ln()),
            None => self.insert(Node::Logarithm(a)),
        }
    }

    pub(crate) fn square_root(&mut self, a: Id) -> Id {
        match self.number(a) {
            Some(number) => self.constant(number.sqrt()),
            None => self.insert(Node::SquareRoot(a)),
        }
    }

    pub(crate) fn absolute(&mut self, a: Id) -> Id {
        match self.number(a) {
            Some(number) => self.constant(number.abs()),
            None => self.insert(Node::Absolute(a)),
        }
    }

    pub(crate) fn minimum(&mut self, a: Id, b: Id) -> Id {
        self.folded(a, b, |a, b| if a < b { a } else { b })
            .unwrap_or_else(|| self.insert(Node::Minimum(a, b)))
    }

    pub(crate) fn maximum(&mut self, a: Id, b: Id) -> Id {
        self.folded(a, b, |a, b| if a > b { a } else { b })
            .unwrap_or_else(|| self.insert(Node::Maximum(a, b)))
    }

    pub(crate) fn linoid(&mut self, s: Id, k: Id) -> Id {
        let u = self.divide(s, k);
        let exponential = self.exponential(u);
        self.insert(Node::Linoid(s, u, k, exponential))
    }

    pub(crate) fn sigmoid(&mut self, u: Id) -> Id {
        let (one, exponential) = (self.constant(1.0), self.exponential(u));
        let sum = self.add(one, exponential);
        self.reciprocal(sum)
    }

    /// `a^b`: products for whole numbers up to 16, else by the logarithm; `a` is then positive.
    pub(crate) fn power(&mut self, a: Id, b: Id) -> Id {
        if let Some(folded) = self.folded(a, b, f64::powf) {
            return folded;
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        let whole = self
            .number(b)
            .filter(|b| b.fract().abs() < f64::MIN_POSITIVE && b.abs() <= 16.0)
            .map(|b| b as i32);
        match whole {
            Some(0) => self.constant(1.0),
            Some(exponent) => {
                let raised = self.whole_power(a, exponent.unsigned_abs());
                if exponent < 0 { self.reciprocal(raised) } else { raised }
            }
            None => {
                let logarithm = self.logarithm(a);
                let product = self.multiply(b, logarithm);
                self.exponential(product)
            }
        }
    }

    fn whole_power(&mut self, a: Id, exponent: u32) -> Id {
        match exponent {
            1 => a,
            _ => {
                let half = self.whole_power(a, exponent / 2);
                let square = self.multiply(half, half);
                if exponent % 2 == 1 { self.multiply(square, a) } else { square }
            }
        }
    }

    pub(crate) fn choose(&mut self, comparison: Comparison, choice: Choice) -> Id {
        if let (Some(left), Some(right)) = (self.number(choice.left), self.number(choice.right)) {
            return if comparison.holds(left, right) { choice.then } else { choice.otherwise };
        }
        self.insert(Node::Choose(Choice { is_or_equal: comparison == Comparison::LessEqual, ..choice }))
    }

    /// For each value, whether it depends on an input that the condition picks.
    pub(crate) fn depends(&self, picks: impl Fn(Input) -> bool) -> Vec<bool> {
        let mut depends: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let depends_itself = matches!(node, Node::Input(input) if picks(*input));
            depends.push(depends_itself || node.parts().iter().any(|part| depends[part.index()]));
        }
        depends
    }

    /// The same node on other parts.
    pub(crate) fn rebuilt(&mut self, node: Node, with: impl Fn(Id) -> Id) -> Id {
        match node {
            Node::Constant(_) | Node::Input(_) => self.insert(node),
            Node::Add(a, b) => self.add(with(a), with(b)),
            Node::Subtract(a, b) => self.subtract(with(a), with(b)),
            Node::Multiply(a, b) => self.multiply(with(a), with(b)),
            Node::Minimum(a, b) => self.minimum(with(a), with(b)),
            Node::Maximum(a, b) => self.maximum(with(a), with(b)),
            Node::Reciprocal(a) => self.reciprocal(with(a)),
            Node::Exponential(a) => self.exponential(with(a)),
            Node::Logarithm(a) => self.logarithm(with(a)),
            Node::SquareRoot(a) => self.square_root(with(a)),
            Node::Absolute(a) => self.absolute(with(a)),
            Node::Linoid(s, u, k, e) => self.insert(Node::Linoid(with(s), with(u), with(k), with(e))),
            Node::Choose(Choice { is_or_equal, left, right, then, otherwise }) => {
                let choice = Choice {
                    is_or_equal,
                    left: with(left),
                    right: with(right),
                    then: with(then),
                    otherwise: with(otherwise),
                };
                self.insert(Node::Choose(choice))
            }
        }
    }
}
