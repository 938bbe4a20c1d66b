//! What is fitted to what: checked once, before anything is simulated.

use noble_cell::CablePlan;
use noble_data::fitting::{Firing, FitTargets, FreeParameter, ParameterSpace, Scale, TargetSweep};
use noble_data::sweeps::StimulusWindow;
use noble_data::{CellModel, SectionKind, Step, Stimulus};
use noble_features::{Feature, Settings, feature};

use super::objective::Objective;
use crate::simulate::SpikeWatch;
use crate::{Cells, Error, Protocol};

/// A fit before it is checked.
#[derive(Debug, Clone)]
pub struct FitCase {
    /// Morphology and channels; its models do not count.
    pub cells: Cells,
    /// What may vary between which bounds, and what is fixed.
    pub space: ParameterSpace,
    /// What should come out.
    pub targets: FitTargets,
    /// How sweeps are solved and sampled; onset, duration and length are the targets' own.
    pub protocol: Protocol,
    /// How features are taken.
    pub features: Settings,
    /// Models that the search begins with, beside others.
    pub starts: Vec<CellModel>,
}

/// A fit that can be run: every feature known, every parameter at home, every sweep possible.
#[derive(Debug, Clone)]
pub struct FitPlan {
    pub(super) cells: Cells,
    pub(super) space: ParameterSpace,
    pub(super) sweeps: Vec<PlannedSweep>,
    pub(super) objectives: Vec<Objective>,
    pub(super) settings: Settings,
    pub(super) base_protocol: Protocol,
    /// Where the targets come from.
    pub(super) source: String,
    /// Coordinates of the models that the search begins with.
    pub(super) starts: Vec<Vec<f64>>,
}

/// A sweep with all that its simulation and its features need.
#[derive(Debug, Clone)]
pub(super) struct PlannedSweep {
    pub(super) target: TargetSweep,
    pub(super) protocol: Protocol,
    pub(super) stimulus: Stimulus,
    pub(super) features: Vec<&'static Feature>,
    /// Range of its objectives among all.
    pub(super) objectives: std::ops::Range<usize>,
    /// Whether its outcome can make the other sweeps pointless: one that must be silent, or the strongest that must
    /// fire.
    pub(super) is_gate: bool,
}

impl PlannedSweep {
    /// The spike after which nothing more is asked: where only firing is.
    pub(super) fn last_spike(&self, threshold_mv: f64) -> Option<SpikeWatch> {
        let StimulusWindow { start_ms, end_ms } = self.window();
        let is_enough = self.features.is_empty() && self.target.firing == Some(Firing::Fires);
        is_enough.then_some(SpikeWatch { threshold_mv, start_ms, end_ms })
    }

    pub(super) fn window(&self) -> StimulusWindow {
        StimulusWindow { start_ms: self.protocol.delay_ms, end_ms: self.protocol.end_ms() }
    }
}

impl FitCase {
    /// Checks everything that can be wrong before a search; with notes on what is allowed but odd.
    ///
    /// # Errors
    /// [`Error::Data`] for bounds and targets that cannot be, [`Error::Features`] for an unknown feature,
    /// [`Error::Usage`] for a free parameter of sections that the morphology lacks, [`Error::Cell`] for a mechanism that
    /// is unknown.
    pub fn plan(self) -> Result<(FitPlan, Vec<String>), Error> {
        let Self { cells, space, targets, protocol, features, starts } = self;
        space.check()?;
        let mut notes = targets.check()?;
        check_places(&cells, &space)?;
        let (starts, odd) = coordinates_of(&space, &starts)?;
        notes.extend(odd);
        let strongest_na = targets
            .sweeps
            .iter()
            .filter(|sweep| sweep.firing == Some(Firing::Fires))
            .map(TargetSweep::total_na)
            .fold(f64::NEG_INFINITY, f64::max);
        let mut sweeps = Vec::with_capacity(targets.sweeps.len());
        let mut objectives = Vec::new();
        for (sweep_idx, target) in targets.sweeps.into_iter().enumerate() {
            let named: Vec<&'static Feature> = target
                .features
                .iter()
                .map(|target| Ok(feature(&target.feature)?))
                .collect::<Result<_, Error>>()?;
            let first = objectives.len();
            objectives.extend(Objective::of_sweep(sweep_idx, &target, &named));
            let is_gate = match target.firing {
                Some(Firing::Silent) => true,
                Some(Firing::Fires) => target.total_na() >= strongest_na,
                None => false,
            };
            let protocol = protocol_of(&target, protocol)?;
            let stimulus = stimulus_of(&target)?;
            let objectives = first..objectives.len();
            sweeps.push(PlannedSweep { target, protocol, stimulus, features: named, objectives, is_gate });
        }
        let source = targets.source;
        let plan = FitPlan {
            cells,
            space,
            sweeps,
            objectives,
            settings: features,
            base_protocol: protocol,
            source,
            starts,
        };
        Ok((plan, notes))
    }
}

