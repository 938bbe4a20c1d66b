//! What training minimizes: a loss over the samples and, if asked, terms that compare features.

use serde::{Deserialize, Serialize};

use crate::{Error, FeatureContext, Loss, SoftFeature, VoltageOutput};

/// What a feature costs that the reference has and the prediction lacks, per weight: a departure of one scale.
const MISSING_COST: f64 = 1.0;

/// The loss of one trace, `loss + Σ λ ((f(predicted) − f(reference)) / scale)²`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// Distance over the samples, in the network's output unit.
    pub loss: Loss,
    /// Feature terms; none leaves the loss alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<FeatureTerms>,
}

impl From<Loss> for Objective {
    fn from(loss: Loss) -> Self {
        Self { loss, features: None }
    }
}

/// Feature terms with what it takes to compute features from a network's output.
///
/// The same soft feature is taken of prediction and reference, so that what the softness changes cancels where the two
/// agree. A term is left out of a trace whose reference lacks the feature ([`SoftFeature::applies`]); where the reference
/// has it and the prediction has no value, the term costs its weight and has no gradient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureTerms {
    /// Features and their weights.
    pub terms: Vec<FeatureTerm>,
    /// Time grid, stimulus and softness.
    pub context: FeatureContext,
    /// From the network's output to millivolts.
    pub output: VoltageOutput,
}

/// One feature in the objective: `λ ((f(predicted) − f(reference)) / scale)²`.
///
/// With the root mean square of the feature over the references as scale, a weight of one counts a feature that is wrong
/// by all of its usual value as much as a trace that is wrong by all of its norm.
/// # Source
/// The released fine-tuning of NOBLE: `25 Σ_b (p_b − r_b)² / Σ_b r_b²` over a batch of 64, which is a weight of
/// 25/64 = 0.39 per trace; differs: the root mean square of all training traces stands for that of the batch, so the loss
/// of a trace does not depend on its company.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureTerm {
    /// Which feature.
    pub feature: SoftFeature,
    /// `λ`, not negative.
    pub weight: f64,
    /// Departure that costs `λ`, in the feature's unit, greater than zero.
    pub scale: f64,
}

/// A feature of one trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Departure {
    /// The reference lacks it.
    Absent,
    /// The reference has it, the prediction not.
    Missing {
        /// Value of the reference.
        reference: f64,
    },
    /// Both have it.
    Both {
        /// Value of the prediction.
        predicted: f64,
        /// Value of the reference.
        reference: f64,
    },
}

/// Arrays that an objective with features needs; made on first use and kept.
#[derive(Debug, Clone, Default)]
pub struct ObjectiveScratch {
    predicted_mv: Vec<f64>,
    reference_mv: Vec<f64>,
    gradient: Vec<f64>,
}

impl Objective {
    /// Objective of one trace; both traces are `[n_samples]` in the network's output unit.
    ///
    /// # Panics
    /// When the lengths differ, or differ from the features' grid.
    #[must_use]
    pub fn value(&self, predicted: &[f32], reference: &[f32], scratch: &mut ObjectiveScratch) -> f64 {
        let loss = self.loss.value(predicted, reference);
        let Some(features) = &self.features else { return loss };
        features.read(predicted, reference, scratch);
        loss + features.terms.iter().map(|term| features.add(term, None, scratch)).sum::<f64>()
    }

    /// Objective of one trace, and its gradient by each predicted sample in `gradient`.
    ///
    /// `∂/∂y = ∂loss/∂y + scale_mv Σ 2λ (f − f_ref)/scale² ∂f/∂v`.
    /// # Panics
    /// When the lengths differ, or differ from the features' grid.
    pub fn value_and_gradient(
        &self,
        predicted: &[f32],
        reference: &[f32],
        gradient: &mut [f32],
        scratch: &mut ObjectiveScratch,
    ) -> f64 {
        let mut value = self.loss.value_and_gradient(predicted, reference, gradient);
        if let Some(features) = &self.features {
            features.read(predicted, reference, scratch);
            for term in &features.terms {
                value += features.add(term, Some(gradient), scratch);
            }
        }
        value
    }
}

