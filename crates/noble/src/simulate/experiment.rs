//! What is done to a cell and what is recorded of it.

use std::num::NonZeroUsize;

use ndarray::Array2;
use noble_cell::{CablePlan, CurrentClamp, Electrode, Quantity, VoltageClamp};
use noble_data::stimulus::VoltageProtocol;
use noble_data::sweeps::StimulusWindow;
use noble_data::{ModelId, Stimulus, Sweeps};

use super::{Row, run_rows};
use crate::{Cells, Error, Progress, Protocol, Shard};

/// What an electrode does in a sweep.
#[derive(Debug, Clone, PartialEq)]
pub enum Drive {
    /// The step of the protocol with this amplitude.
    Step {
        /// Amplitude.
        step_na: f64,
    },
    /// Any current.
    Current {
        /// Where it came from, for messages.
        name: String,
        /// The current.
        stimulus: Stimulus,
    },
    /// A voltage held.
    Voltage {
        /// Where it came from, for messages.
        name: String,
        /// The voltages.
        protocol: VoltageProtocol,
    },
}

impl Drive {
    fn name(&self) -> String {
        match self {
            Self::Step { step_na } => format!("{step_na} nA"),
            Self::Current { name, .. } | Self::Voltage { name, .. } => name.clone(),
        }
    }
}

/// A quantity to record at a place, such as `NaV.O@dend[3](0.5)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingSpec {
    /// What.
    pub quantity: Quantity,
    /// Where, as [`CablePlan::place`] reads it.
    pub place: String,
}

impl std::str::FromStr for RecordingSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (quantity, place) = text.split_once('@').ok_or_else(|| {
            let remedy = "write QUANTITY@PLACE, such as v_mv@dend[3](0.5) or NaV.O@soma";
            Error::usage(format!("recording {text} has no place"), remedy)
        })?;
        Ok(Self { quantity: quantity.trim().parse()?, place: place.trim().to_owned() })
    }
}

/// Sweeps of a cell: one per drive.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// Times and sampling; onset and duration of steps.
    pub protocol: Protocol,
    /// Where the electrode is, as [`CablePlan::place`] reads it; `None` is the middle of the soma.
    pub electrode_place: Option<String>,
    /// One per sweep.
    pub drives: Vec<Drive>,
    /// What is recorded beside the voltage of the soma.
    pub recordings: Vec<RecordingSpec>,
}

/// What an experiment gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Voltages of the soma, rows by model, then by drive.
    pub sweeps: Sweeps,
    /// Further arrays by name, `[n × t]`: recordings as `QUANTITY@PLACE`; the electrode's current as `electrode_na`
    /// where it is not the step of the protocol.
    pub arrays: Vec<(String, Array2<f64>)>,
    /// Place of each sweep among those of the whole experiment, `[n]`.
    pub rows: Vec<usize>,
    /// Sweeps of the whole experiment.
    pub n_rows: usize,
}

impl Experiment {
    /// Steps of current into the soma, nothing else recorded.
    #[must_use]
    pub fn of_steps(protocol: Protocol, steps_na: &[f64]) -> Self {
        let drives = steps_na.iter().map(|step_na| Drive::Step { step_na: *step_na }).collect();
        Self { protocol, electrode_place: None, drives, recordings: Vec::new() }
    }

    fn check_times(&self) -> Result<(), Error> {
        if self.drives.iter().any(|drive| matches!(drive, Drive::Step { .. })) {
            return self.protocol.check();
        }
        self.protocol.check_sweep()
    }

    fn electrodes_are_recorded(&self) -> bool {
        self.drives.iter().any(|drive| !matches!(drive, Drive::Step { .. }))
    }
}

/// Runs every drive on every model of `ids`.
///
/// `lanes` sweeps go side by side on a core; `None` chooses by the number of sweeps. The result does not depend on it.
///
/// # Errors
/// [`Error::Usage`] for an unknown model, no sweep, or a protocol that cannot be; [`Error::Cell`] for a place or a
/// quantity that the cell does not have, and when a voltage diverges, with the model's number.
pub fn record_sweeps(
    cells: (&Cells, &[ModelId]),
    experiment: &Experiment,
    lanes: Option<NonZeroUsize>,
    progress: &dyn Progress,
) -> Result<Recorded, Error> {
    record_shard(cells, experiment, Shard::WHOLE, lanes, progress)
}

