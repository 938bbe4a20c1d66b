//! Times that grow by repeated addition, without adding one after the other.

/// `x[0] = start`, `x[i + 1] = x[i] + step` in double precision, for `n` points.
///
/// Repeated addition rounds each time, and the rounding decides which sample is the first at or after a given time.
/// Between two powers of two all sums are multiples of the same unit in the last place, so every addition there adds
/// the same rounded step; only where the exact step lies half-way between two multiples does the rounding alternate.
/// The grid is therefore kept as a few pieces `start + j * increment`, each exact in every bit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AccumulatedGrid {
    pieces: Vec<Piece>,
    n_points: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    first_idx: usize,
    start_ms: f64,
    increment_ms: f64,
}

impl Piece {
    fn time_ms(&self, idx: usize) -> f64 {
        self.start_ms + (idx - self.first_idx) as f64 * self.increment_ms
    }
}

impl AccumulatedGrid {
    /// The grid of `n_points` points; `start_ms` is finite, `step_ms` finite and greater than zero.
    pub(crate) fn new(start_ms: f64, step_ms: f64, n_points: usize) -> Self {
        let mut pieces = Vec::new();
        let (mut first_idx, mut start_ms) = (0, start_ms);
        while first_idx < n_points {
            let (increment_ms, n_steps) = constant_run(start_ms, step_ms, n_points - first_idx);
            let piece = Piece { first_idx, start_ms, increment_ms };
            pieces.push(piece);
            first_idx += n_steps;
            start_ms = if n_steps == 1 { start_ms + step_ms } else { piece.time_ms(first_idx) };
        }
        Self { pieces, n_points }
    }

    /// Number of points.
    pub(crate) fn n_points(&self) -> usize {
        self.n_points
    }

    /// One point; also the one that would follow the last.
    pub(crate) fn time_ms(&self, idx: usize) -> f64 {
        let piece_idx = self.pieces.partition_point(|piece| piece.first_idx <= idx).saturating_sub(1);
        self.pieces[piece_idx].time_ms(idx)
    }

    /// All points in order.
    pub(crate) fn times_ms(&self) -> Vec<f64> {
        let mut times_ms = Vec::with_capacity(self.n_points);
        for (piece_idx, piece) in self.pieces.iter().enumerate() {
            let end_idx = self.pieces.get(piece_idx + 1).map_or(self.n_points, |next| next.first_idx);
            times_ms.extend((piece.first_idx..end_idx).map(|idx| piece.time_ms(idx)));
        }
        times_ms
    }

    /// Index of the first point at or after a time; the number of points where there is none.
    pub(crate) fn first_at(&self, time_ms: f64) -> usize {
        let piece_idx = self.pieces.partition_point(|piece| piece.start_ms < time_ms);
        let Some(piece) = piece_idx.checked_sub(1).map(|idx| self.pieces[idx]) else { return 0 };
        let end_idx = self.pieces.get(piece_idx).map_or(self.n_points, |next| next.first_idx);
        let guess = ((time_ms - piece.start_ms) / piece.increment_ms).ceil() as usize;
        let mut idx = piece.first_idx.saturating_add(guess).min(end_idx);
        while idx > piece.first_idx && piece.time_ms(idx - 1) >= time_ms {
            idx -= 1;
        }
        while idx < end_idx && piece.time_ms(idx) < time_ms {
            idx += 1;
        }
        idx
    }
}

/// The rounded step from `x` on, and for how many steps, at most `n_most`, it stays the same.
fn constant_run(x: f64, step: f64, n_most: usize) -> (f64, usize) {
    let next = x + step;
    let increment = next - x;
    let limit = end_of_binade(x);
    let is_inside = |y: f64| if x >= 0.0 { y < limit } else { y <= limit };
    if !is_inside(next) || is_tie(x, step, next) || increment <= 0.0 {
        return (increment, 1);
    }
    let room = ((limit - x) / increment).floor();
    let mut n_steps = if room < n_most as f64 { room as usize } else { n_most };
    while n_steps > 1 && !is_inside(x + n_steps as f64 * increment) {
        n_steps -= 1;
    }
    (increment, n_steps.max(1))
}

/// The power of two at which the distance of neighbouring numbers changes, going up from `x`.
fn end_of_binade(x: f64) -> f64 {
    let exponent_bits = x.abs().to_bits() & !((1 << 52) - 1);
    let floor = f64::from_bits(exponent_bits);
    if x >= 0.0 { 2.0 * floor } else { -floor }
}

/// Whether the exact sum lies half-way between two numbers, where rounding depends on the last bit.
fn is_tie(x: f64, step: f64, sum: f64) -> bool {
    let rest = sum - x;
    let error = (x - (sum - rest)) + (step - rest);
    let spacing = f64::from_bits(sum.abs().to_bits() + 1) - sum.abs();
    (2.0 * error.abs() - spacing).abs() <= 0.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The slow obvious twin.
    fn added_one_by_one(start_ms: f64, step_ms: f64, n_points: usize) -> Vec<f64> {
        let next = |time_ms: &f64| Some(time_ms + step_ms);
        std::iter::successors(Some(start_ms), next).take(n_points).collect()
    }

    fn check(start_ms: f64, step_ms: f64, n_points: usize) {
        let (grid, slow) =
            (AccumulatedGrid::new(start_ms, step_ms, n_points), added_one_by_one(start_ms, step_ms, n_points));
        let bits = |times_ms: &[f64]| -> Vec<u64> { times_ms.iter().map(|t| t.to_bits()).collect() };
        assert_eq!(bits(&grid.times_ms()), bits(&slow), "{start_ms} {step_ms}");
        for idx in [0, n_points / 3, n_points - 1] {
            assert_eq!(grid.time_ms(idx).to_bits(), slow[idx].to_bits());
            for time_ms in [slow[idx], slow[idx].next_up(), slow[idx].next_down(), slow[idx] + 0.3 * step_ms] {
                assert_eq!(grid.first_at(time_ms), slow.partition_point(|t| *t < time_ms), "{time_ms}");
            }
        }
    }

    #[test]
    fn analytic_pieces_are_repeated_addition_bit_for_bit() {
        for start_ms in [0.0, 15.0, -100.0, -0.05, 1e-9, 1024.0 - 0.3, 1e6 + 0.1] {
            for step_ms in [0.1, 0.06, 0.05, 0.025, 0.02, 0.2, 1.0, 1.0 / 3.0] {
                check(start_ms, step_ms, 20_001);
            }
        }
    }

    #[test]
    fn analytic_alternating_roundings_are_followed() {
        let step_ms = 1.0 + 2.0_f64.powi(-44);
        check(512.0, step_ms, 3000);
        check(4096.0, 2.0_f64.powi(-41) * 1.5, 3000);
    }

    #[test]
    fn analytic_few_pieces_cover_a_long_grid() {
        assert!(AccumulatedGrid::new(0.0, 0.1, 5151).pieces.len() < 32);
    }

    proptest! {
        #[test]
        fn invariant_any_grid_is_repeated_addition(
            start_ms in -1e4..1e4_f64,
            step_ms in 1e-4..10.0_f64,
            n_points in 1..5000_usize,
        ) {
            check(start_ms, step_ms, n_points);
        }
    }
}
