//! The rhythm that a model's F-I curve promises, as a phase for the network to follow.
//!
//! A network that must keep forty spikes of a long step in their places has to know the rate to a thousandth, and finds it
//! slowly when it is only told the model's latent features. Where rates are among the features the rate at any current
//! lies between them, and its integral over time tells how many spikes should have come so far. Sine and cosine of that
//! count are input channels; what remains to be learned is how a spike looks and how far it lies off the count.

use serde::{Deserialize, Serialize};

use crate::InputEncoding;

/// How rates become channels.
///
/// On the way from threshold current to `highest_na`, let `w = (I - I_thr)/(highest_na - I_thr)` and `u = √w`. The rate
/// `f(I)` is the polynomial in `u` through the rates of [`RateKnot`]s, zero where `I ≤ I_thr` and never negative; beyond
/// the last knot it goes on along its tangent. Rates of a cell whose firing begins at a saddle-node grow with `u`, so that
/// few knots suffice. The count is `c_n = Σ_{m ≤ n} f(I_m) dt`, its channels are `sin 2π 2^k c`, `cos 2π 2^k c`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rhythm {
    /// Latent feature that is the threshold current, in nA.
    pub threshold: String,
    /// End of the way from the threshold.
    pub highest_na: f64,
    /// Latent features that are rates, in order of their currents.
    pub rates: Vec<RateKnot>,
    /// Time from the first sample of a trace to one step beyond its last.
    pub span_ms: f64,
    /// Frequencies of the channels, each twice the one before.
    pub n_frequencies: usize,
}

/// A rate on the F-I curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateKnot {
    /// Latent feature, in Hz.
    pub name: String,
    /// Where between threshold current (0) and the highest (1) it is taken.
    pub way: f64,
}

impl Rhythm {
    /// What contradicts itself, or the other entries of the encoding; its span must be `span_ms`.
    pub(crate) fn fault(&self, input: &InputEncoding, span_ms: f64) -> Option<String> {
        let names = self.rates.iter().map(|knot| &knot.name).chain([&self.threshold]);
        let unknown = |name: &&String| !input.latents.iter().any(|latent| latent.name == **name);
        if let Some(name) = names.into_iter().find(unknown) {
            return Some(format!("{name} is not a latent feature"));
        }
        let ways = || self.rates.iter().map(|knot| knot.way);
        let is_ordered = ways().zip(ways().skip(1)).all(|(before, after)| before < after);
        if self.rates.is_empty() || !is_ordered || !ways().all(|way| way > 0.0 && way <= 1.0) {
            return Some("ways do not grow within 0 to 1".to_owned());
        }
        let is_same = (self.span_ms - span_ms).abs() <= 1e-9 * span_ms;
        if !is_same || !self.highest_na.is_finite() {
            return Some(format!("span_ms {} for traces of {span_ms} ms", self.span_ms));
        }
        None
    }

    /// Spikes that should have come up to each sample of a current, `[n_samples]`; `latents` in the order of `input`.
    pub(crate) fn counts(&self, input: &InputEncoding, current_na: &[f32], latents: &[f64]) -> Vec<f32> {
        let value = |name: &str| {
            let place = input.latents.iter().position(|latent| latent.name == name);
            place.map_or(0.0, |place| latents[place])
        };
        let curve = FiCurve {
            threshold_na: value(&self.threshold),
            highest_na: self.highest_na,
            knots: self.rates.iter().map(|knot| (knot.way.sqrt(), value(&knot.name))).collect(),
        };
        let step_ms = self.span_ms / current_na.len().max(1) as f64;
        let (mut last, mut rate_hz, mut count) = (f32::NAN, 0.0, 0.0);
        let mut count_at = |current_na: &f32| {
            if current_na.to_bits() != last.to_bits() {
                (last, rate_hz) = (*current_na, curve.rate_hz(f64::from(*current_na)));
            }
            count += 1e-3 * rate_hz * step_ms;
            count as f32
        };
        current_na.iter().map(&mut count_at).collect()
    }
}

/// Rates between the knots of one model.
struct FiCurve {
    threshold_na: f64,
    highest_na: f64,
    /// `u` and rate in Hz.
    knots: Vec<(f64, f64)>,
}

impl FiCurve {
    fn rate_hz(&self, current_na: f64) -> f64 {
        let way = (current_na - self.threshold_na) / (self.highest_na - self.threshold_na);
        if !(way > 0.0 && way.is_finite()) {
            return 0.0;
        }
        let last = self.knots.last().map_or(1.0, |knot| knot.0);
        let (u, beyond) = (way.sqrt().min(last), (way.sqrt() - last).max(0.0));
        let (rate_hz, slope) = self.polynomial(u);
        (rate_hz + beyond * slope).max(0.0)
    }

