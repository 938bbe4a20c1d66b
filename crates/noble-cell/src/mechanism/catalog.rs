//! All mechanisms by name.

use super::gated::gated;
use super::kernel::{Conditions, Kernel, Placement};
use super::{ca_dynamics, ca_hva, ca_lva, hh, ih, im, im_v2, k_p, k_pst, k_t, k_tst, kd, kv2like, kv3_1};
use super::{nap, nap_et2, nata, nata_t, nats, nats2_t, nav, pas, sk};

/// What a mechanism is called and what it needs.
#[derive(Debug, Clone, Copy)]
pub struct Mechanism {
    /// Name in parameter files.
    pub name: &'static str,
    /// What a cell sets per kind of section.
    pub parameters: &'static [Parameter],
    /// Names of its state variables.
    pub states: &'static [&'static str],
    /// It owns the calcium concentration, so it advances before the others and calcium's reversal follows it.
    pub is_calcium_pool: bool,
    /// Makes the kernel for all compartments that have it.
    pub(super) build: fn(Placement, &Conditions) -> Box<dyn Kernel>,
}

/// A value that a cell sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Name with unit.
    pub name: &'static str,
    /// Value where the cell is silent; `None` must be set.
    pub default: Option<f64>,
    /// What is allowed.
    pub range: Range,
}

/// What values a parameter may take; all must be finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Any number.
    Any,
    /// Zero or more.
    NotNegative,
    /// More than zero.
    Positive,
}

impl Range {
    /// Whether a value lies in the range.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::Any => true,
                Self::NotNegative => value >= 0.0,
                Self::Positive => value > 0.0,
            }
    }

    /// The range in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Any => "a finite number",
            Self::NotNegative => "a finite number of zero or more",
            Self::Positive => "a finite number greater than zero",
        }
    }
}

impl Mechanism {
    pub(crate) fn build(&self, placement: Placement, conditions: &Conditions) -> Box<dyn Kernel> {
        (self.build)(placement, conditions)
    }
}

/// The set of the perisomatic and all-active models of the Allen Institute, with the classical squid axon.
static ALLEN: [Mechanism; 23] = [
    pas::MECHANISM,
    hh::MECHANISM,
    gated::<nats::NaTs, 2>(),
    gated::<nata::NaTa, 2>(),
    gated::<nata_t::NaTaT, 2>(),
    gated::<nats2_t::NaTs2T, 2>(),
    nav::MECHANISM,
    gated::<nap::Nap, 1>(),
    gated::<nap_et2::NapEt2, 2>(),
    gated::<ca_hva::CaHva, 2>(),
    gated::<ca_lva::CaLva, 2>(),
    gated::<ih::Ih, 1>(),
    gated::<im::Im, 1>(),
    gated::<im_v2::ImV2, 1>(),
    gated::<k_t::KT, 2>(),
    gated::<k_p::KP, 2>(),
    gated::<k_tst::KTst, 2>(),
    gated::<k_pst::KPst, 2>(),
    gated::<kd::Kd, 2>(),
    gated::<kv2like::Kv2Like, 3>(),
    gated::<kv3_1::Kv31, 1>(),
    sk::MECHANISM,
    ca_dynamics::MECHANISM,
];

/// Every set by name.
static SETS: [(&str, &[Mechanism]); 1] = [("allen", &ALLEN)];

/// The mechanisms of a set, `None` where the name is not known.
#[must_use]
pub fn find_set(name: &str) -> Option<&'static [Mechanism]> {
    SETS.iter().find(|(set_name, _)| *set_name == name).map(|(_, mechanisms)| *mechanisms)
}

/// Names of all sets.
pub fn set_names() -> impl Iterator<Item = &'static str> {
    SETS.iter().map(|(name, _)| *name)
}
