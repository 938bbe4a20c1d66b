//! Errors of a predicted trace, sample by sample.

use std::ops::Range;

use crate::Error;

/// How deviations of the samples are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norm {
    /// `Σ |x|`.
    L1,
    /// `(Σ x²)^(1/2)`.
    L2,
    /// `(Σ x⁴)^(1/4)`: what NOBLE is trained on, spikes count more.
    L4,
    /// `max |x|`.
    Maximum,
}

/// A reference and a predicted trace on the same samples, checked.
///
/// # Example
/// ```
/// use noble_features::metrics::{Norm, TracePair};
/// let pair = TracePair::new(&[3.0, -4.0], &[3.0, -3.0])?;
/// assert_eq!(pair.relative_error(Norm::L2), Some(0.2));
/// assert_eq!(pair.within(0..1)?.largest_error_mv(), 0.0);
/// # Ok::<(), noble_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TracePair<'a> {
    reference_mv: &'a [f64],
    predicted_mv: &'a [f64],
}

impl<'a> TracePair<'a> {
    /// Two traces, `[n_samples]` each.
    ///
    /// # Errors
    /// [`Error::MetricLengths`] when they differ in length, [`Error::NoSamples`], [`Error::MetricSample`] at the first
    /// value that is not finite.
    pub fn new(reference_mv: &'a [f64], predicted_mv: &'a [f64]) -> Result<Self, Error> {
        if reference_mv.len() != predicted_mv.len() {
            let (n_reference, n_predicted) = (reference_mv.len(), predicted_mv.len());
            return Err(Error::MetricLengths { n_reference, n_predicted });
        }
        if reference_mv.is_empty() {
            return Err(Error::NoSamples);
        }
        for (trace, v_mv) in [("reference", reference_mv), ("predicted", predicted_mv)] {
            if let Some(sample_idx) = v_mv.iter().position(|v| !v.is_finite()) {
                return Err(Error::MetricSample { trace, sample_idx, value_mv: v_mv[sample_idx] });
            }
        }
        Ok(Self { reference_mv, predicted_mv })
    }

    /// The same traces over a stretch of samples, such as the stimulus.
    ///
    /// # Errors
    /// [`Error::MetricWindow`] for a stretch that is empty or leaves the traces.
    pub fn within(&self, samples: Range<usize>) -> Result<Self, Error> {
        let (start_idx, end_idx, n_samples) = (samples.start, samples.end, self.reference_mv.len());
        if start_idx >= end_idx || end_idx > n_samples {
            return Err(Error::MetricWindow { start_idx, end_idx, n_samples });
        }
        Ok(Self {
            reference_mv: &self.reference_mv[samples.clone()],
            predicted_mv: &self.predicted_mv[samples],
        })
    }

    /// `||predicted - reference|| / ||reference||`; `None` for a reference of zeros.
    ///
    /// The norm of the reference is that of its distance from 0 mV, so a trace around -70 mV has small relative errors:
    /// compare values of one kind of cell only, or see [`TracePair::rms_error_mv`].
    #[must_use]
    pub fn relative_error(&self, norm: Norm) -> Option<f64> {
        let reference = norm_of(self.reference_mv.iter().copied(), norm);
        (reference > 0.0).then(|| norm_of(self.deviations_mv(), norm) / reference)
    }

    /// `(Σ (predicted - reference)² / n)^(1/2)`.
    #[must_use]
    pub fn rms_error_mv(&self) -> f64 {
        norm_of(self.deviations_mv(), Norm::L2) / (self.reference_mv.len() as f64).sqrt()
    }

    /// `max |predicted - reference|`.
    #[must_use]
    pub fn largest_error_mv(&self) -> f64 {
        norm_of(self.deviations_mv(), Norm::Maximum)
    }

    fn deviations_mv(&self) -> impl Iterator<Item = f64> {
        self.predicted_mv.iter().zip(self.reference_mv).map(|(predicted, reference)| predicted - reference)
    }
}

