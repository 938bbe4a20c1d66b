//! A graph in an order of execution.

use std::collections::HashMap;

use super::graph::{Graph, Id, Input, Node};
use super::schedule::scheduled;
use super::share::share;

/// What a program writes, one number per compartment and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Output {
    State(u16),
    /// Sum of the currents, outward positive [mA/cm2].
    Current,
    /// Its slope `dI/dV` [S/cm2].
    Slope,
    /// The part that calcium carries [mA/cm2].
    CalciumCurrent,
    Calcium,
    CalciumReversal,
    Invariant(u16),
}

impl Output {
    /// The input that lies in the same place.
    pub(crate) fn place(self) -> Input {
        match self {
            Self::State(idx) => Input::State(idx),
            Self::Current => Input::Current,
            Self::Slope => Input::Slope,
            Self::CalciumCurrent => Input::CalciumCurrent,
            Self::Calcium => Input::Calcium,
            Self::CalciumReversal => Input::CalciumReversal,
            Self::Invariant(idx) => Input::Invariant(idx),
        }
    }
}

/// Where an operation finds a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operand {
    Temporary(u16),
    Constant(u16),
    Input(u16),
}

/// What an operation does with its operands `a b c d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Add,
    Subtract,
    Multiply,
    /// `a b + c`, rounded once where the processor can.
    MultiplyAdd,
    /// `c - a b`, rounded once where the processor can.
    NegMultiplyAdd,
    Minimum,
    Maximum,
    Reciprocal,
    Exponential,
    Logarithm,
    SquareRoot,
    Absolute,
    /// `a / (d - 1)`, near zero the series of `a`, `b = a / c`, `c`.
    Linoid,
    /// `c` where `a < b`, else `d`.
    ChooseLess,
    /// `c` where `a <= b`, else `d`.
    ChooseLessEqual,
    /// Writes `a` to the output `to`.
    Store,
}

/// One operation; unused operands repeat the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) code: Code,
    /// Temporary, of `Store` the output.
    pub(crate) to: u16,
    pub(crate) operands: [Operand; 4],
}

/// Operations in order, and what they read and write.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Program {
    pub(crate) operations: Vec<Operation>,
    pub(crate) n_temporaries: usize,
    pub(crate) constants: Vec<f64>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<Output>,
}

/// A program and what is computed once before its first execution.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Staged {
    /// Writes every [`Output::Invariant`].
    pub(crate) once: Program,
    pub(crate) each: Program,
    pub(crate) n_invariants: usize,
}

impl Staged {
    /// A graph's outputs as a program, with what does not vary in a run set apart.
    pub(crate) fn new(graph: &Graph, outputs: &[(Output, Id)]) -> Self {
        let (graph, places) = share(graph);
        let outputs: Vec<(Output, Id)> =
            outputs.iter().map(|(output, id)| (*output, places[id.index()])).collect();
        let varies = graph.depends(Input::varies);
        let is_needed = needed(&graph, outputs.iter().map(|(_, id)| *id));
        let mut is_boundary = vec![false; graph.len()];
        for id in graph.ids().filter(|id| is_needed[id.index()] && varies[id.index()]) {
            for part in graph.node(id).parts() {
                is_boundary[part.index()] = true;
            }
        }
        for (_, id) in &outputs {
            is_boundary[id.index()] = true;
        }
        let mut each = Graph::default();
        let (mut invariants, mut places) = (Vec::new(), Vec::<Id>::with_capacity(graph.len()));
        for id in graph.ids() {
            let node = graph.node(id);
            let is_plain = matches!(node, Node::Constant(_) | Node::Input(_));
            let place =
                if !is_plain && !varies[id.index()] && is_boundary[id.index()] && is_needed[id.index()] {
                    let idx = u16::try_from(invariants.len()).expect("channels have few values");
                    invariants.push((Output::Invariant(idx), id));
                    each.input(Input::Invariant(idx))
                } else {
                    each.rebuilt(node, |part| places[part.index()])
                };
            places.push(place);
        }
        let outputs: Vec<(Output, Id)> =
            outputs.iter().map(|(output, id)| (*output, places[id.index()])).collect();
        Self {
            once: Program::new(&graph, &invariants),
            each: Program::new(&each, &outputs),
            n_invariants: invariants.len(),
        }
    }
}

fn needed(graph: &Graph, roots: impl Iterator<Item = Id>) -> Vec<bool> {
    let mut is_needed = vec![false; graph.len()];
    for root in roots {
        is_needed[root.index()] = true;
    }
    let ids: Vec<Id> = graph.ids().collect();
    for id in ids.into_iter().rev() {
        if is_needed[id.index()] {
            for part in graph.node(id).parts() {
                is_needed[part.index()] = true;
            }
        }
    }
    is_needed
}