/// One share of what [`record_sweeps`] records: its rows alone.
///
/// # Errors
/// As [`record_sweeps`]; [`Error::Usage`] when there are more shares than rows.
pub fn record_shard(
    (cells, ids): (&Cells, &[ModelId]),
    experiment: &Experiment,
    shard: Shard,
    lanes: Option<NonZeroUsize>,
    progress: &dyn Progress,
) -> Result<Recorded, Error> {
    let Experiment { protocol, drives, .. } = experiment;
    experiment.check_times()?;
    if ids.is_empty() || drives.is_empty() {
        return Err(Error::usage("there is no sweep to simulate", "name at least one model and one step"));
    }
    let n_rows = ids.len() * drives.len();
    shard.check_items(n_rows, "sweeps")?;
    let plans: Vec<CablePlan> = ids.iter().map(|id| cells.plan(*id)).collect::<Result<_, _>>()?;
    let stimuli = stimuli_of(experiment)?;
    let place_of = |row_idx: usize| (row_idx / drives.len(), row_idx % drives.len());
    let own: Vec<usize> = (0..n_rows).filter(|row_idx| shard.takes(*row_idx)).collect();
    let row = |row_idx: &usize| {
        let (model_idx, drive_idx) = place_of(*row_idx);
        let drive = (&drives[drive_idx], stimuli[drive_idx].as_ref());
        row_of(&plans[model_idx], experiment, drive).map_err(|error| error.of_model(ids[model_idx]))
    };
    let rows: Vec<Row<'_>> = own.iter().map(row).collect::<Result<_, Error>>()?;
    names_of(&plans[0], &experiment.recordings)?;
    progress.start("simulate", rows.len());
    let samples = run_rows(&rows, protocol, lanes, progress)?;
    progress.finish();
    let named = |row_idx: usize, source: Error| {
        let (model_idx, drive_idx) = place_of(row_idx);
        Error::Sweep { drive: drives[drive_idx].name(), source: Box::new(source) }.of_model(ids[model_idx])
    };
    let samples: Vec<_> = own
        .iter()
        .zip(samples)
        .map(|(row_idx, samples)| samples.map_err(|error| named(*row_idx, error)))
        .collect::<Result<_, Error>>()?;
    collected(experiment, (&plans[0], ids), (own, samples))
}

/// The current of each drive that injects one.
fn stimuli_of(experiment: &Experiment) -> Result<Vec<Option<Stimulus>>, Error> {
    let stimulus = |drive: &Drive| match drive {
        Drive::Step { step_na } => experiment.protocol.stimulus(*step_na).map(Some),
        Drive::Current { stimulus, .. } => Ok(Some(stimulus.clone())),
        Drive::Voltage { .. } => Ok(None),
    };
    experiment.drives.iter().map(stimulus).collect()
}

fn row_of<'a>(
    plan: &'a CablePlan,
    experiment: &Experiment,
    (drive, stimulus): (&'a Drive, Option<&'a Stimulus>),
) -> Result<Row<'a>, Error> {
    let compartment = experiment.electrode_place.as_deref().map(|place| plan.place(place)).transpose()?;
    let electrode: Option<Electrode<'a>> = match drive {
        Drive::Voltage { protocol, .. } => Some(VoltageClamp { compartment, protocol }.into()),
        _ => stimulus.map(|stimulus| CurrentClamp { compartment, stimulus }.into()),
    };
    let probe = |spec: &RecordingSpec| plan.probe(plan.place(&spec.place)?, spec.quantity.clone());
    Ok(Row {
        plan,
        electrodes: electrode.into_iter().collect(),
        probes: experiment.recordings.iter().map(probe).collect::<Result<_, _>>()?,
        records_electrodes: experiment.electrodes_are_recorded(),
        last_spike: None,
    })
}

/// Names of the arrays of recordings.
fn names_of(plan: &CablePlan, recordings: &[RecordingSpec]) -> Result<Vec<String>, Error> {
    let mut names: Vec<String> = Vec::with_capacity(recordings.len());
    for RecordingSpec { quantity, place } in recordings {
        let name = format!("{quantity}@{}", plan.compartment_name(plan.place(place)?));
        if names.contains(&name) {
            return Err(Error::usage(format!("{name} is recorded twice"), "name it once"));
        }
        names.push(name);
    }
    Ok(names)
}

/// Samples of the rows chosen as arrays with names.
fn collected(
    experiment: &Experiment,
    (plan, ids): (&CablePlan, &[ModelId]),
    (rows, samples): (Vec<usize>, Vec<Vec<Vec<f64>>>),
) -> Result<Recorded, Error> {
    let Experiment { protocol, drives, recordings, .. } = experiment;
    let (grid, n_own) = (protocol.grid()?, samples.len());
    let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(n_own * grid.n_samples()); samples[0].len()];
    for row in samples {
        columns.iter_mut().zip(row).for_each(|(column, row)| column.extend(row));
    }
    let shaped = |column: Vec<f64>| {
        Array2::from_shape_vec((n_own, grid.n_samples()), column)
            .map_err(|error| Error::Internal { what: error.to_string() })
    };
    let mut columns = columns.into_iter();
    let v_mv = shaped(columns.next().expect("a row has the voltage of the soma"))?;
    let step_of = |drive: &Drive| if let Drive::Step { step_na } = drive { Some(*step_na) } else { None };
    let steps = rows.iter().map(|row_idx| step_of(&drives[row_idx % drives.len()])).collect();
    let mut sweeps = Sweeps::new(grid.times_ms(), steps, v_mv)?;
    sweeps.models = Some(rows.iter().map(|row_idx| ids[row_idx / drives.len()]).collect());
    if drives.iter().all(|drive| matches!(drive, Drive::Step { .. })) {
        sweeps.window = Some(StimulusWindow { start_ms: protocol.delay_ms, end_ms: protocol.end_ms() });
    }
    let names = names_of(plan, recordings)?.into_iter().chain(["electrode_na".to_owned()]);
    let arrays = names.zip(columns).map(|(name, column)| Ok((name, shaped(column)?)));
    let arrays = arrays.collect::<Result<_, Error>>()?;
    Ok(Recorded { sweeps, arrays, rows, n_rows: ids.len() * drives.len() })
}
