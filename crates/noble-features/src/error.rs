//! Errors of checking a sweep, its settings, and an F-I measurement.

/// What can be wrong with data given from outside.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A sweep whose times and voltages differ in number.
    #[error("sweep: {n_times} times but {n_voltages} voltages; give one time per voltage")]
    Lengths {
        /// Times given.
        n_times: usize,
        /// Voltages given.
        n_voltages: usize,
    },
    /// A sweep whose currents and voltages differ in number.
    #[error("sweep: {n_currents} currents but {n_voltages} voltages; give one current per voltage")]
    Currents {
        /// Currents given.
        n_currents: usize,
        /// Voltages given.
        n_voltages: usize,
    },
    /// An amplitude of the step that is not a number.
    #[error("stimulus current is {stimulus_current_na} nA; give a finite amplitude")]
    StimulusCurrent {
        /// Amplitude given.
        stimulus_current_na: f64,
    },
    /// A sweep without samples.
    #[error("sweep has no samples; give at least one")]
    NoSamples,
    /// A time or voltage that is NaN or infinite.
    #[error(
        "{what}: sample {sample_idx} at {time_ms} ms is {value}; remove or interpolate values that are not finite"
    )]
    NotFinite {
        /// What the samples are.
        what: &'static str,
        /// Index of the first such sample.
        sample_idx: usize,
        /// Its time.
        time_ms: f64,
        /// Its value.
        value: f64,
    },
    /// A time that lies before the time of the previous sample.
    #[error(
        "time: sample {sample_idx} at {time_ms} ms comes after {previous_ms} ms; sort the samples by time"
    )]
    TimeNotSorted {
        /// Index of the later sample.
        sample_idx: usize,
        /// Its time.
        time_ms: f64,
        /// Time of the sample before it.
        previous_ms: f64,
    },
    /// A stimulus that ends before it begins, or whose times are not finite.
    #[error("stimulus from {stim_start_ms} ms to {stim_end_ms} ms; give a finite end after a finite start")]
    StimulusWindow {
        /// Start given.
        stim_start_ms: f64,
        /// End given.
        stim_end_ms: f64,
    },
    /// A trace so long, or a step so short, that the resampled trace would not fit.
    #[error(
        "resampling {duration_ms} ms every {step_ms} ms gives more than {limit} samples; use a longer interp_step_ms or a shorter trace"
    )]
    TooManySamples {
        /// Last time minus first time.
        duration_ms: f64,
        /// Step of the resampling.
        step_ms: f64,
        /// Largest number of samples accepted.
        limit: usize,
    },
    /// A spike train with a time that cannot be used.
    #[error("{train} spike {spike_idx} at {time_ms} ms; {requirement}")]
    SpikeTrain {
        /// Which of the trains.
        train: &'static str,
        /// Index of the spike.
        spike_idx: usize,
        /// Its time.
        time_ms: f64,
        /// What it must be.
        requirement: &'static str,
    },
    /// An interval of spike trains that is empty or not finite.
    #[error("interval from {start_ms} ms to {end_ms} ms; give a finite end after a finite start")]
    MetricInterval {
        /// Start given.
        start_ms: f64,
        /// End given.
        end_ms: f64,
    },
    /// Traces to compare that differ in length.
    #[error(
        "reference trace of {n_reference} samples and predicted one of {n_predicted}; bring both to one time grid"
    )]
    MetricLengths {
        /// Samples of the reference.
        n_reference: usize,
        /// Samples of the prediction.
        n_predicted: usize,
    },
    /// A voltage to compare that is NaN or infinite.
    #[error(
        "{trace} trace: sample {sample_idx} is {value_mv} mV; remove or interpolate values that are not finite"
    )]
    MetricSample {
        /// Which of the traces.
        trace: &'static str,
        /// Index of the first such sample.
        sample_idx: usize,
        /// Its value.
        value_mv: f64,
    },
    /// A stretch of samples that is empty or leaves its traces.
    #[error("samples {start_idx} to {end_idx} of {n_samples}; give a start below an end within the trace")]
    MetricWindow {
        /// First sample.
        start_idx: usize,
        /// The sample after the last.
        end_idx: usize,
        /// Samples there are.
        n_samples: usize,
    },
    /// A setting outside its range.
    #[error("setting {name} is {value}; {requirement}")]
    Setting {
        /// Field of the settings.
        name: &'static str,
        /// Value given.
        value: f64,
        /// What it must be.
        requirement: &'static str,
    },
    /// A setting's value that is no number, whole number or word of the kind it needs.
    #[error("setting {name}: {text:?}; give {wanted}")]
    SettingText {
        /// eFEL's name.
        name: &'static str,
        /// Text given.
        text: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A name that is no setting of eFEL.
    #[error("no setting is named {name:?}; did you mean {nearest}?")]
    UnknownSetting {
        /// Name given.
        name: String,
        /// The known name closest to it.
        nearest: &'static str,
    },
    /// A feature of eFEL that has no value of its own to agree with.
    #[error(
        "feature {name} is not computed: in eFEL it is a curve fit whose value changes with what was asked before; fit the current of the voltage clamp in a fitting program"
    )]
    LeftOut {
        /// eFEL's name.
        name: &'static str,
    },
    /// A feature name that is not in the registry.
    #[error("no feature is named {name:?}; did you mean {nearest}?")]
    UnknownFeature {
        /// Name asked for.
        name: String,
        /// The known name closest to it.
        nearest: &'static str,
    },
    /// The smallest current of a threshold search already fires the cell.
    #[error(
        "the cell fires at {lower_na} nA already, where the search for its threshold begins; leave it out, or check for spontaneous firing"
    )]
    FiresAtLowerLimit {
        /// Lower limit of the search.
        lower_na: f64,
    },
    /// No current of a threshold search fires the cell.
    #[error(
        "the cell is silent up to {largest_na} nA; leave it out, raise the largest current, or check that the cell is excitable"
    )]
    NeverFires {
        /// Largest current tried.
        largest_na: f64,
    },
    /// An F-I grid that has no room or too few points.
    #[error(
        "f-i grid of {n_points} points from {threshold_na} nA to {upper_na} nA; give a finite end above the threshold and at least 2 points"
    )]
    FiGrid {
        /// Threshold current.
        threshold_na: f64,
        /// Largest current.
        upper_na: f64,
        /// Points asked for.
        n_points: usize,
    },
    /// An F-I point whose current or rate is not a finite number, or whose rate is negative.
    #[error(
        "f-i point {point_idx}: {rate_hz} Hz at {current_na} nA; give finite values and a rate of zero or more"
    )]
    FiPoint {
        /// Index of the point.
        point_idx: usize,
        /// Its current.
        current_na: f64,
        /// Its rate.
        rate_hz: f64,
    },
    /// An F-I curve without a sweep.
    #[error("f-i curve of no sweeps; give at least one with its current")]
    NoFiPoints,
    /// Too few sweeps that spike without block, at different currents, to fit a line.
    #[error(
        "f-i slope: {n_usable} spiking sweeps without block at {n_currents} currents; give at least 2 currents above threshold"
    )]
    TooFewFiPoints {
        /// Spiking, unblocked sweeps.
        n_usable: usize,
        /// Different currents among them.
        n_currents: usize,
    },
}
