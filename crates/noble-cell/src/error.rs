//! What can go wrong, with the values and the remedy.

use noble_data::SectionKind;

use crate::simulate::MAX_STEPS;

/// Failure to plan or to run a simulation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The morphology has no soma as its first section.
    #[error(
        "the morphology has {n_sections} sections and the first is no soma; give a tracing with a soma (type 1)"
    )]
    MissingSoma {
        /// Sections in the morphology.
        n_sections: usize,
    },
    /// A section that cannot be cut into segments.
    #[error("section {section}: {what}; mend the tracing")]
    Section {
        /// Name of the section.
        section: String,
        /// What is wrong, with values.
        what: String,
    },
    /// A tracing that asks for more segments than any neuron has.
    #[error(
        "{place}: {length_um} µm make more than {largest} segments of {max_segment_um} µm; give the tracing in µm, or longer segments"
    )]
    TooManySegments {
        /// Name of the section, or all of them.
        place: String,
        /// Length.
        length_um: f64,
        /// Setting of the plan.
        max_segment_um: f64,
        /// Segments allowed.
        largest: usize,
    },
    /// A setting of the plan is out of range.
    #[error("{name} is {value}; give a number greater than zero")]
    PlanSetting {
        /// Name of the setting.
        name: &'static str,
        /// Value given.
        value: f64,
    },
    /// The cell names a catalog of mechanisms that is not known.
    #[error("mechanism set {given:?} is not known; known: {known}")]
    UnknownMechanismSet {
        /// Name given.
        given: String,
        /// Known names.
        known: String,
    },
    /// A mechanism that the catalog lacks.
    #[error("{}: mechanism {name:?} is not known; known: {known}, or a channel file of your own", kind.name())]
    UnknownMechanism {
        /// Kind of section that lists it.
        kind: SectionKind,
        /// Name given.
        name: String,
        /// Known names.
        known: String,
    },
    /// A parameter that the mechanism lacks.
    #[error("{}: mechanism {mechanism} has no parameter {name:?}; known: {known}", kind.name())]
    UnknownParameter {
        /// Kind of section that lists it.
        kind: SectionKind,
        /// Mechanism.
        mechanism: String,
        /// Name given.
        name: String,
        /// Known names.
        known: String,
    },
    /// A parameter without default that the cell does not set.
    #[error("{}: mechanism {mechanism} needs a value of {name}; add it to the cell", kind.name())]
    MissingParameter {
        /// Kind of section that lists the mechanism.
        kind: SectionKind,
        /// Mechanism.
        mechanism: String,
        /// Name of the parameter.
        name: String,
    },
    /// Two channels of the user under one name.
    #[error("two channels are named {name}; keep one of them")]
    RepeatedChannel {
        /// The name.
        name: String,
    },
    /// Two mechanisms that would both set the calcium of a compartment.
    #[error("{}: {first} and {second} both own the calcium concentration; keep one of them", kind.name())]
    TwoPools {
        /// Kind of section.
        kind: SectionKind,
        /// One mechanism.
        first: String,
        /// The other.
        second: String,
    },
    /// A kinetic scheme whose rates at the start leave its states undetermined.
    #[error(
        "the scheme of {channel} has no steady state: its rates are zero or not numbers; let every state be reached at every voltage"
    )]
    SchemeStart {
        /// Name in the channel file.
        channel: String,
    },
    /// A value out of its range.
    #[error("{}: {name} is {value}; give {allowed}", kind.name())]
    Value {
        /// Kind of section.
        kind: SectionKind,
        /// Name of the value, with its mechanism where it has one.
        name: String,
        /// Value given.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A value of the whole cell out of its range.
    #[error("{name} is {value}; give a number from {lowest} to {highest}")]
    CellValue {
        /// Name of the value.
        name: &'static str,
        /// Value given.
        value: f64,
        /// Least value that living tissue has.
        lowest: f64,
        /// Largest.
        highest: f64,
    },
    /// A place that the plan does not have.
    #[error(
        "{section}({at_fraction}) is not a place of this cell, which has {known}; give a section and a fraction from 0 to 1"
    )]
    UnknownPlace {
        /// Name of the section.
        section: String,
        /// Place along it.
        at_fraction: f64,
        /// Its sections.
        known: String,
    },
    /// Something to read that a place does not have.
    #[error("there is no {quantity} at {place}; known there: {known}")]
    UnknownQuantity {
        /// What was asked for.
        quantity: String,
        /// Where.
        place: String,
        /// What can be asked for.
        known: String,
    },
    /// Plans that cannot run side by side.
    #[error(
        "the plan of lane {lane} has other compartments, mechanisms or temperature than the first; run it on its own"
    )]
    UnequalPlans {
        /// Place among the plans.
        lane: usize,
    },
    /// A time step that does not advance.
    #[error("dt_ms is {dt_ms}; give a number greater than zero, such as 0.02")]
    TimeStep {
        /// Value given.
        dt_ms: f64,
    },
    /// A run shorter than one step, or of more steps than a trace may have.
    #[error(
        "total_ms is {total_ms}, one step is {dt_ms} ms; give a time of at least one and at most {MAX_STEPS} steps"
    )]
    TotalTime {
        /// Value given.
        total_ms: f64,
        /// Time step.
        dt_ms: f64,
    },
    /// A time to settle before a run that cannot be.
    #[error("settle_ms is {settle_ms}; give zero or a finite time greater than zero")]
    SettleTime {
        /// Value given.
        settle_ms: f64,
    },
    /// The voltage left the range in which anything is meant.
    #[error(
        "the voltage of {compartment} is {v_mv} mV at {t_ms:.3} ms; shorten dt_ms or check conductances and current"
    )]
    Diverged {
        /// Time of the first bad value.
        t_ms: f64,
        /// Place, such as `dend[3](0.5)`.
        compartment: String,
        /// Its voltage.
        v_mv: f64,
    },
    /// A trace that could not be formed.
    #[error(transparent)]
    Data(#[from] noble_data::Error),
}
