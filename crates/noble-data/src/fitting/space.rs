//! A cell with some numbers left open.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::target::ParameterTarget;
use crate::Error;
use crate::cell_model::{
    CELL_FORMAT_VERSION, CellModel, Distribution, SectionKind, SectionParameters, check_version,
};

pub(super) const FORMAT: &str = "fit space";

/// Version of the fit-space file written by this release.
pub const FIT_SPACE_FORMAT_VERSION: u32 = 1;

/// How a search steps between two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// Evenly in the logarithm; both bounds are greater than zero.
    Log,
}

/// One free parameter: where, which, between which bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreeParameter {
    /// Unique name, such as `soma.NaV.gbar_s_per_cm2`.
    pub name: String,
    /// Kinds of section that share the number.
    pub kinds: Vec<SectionKind>,
    /// Which number; its name states the unit of the bounds.
    pub target: ParameterTarget,
    /// Smallest value.
    pub lower: f64,
    /// Largest value.
    pub upper: f64,
    /// How to step between them.
    #[serde(default)]
    pub scale: Scale,
    /// Formula that carries the number along the tree; for parameters of mechanisms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
}

impl FreeParameter {
    /// A parameter on a linear scale under the name that `kinds` and `target` give it.
    #[must_use]
    pub fn new(kinds: &[SectionKind], target: ParameterTarget, [lower, upper]: [f64; 2]) -> Self {
        let name = format!("{}.{target}", name_of_kinds(kinds));
        Self { name, kinds: kinds.to_vec(), target, lower, upper, scale: Scale::Linear, distribution: None }
    }

    fn set_in(&self, section: &mut SectionParameters, value: f64) {
        self.target.set_in(section, value);
        if let ParameterTarget::Mechanism { mechanism, parameter } = &self.target {
            let own = section.distributions.entry(mechanism.clone()).or_default();
            match &self.distribution {
                Some(formula) => _ = own.insert(parameter.clone(), formula.clone()),
                None => _ = own.remove(parameter),
            }
            section.distributions.retain(|_, own| !own.is_empty());
        }
    }

    /// The number in a section that carries it along the tree as this parameter does.
    fn value_in(&self, section: &SectionParameters) -> Option<f64> {
        let formula = match &self.target {
            ParameterTarget::Mechanism { mechanism, parameter } => {
                section.distributions.get(mechanism).and_then(|own| own.get(parameter))
            }
            _ => None,
        };
        if formula == self.distribution.as_ref() { self.target.value_in(section) } else { None }
    }
}

/// `all`, one kind, or several joined by `+`.
fn name_of_kinds(kinds: &[SectionKind]) -> String {
    if SectionKind::ALL.iter().all(|kind| kinds.contains(kind)) {
        return "all".to_owned();
    }
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join("+")
}

/// A cell, and which of its numbers a fit may change.
///
/// Nothing free is one cell; a search that needs something to vary says so itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterSpace {
    /// Version of this layout, [`FIT_SPACE_FORMAT_VERSION`].
    pub format_version: u32,
    /// Everything that is frozen; free parameters need no number here, and override one.
    pub base: CellModel,
    /// What is free, in the order of the values of [`ParameterSpace::apply`].
    pub free: Vec<FreeParameter>,
}

impl ParameterSpace {
    /// Reads a fit-space file.
    ///
    /// # Errors
    /// [`Error::Json`] when the bytes are not JSON of this layout and version, or fail [`ParameterSpace::check`].
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| wrong_layout(&error))?;
        check_version(&value, FORMAT, "", FIT_SPACE_FORMAT_VERSION)?;
        if let Some(base) = value.get("base") {
            check_version(base, FORMAT, "base.", CELL_FORMAT_VERSION)?;
        }
        let space: Self = serde_json::from_value(value).map_err(|error| wrong_layout(&error))?;
        space.check()?;
        Ok(space)
    }

    /// Checks what the layout cannot.
    ///
    /// # Errors
    /// [`Error::Json`] with place and remedy for bounds that are reversed, equal, not finite or outside physics, for a
    /// temperature or an initial voltage outside physics, for two parameters of one name or with one number in common,
    /// and for a formula without a number.
    pub fn check(&self) -> Result<(), Error> {
        self.base.check(FORMAT, "base.")?;
        super::space_check::check(self)
    }

    /// The cell with these values of the free parameters.
    ///
    /// # Panics
    /// When there are not as many values as free parameters.
    #[must_use]
    pub fn apply(&self, values: &[f64]) -> CellModel {
        let (n_values, n_free) = (values.len(), self.free.len());
        assert_eq!(n_values, n_free, "{n_values} values for {n_free} free parameters");
        let mut model = self.base.clone();
        for (parameter, value) in self.free.iter().zip(values) {
            for kind in &parameter.kinds {
                parameter.set_in(model.sections.entry(*kind).or_default(), *value);
            }
        }
        model
    }

    /// The values of the free parameters in a cell, whatever else it has.
    ///
    /// `None` where the cell lacks one, has several numbers or another formula for it.
    #[must_use]
    pub fn values_of(&self, model: &CellModel) -> Option<Vec<f64>> {
        let default = SectionParameters::default();
        let value_of = |parameter: &FreeParameter| {
            let section = |kind: &SectionKind| model.sections.get(kind).unwrap_or(&default);
            let mut values = parameter.kinds.iter().map(|kind| parameter.value_in(section(kind)));
            let first = values.next()??;
            values.all(|value| value.is_some_and(|value| value.to_bits() == first.to_bits())).then_some(first)
        };
        self.free.iter().map(value_of).collect()
    }
}

fn wrong_layout(error: &serde_json::Error) -> Error {
    Error::Json {
        format: FORMAT,
        place: "file".to_owned(),
        what: error.to_string(),
        remedy: "compare with a file written by this program".to_owned(),
    }
}
