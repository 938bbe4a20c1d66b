//! `noble simulate`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use noble_data::{ModelId, Sweeps, read_stimulus, read_voltage_protocol};

use super::inputs::{CellArgs, ProtocolArgs, amplitudes};
use super::output::out_path;
use super::team::on_ranks;
use super::terminal::{Bar, counted, on_threads, words};
use crate::cluster::{Team, rank_0_first, record_together};
use crate::features::LARGEST_STEP_NA;
use crate::figure::{TracePanel, TracesFigure, axis, traces_svg};
use crate::{Cells, Drive, Error, Experiment, Protocol, Recorded, RecordingSpec, Shard, SweepTask, files};

/// Sweeps of a cell under current or voltage clamp, solved as NEURON solves them
///
/// Writes an NPZ file with time_ms [t], v_mv [n, t] (float64; the middle of the soma), step_na [n] and, with several
/// parameter sets, model [n]. Rows go by model, then by amplitude or file. Every --record adds an array [n, t] of its
/// own name; --stimulus and --voltage-clamp add electrode_na [n, t].
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble simulate --step-na 0.1,0.2\n  \
    noble simulate --morphology cell.swc --cell fit.json --axon stub1 --step-na=-0.1,0.2 --out traces.npz\n  \
    noble simulate --morphology cell.swc --cell hof_params.json --hof all --step-na 0.3 --figure traces.svg\n  \
    noble simulate --stimulus chirp.json --electrode 'dend[3](0.5)' --record 'v_mv@dend[3](0.5),NaV.O@soma'\n  \
    noble simulate --voltage-clamp steps.json --record sodium_current_ma_per_cm2@soma")]
pub(super) struct SimulateArgs {
    #[command(flatten)]
    cell: CellArgs,
    /// The first N models in the order of the embedded operator (embedded cell only)
    #[arg(long, value_name = "N", conflicts_with_all = ["cell", "models", "hof"])]
    members: Option<usize>,
    /// Amplitudes of the current step in nA
    #[arg(long, value_name = "NA,…", value_delimiter = ',', allow_hyphen_values = true, default_values_t = [0.15])]
    step_na: Vec<f64>,
    /// Stimulus files in place of steps: steps, ramp, sine, chirp, pulses, noise, samples and their sums
    #[arg(long, value_name = "JSON,…", value_delimiter = ',', conflicts_with_all = ["step_na", "voltage_clamp"])]
    stimulus: Vec<PathBuf>,
    /// Voltage protocol files: command voltages through a series resistance
    #[arg(long, value_name = "JSON,…", value_delimiter = ',', conflicts_with = "step_na")]
    voltage_clamp: Vec<PathBuf>,
    /// Where the electrode is, such as 'dend[3](0.5)' [default: middle of the soma]
    #[arg(long, value_name = "PLACE")]
    electrode: Option<String>,
    /// What else to record, QUANTITY@PLACE.
    ///
    /// Quantities: v_mv, calcium_millimolar, calcium_reversal_mv, ionic_current_ma_per_cm2,
    /// sodium_current_ma_per_cm2 (potassium_, calcium_), MECHANISM.current_ma_per_cm2, MECHANISM.STATE
    #[arg(long, value_name = "QUANTITY@PLACE,…", value_delimiter = ',')]
    record: Vec<String>,
    #[command(flatten)]
    protocol: ProtocolArgs,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Sweeps side by side on a core; results do not depend on it [default: by their number, at most 16]
    #[arg(long, value_name = "N")]
    lanes: Option<usize>,
    /// Run this share of the sweeps alone, 1/4 to 4/4, into a file OUT.shard-1-of-4.npz; see noble merge
    #[arg(long, value_name = "I/N", conflicts_with = "figure")]
    shard: Option<Shard>,
    /// Divide the sweeps among the ranks of an MPI job; see docs/clusters.md
    #[arg(long, conflicts_with = "shard")]
    mpi: bool,
    /// With --shard or --mpi: keep shares that are there and whole
    #[arg(long)]
    resume: bool,
    /// File to write [default: noble-out/traces.npz]
    #[arg(long, value_name = "NPZ")]
    out: Option<PathBuf>,
    /// Also draw the traces into this SVG file
    #[arg(long, value_name = "SVG")]
    figure: Option<PathBuf>,
}