/// How much a program computes for one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Work {
    /// Sums, products, fused or not, comparisons.
    pub(crate) n_simple: usize,
    pub(crate) n_exponentials: usize,
    /// Logarithms, each with a division of its own.
    pub(crate) n_logarithms: usize,
    pub(crate) n_divisions: usize,
}

impl Program {
    /// How much it computes for one element.
    pub(crate) fn work(&self) -> Work {
        let mut work = Work::default();
        for operation in &self.operations {
            let count = match operation.code {
                Code::Exponential => &mut work.n_exponentials,
                Code::Logarithm => &mut work.n_logarithms,
                Code::Reciprocal | Code::Linoid | Code::SquareRoot => &mut work.n_divisions,
                Code::Store => continue,
                _ => &mut work.n_simple,
            };
            *count += 1;
        }
        work
    }

    /// The outputs of a graph; nothing else of it is executed.
    pub(crate) fn new(graph: &Graph, outputs: &[(Output, Id)]) -> Self {
        let steps = Steps::new(graph, outputs);
        let mut program =
            Self { outputs: outputs.iter().map(|(output, _)| *output).collect(), ..Self::default() };
        let mut memory =
            Memory { place: vec![None; graph.len()], free: Vec::new(), constants: HashMap::new() };
        for (at, step) in steps.order.iter().enumerate() {
            let operands = step.operands.map(|id| program.operand(graph, &mut memory, id));
            for id in distinct(&step.operands) {
                if steps.last_use[id.index()] == at
                    && let Some(Operand::Temporary(freed)) = memory.place[id.index()]
                {
                    memory.free.push(freed);
                }
            }
            let to = match step.value {
                Value::Output(idx) => idx,
                Value::Of(id) => {
                    let to = memory.free.pop().unwrap_or_else(|| program.new_temporary());
                    memory.place[id.index()] = Some(Operand::Temporary(to));
                    to
                }
            };
            program.operations.push(Operation { code: step.code, to, operands });
        }
        program
    }

    fn new_temporary(&mut self) -> u16 {
        self.n_temporaries += 1;
        u16::try_from(self.n_temporaries - 1).expect("channels have few values")
    }

    fn operand(&mut self, graph: &Graph, memory: &mut Memory, id: Id) -> Operand {
        if let Some(place) = memory.place[id.index()] {
            return place;
        }
        let count = |n: usize| u16::try_from(n).expect("channels have few values");
        let place = match graph.node(id) {
            Node::Constant(bits) => *memory.constants.entry(bits).or_insert_with(|| {
                self.constants.push(f64::from_bits(bits));
                Operand::Constant(count(self.constants.len() - 1))
            }),
            Node::Input(input) => {
                self.inputs.push(input);
                Operand::Input(count(self.inputs.len() - 1))
            }
            node => unreachable!("{node:?} is computed before it is used"),
        };
        memory.place[id.index()] = Some(place);
        place
    }
}

fn distinct(operands: &[Id; 4]) -> impl Iterator<Item = Id> + '_ {
    operands.iter().enumerate().filter(|(at, id)| !operands[..*at].contains(id)).map(|(_, id)| *id)
}

/// Where values lie while operations are written down.
struct Memory {
    place: Vec<Option<Operand>>,
    free: Vec<u16>,
    constants: HashMap<u64, Operand>,
}

/// What a step makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    Of(Id),
    Output(u16),
}

pub(super) struct Step {
    code: Code,
    pub(super) value: Value,
    pub(super) operands: [Id; 4],
}

/// Steps on values, and the last step that uses each.
struct Steps {
    order: Vec<Step>,
    last_use: Vec<usize>,
}

