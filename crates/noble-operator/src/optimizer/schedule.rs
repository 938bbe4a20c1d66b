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
    /// Lowered whenever the metric of an epoch stops improving.
    ReduceOnPlateau(PlateauSettings),
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
            Schedule::WarmupCosine { peak, .. } => peak,
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
        let Schedule::WarmupCosine { peak, n_warmup_steps, n_steps, final_fraction } = self.schedule else {
            return self.rate;
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
}
