//! The smallest current that fires a cell.

use crate::Error;

/// Halvings after which neighbouring floating-point numbers are reached from any bracket.
const MAX_HALVINGS: usize = 200;

/// Where and how closely to search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThresholdSettings {
    /// A current at which the cell is silent.
    pub lower_na: f64,
    /// A current at which the cell should fire; raised if it does not.
    pub upper_na: f64,
    /// The limit to which `upper_na` is raised, each time by twice the width before.
    pub largest_na: f64,
    /// Width of the final bracket relative to the threshold.
    pub relative_tolerance: f64,
    /// Currents between `lower_na` and `upper_na` tried first, in order to notice a cell that falls silent again.
    pub n_scan: usize,
}

impl Default for ThresholdSettings {
    /// From 0 to 0.2 nA, raised up to 10 nA; 0.1 % and 4 scanned currents.
    fn default() -> Self {
        Self { lower_na: 0.0, upper_na: 0.2, largest_na: 10.0, relative_tolerance: 1e-3, n_scan: 4 }
    }
}

impl ThresholdSettings {
    fn check(&self) -> Result<(), Error> {
        let requirements = [
            ("lower_na", self.lower_na, self.lower_na.is_finite(), "give a finite current"),
            ("upper_na", self.upper_na, self.upper_na > self.lower_na, "give a current above lower_na"),
            (
                "largest_na",
                self.largest_na,
                self.largest_na.is_finite() && self.largest_na >= self.upper_na,
                "give a finite current, upper_na or more",
            ),
            (
                "relative_tolerance",
                self.relative_tolerance,
                self.relative_tolerance > 0.0 && self.relative_tolerance < 1.0,
                "give a fraction between 0 and 1",
            ),
        ];
        match requirements.into_iter().find(|(_, _, is_met, _)| !is_met) {
            Some((name, value, _, requirement)) => Err(Error::Setting { name, value, requirement }),
            None => Ok(()),
        }
    }
}

/// A threshold current with its uncertainty.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The smallest current found to fire the cell.
    pub threshold_na: f64,
    /// The largest current below it found silent; the threshold lies between the two.
    pub silent_na: f64,
    /// Currents above a firing one at which the cell was silent; empty for a cell that keeps firing.
    pub silent_above_na: Vec<f64>,
    /// Currents tried.
    pub n_tried: usize,
}

impl Threshold {
    /// Width of the bracket.
    #[must_use]
    pub fn uncertainty_na(&self) -> f64 {
        self.threshold_na - self.silent_na
    }

    /// Whether every scanned current above a firing one fired too.
    #[must_use]
    pub fn is_monotone(&self) -> bool {
        self.silent_above_na.is_empty()
    }
}

/// Smallest current at which `fires` is true, by bisection.
///
/// The bracket is verified: the lower limit must be silent; if no scanned current and not the upper limit fires,
/// the upper limit is raised up to the largest current. The first step from silent to firing is then halved until
/// `firing - silent <= relative_tolerance * |firing|`. The same settings and the same cell always try the same
/// currents.
///
/// The error type is the caller's, so that a failing simulation ends the search with its own error.
/// # Errors
/// [`Error::Setting`], [`Error::FiresAtLowerLimit`], [`Error::NeverFires`], or what `fires` returns.
/// # Example
/// ```
/// use noble_features::{Error, fi::{ThresholdSettings, threshold_current_na}};
/// let fires = |current_na: f64| Ok::<bool, Error>(current_na >= 0.0312);
/// let found = threshold_current_na(&ThresholdSettings::default(), fires)?;
/// assert!((found.threshold_na - 0.0312).abs() <= 1e-3 * 0.0312);
/// assert!(found.is_monotone());
/// # Ok::<(), Error>(())
/// ```
pub fn threshold_current_na<E: From<Error>>(
    settings: &ThresholdSettings,
    fires: impl FnMut(f64) -> Result<bool, E>,
) -> Result<Threshold, E> {
    settings.check()?;
    let mut search = Search { fires, n_tried: 0, silent_above_na: Vec::new() };
    if search.try_na(settings.lower_na)? {
        return Err(Error::FiresAtLowerLimit { lower_na: settings.lower_na }.into());
    }
    let (silent_na, firing_na) = search.bracket(settings)?;
    let (silent_na, threshold_na) = search.bisect(silent_na, firing_na, settings.relative_tolerance)?;
    let Search { n_tried, silent_above_na, .. } = search;
    Ok(Threshold { threshold_na, silent_na, silent_above_na, n_tried })
}

struct Search<F> {
    fires: F,
    n_tried: usize,
    silent_above_na: Vec<f64>,
}

