//! What can be read at a place while a cell runs: voltage, concentration, ionic currents, states of channels.

use std::fmt;
use std::str::FromStr;

use noble_data::channel::Ion;

use crate::state::LaneState;
use crate::{CablePlan, CompartmentId, Error, Integrator};

/// What is read.
///
/// As text: `v_mv`, `calcium_millimolar`, `calcium_reversal_mv`, `ionic_current_ma_per_cm2`,
/// `sodium_current_ma_per_cm2` and those of the other ions, `NaV.current_ma_per_cm2`, `NaV.O`. Currents are outward
/// positive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// Voltage of the membrane.
    Voltage,
    /// Calcium concentration inside.
    Calcium,
    /// Reversal potential of calcium at that concentration.
    CalciumReversal,
    /// Sum of all currents through channels.
    IonicCurrent,
    /// Sum of the currents that an ion carries.
    IonCurrent(Ion),
    /// Current of one mechanism, of all its ions.
    MechanismCurrent {
        /// Name in parameter files.
        mechanism: String,
    },
    /// A state variable of a mechanism: a gate, or a state of a kinetic scheme.
    State {
        /// Name in parameter files.
        mechanism: String,
        /// Name in the channel file.
        state: String,
    },
}

const VOLTAGE: &str = "v_mv";
const CALCIUM: &str = "calcium_millimolar";
const CALCIUM_REVERSAL: &str = "calcium_reversal_mv";
const CURRENT: &str = "current_ma_per_cm2";

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Voltage => f.write_str(VOLTAGE),
            Self::Calcium => f.write_str(CALCIUM),
            Self::CalciumReversal => f.write_str(CALCIUM_REVERSAL),
            Self::IonicCurrent => write!(f, "ionic_{CURRENT}"),
            Self::IonCurrent(ion) => write!(f, "{}_{CURRENT}", ion.name()),
            Self::MechanismCurrent { mechanism } => write!(f, "{mechanism}.{CURRENT}"),
            Self::State { mechanism, state } => write!(f, "{mechanism}.{state}"),
        }
    }
}

impl FromStr for Quantity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let ion_of =
            |text: &str| text.strip_suffix(CURRENT).and_then(|ion| Ion::from_name(ion.strip_suffix('_')?));
        let quantity = match (text, text.split_once('.')) {
            (VOLTAGE, _) => Self::Voltage,
            (CALCIUM, _) => Self::Calcium,
            (CALCIUM_REVERSAL, _) => Self::CalciumReversal,
            ("ionic_current_ma_per_cm2", _) => Self::IonicCurrent,
            (_, Some((mechanism, CURRENT))) => Self::MechanismCurrent { mechanism: mechanism.to_owned() },
            (_, Some((mechanism, state))) => {
                Self::State { mechanism: mechanism.to_owned(), state: state.to_owned() }
            }
            (text, None) => Self::IonCurrent(ion_of(text).ok_or_else(|| Error::UnknownQuantity {
                quantity: text.to_owned(),
                place: "any place".to_owned(),
                known: format!(
                    "{VOLTAGE}, {CALCIUM}, {CALCIUM_REVERSAL}, ionic_{CURRENT}, ION_{CURRENT}, \
                     MECHANISM.{CURRENT}, MECHANISM.STATE"
                ),
            })?),
        };
        Ok(quantity)
    }
}

/// A quantity at a place of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    compartment: CompartmentId,
    quantity: Quantity,
    /// States that its value depends on, `(mechanism, state)`; those are half a step ahead of the voltage in a run of
    /// second order.
    leaves: Vec<(String, String)>,
    /// Mechanisms whose currents are summed.
    mechanisms: Vec<String>,
}