impl FitPlan {
    /// What a candidate is scored by.
    #[must_use]
    pub fn objectives(&self) -> &[Objective] {
        &self.objectives
    }

    /// What may vary.
    #[must_use]
    pub fn space(&self) -> &ParameterSpace {
        &self.space
    }

    /// The sweeps with their targets.
    pub fn targets(&self) -> impl Iterator<Item = &TargetSweep> {
        self.sweeps.iter().map(|sweep| &sweep.target)
    }

    /// Morphology and channels.
    #[must_use]
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// The cell at coordinates in [0, 1] of the free parameters.
    pub(super) fn cell(&self, coordinates: &[f64]) -> CellModel {
        let value = |(free, coordinate): (&FreeParameter, &f64)| value_at(free, *coordinate);
        let values: Vec<f64> = self.space.free.iter().zip(coordinates).map(value).collect();
        self.space.apply(&values)
    }

    /// The same, ready to simulate.
    pub(super) fn cable(&self, coordinates: &[f64]) -> Result<CablePlan, Error> {
        self.cells.plan_of(&self.cell(coordinates))
    }
}

/// Where models lie in a space, and notes on those that differ from its cells in what is not free.
fn coordinates_of(
    space: &ParameterSpace,
    models: &[CellModel],
) -> Result<(Vec<Vec<f64>>, Vec<String>), Error> {
    let outside = |name: &str, what: String| {
        let what = format!("start {name}: {what}");
        Error::usage(what, "give models of the same parameters, within their bounds")
    };
    let mut notes = Vec::new();
    let of_model = |model: &CellModel| {
        let values = space.values_of(model);
        let values = values.ok_or_else(|| outside(&model.name, "lacks a free parameter".to_owned()))?;
        let own = CellModel { name: model.name.clone(), ..space.apply(&values) };
        if own != *model {
            notes.push(format!(
                "start {}: its free parameters are taken; in what is not free it differs from the cell that is fitted",
                model.name
            ));
        }
        let coordinate = |(free, value): (&FreeParameter, f64)| match coordinate_of(free, value) {
            coordinate if (0.0..=1.0).contains(&coordinate) => Ok(coordinate),
            _ => Err(outside(&model.name, format!("{} is {value}, out of its bounds", free.name))),
        };
        space.free.iter().zip(values).map(coordinate).collect()
    };
    let starts = models.iter().map(of_model).collect::<Result<_, Error>>()?;
    Ok((starts, notes))
}

/// The inverse of [`value_at`], to within rounding at the bounds.
fn coordinate_of(free: &FreeParameter, value: f64) -> f64 {
    let FreeParameter { lower, upper, .. } = *free;
    let coordinate = match free.scale {
        Scale::Linear => (value - lower) / (upper - lower),
        Scale::Log => (value / lower).ln() / (upper / lower).ln(),
    };
    if (lower..=upper).contains(&value) { coordinate.clamp(0.0, 1.0) } else { coordinate }
}

/// A parameter's value at a coordinate in [0, 1] between its bounds.
fn value_at(free: &FreeParameter, coordinate: f64) -> f64 {
    let FreeParameter { lower, upper, .. } = *free;
    let value = match free.scale {
        Scale::Linear => lower + coordinate * (upper - lower),
        Scale::Log => lower * (upper / lower).powf(coordinate),
    };
    value.clamp(lower, upper)
}

