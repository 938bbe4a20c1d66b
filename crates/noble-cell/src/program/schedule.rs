//! An order of operations in which few values wait in registers and long chains begin early.

use super::graph::{Graph, Node};
use super::linear::{Step, Value};

/// Values that may wait before those that are needed last are made to wait themselves.
///
/// Half of the registers of AVX-512 that hold temporaries, as two copies go in turns; between 4 and 24 times differ by
/// less than a tenth.
const MOST_WAITING: usize = 12;

/// Steps in another order, each after those that make its operands.
///
/// Of the steps that could go next, the one with the longest chain behind it goes, or, where many values wait, the one
/// that frees most of them.
pub(super) fn scheduled(graph: &Graph, steps: Vec<Step>) -> Vec<Step> {
    let links = Links::new(graph, &steps);
    let height = heights(graph, &steps, &links.users);
    let mut missing: Vec<usize> = links.operands.iter().map(Vec::len).collect();
    let mut unused: Vec<usize> = links.users.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..steps.len()).filter(|at| missing[*at] == 0).collect();
    let (mut order, mut n_waiting) = (Vec::with_capacity(steps.len()), 0_usize);
    while !ready.is_empty() {
        let freed = |at: usize| links.operands[at].iter().filter(|operand| unused[**operand] == 1).count();
        let key = |at: usize| {
            let freed = if n_waiting >= MOST_WAITING { freed(at) } else { 0 };
            (freed, height[at], usize::MAX - at)
        };
        let next = (0..ready.len()).max_by_key(|idx| key(ready[*idx])).expect("one is ready");
        let at = ready.swap_remove(next);
        n_waiting = n_waiting + usize::from(!links.users[at].is_empty()) - freed(at);
        links.operands[at].iter().for_each(|operand| unused[*operand] -= 1);
        for user in &links.users[at] {
            missing[*user] -= 1;
            if missing[*user] == 0 {
                ready.push(*user);
            }
        }
        order.push(at);
    }
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    order.into_iter().map(|at| steps[at].take().expect("each step goes once")).collect()
}

/// Which steps make what a step uses.
struct Links {
    operands: Vec<Vec<usize>>,
    users: Vec<Vec<usize>>,
}

impl Links {
    fn new(graph: &Graph, steps: &[Step]) -> Self {
        let mut maker = vec![None; graph.len()];
        for (at, step) in steps.iter().enumerate() {
            if let Value::Of(id) = step.value {
                maker[id.index()] = Some(at);
            }
        }
        let makers = |step: &Step| -> Vec<usize> {
            let mut makers: Vec<usize> = step.operands.iter().filter_map(|id| maker[id.index()]).collect();
            makers.sort_unstable();
            makers.dedup();
            makers
        };
        let operands: Vec<Vec<usize>> = steps.iter().map(makers).collect();
        let mut users = vec![Vec::new(); steps.len()];
        for (at, operands) in operands.iter().enumerate() {
            operands.iter().for_each(|operand| users[*operand].push(at));
        }
        Self { operands, users }
    }
}

/// Cycles of the longest chain from each step on.
fn heights(graph: &Graph, steps: &[Step], users: &[Vec<usize>]) -> Vec<u32> {
    let mut heights = vec![0; steps.len()];
    for at in (0..steps.len()).rev() {
        let behind = users[at].iter().map(|user| heights[*user]).max().unwrap_or(0);
        let own = match steps[at].value {
            Value::Of(id) => match graph.node(id) {
                Node::Exponential(_) | Node::Logarithm(_) => 60,
                Node::Reciprocal(_) | Node::Linoid(..) | Node::SquareRoot(_) => 24,
                _ => 4,
            },
            Value::Output(_) => 0,
        };
        heights[at] = behind + own;
    }
    heights
}
