//! The rhythm that a model's spike trains promise, as a phase for the network to follow.
//!
//! A network that must keep forty spikes of a long step in their places has to know the rate to a thousandth, and finds it
//! slowly when it is only told the model's latent features. Where latencies and rates are among the features those at any
//! current lie between them, and their integral over time tells how many spikes should have come so far. Sine and cosine of
//! that count are input channels; what remains to be learned is how a spike looks and how far it lies off the count.

use serde::{Deserialize, Serialize};

use crate::InputEncoding;

/// How latencies and rates become channels.
///
/// On the way from threshold current to `highest_na`, let `w = (I - I_thr)/(highest_na - I_thr)` and `u = √w`. What is known
/// at [`RhythmKnot`]s is at other currents the polynomial in `u` through them; beyond the last knot it goes on along its tangent.
/// Rates of a cell whose firing begins at a saddle-node grow with `u`, so that few knots suffice. With the rate `f(I)`, the
/// latency `L(I)` and the lead `a(I)`, the count begins at `-b` ([`TrainShape::before_first`]) and
///
/// ```text
/// dc/dt = b/L(I)                           until the first spike, where c = 0
/// dc/dt = f(I) + a(I) e^{-s/τ}/τ           at the time s after it
/// ```
///
/// with neither below threshold; the count never falls. Of a constant current `c = f s + a (1 - e^{-s/τ})`: spikes lie at whole
/// numbers. Channels are `sin 2π 2^k c`, `cos 2π 2^k c`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rhythm {
    /// Latent feature that is the threshold current, in nA.
    pub threshold: String,
    /// End of the way from the threshold.
    pub highest_na: f64,
    /// Latent features that are rates in Hz, in order of their currents.
    pub rates: Vec<RhythmKnot>,
    /// When trains begin and how they settle to their rates.
    pub train: TrainShape,
    /// Time from the first sample of a trace to one step beyond its last.
    pub span_ms: f64,
    /// Frequencies of the channels, each twice the one before.
    pub n_frequencies: usize,
}

/// The part of a train that its late rate does not tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainShape {
    /// Latent features that are times to the first spike in ms; their inverse is what the polynomial goes through.
    pub latencies: Vec<RhythmKnot>,
    /// Latent features that are spikes a train comes to be ahead of its late rate, for firing faster at first.
    pub leads: Vec<RhythmKnot>,
    /// Time constant `τ` with which the lead is gained.
    pub settling_ms: f64,
    /// Spikes to go before a step, `b`. At a whole number the phase of rest would be that of a spike.
    pub before_first: f64,
}

/// A latent feature of the train at one current.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RhythmKnot {
    /// Latent feature.
    pub name: String,
    /// Where between threshold current (0) and the highest (1) it is taken.
    pub way: f64,
}

impl Rhythm {
    /// Latent features that enter the network through the count.
    pub fn features(&self) -> impl Iterator<Item = &RhythmKnot> {
        self.rates.iter().chain(&self.train.latencies).chain(&self.train.leads)
    }

