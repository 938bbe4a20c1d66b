//! How good the neurons between models are.

use std::collections::BTreeMap;

use super::{Answer, FEATURES, Path, Way};

/// How one way of making neurons between models does.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The way.
    pub way: Way,
    /// Neurons asked for.
    pub n_neurons: usize,
    /// Neurons that diverge, are silent where both ends fire, or fire where both are silent.
    pub n_misfiring: usize,
    /// Neurons of which a feature lies beyond all ends at that current by more than their standard deviation.
    pub n_outside: usize,
    /// Mean distance of each feature from the line between the ends, in standard deviations over the ends at that current.
    pub from_line: BTreeMap<&'static str, f64>,
    /// Mean distance of each feature from the nearest real model's, in the same measure; empty for that model itself.
    pub from_nearest: BTreeMap<&'static str, f64>,
}

/// Mean, deviation and range of a feature over the ends at one current.
#[derive(Debug, Clone, Copy)]
struct Spread {
    deviation: f64,
    low: f64,
    high: f64,
}

/// Judges every way on all paths.
#[must_use]
pub fn judge(paths: &[Path]) -> Vec<Judgement> {
    let mut by_current: BTreeMap<u64, Vec<&Path>> = BTreeMap::new();
    for path in paths {
        by_current.entry(path.step_na.to_bits()).or_default().push(path);
    }
    let spreads: BTreeMap<u64, BTreeMap<&'static str, Spread>> =
        by_current.iter().map(|(current, paths)| (*current, spreads(paths))).collect();
    let one = |(idx, way): (usize, Way)| {
        let mut judgement = Judgement {
            way,
            n_neurons: 0,
            n_misfiring: 0,
            n_outside: 0,
            from_line: BTreeMap::new(),
            from_nearest: BTreeMap::new(),
        };
        let (mut line, mut nearest) = (Distances::default(), Distances::default());
        for path in paths {
            let spreads = &spreads[&path.step_na.to_bits()];
            for place in &path.places {
                let answer = &place.answers[idx];
                judgement.n_neurons += 1;
                judgement.n_misfiring += usize::from(misfires(path, answer));
                judgement.n_outside += usize::from(is_outside(answer, spreads));
                for (name, spread) in spreads {
                    let of = |answer: &Answer| answer.features.as_ref().and_then(|f| f.mean(name));
                    let ends = of(&path.of_ends.0).zip(of(&path.of_ends.1));
                    let expected = ends.map(|(a, b)| (1.0 - place.part) * a + place.part * b);
                    line.add(name, of(answer).zip(expected), spread.deviation);
                    if way != Way::Nearest {
                        nearest.add(name, of(answer).zip(of(&place.answers[2])), spread.deviation);
                    }
                }
            }
        }
        (judgement.from_line, judgement.from_nearest) = (line.means(), nearest.means());
        judgement
    };
    Way::ALL.into_iter().enumerate().map(one).collect()
}

#[derive(Default)]
struct Distances(BTreeMap<&'static str, (f64, f64)>);

impl Distances {
    fn add(&mut self, name: &'static str, pair: Option<(f64, f64)>, deviation: f64) {
        if let Some((value, expected)) = pair {
            let (sum, n) = self.0.entry(name).or_default();
            (*sum, *n) = (*sum + (value - expected).abs() / deviation, *n + 1.0);
        }
    }

    fn means(self) -> BTreeMap<&'static str, f64> {
        self.0.into_iter().map(|(name, (sum, n))| (name, sum / n)).collect()
    }
}

fn n_spikes(answer: &Answer) -> Option<usize> {
    answer.features.as_ref().map(|features| features.spike_times_ms.len())
}

fn misfires(path: &Path, answer: &Answer) -> bool {
    let fires = |answer: &Answer| n_spikes(answer).map(|n| n > 0);
    match (fires(&path.of_ends.0), fires(&path.of_ends.1), fires(answer)) {
        (_, _, None) => true,
        (Some(true), Some(true), Some(is_firing)) => !is_firing,
        (Some(false), Some(false), Some(is_firing)) => is_firing,
        _ => false,
    }
}

fn is_outside(answer: &Answer, spreads: &BTreeMap<&'static str, Spread>) -> bool {
    spreads.iter().any(|(name, spread)| {
        answer.features.as_ref().and_then(|features| features.mean(name)).is_some_and(|value| {
            value < spread.low - spread.deviation || value > spread.high + spread.deviation
        })
    })
}

/// Spread of each feature over the ends; features that do not vary are left out.
fn spreads(paths: &[&Path]) -> BTreeMap<&'static str, Spread> {
    let spread = |name: &'static str| {
        let ends = paths.iter().flat_map(|path| [&path.of_ends.0, &path.of_ends.1]);
        let values: Vec<f64> = ends.filter_map(|end| end.features.as_ref()?.mean(name)).collect();
        #[expect(clippy::cast_precision_loss, reason = "a count of models")]
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(*value), high.max(*value))
        });
        (values.len() > 1 && deviation > 0.0).then_some((name, Spread { deviation, low, high }))
    };
    FEATURES.into_iter().filter_map(spread).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::*;
    use crate::features::SweepFeatures;

    fn answer(base_mv: f64, n_spikes: usize) -> Answer {
        let features = SweepFeatures {
            sweep_idx: 0,
            step_na: None,
            warnings: Vec::new(),
            values: vec![("voltage_base", Some(vec![base_mv]))],
            spike_times_ms: vec![20.0; n_spikes],
        };
        Answer { v_mv: Vec::new(), features: Some(features) }
    }

    #[test]
    fn analytic_a_neuron_on_the_line_and_one_off_it() {
        let place =
            Place { part: 0.5, nearest: 9, answers: [Answer::default(), answer(-65.0, 2), answer(-63.0, 2)] };
        let path = Path {
            ends: (1, 2),
            step_na: 0.1,
            of_ends: (answer(-70.0, 2), answer(-60.0, 4)),
            places: vec![place],
        };
        let judgements = judge(&[path]);
        let [parameters, latents, nearest] = &judgements[..] else { panic!() };
        assert_eq!((parameters.n_neurons, parameters.n_misfiring, parameters.n_outside), (1, 1, 0));
        assert_eq!(parameters.from_line.len(), 0);
        assert_eq!(latents.n_misfiring, 0);
        assert!(latents.from_line["voltage_base"].abs() < 1e-12);
        // Ends 10 mV apart deviate by 5 mV from their mean.
        assert!((latents.from_nearest["voltage_base"] - 0.4).abs() < 1e-12);
        assert!((nearest.from_line["voltage_base"] - 0.4).abs() < 1e-12 && nearest.from_nearest.is_empty());
    }
}