pub(super) fn run(args: &SimulateArgs) -> Result<(), Error> {
    if args.mpi {
        return on_ranks(|team| run_together(args, team));
    }
    let out = out_path(args.out.as_deref(), "traces.npz");
    let inputs = inputs(args, &args.shard.map_or_else(|| out.clone(), |shard| shard.file_of(&out)))?;
    let task = inputs.task(args);
    if let Some(shard) = args.shard {
        let path = on_threads(args.threads, || task.record_share(shard, &out, &Bar::new()))?;
        let (n_own, n_rows) = ((0..task.n_rows()).filter(|row| shard.takes(*row)).count(), task.n_rows());
        words(&format!("{n_own} of {n_rows} sweeps, shard {shard}, in {}", path.display()));
        return Ok(());
    }
    let recorded = on_threads(args.threads, || task.record(Shard::WHOLE, &Bar::new()))?;
    files::write(&out, &recorded.to_npz()?)?;
    inputs.say(&out);
    for (name, _) in &recorded.arrays {
        words(&format!("recorded: {name}"));
    }
    draw(args, &recorded.sweeps, &inputs.ids)
}

/// What would be written, where nothing is.
pub(super) fn recorded(args: &SimulateArgs) -> Result<Recorded, Error> {
    let inputs = checked_inputs(args)?;
    inputs.note();
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    on_threads(args.threads, || inputs.task(args).record(shard, &Bar::new()))
}

/// Sweeps that would be run.
pub(super) fn n_sweeps(args: &SimulateArgs) -> Result<usize, Error> {
    let inputs = checked_inputs(args)?;
    Ok(inputs.task(args).n_rows())
}

fn run_together(args: &SimulateArgs, team: &dyn Team) -> Result<(), Error> {
    let out = out_path(args.out.as_deref(), "traces.npz");
    let inputs = rank_0_first(team, || inputs(args, &out))?;
    let task = inputs.task(args);
    on_threads(args.threads, || record_together(team, &task, &out, &Bar::new()))?;
    inputs.say(&out);
    if team.rank() == 0 && args.figure.is_some() {
        return draw(args, &files::read_with(&out, Sweeps::from_npz)?, &inputs.ids);
    }
    Ok(())
}

/// What is simulated.
struct Inputs {
    cells: Cells,
    ids: Vec<ModelId>,
    experiment: Experiment,
}

fn inputs(args: &SimulateArgs, out: &Path) -> Result<Inputs, Error> {
    check_outputs(args, out)?;
    checked_inputs(args)
}

fn checked_inputs(args: &SimulateArgs) -> Result<Inputs, Error> {
    check_options(args)?;
    let (cells, ids, base) = args.cell.chosen(args.members)?;
    let experiment = experiment(args, args.protocol.protocol(base)?)?;
    for step_na in args.step_na.iter().filter(|step_na| step_na.abs() > LARGEST_STEP_NA) {
        words(&format!("warning: --step-na {step_na} looks like pA given as nA; divide by 1000"));
    }
    Ok(Inputs { cells, ids, experiment })
}

impl Inputs {
    fn task(&self, args: &SimulateArgs) -> SweepTask<'_> {
        SweepTask {
            cells: &self.cells,
            ids: &self.ids,
            experiment: &self.experiment,
            lanes: args.lanes.and_then(NonZeroUsize::new),
            resumes: args.resume,
        }
    }

    fn say(&self, out: &Path) {
        self.note();
        let n_sweeps = counted(self.ids.len() * self.experiment.drives.len(), "sweep");
        words(&format!("{n_sweeps} of {} in {}", counted(self.ids.len(), "model"), out.display()));
    }

    fn note(&self) {
        let settle_ms = self.experiment.protocol.settle_ms;
        if settle_ms > 0.0 {
            words(&format!(
                "note: settles for {settle_ms} ms before each sweep; --settle-ms 0 begins at the initial voltage"
            ));
        }
    }
}

fn draw(args: &SimulateArgs, sweeps: &Sweeps, ids: &[ModelId]) -> Result<(), Error> {
    if let Some(path) = &args.figure {
        files::write(path, figure(sweeps, ids, &labels(args)).as_bytes())?;
        words(&format!("traces drawn in {}", path.display()));
    }
    Ok(())
}

