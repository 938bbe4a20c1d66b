//! The numbers of an F-I report with their names, uncertainties and rules.

use noble_features::fi::{Bracket, FiAnalysis, LargestRate, SlopeBetween, Undefined};

use super::{FiReport, ThresholdRule};

/// A number of a report as every format writes it.
#[derive(Debug, Clone, PartialEq)]
pub struct FiQuantity {
    /// Name with its unit.
    pub name: &'static str,
    /// Value.
    pub value: Option<f64>,
    /// Its uncertainty, in the same unit.
    pub uncertainty: Option<f64>,
    /// The currents it follows from, nA.
    pub currents_na: Option<Bracket>,
    /// Why it is not there, or lacks its uncertainty; else empty.
    pub reason: String,
    /// How it was found and what the uncertainty is.
    pub rule: &'static str,
}

const BISECTION: &str =
    "midpoint of the last silent and the first firing current of a bisection ± half its width";
const GRID: &str =
    "midpoint of the largest silent current below and the smallest firing current ± half their distance";
const RHEOBASE: &str = "smallest firing current; the threshold lies below it by the uncertainty at most";
const SLOPE: &str = "least squares through all spiking sweeps without block ± standard error";
const INITIAL: &str = "least squares through the first three firing currents ± standard error; one spike over their span at least";
const GAIN: &str =
    "rise of the rate from the smallest firing current to that of the largest rate ± both rates";
const LARGEST: &str = "largest mean rate without block ± standard error of repeats; half a spike at least";
const LARGEST_AT: &str = "current of the largest rate ± the larger distance to a neighboring current";
const SATURATION: &str = "midpoint of the last rising and the first current from which no rate is higher by more than one \
                          spike ± half their distance";
const COLLAPSE: &str = "midpoint of the smallest current above that of the largest rate with less than half that rate and \
                        the current below ± half their distance";
const BLOCK: &str = "midpoint of the smallest blocked current and the current below ± half their distance";
const EXACT_LINE: &str = "two sweeps leave no residual";

impl FiReport {
    /// All numbers in the order of a curve from left to right.
    #[must_use]
    pub fn quantities(&self) -> Vec<FiQuantity> {
        let FiAnalysis {
            threshold,
            slope,
            initial_slope,
            gain,
            largest_rate,
            saturation,
            collapse,
            block,
            ..
        } = &self.analysis;
        let threshold_rule = match self.threshold_rule {
            ThresholdRule::Sweeps => GRID,
            ThresholdRule::Bisection { .. } => BISECTION,
        };
        let midpoint =
            |bracket: &Bracket| (bracket.midpoint_na(), Some(bracket.half_width_na()), Some(*bracket));
        let between = |line: &SlopeBetween| {
            let currents_na = Bracket { lower_na: line.from_na, upper_na: line.to_na };
            (line.slope_hz_per_na, Some(line.uncertainty_hz_per_na), Some(currents_na))
        };
        let line_reason = match slope {
            Ok(line) if line.standard_error_hz_per_na.is_none() => EXACT_LINE,
            _ => "",
        };
        let widest_na = |largest: &LargestRate| {
            let Bracket { lower_na, upper_na } = largest.between;
            (largest.current_na, Some((upper_na - largest.current_na).max(largest.current_na - lower_na)))
        };
        let at_end = match largest_rate {
            Ok(largest) if largest.is_at_end && block.is_ok() => "at the last firing current before block",
            Ok(largest) if largest.is_at_end => "at the last firing current; the rate may rise further",
            _ => "",
        };
        vec![
            quantity("threshold_na", threshold_rule, threshold, midpoint),
            quantity("rheobase_na", RHEOBASE, threshold, |bracket| {
                (bracket.upper_na, Some(2.0 * bracket.half_width_na()), Some(*bracket))
            }),
            quantity("initial_slope_hz_per_na", INITIAL, initial_slope, between),
            quantity("slope_hz_per_na", SLOPE, slope, |line| {
                (line.slope_hz_per_na, line.standard_error_hz_per_na, None)
            })
            .because(line_reason),
            quantity("gain_hz_per_na", GAIN, gain, between),
            quantity("largest_rate_hz", LARGEST, largest_rate, |largest| {
                (largest.rate_hz, Some(largest.uncertainty_hz), None)
            })
            .because(at_end),
            quantity("largest_rate_current_na", LARGEST_AT, largest_rate, |largest| {
                let (value, uncertainty) = widest_na(largest);
                (value, uncertainty, Some(largest.between))
            })
            .because(at_end),
            quantity("saturation_na", SATURATION, saturation, midpoint),
            quantity("collapse_na", COLLAPSE, collapse, midpoint),
            quantity("block_na", BLOCK, block, midpoint),
        ]
    }
}

fn quantity<T>(
    name: &'static str,
    rule: &'static str,
    found: &Result<T, Undefined>,
    read: impl Fn(&T) -> (f64, Option<f64>, Option<Bracket>),
) -> FiQuantity {
    match found {
        Ok(found) => {
            let (value, uncertainty, currents_na) = read(found);
            FiQuantity { name, value: Some(value), uncertainty, currents_na, reason: String::new(), rule }
        }
        Err(why) => {
            let reason = why.to_string();
            FiQuantity { name, value: None, uncertainty: None, currents_na: None, reason, rule }
        }
    }
}

impl FiQuantity {
    /// Adds a remark to a value that is there.
    fn because(mut self, reason: &str) -> Self {
        if self.value.is_some() {
            reason.clone_into(&mut self.reason);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_rules_are_cells_of_a_csv_file() {
        for rule in [
            BISECTION, GRID, RHEOBASE, SLOPE, INITIAL, GAIN, LARGEST, LARGEST_AT, SATURATION, COLLAPSE, BLOCK,
        ] {
            assert!(!rule.contains([',', '"', '\n']), "{rule}");
        }
    }
}
