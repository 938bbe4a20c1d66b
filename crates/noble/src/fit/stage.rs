//! Which parameters a part of the search varies, and which sweeps it looks at.

use noble_data::fitting::{FreeParameter, ParameterTarget};
use noble_evolve::Method;
use serde::{Deserialize, Serialize};

use super::case::FitPlan;
use super::settings::FitSettings;

/// A part of the search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What it is called.
    pub kind: StageKind,
    /// Places of the parameters that vary, among the free ones.
    pub(super) free: Vec<usize>,
    /// Coordinates of all free parameters; those that vary are replaced.
    pub(super) coordinates: Vec<f64>,
    /// Places of the sweeps, ascending.
    pub(super) sweeps: Vec<usize>,
}

/// What a stage is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// Membrane and resting channels, on the sweeps without depolarizing current.
    Passive,
    /// Everything on everything, candidates spread over the whole space: where the scalar optimizer begins.
    Explored,
    /// Everything on everything.
    Active,
}

impl StageKind {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passive => "passive",
            Self::Explored => "explored",
            Self::Active => "active",
        }
    }
}

impl Stage {
    /// The passive stage: leak, capacitance, axial resistivity and `Ih` on sweeps with features and a step below the holding current, other
    /// channels at their lower bounds; `None` where there is no such sweep or no such parameter.
    #[must_use]
    pub fn passive(plan: &FitPlan) -> Option<Self> {
        let free: Vec<usize> =
            (0..plan.space.free.len()).filter(|idx| is_passive(&plan.space.free[*idx])).collect();
        let is_resting = |idx: &usize| {
            let target = &plan.sweeps[*idx].target;
            target.step_na < 0.0 && !target.features.is_empty()
        };
        let sweeps: Vec<usize> = (0..plan.sweeps.len()).filter(is_resting).collect();
        let coordinates = vec![0.0; plan.space.free.len()];
        let is_possible = !free.is_empty() && !sweeps.is_empty();
        is_possible.then_some(Self { kind: StageKind::Passive, free, coordinates, sweeps })
    }

    /// The active stage: every free parameter, every sweep.
    #[must_use]
    pub fn active(plan: &FitPlan) -> Self {
        Self {
            kind: StageKind::Active,
            free: (0..plan.space.free.len()).collect(),
            coordinates: vec![0.0; plan.space.free.len()],
            sweeps: (0..plan.sweeps.len()).collect(),
        }
    }

    /// As the active stage, for candidates that are spread rather than bred.
    #[must_use]
    pub fn explored(plan: &FitPlan) -> Self {
        Self { kind: StageKind::Explored, ..Self::active(plan) }
    }

    /// The stage that follows the membranes.
    pub(super) fn after_passive(plan: &FitPlan, settings: &FitSettings) -> Self {
        match settings.method {
            Method::CmaEs { .. } => Self::explored(plan),
            _ => Self::active(plan),
        }
    }

    /// The stage of a kind; `None` where the plan has no such stage.
    pub(super) fn of_kind(plan: &FitPlan, kind: StageKind) -> Option<Self> {
        match kind {
            StageKind::Passive => Self::passive(plan),
            StageKind::Explored => Some(Self::explored(plan)),
            StageKind::Active => Some(Self::active(plan)),
        }
    }

    /// Number of parameters that vary.
    #[must_use]
    pub fn n_free(&self) -> usize {
        self.free.len()
    }

    /// Coordinates in [0, 1] of all free parameters, from those of the parameters that vary.
    pub(super) fn complete(&self, coordinates: &[f64]) -> Vec<f64> {
        let mut all = self.coordinates.clone();
        self.free.iter().zip(coordinates).for_each(|(idx, coordinate)| all[*idx] = *coordinate);
        all
    }

    /// Names of the objectives of its sweeps, in the order of the scores.
    pub fn objective_names<'a>(&'a self, plan: &'a FitPlan) -> impl Iterator<Item = &'a str> {
        let of_sweep = |sweep_idx: &usize| plan.objectives[plan.sweeps[*sweep_idx].objectives.clone()].iter();
        self.sweeps.iter().flat_map(of_sweep).map(|objective| objective.name.as_str())
    }
}

/// Parameters that matter without a spike.
fn is_passive(free: &FreeParameter) -> bool {
    match &free.target {
        ParameterTarget::Capacitance | ParameterTarget::AxialResistivity => true,
        ParameterTarget::Mechanism { mechanism, .. } => mechanism == "pas" || mechanism == "Ih",
        ParameterTarget::SodiumReversal | ParameterTarget::PotassiumReversal => false,
    }
}