impl FeatureTerm {
    /// A term, checked.
    ///
    /// # Errors
    /// [`Error::FeatureTerm`] for a weight below zero, a scale not above zero, or either not finite.
    pub fn new(feature: SoftFeature, weight: f64, scale: f64) -> Result<Self, Error> {
        let term = Self { feature, weight, scale };
        term.check()?;
        Ok(term)
    }

    fn check(&self) -> Result<(), Error> {
        let name = self.feature.name();
        if !(self.weight.is_finite() && self.weight >= 0.0) {
            let remedy = "a number from zero up";
            return Err(Error::FeatureTerm { what: "weight", name, got: self.weight, remedy });
        }
        if !(self.scale.is_finite() && self.scale > 0.0) {
            let remedy = "a number above zero, in the feature's unit";
            return Err(Error::FeatureTerm { what: "scale", name, got: self.scale, remedy });
        }
        Ok(())
    }

    /// `λ ((predicted − reference) / scale)²`; nothing for an absent feature, `λ` for a missing one.
    #[must_use]
    pub fn cost(&self, departure: Departure) -> f64 {
        self.cost_and_slope(departure).0
    }

    /// The cost and its derivative by the predicted value.
    fn cost_and_slope(&self, departure: Departure) -> (f64, f64) {
        match departure {
            Departure::Absent => (0.0, 0.0),
            Departure::Missing { .. } => (self.weight * MISSING_COST, 0.0),
            Departure::Both { predicted, reference } => {
                let scaled = (predicted - reference) / self.scale;
                (self.weight * scaled * scaled, 2.0 * self.weight * scaled / self.scale)
            }
        }
    }
}

impl FeatureTerms {
    /// Checks terms, grid and stimulus for traces of `n_samples` samples.
    ///
    /// # Errors
    /// [`Error::FeatureTerm`] for an impossible weight or scale, [`Error::TimeGrid`] for a grid of another length, and
    /// those of [`FeatureContext::check`].
    pub fn check(&self, n_samples: usize) -> Result<(), Error> {
        self.terms.iter().try_for_each(FeatureTerm::check)?;
        let n_grid = self.context.grid.n_samples();
        if n_grid != n_samples {
            let (expected, got) = (format!("{n_samples} samples"), format!("features of {n_grid}"));
            return Err(Error::TimeGrid { expected, got });
        }
        self.context.check()
    }

    /// Each term's feature of a prediction and its reference, both `[n_samples]` in the network's output unit.
    ///
    /// # Panics
    /// When a length is not that of the grid.
    #[must_use]
    pub fn departures(
        &self,
        predicted: &[f32],
        reference: &[f32],
        scratch: &mut ObjectiveScratch,
    ) -> Vec<Departure> {
        self.read(predicted, reference, scratch);
        self.terms.iter().map(|term| self.departure(term.feature, scratch)).collect()
    }

    fn read(&self, predicted: &[f32], reference: &[f32], scratch: &mut ObjectiveScratch) {
        let to_mv = |y: &f32| self.output.offset_mv + self.output.scale_mv * f64::from(*y);
        scratch.predicted_mv.clear();
        scratch.predicted_mv.extend(predicted.iter().map(to_mv));
        scratch.reference_mv.clear();
        scratch.reference_mv.extend(reference.iter().map(to_mv));
        scratch.gradient.resize(predicted.len(), 0.0);
    }

    /// Both values; leaves the gradient of the predicted one in the scratch.
    fn departure(&self, feature: SoftFeature, scratch: &mut ObjectiveScratch) -> Departure {
        let ObjectiveScratch { predicted_mv, reference_mv, gradient } = scratch;
        if !feature.applies(reference_mv, &self.context) {
            return Departure::Absent;
        }
        let Some(reference) = feature.value_and_gradient(reference_mv, &self.context, gradient) else {
            return Departure::Absent;
        };
        match feature.value_and_gradient(predicted_mv, &self.context, gradient) {
            Some(predicted) => Departure::Both { predicted, reference },
            None => Departure::Missing { reference },
        }
    }