    /// Value and slope of Lagrange's polynomial through the knots.
    fn polynomial(&self, u: f64) -> (f64, f64) {
        let (mut value, mut slope) = (0.0, 0.0);
        for (i, (own, rate_hz)) in self.knots.iter().enumerate() {
            let (mut basis, mut basis_slope) = (1.0, 0.0);
            for (_, (other, _)) in self.knots.iter().enumerate().filter(|(j, _)| *j != i) {
                let factor = (u - other) / (own - other);
                basis_slope = basis_slope * factor + basis / (own - other);
                basis *= factor;
            }
            value += rate_hz * basis;
            slope += rate_hz * basis_slope;
        }
        (value, slope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LatentFeature;

    fn encoding() -> (InputEncoding, Rhythm) {
        let latent = |name: &str, min: f64, max: f64| LatentFeature {
            name: name.to_owned(),
            min,
            max,
            n_frequencies: 0,
        };
        let knot = |name: &str, way| RateKnot { name: name.to_owned(), way };
        let rhythm = Rhythm {
            threshold: "i_thr_na".to_owned(),
            highest_na: 0.2,
            rates: vec![knot("rate_25_hz", 0.25), knot("rate_100_hz", 1.0)],
            span_ms: 500.0,
            n_frequencies: 1,
        };
        let latents = vec![
            latent("i_thr_na", 0.0, 0.1),
            latent("rate_25_hz", 0.0, 50.0),
            latent("rate_100_hz", 0.0, 90.0),
        ];
        let input = InputEncoding {
            current_unit_na: 0.1,
            n_current_frequencies: 0,
            latents,
            rhythm: Some(rhythm.clone()),
        };
        (input, rhythm)
    }

    /// Knots at `u` of 0.5 and 1 with 20 and 30 Hz: `f = 10 + 20 u`, also beyond.
    #[test]
    fn analytic_rates_lie_on_a_line_in_the_root() {
        let curve = FiCurve { threshold_na: 0.1, highest_na: 0.2, knots: vec![(0.5, 20.0), (1.0, 30.0)] };
        for (current_na, rate_hz) in
            [(-0.1, 0.0), (0.1, 0.0), (0.109, 16.0), (0.125, 20.0), (0.2, 30.0), (0.325, 40.0)]
        {
            assert!((curve.rate_hz(current_na) - rate_hz).abs() < 1e-9, "{current_na}");
        }
    }

    /// A cubic is its own polynomial through four knots, with its own slope.
    #[test]
    fn analytic_a_cubic_is_met() {
        let cubic = |u: f64| 1.0 + 2.0 * u - u * u + 3.0 * u * u * u;
        let knots = [0.1, 0.4, 0.7, 1.0].map(|u| (u, cubic(u))).to_vec();
        let curve = FiCurve { threshold_na: 0.0, highest_na: 1.0, knots };
        for u in [0.0, 0.2, 0.55, 1.0] {
            let (value, slope) = curve.polynomial(u);
            assert!((value - cubic(u)).abs() < 1e-12);
            assert!((slope - (2.0 - 2.0 * u + 9.0 * u * u)).abs() < 1e-11);
        }
    }

    /// 20 Hz through 200 ms are four spikes; none are counted before and after, nor below threshold.
    #[test]
    fn analytic_the_count_is_the_integral_of_the_rate() {
        let (input, rhythm) = encoding();
        let current_na: Vec<f32> =
            (0..500).map(|n| if (100..300).contains(&n) { 0.125 } else { 0.05 }).collect();
        let counts = rhythm.counts(&input, &current_na, &[0.1, 20.0, 30.0]);
        assert!(counts[99].abs() < 1e-6 && (counts[199] - 2.0).abs() < 1e-5);
        assert!((counts[300] - 4.0).abs() < 1e-5 && (counts[499] - counts[300]).abs() < 1e-6);
    }

    #[test]
    fn invariant_what_contradicts_itself_is_named() {
        let (input, rhythm) = encoding();
        assert_eq!(rhythm.fault(&input, 500.0), None);
        assert!(rhythm.fault(&input, 400.0).unwrap().contains("span_ms"));
        let strange = Rhythm { threshold: "other_na".to_owned(), ..rhythm.clone() };
        assert!(strange.fault(&input, 500.0).unwrap().contains("other_na"));
        let mut turned = rhythm;
        turned.rates.reverse();
        assert!(turned.fault(&input, 500.0).unwrap().contains("ways"));
    }
}