fn protocol_of(target: &TargetSweep, base: Protocol) -> Result<Protocol, Error> {
    let (delay_ms, duration_ms, total_ms) = (target.delay_ms, target.duration_ms, target.total_ms);
    let protocol = Protocol { delay_ms, duration_ms, total_ms, ..base };
    let check = || {
        protocol.check()?;
        protocol.run_settings().grid()?;
        protocol.grid()
    };
    check().map_err(|error| {
        Error::usage(format!("sweep {}: {error}", target.name), "change its times in the targets")
    })?;
    Ok(protocol)
}

/// The step, on top of a holding current that is on from the start.
fn stimulus_of(target: &TargetSweep) -> Result<Stimulus, Error> {
    let step =
        Step { delay_ms: target.delay_ms, duration_ms: target.duration_ms, amplitude_na: target.step_na };
    let holding = Step { delay_ms: 0.0, duration_ms: target.total_ms, amplitude_na: target.holding_na };
    let steps = if target.holding_na == 0.0 { vec![step] } else { vec![holding, step] };
    Ok(Stimulus::steps(steps)?)
}

/// Every kind of section that a free parameter names must be in the cell, and the cell must be possible.
fn check_places(cells: &Cells, space: &ParameterSpace) -> Result<(), Error> {
    if space.free.is_empty() {
        return Err(Error::usage("nothing is free to vary", "name free parameters with their bounds"));
    }
    let lower: Vec<f64> = space.free.iter().map(|free| free.lower).collect();
    let upper: Vec<f64> = space.free.iter().map(|free| free.upper).collect();
    let plan = cells.plan_of(&space.apply(&lower))?;
    cells.plan_of(&space.apply(&upper))?;
    let lacks = |kind: &SectionKind| plan.sections().iter().all(|section| section.kind != *kind);
    for FreeParameter { name, kinds, .. } in &space.free {
        if kinds.iter().all(&lacks) {
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            let what =
                format!("free parameter {name} is of {}, which the morphology lacks", kinds.join(", "));
            return Err(Error::usage(what, "remove it, or give a morphology that has them"));
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums and products of few digits are exact")]
mod tests {
    use noble_data::fitting::ParameterTarget;

    use super::*;

    #[test]
    fn analytic_coordinates_lie_between_the_bounds() {
        let mut free = FreeParameter::new(&[SectionKind::Soma], ParameterTarget::Capacitance, [0.5, 8.0]);
        free.scale = Scale::Log;
        assert!((value_at(&free, 0.5) - 2.0).abs() < 1e-15);
        assert!((coordinate_of(&free, 2.0) - 0.5).abs() < 1e-15);
        free.scale = Scale::Linear;
        assert_eq!((value_at(&free, 0.5), coordinate_of(&free, 4.25)), (4.25, 0.5));
        for scale in [Scale::Linear, Scale::Log] {
            free.scale = scale;
            assert_eq!([0.0, 1.0].map(|end| value_at(&free, end)), [0.5, 8.0]);
            assert_eq!([0.5, 8.0].map(|value| coordinate_of(&free, value)), [0.0, 1.0]);
            assert!(coordinate_of(&free, 8.1) > 1.0 && coordinate_of(&free, 0.4) < 0.0);
        }
    }

    /// BluePyOpt's `totduration`, `amp` and `holding_current`: the step is added to what holds.
    #[test]
    fn analytic_the_step_is_on_top_of_the_holding_current() {
        let target = TargetSweep {
            name: "step".to_owned(),
            step_na: 0.4,
            delay_ms: 10.0,
            duration_ms: 20.0,
            total_ms: 50.0,
            holding_na: -0.1,
            features: Vec::new(),
            firing: None,
        };
        let stimulus = stimulus_of(&target).unwrap();
        let currents_na = [5.0, 20.0, 40.0].map(|t_ms| stimulus.current_na(t_ms));
        assert!(
            currents_na.iter().zip([-0.1, 0.3, -0.1]).all(|(own, expected)| (own - expected).abs() < 1e-15)
        );
        assert!((target.total_na() - 0.3).abs() < 1e-15);
    }
}
