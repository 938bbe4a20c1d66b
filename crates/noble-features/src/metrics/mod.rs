//! How far a predicted spike train or trace lies from a reference.
//!
//! Each number answers another question, so none replaces the others: the [coincidence factor](coincidence_factor)
//! counts spikes that are predicted within a few milliseconds, corrected for chance; the
//! [van Rossum distance](van_rossum_distance) is a metric with a time scale of its own, from counting coincidences to
//! comparing rates; the [SPIKE distance](spike_distance) has no time scale, it measures spike times by the local
//! intervals; [`TracePair`] compares voltages sample by sample, which punishes a spike late by its width as if it were
//! missing. Ensembles are compared as distributions of their features: each by the
//! [Kolmogorov-Smirnov statistic](kolmogorov_smirnov), all together by the [energy coefficient](energy_coefficient). Spike trains are times in ms in ascending order.
//!
//! # Example
//! ```
//! use noble_features::metrics::{
//!     CoincidenceSettings, Interval, coincidence_factor, spike_distance, van_rossum_distance,
//! };
//! let (reference_ms, predicted_ms) = ([20.0, 40.0, 60.0], [21.0, 40.0, 66.0]);
//! let interval = Interval { start_ms: 0.0, end_ms: 100.0 };
//! let found = coincidence_factor(&reference_ms, &predicted_ms, interval, &CoincidenceSettings::default())?;
//! assert_eq!((found.n_coincident, found.expected_n), (2, 0.36));
//! assert!((found.factor - (2.0 - 0.36) / 3.0 / 0.88).abs() < 1e-12);
//! assert!(van_rossum_distance(&reference_ms, &predicted_ms, 10.0)? < 1.0);
//! assert!(spike_distance(&reference_ms, &predicted_ms, interval)? < 0.2);
//! # Ok::<(), noble_features::Error>(())
//! ```

mod coincidence;
mod distribution;
mod spike_distance;
mod trace_error;
mod van_rossum;

pub use coincidence::{ChanceRate, Coincidence, CoincidenceSettings, coincidence_factor};
pub use distribution::{energy_coefficient, kolmogorov_smirnov};
pub use spike_distance::spike_distance;
pub use trace_error::{Norm, TracePair};
pub use van_rossum::van_rossum_distance;

use crate::Error;

/// A stretch of time in which spike trains are compared, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Start.
    pub start_ms: f64,
    /// End.
    pub end_ms: f64,
}

impl Interval {
    /// Length.
    #[must_use]
    pub fn duration_ms(&self) -> f64 {
        self.end_ms - self.start_ms
    }

    /// The spikes of an ascending train that lie in the interval.
    ///
    /// # Example
    /// ```
    /// use noble_features::metrics::Interval;
    /// let interval = Interval { start_ms: 10.0, end_ms: 20.0 };
    /// assert_eq!(interval.spikes_within(&[5.0, 10.0, 15.0, 20.0, 25.0]), [10.0, 15.0, 20.0]);
    /// ```
    #[must_use]
    pub fn spikes_within<'a>(&self, spikes_ms: &'a [f64]) -> &'a [f64] {
        let end = spikes_ms.partition_point(|spike_ms| *spike_ms <= self.end_ms);
        let start = spikes_ms[..end].partition_point(|spike_ms| *spike_ms < self.start_ms);
        &spikes_ms[start..end]
    }

    fn check(&self) -> Result<(), Error> {
        let is_valid = self.start_ms.is_finite() && self.end_ms.is_finite() && self.end_ms > self.start_ms;
        let Self { start_ms, end_ms } = *self;
        if is_valid { Ok(()) } else { Err(Error::MetricInterval { start_ms, end_ms }) }
    }

    /// Refuses trains with a spike outside the interval.
    fn check_trains(&self, trains: &[(&'static str, &[f64])]) -> Result<(), Error> {
        self.check()?;
        for &(train, spikes_ms) in trains {
            check_train(train, spikes_ms)?;
            let is_outside = |spike_ms: &f64| *spike_ms < self.start_ms || *spike_ms > self.end_ms;
            if let Some(spike_idx) = spikes_ms.iter().position(is_outside) {
                let requirement = "leave out spikes outside the interval";
                return Err(Error::SpikeTrain {
                    train,
                    spike_idx,
                    time_ms: spikes_ms[spike_idx],
                    requirement,
                });
            }
        }
        Ok(())
    }
}

/// Refuses a train whose times are not finite or not in order.
fn check_train(train: &'static str, spikes_ms: &[f64]) -> Result<(), Error> {
    let wrong = |spike_idx: usize, requirement| {
        Err(Error::SpikeTrain { train, spike_idx, time_ms: spikes_ms[spike_idx], requirement })
    };
    if let Some(spike_idx) = spikes_ms.iter().position(|spike_ms| !spike_ms.is_finite()) {
        return wrong(spike_idx, "give finite times");
    }
    match spikes_ms.windows(2).position(|pair| pair[1] < pair[0]) {
        Some(earlier_idx) => wrong(earlier_idx + 1, "sort the spikes by time"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod trains;
