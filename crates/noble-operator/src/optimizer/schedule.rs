//! Learning rates over a training run.

use serde::{Deserialize, Serialize};

/// How the learning rate goes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Schedule {
    /// The same rate throughout.
    Constant {
        /// The rate.
        learning_rate: f64,
    },
    /// A linear rise over `n_warmup_steps`, then half a cosine down to `final_fraction` of the peak at `n_steps`.
    WarmupCosine {
        /// Largest rate.
        peak: f64,
        /// Steps of the rise.
        n_warmup_steps: u64,
        /// Steps of the whole run.
        n_steps: u64,
        /// Last rate as a part of the largest.
        final_fraction: f64,
    },
    /// Up from a small rate to the peak and down to almost nothing, along two halves of a cosine.
    OneCycle(OneCycleSettings),
    /// Lowered whenever the metric of an epoch stops improving.
    ReduceOnPlateau(PlateauSettings),
}

/// Constants of one cycle.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OneCycleSettings {
    /// Largest rate.
    pub peak: f64,
    /// Steps of the whole run.
    pub n_steps: u64,
    /// Part of the run in which the rate rises.
    pub rise_fraction: f64,
    /// The peak as a multiple of the first rate.
    pub first_divisor: f64,
    /// The first rate as a multiple of the last.
    pub last_divisor: f64,
}

impl OneCycleSettings {
    /// PyTorch's constants.
    #[must_use]
    pub fn new(peak: f64, n_steps: u64) -> Self {
        Self { peak, n_steps, rise_fraction: 0.3, first_divisor: 25.0, last_divisor: 1e4 }
    }

    /// Half a cosine from the first rate to the peak at step `rise·n − 1`, another to the last rate at step `n − 1`.
    ///
    /// # Source
    /// PyTorch 2.15 `OneCycleLR`, cosine, two phases; differs: the momentum does not cycle.
    fn learning_rate(&self, n_steps_made: u64) -> f64 {
        let (first, last) =
            (self.peak / self.first_divisor, self.peak / self.first_divisor / self.last_divisor);
        let top = self.rise_fraction * self.n_steps as f64 - 1.0;
        let end = self.n_steps as f64 - 1.0;
        let step = (n_steps_made as f64).min(end);
        let (from, to, part) = if step <= top {
            (first, self.peak, step / top.max(1.0))
        } else {
            (self.peak, last, (step - top) / (end - top))
        };
        to + (from - to) * 0.5 * (1.0 + (std::f64::consts::PI * part).cos())
    }
}

/// Constants of the plateau rule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlateauSettings {
    /// First rate.
    pub learning_rate: f64,
    /// What the rate is multiplied by.
    pub factor: f64,
    /// Epochs without improvement that are borne.
    pub patience: u64,
}

/// A schedule and how far it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduleState {
    schedule: Schedule,
    rate: f64,
    best: Option<f64>,
    n_bad: u64,
}

/// A metric counts as better below this part of the best one.
const THRESHOLD: f64 = 1e-4;
/// Smaller changes of the rate are not made.
const SMALLEST_CHANGE: f64 = 1e-8;

impl ScheduleState {
    /// A schedule at its start.
    #[must_use]
    pub fn new(schedule: Schedule) -> Self {
        let rate = match schedule {
            Schedule::Constant { learning_rate } => learning_rate,
            Schedule::WarmupCosine { peak, .. } | Schedule::OneCycle(OneCycleSettings { peak, .. }) => peak,
            Schedule::ReduceOnPlateau(settings) => settings.learning_rate,
        };
        Self { schedule, rate, best: None, n_bad: 0 }
    }

    /// The schedule.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        self.schedule
    }

    /// Rate of the step after `n_steps_made`.
    #[must_use]
    pub fn learning_rate(&self, n_steps_made: u64) -> f64 {
        let (peak, n_warmup_steps, n_steps, final_fraction) = match self.schedule {
            Schedule::WarmupCosine { peak, n_warmup_steps, n_steps, final_fraction } => {
                (peak, n_warmup_steps, n_steps, final_fraction)
            }
            Schedule::OneCycle(settings) => return settings.learning_rate(n_steps_made),
            Schedule::Constant { .. } | Schedule::ReduceOnPlateau(_) => return self.rate,
        };
        if n_steps_made < n_warmup_steps {
            return peak * (n_steps_made + 1) as f64 / n_warmup_steps as f64;
        }
        let span = n_steps.saturating_sub(n_warmup_steps).max(1) as f64;
        let part = ((n_steps_made - n_warmup_steps) as f64 / span).min(1.0);
        let fall = 0.5 * (1.0 + (std::f64::consts::PI * part).cos());
        peak * (final_fraction + (1.0 - final_fraction) * fall)
    }

    /// Tells the schedule the metric of an epoch; smaller is better.
    ///
    /// # Source
    /// PyTorch 2.15 `ReduceLROnPlateau`, mode `min`, relative threshold 1e-4, no cooldown.
    pub fn end_epoch(&mut self, metric: f64) {
        let Schedule::ReduceOnPlateau(settings) = self.schedule else {
            return;
        };
        if self.best.is_none_or(|best| metric < best * (1.0 - THRESHOLD)) {
            self.best = Some(metric);
            self.n_bad = 0;
        } else {
            self.n_bad += 1;
        }
        if self.n_bad > settings.patience {
            let lowered = self.rate * settings.factor;
            if self.rate - lowered > SMALLEST_CHANGE {
                self.rate = lowered;
            }
            self.n_bad = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_warmup_and_cosine() {
        let schedule =
            Schedule::WarmupCosine { peak: 1.0, n_warmup_steps: 4, n_steps: 12, final_fraction: 0.1 };
        let state = ScheduleState::new(schedule);
        let rates: Vec<f64> = [0, 3, 4, 8, 12, 99].map(|step| state.learning_rate(step)).to_vec();
        let expected = [0.25, 1.0, 1.0, 0.55, 0.1, 0.1];
        assert!(rates.iter().zip(expected).all(|(rate, e)| (rate - e).abs() < 1e-12), "{rates:?}");
    }
    /// Ends, peak and the middles of both halves, by hand; the numbers PyTorch's documentation implies.
    #[test]
    fn analytic_one_cycle() {
        let state = ScheduleState::new(Schedule::OneCycle(OneCycleSettings::new(1.0, 110)));
        let rates: Vec<f64> = [0, 16, 32, 109, 500].map(|step| state.learning_rate(step)).to_vec();
        let expected = [0.04, 0.52, 1.0, 4e-6, 4e-6];
        assert!(rates.iter().zip(expected).all(|(rate, e)| (rate - e).abs() < 1e-12), "{rates:?}");
        let falls = (33..109).all(|step| state.learning_rate(step) < state.learning_rate(step - 1));
        assert!(falls);
        let middle = 0.5 * (state.learning_rate(70) + state.learning_rate(71));
        assert!((middle - 0.5).abs() < 1e-3, "{middle}");
    }
}