/// Refuses what could not be written before anything is simulated.
fn check_outputs(args: &SimulateArgs, out: &Path) -> Result<(), Error> {
    if args.figure.as_deref() == Some(out) {
        return Err(Error::usage("--out and --figure are the same file", "give each a name of its own"));
    }
    files::check_writable(out)?;
    args.figure.as_deref().map_or(Ok(()), files::check_writable)
}

/// Refuses options that have no meaning together.
fn check_options(args: &SimulateArgs) -> Result<(), Error> {
    if args.resume && !(args.mpi || args.shard.is_some()) {
        return Err(Error::usage("--resume continues shares", "add --shard I/N or --mpi, or leave it out"));
    }
    if args.lanes == Some(0) {
        return Err(Error::usage("--lanes is 0", "run at least one sweep at a time"));
    }
    let has_files = !(args.stimulus.is_empty() && args.voltage_clamp.is_empty());
    if has_files && args.protocol.has_step() {
        let remedy = "leave them away; the file says when";
        return Err(Error::usage("--delay-ms and --duration-ms are times of a step, not of a file", remedy));
    }
    Ok(())
}

/// What is done and recorded, as typed.
fn experiment(args: &SimulateArgs, protocol: Protocol) -> Result<Experiment, Error> {
    let stimuli = args.stimulus.iter().map(|path| {
        let stimulus = files::read_with(path, read_stimulus)?;
        note_end(path, stimulus.end_ms(), &protocol);
        Ok(Drive::Current { name: path.display().to_string(), stimulus })
    });
    let voltages = args.voltage_clamp.iter().map(|path| {
        let voltages = files::read_with(path, read_voltage_protocol)?;
        note_end(path, voltages.end_ms(), &protocol);
        Ok(Drive::Voltage { name: path.display().to_string(), protocol: voltages })
    });
    let mut drives: Vec<Drive> = stimuli.chain(voltages).collect::<Result<_, Error>>()?;
    if drives.is_empty() {
        drives.extend(amplitudes(&args.step_na)?.into_iter().map(|step_na| Drive::Step { step_na }));
    }
    let recordings = args.record.iter().map(|text| text.parse::<RecordingSpec>());
    Ok(Experiment {
        protocol,
        electrode_place: args.electrode.clone(),
        drives,
        recordings: recordings.collect::<Result<_, _>>()?,
    })
}

/// Says where the end of a run cuts what a file asks for.
fn note_end(path: &Path, end_ms: f64, protocol: &Protocol) {
    if end_ms > protocol.total_ms {
        let (path, total_ms) = (path.display(), protocol.total_ms);
        words(&format!(
            "note: {path}: lasts until {end_ms} ms, the sweep until {total_ms} ms; see --total-ms"
        ));
    }
}

/// What drove each sweep of a model, for the figure.
fn labels(args: &SimulateArgs) -> Vec<String> {
    let of_files = args.stimulus.iter().chain(&args.voltage_clamp);
    let names = of_files.map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return args.step_na.iter().map(|step_na| format!("{} nA", axis::number(*step_na, 3))).collect();
    }
    names
}

/// One panel per sweep, the first ones where there are many.
fn figure(sweeps: &Sweeps, ids: &[ModelId], labels: &[String]) -> String {
    const MOST_PANELS: usize = 12;
    let panel = |row: usize| TracePanel {
        label: format!("{} · model {}", labels[row % labels.len()], ids[row / labels.len()]),
        times_ms: sweeps.times_ms.clone(),
        reference_v_mv: sweeps.v_mv.row(row).to_vec(),
        predicted_v_mv: Vec::new(),
        others_v_mv: Vec::new(),
    };
    traces_svg(&TracesFigure {
        title: "Simulated voltage".to_owned(),
        subtitle: format!("{} of {} sweeps", sweeps.n_sweeps().min(MOST_PANELS), sweeps.n_sweeps()),
        reference_label: "simulated".to_owned(),
        predicted_label: String::new(),
        others_label: String::new(),
        panels: (0..sweeps.n_sweeps().min(MOST_PANELS)).map(panel).collect(),
        zoom: None,
    })
}