impl<E: From<Error>, F: FnMut(f64) -> Result<bool, E>> Search<F> {
    fn try_na(&mut self, current_na: f64) -> Result<bool, E> {
        self.n_tried += 1;
        (self.fires)(current_na)
    }

    /// The first silent current followed by a firing one, raising the upper limit until there is one.
    fn bracket(&mut self, settings: &ThresholdSettings) -> Result<(f64, f64), E> {
        let (mut lower_na, mut upper_na) = (settings.lower_na, settings.upper_na);
        loop {
            if let Some(bracket) = self.scan(lower_na, upper_na, settings.n_scan)? {
                return Ok(bracket);
            }
            if upper_na >= settings.largest_na {
                return Err(Error::NeverFires { largest_na: upper_na }.into());
            }
            let raised_na = upper_na + 2.0 * (upper_na - lower_na);
            (lower_na, upper_na) = (upper_na, raised_na.min(settings.largest_na));
        }
    }

    /// Tries evenly spaced currents above a silent one, up to and with the upper limit.
    fn scan(&mut self, lower_na: f64, upper_na: f64, n_scan: usize) -> Result<Option<(f64, f64)>, E> {
        let n_steps = n_scan + 1;
        let (mut silent_na, mut bracket) = (lower_na, None);
        for step in 1..=n_steps {
            let current_na = between_na(lower_na, upper_na, step as f64 / n_steps as f64);
            match (self.try_na(current_na)?, bracket) {
                (true, None) => bracket = Some((silent_na, current_na)),
                (false, None) => silent_na = current_na,
                (false, Some(_)) => self.silent_above_na.push(current_na),
                (true, Some(_)) => {}
            }
        }
        Ok(bracket)
    }

    fn bisect(&mut self, silent_na: f64, firing_na: f64, tolerance: f64) -> Result<(f64, f64), E> {
        let (mut silent_na, mut firing_na) = (silent_na, firing_na);
        for _ in 0..MAX_HALVINGS {
            let middle_na = between_na(silent_na, firing_na, 0.5);
            let is_narrow = firing_na - silent_na <= tolerance * firing_na.abs();
            if is_narrow || middle_na <= silent_na || middle_na >= firing_na {
                break;
            }
            if self.try_na(middle_na)? { firing_na = middle_na } else { silent_na = middle_na }
        }
        Ok((silent_na, firing_na))
    }
}

/// A point between two currents; the upper one itself, without rounding, at fraction 1.
pub(super) fn between_na(lower_na: f64, upper_na: f64, fraction: f64) -> f64 {
    if fraction >= 1.0 { upper_na } else { lower_na + fraction * (upper_na - lower_na) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(settings: ThresholdSettings, fires: impl Fn(f64) -> bool) -> Result<Threshold, Error> {
        threshold_current_na(&settings, |current_na| Ok(fires(current_na)))
    }

    #[test]
    fn analytic_known_thresholds_are_bracketed() {
        for threshold_na in [1e-6, 0.017, 0.0401, 0.2, 0.3, 7.7, 10.0] {
            let found = search(ThresholdSettings::default(), |i| i >= threshold_na).unwrap();
            assert!(found.silent_na < threshold_na && threshold_na <= found.threshold_na, "{found:?}");
            assert!(found.uncertainty_na() <= 1e-3 * found.threshold_na, "{found:?}");
            assert!(found.is_monotone() && found.n_tried < 60, "{found:?}");
        }
    }

    #[test]
    fn invariant_impossible_searches_are_named() {
        let settings = ThresholdSettings::default();
        assert_eq!(search(settings, |_| true), Err(Error::FiresAtLowerLimit { lower_na: 0.0 }));
        assert_eq!(search(settings, |_| false), Err(Error::NeverFires { largest_na: 10.0 }));
        for bad in [
            ThresholdSettings { lower_na: 0.3, ..settings },
            ThresholdSettings { upper_na: f64::NAN, ..settings },
            ThresholdSettings { largest_na: 0.1, ..settings },
            ThresholdSettings { relative_tolerance: 0.0, ..settings },
        ] {
            assert!(matches!(search(bad, |i| i > 0.1), Err(Error::Setting { .. })), "{bad:?}");
        }
    }

    #[test]
    fn invariant_silence_above_threshold_is_reported() {
        let found = search(ThresholdSettings::default(), |i| (0.05..0.13).contains(&i)).unwrap();
        assert!((found.threshold_na - 0.05).abs() < 1e-4, "{found:?}");
        assert_eq!(found.silent_above_na.len(), 2, "{found:?}");
        assert!(!found.is_monotone());
    }

    #[test]
    fn invariant_errors_of_the_simulation_end_the_search() {
        let failed = Error::NoSamples;
        let result = threshold_current_na(&ThresholdSettings::default(), |_| Err(failed.clone()));
        assert_eq!(result, Err(failed));
    }
}
