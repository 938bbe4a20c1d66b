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
        // A signed count is converted by one instruction.
        let n_steps = (idx - self.first_idx) as i64;
        self.start_ms + n_steps as f64 * self.increment_ms
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

    /// The first `n_points` points.
    pub(crate) fn truncated(mut self, n_points: usize) -> Self {
        self.n_points = self.n_points.min(n_points);
        self.pieces.retain(|piece| piece.first_idx < n_points);
        self
    }

    /// A reader that stands at the first point.
    pub(crate) fn cursor(&self) -> Cursor<'_> {
        Cursor { grid: self, piece_idx: 0, idx: 0, time_ms: self.pieces[0].start_ms }
    }
}

/// Walks along a grid, forwards.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    grid: &'a AccumulatedGrid,
    piece_idx: usize,
    idx: usize,
    time_ms: f64,
}

impl Cursor<'_> {
    /// Time of the point it stands at; infinite behind the last one.
    pub(crate) fn time_ms(&self) -> f64 {
        self.time_ms
    }

    /// To the next point.
    pub(crate) fn advance(&mut self) {
        self.stand_at(self.idx + 1);
    }

    /// To the first point after a time, unless it stands there or further on.
    pub(crate) fn seek_after(&mut self, time_ms: f64) {
        let pieces = &self.grid.pieces;
        while pieces.get(self.piece_idx + 1).is_some_and(|next| next.start_ms <= time_ms) {
            self.piece_idx += 1;
        }
        let piece = pieces[self.piece_idx];
        // The conversion cuts off; one less leaves room for the rounding of the quotient.
        let n_steps = ((time_ms - piece.start_ms) / piece.increment_ms) as i64 - 1;
        self.stand_at(self.idx.max(piece.first_idx + n_steps.max(0) as usize));
        while self.time_ms <= time_ms {
            self.advance();
        }
    }

    fn stand_at(&mut self, idx: usize) {
        let pieces = &self.grid.pieces;
        if pieces.get(self.piece_idx + 1).is_some_and(|next| next.first_idx <= idx) {
            self.piece_idx += 1;
        }
        self.idx = idx;
        let is_inside = idx < self.grid.n_points;
        self.time_ms = if is_inside { pieces[self.piece_idx].time_ms(idx) } else { f64::INFINITY };
    }
}

/// The rounded step from `x` on, and for how many steps, at most `n_most`, it stays the same.
fn constant_run(x: f64, step: f64, n_most: usize) -> (f64, usize) {
    let next = x + step;
    let increment = next - x;
    let limit = end_of_binade(x);
    // The limit itself is no part of the run: numbers on its other side are spaced otherwise.
    let is_inside = |y: f64| y < limit;
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
        let (grid, slow) = (
            AccumulatedGrid::new(start_ms, step_ms, n_points),
            added_one_by_one(start_ms, step_ms, n_points),
        );
        let bits = |times_ms: &[f64]| -> Vec<u64> { times_ms.iter().map(|t| t.to_bits()).collect() };
        assert_eq!(bits(&grid.times_ms()), bits(&slow), "{start_ms} {step_ms}");
        for idx in [0, n_points / 3, n_points - 1] {
            assert_eq!(grid.time_ms(idx).to_bits(), slow[idx].to_bits());
        }
        check_walk(&grid, &slow);
    }

    fn check_walk(grid: &AccumulatedGrid, slow: &[f64]) {
        let (mut walking, mut seeking) = (grid.cursor(), grid.cursor());
        for (idx, time_ms) in slow.iter().copied().enumerate() {
            assert_eq!(walking.time_ms().to_bits(), time_ms.to_bits());
            walking.advance();
            if idx % 7 == 0 {
                let mut near_ms = [time_ms.next_down(), time_ms, time_ms.next_up(), time_ms + 0.1];
                near_ms.sort_by(f64::total_cmp);
                for near_ms in near_ms {
                    seeking.seek_after(near_ms);
                    let next =
                        slow.iter().copied().skip(idx).find(|t| *t > near_ms && *t >= seeking.time_ms());
                    assert_eq!(
                        seeking.time_ms().to_bits(),
                        next.unwrap_or(f64::INFINITY).to_bits(),
                        "{near_ms}"
                    );
                }
            }
        }
        assert!(walking.time_ms().is_infinite());
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
    fn analytic_a_negative_power_of_two_is_passed_bit_for_bit() {
        for (start_ms, step_ms) in [
            ((-64.3_f64).next_up(), 0.1),
            ((-4.3_f64).next_up(), 0.1),
            ((-2.15_f64).next_up(), 0.05),
            ((-1.075_f64).next_up(), 0.025),
            ((-1024.3_f64).next_up(), 0.1),
        ] {
            check(start_ms, step_ms, 2000);
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