    /// Cost of one term; adds its gradient by the network's output.
    fn add(&self, term: &FeatureTerm, to: Option<&mut [f32]>, scratch: &mut ObjectiveScratch) -> f64 {
        let (cost, slope) = term.cost_and_slope(self.departure(term.feature, scratch));
        if let Some(to) = to.filter(|_| slope != 0.0) {
            let factor = slope * self.output.scale_mv;
            to.iter_mut().zip(&scratch.gradient).for_each(|(to, by_mv)| *to += (factor * by_mv) as f32);
        }
        cost
    }
}

#[cfg(test)]
mod tests {
    use noble_data::TimeGrid;

    use super::*;
    use crate::{SoftSettings, StepTiming};

    const N: usize = 200;

    fn objective() -> Objective {
        let context = FeatureContext {
            grid: TimeGrid::new(0.0, 0.5, N).unwrap(),
            stimulus: StepTiming { delay_ms: 10.0, duration_ms: 80.0 },
            settings: SoftSettings { extremum_temperature_mv: 0.5, ..SoftSettings::default() },
        };
        let terms = SoftFeature::all().map(|feature| FeatureTerm::new(feature, 0.3, 2.0).unwrap()).collect();
        let output = VoltageOutput::scaled(-50.0, 40.0);
        Objective { loss: Loss::RelativeL2, features: Some(FeatureTerms { terms, context, output }) }
    }

    fn trace(at: usize, height: f32) -> Vec<f32> {
        (0..N).map(|i| height * (-(i as f32 - at as f32).powi(2) / 8.0).exp() - 0.5).collect()
    }

    #[test]
    fn analytic_gradient_by_finite_differences_in_network_units() {
        let (objective, mut scratch) = (objective(), ObjectiveScratch::default());
        let (predicted, reference) = (trace(60, 1.7), trace(64, 2.0));
        let mut gradient = vec![0.0; N];
        let value = objective.value_and_gradient(&predicted, &reference, &mut gradient, &mut scratch);
        assert!((value - objective.value(&predicted, &reference, &mut scratch)).abs() < 1e-12);
        let largest = gradient.iter().fold(0.0_f32, |largest, g| largest.max(g.abs()));
        for idx in 0..N {
            let mut at = |step: f32| {
                let mut moved = predicted.clone();
                moved[idx] += step;
                (objective.value(&moved, &reference, &mut scratch), moved[idx])
            };
            let ((up, to), (down, from)) = (at(1.0 / 65536.0), at(-1.0 / 65536.0));
            let slope = (up - down) / (f64::from(to) - f64::from(from));
            let error = (slope - f64::from(gradient[idx])).abs() / f64::from(largest);
            assert!(error < 1e-4, "sample {idx}: {} but {slope}", gradient[idx]);
        }
    }

    #[test]
    fn invariant_terms_follow_the_reference() {
        let (objective, mut scratch) = (objective(), ObjectiveScratch::default());
        let features = objective.features.as_ref().unwrap();
        let (silent, firing) = (vec![-0.5; N], trace(60, 2.0));
        let mut value =
            |p: &[f32], r: &[f32]| objective.value(p, r, &mut scratch) - objective.loss.value(p, r);
        assert!(value(&firing, &firing).abs() < 1e-12);
        assert!(value(&silent, &firing) > 2.0 * 0.3, "width and depth are missing");
        assert!(
            value(&firing, &silent) < value(&silent, &firing),
            "a silent reference has no spike to compare"
        );
        let departures = features.departures(&silent, &firing, &mut scratch);
        assert_eq!(departures[0], Departure::Absent);
        assert!(matches!(departures[5], Departure::Missing { .. }), "{departures:?}");
        let error = FeatureTerm::new(features.terms[0].feature, -0.1, 1.0).unwrap_err().to_string();
        assert!(error.contains("weight of feature sag_mv is -0.1; give a number from zero up"), "{error}");
    }

    #[test]
    fn invariant_an_objective_is_read_back() {
        let text = serde_json::to_string(&objective()).unwrap();
        assert!(text.contains("\"feature\":\"sag_mv\""), "{text}");
        assert_eq!(serde_json::from_str::<Objective>(&text).unwrap(), objective());
        let other = text.replace("sag_mv", "sag");
        assert!(serde_json::from_str::<Objective>(&other).unwrap_err().to_string().contains("choose from"));
        assert_eq!(Objective::from(Loss::RelativeL4).features, None);
    }
}
