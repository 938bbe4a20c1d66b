//! The number of spikes without their places.

use crate::resample::{Cursor, is_resampled, on_line, resampled_grid};
use crate::scan::{Question, skip_clear};
use crate::{Mode, PreparedSweep, Sweep};

/// Segments looked at one by one after a block of samples is not clear.
const N_SEGMENTS: usize = 16;
/// Room for the rounding of an interpolated value between ordinary values.
const MARGIN_MV: f64 = 1e-6;

/// Number of spikes; `None` where it takes the peaks to know it.
///
/// A resampled value lies between two samples, so that a block of samples on one side of the threshold has all its
/// resampled values on that side. Only where samples lie on both sides, or within rounding of the threshold, the
/// resampled values themselves are looked at. The count is that of [`super::peaks::find`], to the last spike.
pub(crate) fn count_spikes(prepared: &PreparedSweep<'_>) -> Option<usize> {
    let (sweep, settings) = (prepared.sweep(), prepared.settings());
    let is_countable = settings.mode == Mode::Efel && !settings.drops_peaks_outside_stimulus;
    if !is_countable || prepared.has_samples() || !sweep.has_ordinary_voltages() || !is_resampled(sweep) {
        return None;
    }
    let grid = resampled_grid(sweep, settings.interp_step_ms);
    let (v_mv, threshold_mv) = (sweep.v_mv(), settings.threshold_mv);
    let mut counter =
        Counter { sweep, cursor: grid.cursor(), threshold_mv, side: None, n_ups: 0, n_downs: 0 };
    let last_idx = v_mv.len() - 1;
    let mut start_idx: usize = 0;
    while start_idx < last_idx {
        if let Some(question) = counter.side.and_then(|side| side.question(threshold_mv)) {
            // The last clear sample and the next may lie on different sides.
            start_idx = skip_clear(v_mv, start_idx, question).saturating_sub(1).max(start_idx);
        }
        let end_idx = (start_idx + N_SEGMENTS).min(last_idx);
        (start_idx..end_idx).try_for_each(|segment_idx| counter.meet_segment(segment_idx))?;
        start_idx = end_idx;
    }
    counter.cursor.seek_after(sweep.times().time_ms(last_idx));
    if counter.cursor.time_ms().is_finite() {
        counter.meet(Side::of(v_mv[last_idx], threshold_mv))?;
    }
    Some(counter.n_downs)
}

/// Where a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Below,
    At,
    Above,
}

impl Side {
    fn of(v: f64, threshold: f64) -> Self {
        match (v < threshold, v > threshold) {
            (true, _) => Self::Below,
            (_, true) => Self::Above,
            _ => Self::At,
        }
    }

    /// Whether a value lies clearly on this side.
    fn has(self, v: f64, threshold: f64) -> bool {
        match self {
            Self::Below => v < threshold - MARGIN_MV,
            Self::At => false,
            Self::Above => v > threshold + MARGIN_MV,
        }
    }

    /// What all values clearly on this side, and with them all values between two of them, answer with yes.
    fn question(self, threshold: f64) -> Option<Question> {
        match self {
            Self::Below => Some(Question::Below(threshold - MARGIN_MV)),
            Self::At => None,
            Self::Above => Some(Question::Above(threshold + MARGIN_MV)),
        }
    }
}

struct Counter<'a> {
    sweep: &'a Sweep<'a>,
    cursor: Cursor<'a>,
    threshold_mv: f64,
    side: Option<Side>,
    n_ups: usize,
    n_downs: usize,
}

impl Counter<'_> {
    /// The resampled values between two samples.
    fn meet_segment(&mut self, segment_idx: usize) -> Option<()> {
        let pair = [self.sweep.v_mv()[segment_idx], self.sweep.v_mv()[segment_idx + 1]];
        if self.side.is_some_and(|side| pair.iter().all(|v| side.has(*v, self.threshold_mv))) {
            return Some(());
        }
        let times = self.sweep.times();
        let (start, end) = ((times.time_ms(segment_idx), pair[0]), (times.time_ms(segment_idx + 1), pair[1]));
        if segment_idx > 0 && self.cursor.time_ms() <= start.0 {
            self.cursor.seek_after(start.0);
        }
        while self.cursor.time_ms() <= end.0 {
            let v_mv = on_line(start, end, self.cursor.time_ms());
            self.meet(Side::of(v_mv, self.threshold_mv))?;
            self.cursor.advance();
        }
        Some(())
    }

    /// The side of the next value; `None` where a crossing up follows a crossing up, or down a crossing down, because
    /// a value exactly at the threshold hid the one between.
    fn meet(&mut self, side: Side) -> Option<()> {
        match (self.side.replace(side), side) {
            (Some(Side::Below), Side::Above) => self.n_ups += 1,
            (Some(Side::Above), Side::Below) if self.n_ups > 0 => self.n_downs += 1,
            _ => {}
        }
        (self.n_ups == self.n_downs || self.n_ups == self.n_downs + 1).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Settings;

    /// Against the slow obvious twin: find the peaks, take their number.
    fn check(times_ms: &[f64], v_mv: &[f64], settings: &Settings) {
        let sweep = Sweep::new(times_ms, v_mv, 0.0, 1.0).unwrap();
        let prepared = PreparedSweep::new(&sweep, settings).unwrap();
        let n_peaks = PreparedSweep::new(&sweep, settings).unwrap().peaks().len();
        assert!(count_spikes(&prepared).is_none_or(|n_spikes| n_spikes == n_peaks), "{n_peaks}");
        assert_eq!(prepared.n_spikes(), n_peaks);
    }

    #[test]
    fn analytic_counted_are_the_peaks_of_a_spiking_trace() {
        for step_ms in [0.02, 0.06, 0.1, 0.7] {
            let times_ms: Vec<f64> = (0..9000).map(|idx| f64::from(idx) * step_ms).collect();
            let v_mv: Vec<f64> = times_ms.iter().map(|t| -40.0 + 60.0 * (t / 3.0).sin().powi(9)).collect();
            check(&times_ms, &v_mv, &Settings::default());
        }
    }

    proptest! {
        #[test]
        fn invariant_counted_are_the_peaks(
            v_mv in prop::collection::vec(prop_oneof![Just(-20.0), Just(-60.0), -25.0..-15.0_f64, -80.0..40.0_f64], 3..400),
            (step_ms, interp_step_ms) in (0.01..0.5_f64, 0.02..0.5_f64),
        ) {
            let times_ms: Vec<f64> = (0..v_mv.len()).map(|idx| idx as f64 * step_ms).collect();
            check(&times_ms, &v_mv, &Settings { interp_step_ms, ..Settings::default() });
        }

        #[test]
        fn invariant_counted_are_the_peaks_on_the_same_grid(
            v_mv in prop::collection::vec(prop_oneof![Just(-20.0), -20.001..-19.999_f64, -80.0..40.0_f64], 3..400),
        ) {
            let times_ms: Vec<f64> = (0..v_mv.len()).map(|idx| idx as f64 * 0.1).collect();
            check(&times_ms, &v_mv, &Settings::default());
        }
    }
}
