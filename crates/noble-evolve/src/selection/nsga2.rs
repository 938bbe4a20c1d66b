//! Nondominated sorting with crowding.
//!
//! # Source
//! Deb, Pratap, Agarwal & Meyarivan 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE
//! Transactions on Evolutionary Computation 6(2), sections III.B and III.C.

use super::Standing;
use super::dominance::{fronts, split};

/// Front of each individual, and the room around it within the front.
pub(super) fn standings(scores: &[&[f64]]) -> Vec<Standing> {
    let mut standings = vec![Standing::EQUAL; scores.len()];
    for (front, members) in fronts(scores).iter().enumerate() {
        for (&member, room) in members.iter().zip(crowding(scores, members)) {
            standings[member] = Standing { front, burden: -room };
        }
    }
    standings
}

/// Indices of the first fronts, and of the front that does not fit those with most room.
pub(super) fn survivors(scores: &[&[f64]], n: usize) -> Vec<usize> {
    let (mut survivors, last) = split(fronts(scores), n);
    let room = crowding(scores, &last);
    let mut order: Vec<usize> = (0..last.len()).collect();
    order.sort_by(|&a, &b| room[b].total_cmp(&room[a]));
    survivors.extend(order.iter().take(n - survivors.len()).map(|&place| last[place]));
    survivors
}

/// Room around each member of a front: over the objectives, the sum of the distances of its two neighbors, each as a
/// fraction of the objective's range; infinite at either end.
///
/// An objective in which all are equal says nothing, and has no ends; the paper divides by zero there.
fn crowding(scores: &[&[f64]], members: &[usize]) -> Vec<f64> {
    let mut room = vec![0.0; members.len()];
    let n_objectives = scores.first().map_or(0, |scores| scores.len());
    let objective = |k: usize| members.iter().map(|&member| scores[member][k]).collect::<Vec<f64>>();
    for values in (0..n_objectives).map(objective) {
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let (Some(&first), Some(&last)) = (order.first(), order.last()) else { break };
        let range = values[last] - values[first];
        if range <= 0.0 {
            continue;
        }
        room[first] = f64::INFINITY;
        room[last] = f64::INFINITY;
        for neighbors in order.windows(3) {
            room[neighbors[1]] += (values[neighbors[2]] - values[neighbors[0]]) / range;
        }
    }
    room
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [&[f64]; 6] =
        [&[0.0, 10.0], &[1.0, 6.0], &[2.0, 5.0], &[6.0, 1.0], &[10.0, 0.0], &[10.0, 10.0]];

    /// Ranges are 10 and 10: the second has (2 - 0) / 10 + (10 - 5) / 10, and so on.
    #[test]
    fn analytic_crowding_by_hand() {
        let room = crowding(&SCORES, &[0, 1, 2, 3, 4]);
        assert!(room[0].is_infinite() && room[4].is_infinite());
        for (room, expected) in room[1..4].iter().zip([0.7, 1.0, 1.3]) {
            assert!((room - expected).abs() < 1e-15, "{room} {expected}");
        }
    }

    #[test]
    fn analytic_most_crowded_go_first() {
        assert_eq!(survivors(&SCORES, 3), [0, 4, 3]);
        assert_eq!(survivors(&SCORES, 4), [0, 4, 3, 2]);
        assert_eq!(survivors(&SCORES, 5), [0, 1, 2, 3, 4]);
        assert_eq!(survivors(&[[1.0, 1.0].as_slice(); 4], 2), [0, 1]);
    }

    #[test]
    fn analytic_better_front_stands_before_more_room() {
        let standings = standings(&SCORES);
        assert!(standings[1].compare(&standings[5]).is_lt());
        assert!(standings[3].compare(&standings[1]).is_lt());
        assert!(standings[0].compare(&standings[4]).is_eq());
    }
}
