//! Errors of reading, checking and writing data.

use crate::channel::NmodlProblem;

/// What can be wrong with data given from outside.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A time grid with a step that is zero, negative or not a number, or a start that is not a number.
    #[error(
        "time grid: step {step_ms} ms from {start_ms} ms; give a step greater than zero and a finite start"
    )]
    TimeGrid {
        /// Start asked for.
        start_ms: f64,
        /// Step asked for.
        step_ms: f64,
    },
    /// A trace whose number of samples differs from its grid.
    #[error("trace has {n_samples} samples but its time grid has {n_grid}; give one sample per grid point")]
    TraceLength {
        /// Samples given.
        n_samples: usize,
        /// Samples of the grid.
        n_grid: usize,
    },
    /// A sample that is not a finite number.
    #[error(
        "{what}: sample {sample_idx} at {time_ms} ms is {value}; remove or interpolate values that are not finite"
    )]
    NotFinite {
        /// What the samples are.
        what: String,
        /// Index of the first such sample.
        sample_idx: usize,
        /// Its time.
        time_ms: f64,
        /// Its value as text (NaN compares unequal to itself).
        value: String,
    },
    /// A current step that lasts less than no time or has values that are not numbers.
    #[error(
        "current step of {amplitude_na} nA: delay {delay_ms} ms, duration {duration_ms} ms; give finite values and a duration of zero or more"
    )]
    Step {
        /// Onset.
        delay_ms: f64,
        /// Duration.
        duration_ms: f64,
        /// Amplitude.
        amplitude_na: f64,
    },
    /// A value of a stimulus or of a voltage protocol that cannot be.
    #[error("{place}: {name} is {value}; give {allowed}")]
    Protocol {
        /// File format and part.
        place: String,
        /// Key.
        name: &'static str,
        /// Value given.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// Text that names no rule for the axon.
    #[error(
        "axon rule {given:?} is not known; write keep, peri, stub1, bpo or stub:D1,D2 with diameters in µm greater than zero"
    )]
    AxonRule {
        /// Text given.
        given: String,
    },
    /// Text that names no parameter a fit can vary.
    #[error(
        "parameter {given:?} is not known; write axial_resistivity_ohm_cm, capacitance_uf_per_cm2, sodium_reversal_mv, potassium_reversal_mv or MECHANISM.PARAMETER"
    )]
    FitParameter {
        /// Text given.
        given: String,
    },
    /// A distribution along the tree that asks for a number it cannot have.
    #[error("distribution: name `{name}` is not known; use value and distance_um")]
    Distribution {
        /// The name.
        name: String,
    },
    /// A line of an SWC file that cannot be used.
    #[error("swc line {line}: {what}; {remedy}")]
    Swc {
        /// Line number, from 1.
        line: usize,
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// An SWC file that cannot be used as a whole.
    #[error("swc file: {what}; {remedy}")]
    Morphology {
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A cell, hall-of-fame, manifest, stimulus or voltage-protocol file that is not valid JSON of the expected shape.
    #[error("{format}: {place}: {what}; {remedy}")]
    Json {
        /// The format read.
        format: &'static str,
        /// Key path or line and column.
        place: String,
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// An array file (NPZ, CSV, HDF5) that cannot be used.
    #[error("{format}: {place}: {what}; {remedy}")]
    Array {
        /// The format read.
        format: &'static str,
        /// Array, row or byte range.
        place: String,
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A file of recorded sweeps (ABF, NWB) that cannot be used.
    #[error("{format}: {place}: {what}; {remedy}")]
    Recording {
        /// The format read.
        format: &'static str,
        /// Section, series or byte.
        place: String,
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A formula that cannot be read.
    #[error("column {column}: {what}; {remedy}")]
    Expression {
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// A formula evaluated without a value for one of its names.
    #[error("name `{name}` has no value; give it one, or mend its spelling")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// A channel file that cannot be used.
    #[error("channel file: {place}: {what}; {remedy}")]
    Channel {
        /// Line and key path.
        place: String,
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// An NMODL file that cannot be imported, with every statement that stands in the way.
    #[error("nmodl: {}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\nnmodl: "))]
    Nmodl {
        /// What cannot be taken over, by line; never empty.
        problems: Vec<NmodlProblem>,
    },
    /// A dataset whose parts do not fit together.
    #[error("dataset: {place}: {what}; {remedy}")]
    Dataset {
        /// Shard or key.
        place: String,
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
}
