//! From the name of a soft feature to its functions and unit.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::context::FeatureContext;
use super::{ahp_depth, ap_half_width, ap_height, first_spike, sag, spike_count, steady_state};
use crate::Error;

/// Every soft feature, one line each.
static ALL: [Entry; 7] = [
    sag::ENTRY,
    steady_state::ENTRY,
    spike_count::ENTRY,
    first_spike::ENTRY,
    ap_height::ENTRY,
    ap_half_width::ENTRY,
    ahp_depth::ENTRY,
];

/// What the table holds of a feature.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) unit_suffix: &'static str,
    pub(super) efel_name: &'static str,
    pub(super) sentence: &'static str,
    /// Whether a reference trace has the feature.
    pub(super) applies: fn(&[f64], &FeatureContext) -> bool,
    /// Value of a trace; adds `∂/∂v` to the gradient.
    pub(super) evaluate: fn(&[f64], &FeatureContext, &mut [f64]) -> Option<f64>,
}

/// A feature of a voltage trace with its gradient by every sample.
///
/// # Example
/// ```
/// use noble_data::TimeGrid;
/// use noble_operator::{FeatureContext, SoftFeature, SoftSettings, StepTiming};
/// let context = FeatureContext {
///     grid: TimeGrid::new(0.0, 1.0, 100)?,
///     stimulus: StepTiming { delay_ms: 10.0, duration_ms: 80.0 },
///     settings: SoftSettings::default(),
/// };
/// let v_mv: Vec<f64> = (0..100).map(|t| if t < 10 { -70.0 } else { -80.0 }).collect();
/// let mut gradient = vec![0.0; 100];
/// let steady = SoftFeature::named("steady_state_mv")?;
/// assert_eq!(steady.value_and_gradient(&v_mv, &context, &mut gradient), Some(-80.0));
/// assert_eq!((gradient[81], gradient[82], gradient[90]), (0.0, 0.125, 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub struct SoftFeature(&'static Entry);

impl SoftFeature {
    /// Every feature there is, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().map(Self)
    }

    /// The feature of one name.
    ///
    /// # Errors
    /// [`Error::UnknownSoftFeature`] with the names there are.
    pub fn named(name: &str) -> Result<Self, Error> {
        Self::all().find(|feature| feature.name() == name).ok_or_else(|| Error::UnknownSoftFeature {
            name: name.to_owned(),
            known: Self::all().map(Self::name).collect(),
        })
    }

    /// Name, ending in its unit.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Unit suffix of its values; empty for counts.
    #[must_use]
    pub fn unit_suffix(self) -> &'static str {
        self.0.unit_suffix
    }

    /// eFEL's name of the feature that this one makes smooth.
    #[must_use]
    pub fn efel_name(self) -> &'static str {
        self.0.efel_name
    }

    /// What it is, in a sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        self.0.sentence
    }

    /// Whether a trace has the feature: a sag needs a silent trace that goes down, a spike's features a spike.
    ///
    /// `v_mv` is `[n_samples]` of the context's grid.
    /// # Panics
    /// When the number of samples is not the grid's.
    #[must_use]
    pub fn applies(self, v_mv: &[f64], context: &FeatureContext) -> bool {
        assert_length(v_mv.len(), context);
        (self.0.applies)(v_mv, context)
    }

    /// Its value for a trace `v_mv [n_samples]`, in its unit, and its derivative by every sample in `gradient`.
    ///
    /// Both are finite for every finite trace. A value may exist where the feature does not apply: a trace without
    /// spikes has a time of the first spike, the stimulus' duration. `None`, with a zero gradient, where half width and
    /// AHP depth find no spike.
    /// # Panics
    /// When a length is not the grid's.
    pub fn value_and_gradient(
        self,
        v_mv: &[f64],
        context: &FeatureContext,
        gradient: &mut [f64],
    ) -> Option<f64> {
        assert_length(v_mv.len(), context);
        assert_length(gradient.len(), context);
        gradient.fill(0.0);
        (self.0.evaluate)(v_mv, context, gradient)
    }
}

fn assert_length(n: usize, context: &FeatureContext) {
    assert!(n == context.grid.n_samples(), "{n} values for a grid of {} samples", context.grid.n_samples());
}

impl fmt::Debug for SoftFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl PartialEq for SoftFeature {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for SoftFeature {}

impl TryFrom<String> for SoftFeature {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        Self::named(&name)
    }
}

impl From<SoftFeature> for &'static str {
    fn from(feature: SoftFeature) -> Self {
        feature.0.name
    }
}