    /// What contradicts itself, or the other entries of the encoding; its span must be `span_ms`.
    pub(crate) fn fault(&self, input: &InputEncoding, span_ms: f64) -> Option<String> {
        let names = self.features().map(|knot| &knot.name).chain([&self.threshold]);
        let unknown = |name: &&String| !input.latents.iter().any(|latent| latent.name == **name);
        if let Some(name) = names.into_iter().find(unknown) {
            return Some(format!("{name} is not a latent feature"));
        }
        let TrainShape { latencies, leads, settling_ms, before_first } = &self.train;
        if ![&self.rates, latencies, leads].into_iter().all(|knots| is_ordered(knots)) {
            return Some("ways do not grow within 0 to 1".to_owned());
        }
        if !(*settling_ms > 0.0 && settling_ms.is_finite()) {
            return Some(format!("settling_ms {settling_ms}"));
        }
        if !(*before_first > 0.0 && before_first.is_finite()) {
            return Some(format!("before_first {before_first}"));
        }
        if !self.highest_na.is_finite() {
            return Some(format!("highest_na {}", self.highest_na));
        }
        if (self.span_ms - span_ms).abs() > 1e-9 * span_ms {
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
        let curve = |knots: &[RhythmKnot], of: fn(f64) -> f64| {
            Curve(knots.iter().map(|knot| (knot.way.sqrt(), of(value(&knot.name)))).collect())
        };
        let step_ms = self.span_ms / current_na.len().max(1) as f64;
        let model = Model {
            threshold_na: value(&self.threshold),
            highest_na: self.highest_na,
            rate: curve(&self.rates, |rate_hz| 1e-3 * rate_hz),
            latency: curve(&self.train.latencies, |latency_ms| 1.0 / latency_ms.max(SHORTEST_MS)),
            lead: curve(&self.train.leads, |lead| lead),
        };
        let TrainShape { settling_ms, before_first, .. } = self.train;
        let (mut last, mut pace) = (f32::NAN, Pace::default());
        let mut place = Place { count: -before_first, since_first_ms: None };
        let mut count_before = |current_na: &f32| {
            if current_na.to_bits() != last.to_bits() {
                (last, pace) = (*current_na, model.pace(f64::from(*current_na)));
                pace.approach_per_ms *= before_first;
            }
            let before = place.count;
            place.go_on(&pace, settling_ms, step_ms);
            before as f32
        };
        current_na.iter().map(&mut count_before).collect()
    }
}

/// Latencies below this, as an extrapolation may give, count as this.
const SHORTEST_MS: f64 = 0.1;

fn is_ordered(knots: &[RhythmKnot]) -> bool {
    let ways = || knots.iter().map(|knot| knot.way);
    let grows = ways().zip(ways().skip(1)).all(|(before, after)| before < after);
    !knots.is_empty() && grows && ways().all(|way| way > 0.0 && way <= 1.0)
}

/// The curves of one model.
struct Model {
    threshold_na: f64,
    highest_na: f64,
    /// Spikes per ms.
    rate: Curve,
    /// Inverse of the time to the first spike, per ms.
    latency: Curve,
    lead: Curve,
}

/// The train at one current.
#[derive(Debug, Default)]
struct Pace {
    rate_per_ms: f64,
    approach_per_ms: f64,
    lead: f64,
}

impl Model {
    fn pace(&self, current_na: f64) -> Pace {
        if !(current_na > self.threshold_na && self.highest_na > self.threshold_na) {
            return Pace::default();
        }
        let way = (current_na - self.threshold_na) / (self.highest_na - self.threshold_na);
        let u = way.sqrt();
        Pace {
            rate_per_ms: self.rate.at(u).max(0.0),
            approach_per_ms: self.latency.at(u).max(0.0),
            lead: self.lead.at(u),
        }
    }
}

/// How far a train has come.
struct Place {
    count: f64,
    /// None before the first spike.
    since_first_ms: Option<f64>,
}

impl Place {
    fn go_on(&mut self, pace: &Pace, settling_ms: f64, step_ms: f64) {
        let (from_ms, mut for_ms) = (self.since_first_ms.unwrap_or(0.0), step_ms);
        if self.since_first_ms.is_none() {
            let count = self.count + pace.approach_per_ms * step_ms;
            if count < 0.0 {
                self.count = count;
                return;
            }
            for_ms = count / pace.approach_per_ms;
            self.count = 0.0;
        }
        let to_ms = from_ms + for_ms;
        let gained = (-from_ms / settling_ms).exp() - (-to_ms / settling_ms).exp();
        self.count += (pace.rate_per_ms * for_ms + pace.lead * gained).max(0.0);
        self.since_first_ms = Some(to_ms);
    }
}

/// A quantity along `u`, by its values at knots.
struct Curve(Vec<(f64, f64)>);

impl Curve {
    fn at(&self, u: f64) -> f64 {
        let last = self.0.last().map_or(1.0, |knot| knot.0);
        let (inside, beyond) = (u.min(last), (u - last).max(0.0));
        let (value, slope) = self.polynomial(inside);
        value + beyond * slope
    }

