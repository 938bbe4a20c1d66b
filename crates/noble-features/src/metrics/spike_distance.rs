//! The SPIKE distance.

use super::Interval;
use crate::Error;

/// Distance of two spike trains by the times of their spikes, measured by the local intervals: no time scale is chosen.
///
/// The mean of `S(t) = (S_a(t) x_b(t) + S_b(t) x_a(t)) / (2 <x>²)` over the interval, with `x(t)` the interspike
/// interval of a train around t and `<x> = (x_a + x_b)/2`. Between its spikes at p and f a train has
/// `S_a(t) = (d_p (f - t) + d_f (t - p)) / x_a`, d being the distance of a spike to the nearest one of the other train.
/// S is linear between neighboring events, so the integral is exact. 0 for equal trains, 1 at most.
///
/// Edges: a train is continued by one spike before its first and one after its last, as far away as its outermost
/// interval is long, but not inside the interval (a train of one spike: at the ends of the interval); they have the d of
/// the outermost spike. A train without spikes counts as one with spikes at both ends of the interval. Two empty trains
/// have distance 0.
/// # Errors
/// [`Error::SpikeTrain`] for times that are not finite, not in order or outside of the interval,
/// [`Error::MetricInterval`].
/// # Source
/// Kreuz, Chicharro, Houghton, Andrzejak and Mormann, J Neurophysiol 109:1457, 2013; edges as
/// PySpike 0.9.0 `spike_distance`. Differs: for a train of one spike, exactly at the start of the interval, PySpike goes
/// to the distance of the interval's end instead of keeping that of the spike.
pub fn spike_distance(a_ms: &[f64], b_ms: &[f64], interval: Interval) -> Result<f64, Error> {
    interval.check_trains(&[("first", a_ms), ("second", b_ms)])?;
    let (a_ms, b_ms) = (continued(a_ms, interval), continued(b_ms, interval));
    let mut a = Course::new(&a_ms, &b_ms);
    let mut b = Course::new(&b_ms, &a_ms);
    let (mut now_ms, mut area_ms) = (interval.start_ms, 0.0);
    while now_ms < interval.end_ms {
        a.go_to(now_ms);
        b.go_to(now_ms);
        let next_ms = a.following_ms().min(b.following_ms()).min(interval.end_ms);
        area_ms +=
            0.5 * (dissimilarity(&a, &b, now_ms) + dissimilarity(&a, &b, next_ms)) * (next_ms - now_ms);
        now_ms = next_ms;
    }
    Ok(area_ms / interval.duration_ms())
}

/// S(t) for a time between or at the spikes that enclose the present of both trains.
fn dissimilarity(a: &Course<'_>, b: &Course<'_>, t_ms: f64) -> f64 {
    let (x_a, x_b) = (a.interval_ms(), b.interval_ms());
    let mean = 0.5 * (x_a + x_b);
    (a.distance_ms(t_ms) * x_b + b.distance_ms(t_ms) * x_a) / (2.0 * mean * mean)
}

/// A train with a spike more at either end.
fn continued(spikes_ms: &[f64], Interval { start_ms, end_ms }: Interval) -> Vec<f64> {
    let ends_ms = [start_ms, end_ms];
    let spikes_ms = if spikes_ms.is_empty() { &ends_ms } else { spikes_ms };
    let n = spikes_ms.len();
    let (before_ms, after_ms) = match n {
        1 => (start_ms, end_ms),
        _ => (2.0 * spikes_ms[0] - spikes_ms[1], 2.0 * spikes_ms[n - 1] - spikes_ms[n - 2]),
    };
    let mut continued_ms = Vec::with_capacity(n + 2);
    continued_ms.push(before_ms.min(start_ms));
    continued_ms.extend_from_slice(spikes_ms);
    continued_ms.push(after_ms.max(end_ms));
    continued_ms
}

/// A continued train, walked through in time.
struct Course<'a> {
    spikes_ms: &'a [f64],
    /// Distance of every spike to the nearest one of the other train.
    distances_ms: Vec<f64>,
    /// The spike that was last.
    idx: usize,
}

impl<'a> Course<'a> {
    fn new(spikes_ms: &'a [f64], other_ms: &[f64]) -> Self {
        let mut distances_ms: Vec<f64> = spikes_ms.iter().map(|t_ms| nearest_ms(*t_ms, other_ms)).collect();
        let last = spikes_ms.len() - 1;
        distances_ms[0] = distances_ms[1];
        distances_ms[last] = distances_ms[last - 1];
        Self { spikes_ms, distances_ms, idx: 0 }
    }

    /// Advances to the interval that begins at or before a time and ends after it.
    fn go_to(&mut self, now_ms: f64) {
        while self.idx + 2 < self.spikes_ms.len() && self.following_ms() <= now_ms {
            self.idx += 1;
        }
    }

    fn following_ms(&self) -> f64 {
        self.spikes_ms[self.idx + 1]
    }

    fn interval_ms(&self) -> f64 {
        self.following_ms() - self.spikes_ms[self.idx]
    }

    fn distance_ms(&self, t_ms: f64) -> f64 {
        let (before_ms, after_ms) = (t_ms - self.spikes_ms[self.idx], self.following_ms() - t_ms);
        let (previous, following) = (self.distances_ms[self.idx], self.distances_ms[self.idx + 1]);
        (previous * after_ms + following * before_ms) / self.interval_ms()
    }
}