impl Steps {
    fn new(graph: &Graph, outputs: &[(Output, Id)]) -> Self {
        let is_needed = needed(graph, outputs.iter().map(|(_, id)| *id));
        let fused = fused_products(graph, outputs, &is_needed);
        let computed: Vec<Step> = graph
            .ids()
            .filter(|id| is_needed[id.index()] && !fused.contains_key(id))
            .filter_map(|id| step_of(graph, id, &fused))
            .collect();
        let computed = scheduled(graph, computed);
        let mut stores: Vec<(usize, Step)> = Vec::new();
        for (idx, (output, id)) in outputs.iter().enumerate() {
            let made = computed.iter().position(|step| step.value == Value::Of(*id));
            let place = output.place();
            let reads_place = |step: &Step| {
                step.operands
                    .iter()
                    .any(|part| matches!(graph.node(*part), Node::Input(input) if input == place))
            };
            let is_moved = outputs.iter().any(|(other, id)| {
                other != output && matches!(graph.node(*id), Node::Input(input) if input == place)
            });
            let read = computed.iter().rposition(reads_place);
            let after = if is_moved { computed.len() } else { made.max(read).map_or(0, |at| at + 1) };
            let value = Value::Output(u16::try_from(idx).expect("channels have few values"));
            stores.push((after, Step { code: Code::Store, value, operands: [*id; 4] }));
        }
        let order = with_stores(computed, stores);
        let mut last_use = vec![0; graph.len()];
        for (at, step) in order.iter().enumerate() {
            for id in step.operands {
                last_use[id.index()] = at;
            }
        }
        Self { order, last_use }
    }
}

fn with_stores(computed: Vec<Step>, mut stores: Vec<(usize, Step)>) -> Vec<Step> {
    stores.sort_by_key(|(after, _)| *after);
    let mut stores = stores.into_iter().peekable();
    let mut order = Vec::with_capacity(computed.len() + stores.len());
    for (at, step) in computed.into_iter().enumerate() {
        while let Some((_, store)) = stores.next_if(|(after, _)| *after <= at) {
            order.push(store);
        }
        order.push(step);
    }
    order.extend(stores.map(|(_, store)| store));
    order
}

/// Products that only a sum uses, with the sum.
fn fused_products(graph: &Graph, outputs: &[(Output, Id)], is_needed: &[bool]) -> HashMap<Id, Id> {
    let mut n_uses = vec![0_u32; graph.len()];
    for (_, id) in outputs {
        n_uses[id.index()] += 2;
    }
    for id in graph.ids().filter(|id| is_needed[id.index()]) {
        for part in graph.node(id).parts() {
            n_uses[part.index()] += 1;
        }
    }
    let is_single = |id: Id| n_uses[id.index()] == 1 && matches!(graph.node(id), Node::Multiply(..));
    let mut fused = HashMap::new();
    for id in graph.ids().filter(|id| is_needed[id.index()]) {
        let product = match graph.node(id) {
            Node::Add(a, b) => [b, a].into_iter().find(|part| is_single(*part)),
            Node::Subtract(_, b) => Some(b).filter(|part| is_single(*part)),
            _ => None,
        };
        if let Some(product) = product {
            fused.insert(product, id);
        }
    }
    fused
}

fn step_of(graph: &Graph, id: Id, fused: &HashMap<Id, Id>) -> Option<Step> {
    let factors = |part: Id| match graph.node(part) {
        Node::Multiply(x, y) if fused.get(&part) == Some(&id) => Some((x, y)),
        _ => None,
    };
    let one = |code, a: Id| (code, [a; 4]);
    let two = |code, a: Id, b: Id| (code, [a, b, a, a]);
    let (code, operands) = match graph.node(id) {
        Node::Constant(_) | Node::Input(_) => return None,
        Node::Add(a, b) => match (factors(a), factors(b)) {
            (_, Some((x, y))) => (Code::MultiplyAdd, [x, y, a, x]),
            (Some((x, y)), None) => (Code::MultiplyAdd, [x, y, b, x]),
            (None, None) => two(Code::Add, a, b),
        },
        Node::Subtract(a, b) => match factors(b) {
            Some((x, y)) => (Code::NegMultiplyAdd, [x, y, a, x]),
            None => two(Code::Subtract, a, b),
        },
        Node::Multiply(a, b) => two(Code::Multiply, a, b),
        Node::Minimum(a, b) => two(Code::Minimum, a, b),
        Node::Maximum(a, b) => two(Code::Maximum, a, b),
        Node::Reciprocal(a) => one(Code::Reciprocal, a),
        Node::Exponential(a) => one(Code::Exponential, a),
        Node::Logarithm(a) => one(Code::Logarithm, a),
        Node::SquareRoot(a) => one(Code::SquareRoot, a),
        Node::Absolute(a) => one(Code::Absolute, a),
        Node::Linoid(s, u, k, e) => (Code::Linoid, [s, u, k, e]),
        Node::Choose(choice) => {
            let code = if choice.is_or_equal { Code::ChooseLessEqual } else { Code::ChooseLess };
            (code, [choice.left, choice.right, choice.then, choice.otherwise])
        }
    };
    Some(Step { code, value: Value::Of(id), operands })
}