fn norm_of(values: impl Iterator<Item = f64>, norm: Norm) -> f64 {
    match norm {
        Norm::L1 => values.map(f64::abs).sum(),
        Norm::L2 => values.map(|x| x * x).sum::<f64>().sqrt(),
        Norm::L4 => values.map(|x| (x * x) * (x * x)).sum::<f64>().sqrt().sqrt(),
        Norm::Maximum => values.map(f64::abs).fold(0.0, f64::max),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NORMS: [Norm; 4] = [Norm::L1, Norm::L2, Norm::L4, Norm::Maximum];

    #[test]
    fn analytic_known_deviations() {
        let pair = TracePair::new(&[-3.0, 4.0, 0.0], &[-3.0, 6.0, -2.0]).unwrap();
        let expected = [4.0 / 7.0, 8.0_f64.sqrt() / 5.0, (32.0_f64 / 337.0).powf(0.25), 0.5];
        for (norm, expected) in NORMS.into_iter().zip(expected) {
            let found = pair.relative_error(norm).unwrap();
            assert!((found - expected).abs() < 1e-15, "{norm:?}: {found}, not {expected}");
        }
        assert!((pair.rms_error_mv() - (8.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        assert!((pair.largest_error_mv() - 2.0).abs() < 1e-15);
        let first = pair.within(0..1).unwrap();
        assert!(NORMS.into_iter().all(|norm| first.relative_error(norm) == Some(0.0)));
        assert!((pair.within(1..2).unwrap().relative_error(Norm::L1).unwrap() - 0.5).abs() < 1e-15);
    }

    #[test]
    fn analytic_a_reference_of_zeros_has_no_relative_error() {
        let pair = TracePair::new(&[0.0, -0.0], &[1.0, 0.0]).unwrap();
        assert!(NORMS.into_iter().all(|norm| pair.relative_error(norm).is_none()));
        assert!((pair.rms_error_mv() - 0.5_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn invariant_wrong_input_is_named() {
        let message = |reference_mv: &[f64], predicted_mv: &[f64]| {
            TracePair::new(reference_mv, predicted_mv).unwrap_err().to_string()
        };
        assert!(message(&[1.0], &[]).contains("1 samples and predicted one of 0"));
        assert!(message(&[], &[]).contains("no samples"));
        assert!(message(&[1.0, f64::NAN], &[1.0, 1.0]).contains("reference trace: sample 1 is NaN mV"));
        assert!(message(&[1.0], &[f64::INFINITY]).contains("predicted trace: sample 0 is inf mV"));
        let pair = TracePair::new(&[1.0; 4], &[1.0; 4]).unwrap();
        for samples in [2..2, 3..5, 4..4] {
            assert!(matches!(pair.within(samples), Err(Error::MetricWindow { n_samples: 4, .. })));
        }
    }

    proptest! {
        #[test]
        fn invariant_relative_errors_do_not_depend_on_scale(
            traces in prop::collection::vec((-90.0..50.0, -90.0..50.0), 1..40),
            scale in 0.1..10.0,
        ) {
            let (reference_mv, predicted_mv): (Vec<f64>, Vec<f64>) = traces.into_iter().unzip();
            let scaled = |v_mv: &[f64]| v_mv.iter().map(|v| v * scale).collect::<Vec<f64>>();
            let (wide, high) = (scaled(&reference_mv), scaled(&predicted_mv));
            let pair = TracePair::new(&reference_mv, &predicted_mv).unwrap();
            let other = TracePair::new(&wide, &high).unwrap();
            for norm in NORMS {
                let (one, two) = (pair.relative_error(norm).unwrap(), other.relative_error(norm).unwrap());
                prop_assert!((one - two).abs() <= 1e-9 * one.max(1.0));
            }
            prop_assert!(pair.rms_error_mv() <= pair.largest_error_mv() * (1.0 + 1e-12));
        }
    }
}