/// Distance of a time to the nearest spike.
fn nearest_ms(t_ms: f64, spikes_ms: &[f64]) -> f64 {
    let after = spikes_ms.partition_point(|spike_ms| *spike_ms < t_ms);
    let neighbors = &spikes_ms[after.saturating_sub(1)..(after + 1).min(spikes_ms.len())];
    neighbors.iter().map(|spike_ms| (spike_ms - t_ms).abs()).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::trains::{LENGTH_MS, train};
    use super::*;

    const INTERVAL: Interval = Interval { start_ms: 0.0, end_ms: LENGTH_MS };

    fn distance(a_ms: &[f64], b_ms: &[f64]) -> f64 {
        spike_distance(a_ms, b_ms, INTERVAL).unwrap()
    }

    fn check(a_ms: &[f64], b_ms: &[f64], expected: f64) {
        let found = distance(a_ms, b_ms);
        assert!((found - expected).abs() < 1e-14, "{a_ms:?} {b_ms:?}: {found}, not {expected}");
    }

    #[test]
    fn analytic_a_shifted_regular_train_has_the_shift_by_the_period() {
        let period_ms = 20.0;
        let regular: Vec<f64> = (0..10).map(|k| f64::from(k) * period_ms + 6.0).collect();
        for shift_ms in [0.0, 0.5, 3.0, 8.0] {
            let shifted: Vec<f64> = regular.iter().map(|t| t + shift_ms).collect();
            check(&regular, &shifted, shift_ms / period_ms);
        }
    }

    #[test]
    fn analytic_empty_trains_and_single_spikes() {
        check(&[], &[], 0.0);
        check(&[77.0], &[77.0], 0.0);
        // Empty: x_b = T, S_b = 0. One spike in the middle: x_a = d = T/2. S = (T/2 · T) / (2 (3T/4)²) = 4/9.
        check(&[0.5 * LENGTH_MS], &[], 4.0 / 9.0);
        // Spikes at u < v: d = δ = v - u each, or the way to an end; S = δ / <x> on the three pieces.
        let (u, v) = (80.0, 100.0);
        let before = 20.0 * 180.0 / (2.0 * 90.0_f64.powi(2)) * u;
        let between = 20.0 * 220.0 / (2.0 * 110.0_f64.powi(2)) * (v - u);
        let after = 20.0 * 220.0 / (2.0 * 110.0_f64.powi(2)) * (LENGTH_MS - v);
        check(&[u], &[v], (before + between + after) / LENGTH_MS);
    }

    /// S(t) by its words: previous and following spike found by looking at all of them.
    fn dissimilarity_at(t_ms: f64, a_ms: &[f64], b_ms: &[f64]) -> f64 {
        let local = |own: &[f64], other: &[f64]| {
            let follows = own.iter().position(|spike_ms| *spike_ms > t_ms).unwrap();
            let (p, f) = (own[follows - 1], own[follows]);
            let outermost = |idx: usize| own[idx.clamp(1, own.len() - 2)];
            let to_other =
                |spike_ms: f64| other.iter().map(|o| (o - spike_ms).abs()).fold(f64::MAX, f64::min);
            let (d_p, d_f) = (to_other(outermost(follows - 1)), to_other(outermost(follows)));
            ((d_p * (f - t_ms) + d_f * (t_ms - p)) / (f - p), f - p)
        };
        let ((s_a, x_a), (s_b, x_b)) = (local(a_ms, b_ms), local(b_ms, a_ms));
        2.0 * (s_a * x_b + s_b * x_a) / (x_a + x_b).powi(2)
    }

    #[test]
    fn invariant_wrong_input_is_named() {
        let message = |a_ms: &[f64]| spike_distance(a_ms, &[], INTERVAL).unwrap_err().to_string();
        assert!(message(&[-1.0]).contains("first spike 0 at -1 ms; leave out"));
        assert!(message(&[f64::NAN]).contains("give finite times"));
        let backwards = Interval { start_ms: 2.0, end_ms: 1.0 };
        assert!(matches!(spike_distance(&[], &[], backwards), Err(Error::MetricInterval { .. })));
    }

    proptest! {
        #[test]
        fn analytic_the_exact_integral_is_that_of_the_samples(a in train(), b in train()) {
            const N: u32 = 20_000;
            let (long_a, long_b) = (continued(&a, INTERVAL), continued(&b, INTERVAL));
            let time_ms = |idx| (f64::from(idx) + 0.5) * LENGTH_MS / f64::from(N);
            let sum: f64 = (0..N).map(|idx| dissimilarity_at(time_ms(idx), &long_a, &long_b)).sum();
            // S jumps by 1 at most at each of some 48 spikes, half a sample from where it is seen.
            let tolerance = 50.0 / f64::from(N);
            prop_assert!((sum / f64::from(N) - distance(&a, &b)).abs() < tolerance);
        }

        #[test]
        fn invariant_it_is_symmetric_and_between_zero_and_one(a in train(), b in train()) {
            let found = distance(&a, &b);
            prop_assert!((found - distance(&b, &a)).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&found), "{}", found);
            prop_assert!(distance(&a, &a) == 0.0);
        }

        #[test]
        fn invariant_it_does_not_depend_on_the_unit_of_time(a in train(), b in train(), scale in 0.01..100.0) {
            let scaled = |spikes_ms: &[f64]| spikes_ms.iter().map(|t| t * scale).collect::<Vec<f64>>();
            let longer = Interval { start_ms: 0.0, end_ms: LENGTH_MS * scale };
            let found = spike_distance(&scaled(&a), &scaled(&b), longer).unwrap();
            prop_assert!((found - distance(&a, &b)).abs() < 1e-9);
        }
    }
}