    /// Value and slope of Lagrange's polynomial through the knots.
    fn polynomial(&self, u: f64) -> (f64, f64) {
        let (mut value, mut slope) = (0.0, 0.0);
        for (i, (own, known)) in self.0.iter().enumerate() {
            let (mut basis, mut basis_slope) = (1.0, 0.0);
            for (_, (other, _)) in self.0.iter().enumerate().filter(|(j, _)| *j != i) {
                let factor = (u - other) / (own - other);
                basis_slope = basis_slope * factor + basis / (own - other);
                basis *= factor;
            }
            value += known * basis;
            slope += known * basis_slope;
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
        let knot = |name: &str, way| RhythmKnot { name: name.to_owned(), way };
        let train = TrainShape {
            latencies: vec![knot("latency_100_ms", 1.0)],
            leads: vec![knot("lead_100", 1.0)],
            settling_ms: 60.0,
            before_first: 0.5,
        };
        let rhythm = Rhythm {
            threshold: "i_thr_na".to_owned(),
            highest_na: 0.2,
            rates: vec![knot("rate_25_hz", 0.25), knot("rate_100_hz", 1.0)],
            train,
            span_ms: 500.0,
            n_frequencies: 1,
        };
        let latents = vec![
            latent("i_thr_na", 0.0, 0.1),
            latent("rate_25_hz", 0.0, 50.0),
            latent("rate_100_hz", 0.0, 90.0),
            latent("latency_100_ms", 0.0, 100.0),
            latent("lead_100", 0.0, 1.0),
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
        let rate = Curve(vec![(0.5, 20.0), (1.0, 30.0)]);
        let none = || Curve(vec![(1.0, 0.0)]);
        let model = Model { threshold_na: 0.1, highest_na: 0.2, rate, latency: none(), lead: none() };
        for (current_na, rate_hz) in
            [(-0.1, 0.0), (0.1, 0.0), (0.109, 16.0), (0.125, 20.0), (0.2, 30.0), (0.325, 40.0)]
        {
            assert!((model.pace(current_na).rate_per_ms - rate_hz).abs() < 1e-9, "{current_na}");
        }
    }

    /// A cubic is its own polynomial through four knots, with its own slope.
    #[test]
    fn analytic_a_cubic_is_met() {
        let cubic = |u: f64| 1.0 + 2.0 * u - u * u + 3.0 * u * u * u;
        let curve = Curve([0.1, 0.4, 0.7, 1.0].map(|u| (u, cubic(u))).to_vec());
        for u in [0.0, 0.2, 0.55, 1.0] {
            let (value, slope) = curve.polynomial(u);
            assert!((value - cubic(u)).abs() < 1e-12);
            assert!((slope - (2.0 - 2.0 * u + 9.0 * u * u)).abs() < 1e-11);
        }
    }

    /// The first spike after the latency, then `f s + a (1 − e^{−s/τ})`, whatever the time step; silence below threshold.
    #[test]
    fn analytic_a_train_begins_late_and_settles() {
        let (input, rhythm) = encoding();
        let latents = [0.1, 20.0, 30.0, 24.5, 0.8];
        for n_samples in [500, 5000_usize] {
            let counts = rhythm.counts(&input, &vec![0.125; n_samples], &latents);
            for at_ms in [0, 10, 24, 25, 60, 499_u16] {
                let t_ms = f64::from(at_ms);
                let s_ms = t_ms - 24.5;
                let expected = match s_ms < 0.0 {
                    true => 0.5 * (t_ms / 24.5 - 1.0),
                    false => 0.02 * s_ms + 0.8 * (1.0 - (-s_ms / 60.0).exp()),
                };
                let count = f64::from(counts[usize::from(at_ms) * n_samples / 500]);
                assert!((count - expected).abs() < 1e-5, "{at_ms} ms: {count} for {expected}");
            }
        }
        let hurried = rhythm.counts(&input, &vec![0.125; 500], &[0.1, 20.0, 30.0, -3.0, 0.0]);
        assert!((hurried[1] - 0.02 * 0.9).abs() < 1e-5, "a latency below 0.1 ms counts as 0.1 ms");
        let falling = rhythm.counts(&input, &vec![0.125; 500], &[0.1, 20.0, 30.0, 24.5, -9.0]);
        assert!(falling.windows(2).all(|pair| pair[0] <= pair[1]), "a count never falls");
        let above = rhythm.counts(&input, &[0.125; 50], &[0.3, 20.0, 30.0, 24.5, 0.8]);
        assert!(above.iter().all(|count| (count + 0.5).abs() < 1e-6), "a threshold above the range");
        let silent = rhythm.counts(&input, &[0.05; 50], &latents);
        assert!(silent.iter().all(|count| (count + 0.5).abs() < 1e-6));
    }

    /// A first spike after 20 ms and 20 Hz through the 180 ms left of a step; none are counted before, after, or below
    /// threshold.
    #[test]
    fn analytic_the_count_is_the_integral_of_the_rate() {
        let (input, rhythm) = encoding();
        let current_na: Vec<f32> =
            (0..500).map(|n| if (100..300).contains(&n) { 0.125 } else { 0.05 }).collect();
        let counts = rhythm.counts(&input, &current_na, &[0.1, 20.0, 30.0, 20.0, 0.0]);
        let close = |n: usize, expected: f32| (counts[n] - expected).abs() < 1e-5;
        assert!(close(99, -0.5) && close(110, -0.25) && close(120, 0.0) && close(170, 1.0));
        assert!(close(300, 3.6) && close(499, 3.6));
    }

    #[test]
    fn invariant_what_contradicts_itself_is_named() {
        let (input, rhythm) = encoding();
        assert_eq!(rhythm.fault(&input, 500.0), None);
        assert!(rhythm.fault(&input, 400.0).unwrap().contains("span_ms"));
        let strange = Rhythm { threshold: "other_na".to_owned(), ..rhythm.clone() };
        assert!(strange.fault(&input, 500.0).unwrap().contains("other_na"));
        let mut turned = rhythm.clone();
        turned.rates.reverse();
        assert!(turned.fault(&input, 500.0).unwrap().contains("ways"));
        for (settling_ms, before_first, what) in
            [(0.0, 0.5, "settling_ms"), (f64::NAN, 0.5, "settling_ms"), (60.0, 0.0, "before_first")]
        {
            let train = TrainShape { settling_ms, before_first, ..rhythm.train.clone() };
            let strange = Rhythm { train, ..rhythm.clone() };
            assert!(strange.fault(&input, 500.0).unwrap().contains(what));
        }
    }
}
