//! Passes over long lists at the speed of memory: blocks first, values one by one only where a block is not clear.
//!
//! Most blocks of a trace lie on one side of whatever level is asked for.

mod prefix;

pub(crate) use prefix::Question;
use prefix::{BLOCK, clear_prefix};

/// Running extremes kept side by side.
const LANES: usize = 8;

/// Whether every value is smaller than a limit in size; false where one is NaN.
pub(crate) fn is_within(values: &[f64], limit: f64) -> bool {
    clear_prefix(values, Question::Within(limit)) == values.len()
}

/// Index of the first value that is NaN or infinite.
pub(crate) fn first_not_finite(values: &[f64]) -> Option<usize> {
    let start_idx = clear_prefix(values, Question::Within(f64::INFINITY));
    (start_idx..values.len()).find(|idx| !values[*idx].is_finite())
}

/// Whether each value is at least as large as the one before; false where one is NaN.
pub(crate) fn is_sorted(values: &[f64]) -> bool {
    clear_prefix(values, Question::Sorted) == values.len().saturating_sub(1)
}

/// Index from which on the answer may be no: all before it is clear. The first whole block is found, not the value.
pub(crate) fn skip_clear(values: &[f64], start_idx: usize, question: Question) -> usize {
    start_idx + clear_prefix(&values[start_idx..], question)
}

/// A level, and whether a value at it counts as above.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level {
    /// `value > level` is above.
    Over(f64),
    /// `value >= level` is above.
    From(f64),
}

impl Level {
    fn is_above(self, value: f64) -> bool {
        match self {
            Self::Over(level) => value > level,
            Self::From(level) => value >= level,
        }
    }

    fn stays(self, is_above: bool) -> Question {
        match (self, is_above) {
            (Self::Over(level), true) => Question::Above(level),
            (Self::Over(level), false) => Question::AtMost(level),
            (Self::From(level), true) => Question::AtLeast(level),
            (Self::From(level), false) => Question::Below(level),
        }
    }
}

/// Calls `at(idx, is_above)` for each value that lies on another side of a level than the one before.
pub(crate) fn each_change(values: &[f64], level: Level, mut at: impl FnMut(usize, bool)) {
    let Some(first) = values.first() else { return };
    let (mut is_above, mut idx) = (level.is_above(*first), 1);
    while idx < values.len() {
        idx = skip_clear(values, idx, level.stays(is_above));
        for (offset, value) in values[idx..].iter().take(BLOCK).enumerate() {
            if level.is_above(*value) != is_above {
                is_above = !is_above;
                at(idx + offset, is_above);
            }
        }
        idx += BLOCK;
    }
}

/// Index of the first largest of `start_idx..end_idx`; `start_idx` if that is empty.
pub(crate) fn first_maximum_idx(values: &[f64], start_idx: usize, end_idx: usize) -> usize {
    let range = values.get(start_idx..end_idx).unwrap_or_default();
    let largest = extreme(range, f64::NEG_INFINITY, |value, best| value > best);
    start_idx + range.iter().position(|value| *value >= largest).unwrap_or(0)
}

/// Index of the first smallest of `start_idx..end_idx`; `start_idx` if that is empty.
pub(crate) fn first_minimum_idx(values: &[f64], start_idx: usize, end_idx: usize) -> usize {
    let range = values.get(start_idx..end_idx).unwrap_or_default();
    let smallest = extreme(range, f64::INFINITY, |value, best| value < best);
    start_idx + range.iter().position(|value| *value <= smallest).unwrap_or(0)
}

fn extreme(values: &[f64], none: f64, is_better: impl Fn(f64, f64) -> bool) -> f64 {
    let better = |value: f64, best: f64| if is_better(value, best) { value } else { best };
    let mut lanes = [none; LANES];
    let blocks = values.chunks_exact(LANES);
    let rest = blocks.remainder();
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = better(*value, *lane);
        }
    }
    lanes.into_iter().chain(rest.iter().copied()).fold(none, |best, value| better(value, best))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Vec<f64>> {
        let value =
            prop_oneof![8 => Just(-20.0), 8 => -100.0..-20.0_f64, 1 => Just(3.0), 1 => -100.0..100.0_f64];
        prop::collection::vec(value, 0..300)
    }

    proptest! {
        #[test]
        fn invariant_passes_agree_with_plain_loops(values in values(), bad in prop::option::of((0..300_usize, 0..3_usize))) {
            let mut spoiled = values.clone();
            if let Some((idx, kind)) = bad.filter(|(idx, _)| *idx < values.len()) {
                spoiled[idx] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][kind];
            }
            prop_assert_eq!(is_within(&spoiled, 50.0), spoiled.iter().all(|value| value.abs() < 50.0));
            prop_assert_eq!(first_not_finite(&spoiled), spoiled.iter().position(|value| !value.is_finite()));
            prop_assert_eq!(is_sorted(&spoiled), spoiled.windows(2).all(|pair| pair[0] <= pair[1]));
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            prop_assert!(is_sorted(&sorted));
            let largest = (0..values.len()).reduce(|best, idx| if values[idx] > values[best] { idx } else { best });
            prop_assert_eq!(first_maximum_idx(&values, 0, values.len()), largest.unwrap_or(0));
            let smallest = (0..values.len()).reduce(|best, idx| if values[idx] < values[best] { idx } else { best });
            prop_assert_eq!(first_minimum_idx(&values, 0, values.len()), smallest.unwrap_or(0));
        }

        #[test]
        fn invariant_changes_are_those_of_a_plain_loop(values in values()) {
            for level in [Level::Over(-20.0), Level::From(-20.0)] {
                let mut changes = Vec::new();
                each_change(&values, level, |idx, is_above| changes.push((idx, is_above)));
                let sides: Vec<bool> = values.iter().map(|value| level.is_above(*value)).collect();
                let slow: Vec<(usize, bool)> = (1..values.len())
                    .filter(|idx| sides[idx - 1] != sides[*idx])
                    .map(|idx| (idx, sides[idx]))
                    .collect();
                prop_assert_eq!(changes, slow);
            }
        }
    }

    #[test]
    fn analytic_sorted_lists_need_no_order_of_equal_values() {
        let mut rising: Vec<f64> = (0..1000).map(f64::from).collect();
        assert!(is_sorted(&rising) && is_sorted(&[1.0; 70]) && is_sorted(&[]) && is_sorted(&[2.0]));
        rising[640] = 639.5;
        assert!(is_sorted(&rising));
        rising[640] = 638.5;
        assert!(!is_sorted(&rising));
    }
}