impl CablePlan {
    /// A probe for a quantity at a place.
    ///
    /// # Errors
    /// [`Error::UnknownQuantity`] when the place has no such mechanism or the mechanism no such state.
    ///
    /// # Panics
    /// When the compartment is not of this plan.
    pub fn probe(&self, compartment: CompartmentId, quantity: Quantity) -> Result<Probe, Error> {
        let node = compartment.index();
        let here: Vec<_> =
            self.mechanisms.iter().filter(|placed| placed.nodes.binary_search(&node).is_ok()).collect();
        let unknown = |known: Vec<String>| Error::UnknownQuantity {
            quantity: quantity.to_string(),
            place: self.compartment_name(compartment),
            known: if known.is_empty() {
                "no mechanism, as at every end of a section".to_owned()
            } else {
                known.join(", ")
            },
        };
        let names = || here.iter().map(|placed| placed.name.clone()).collect::<Vec<_>>();
        let carries = |placed: &&&crate::plan::PlacedMechanism| match &quantity {
            Quantity::IonicCurrent => true,
            Quantity::IonCurrent(ion) => placed.model.currents.iter().any(|spec| spec.ion == Some(*ion)),
            Quantity::MechanismCurrent { mechanism } => placed.name == *mechanism,
            _ => false,
        };
        let mechanisms: Vec<String> = here.iter().filter(carries).map(|placed| placed.name.clone()).collect();
        match &quantity {
            Quantity::MechanismCurrent { .. } if mechanisms.is_empty() => return Err(unknown(names())),
            Quantity::State { mechanism, state } => {
                let placed = here.iter().find(|placed| placed.name == *mechanism);
                let placed = placed.ok_or_else(|| unknown(names()))?;
                if !placed.model.state_names().any(|name| name == state) {
                    let states = placed.model.state_names();
                    return Err(unknown(states.map(|state| format!("{mechanism}.{state}")).collect()));
                }
            }
            _ => {}
        }
        let leaves = match &quantity {
            Quantity::State { mechanism, state } => vec![(mechanism.clone(), state.clone())],
            _ => {
                let used = here.iter().filter(|placed| mechanisms.contains(&placed.name));
                let states = used.flat_map(|placed| {
                    placed.model.state_names().map(|state| (placed.name.clone(), state.to_owned()))
                });
                states.collect()
            }
        };
        Ok(Probe { compartment, quantity, leaves, mechanisms })
    }
}

impl Probe {
    /// Where.
    #[must_use]
    pub fn compartment(&self) -> CompartmentId {
        self.compartment
    }

    /// What.
    #[must_use]
    pub fn quantity(&self) -> &Quantity {
        &self.quantity
    }

    /// The states and the calcium that its value depends on.
    fn read_leaves(&self, state: LaneState<'_>) -> Vec<f64> {
        let of_state = |(mechanism, name): &(String, String)| {
            let value = state.mechanism_state(self.compartment, mechanism, name);
            value.expect("a probe is read in runs of its plan")
        };
        let states = self.leaves.iter().map(of_state);
        states.chain([state.calcium_millimolar(self.compartment)]).collect()
    }

    fn value(&self, state: LaneState<'_>, leaves: &[f64]) -> f64 {
        let calcium_millimolar = leaves[leaves.len() - 1];
        match &self.quantity {
            Quantity::Voltage => state.v_mv(self.compartment),
            Quantity::Calcium => calcium_millimolar,
            Quantity::CalciumReversal => state.calcium_reversal_at_mv(self.compartment, calcium_millimolar),
            Quantity::State { .. } => leaves[0],
            Quantity::IonicCurrent | Quantity::IonCurrent(_) | Quantity::MechanismCurrent { .. } => {
                let ion = if let Quantity::IonCurrent(ion) = self.quantity { Some(ion) } else { None };
                let mut first = 0;
                let mut sum_ma_per_cm2 = 0.0;
                for mechanism in &self.mechanisms {
                    let n = self.leaves.iter().filter(|(owner, _)| owner == mechanism).count();
                    let states = &leaves[first..first + n];
                    sum_ma_per_cm2 += state.mechanism_current_ma_per_cm2(
                        (self.compartment, mechanism, ion),
                        (states, calcium_millimolar),
                    );
                    first += n;
                }
                sum_ma_per_cm2
            }
        }
    }
}

/// Reads probes at every sample of a run, one after the other.
///
/// Currents are those of the voltage and states of the same time; NEURON's recordings show the currents of the step
/// before. In a run of second order, whose states lie half a step ahead, states are the mean of the two around the
/// sample; at time zero those after half a step.
#[derive(Debug, Clone)]
pub struct ProbeReader {
    probes: Vec<Probe>,
    integrator: Integrator,
    /// What each depended on at the last sample.
    last: Vec<Option<Vec<f64>>>,
}

impl ProbeReader {
    /// A reader for one run.
    #[must_use]
    pub fn new(probes: Vec<Probe>, integrator: Integrator) -> Self {
        let last = vec![None; probes.len()];
        Self { probes, integrator, last }
    }

    /// Values of the probes, in their order; to be called at every sample of the run.
    ///
    /// # Panics
    /// When the state is not of a run of the probes' plan.
    pub fn read<'a>(&'a mut self, state: LaneState<'a>) -> impl Iterator<Item = f64> + 'a {
        let integrator = self.integrator;
        self.probes.iter().zip(&mut self.last).map(move |(probe, last)| {
            let leaves = probe.read_leaves(state);
            match (integrator, last.replace(leaves.clone())) {
                (Integrator::SecondOrder, Some(before)) => {
                    let means: Vec<f64> = leaves.iter().zip(before).map(|(a, b)| 0.5 * (a + b)).collect();
                    probe.value(state, &means)
                }
                _ => probe.value(state, &leaves),
            }
        })
    }
}
