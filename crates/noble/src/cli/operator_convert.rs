//! `noble operator convert`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use noble_data::{LatentTable, ModelId, Sampling, TimeGrid};
use noble_operator::{Network, StepRange, StepTiming, VoltageOutput};

use super::terminal::words;
use crate::exchange::{NetworkFile, OperatorDescription, describe};
use crate::{Error, files};

/// A network or operator from one file format into another
///
/// IN is a PyTorch file (torch.save of a state dict; nothing in it is executed), bare weights as .safetensors, or an
/// operator. OUT is .safetensors, which neuraloperator loads too, or .onnx for ONNX Runtime, OpenVINO and others. With
/// --latents bare weights become an operator; every option's default is NOBLE's.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble operator convert weights.pth weights.safetensors\n  \
    noble operator convert weights.pth weights.onnx --samples 8583\n  \
    noble operator convert operator.safetensors operator.onnx\n  \
    noble operator convert operator.safetensors weights.safetensors --bare\n  \
    noble operator convert noble.pth pvalb.safetensors --latents ephys_sim_features.csv \\\n      \
        --channel-order stimulus,step,s_thr_hz_per_na,i_thr_na --current-unit-na 0.1 --voltage-unit v \\\n      \
        --test-models 2,5,12,16,21,29,32,37,40,52")]
pub(super) struct ConvertArgs {
    /// File to read: .pth or .safetensors
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// File to write: .safetensors or .onnx
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Samples of a bare network's traces (.onnx)
    #[arg(long, value_name = "N")]
    samples: Option<usize>,
    /// Leave an operator's header out and write its weights alone
    #[arg(long, conflicts_with = "latents")]
    bare: bool,
    #[command(flatten)]
    description: DescriptionArgs,
}

/// What bare weights do not say.
#[derive(Debug, Args)]
#[command(next_help_heading = "Bare weights into an operator")]
struct DescriptionArgs {
    /// CSV with one row per model: its number in column model, its latent features in columns of their names; or the
    /// columns seed, hof, slope, intercept of the NOBLE repository
    #[arg(
        long,
        value_name = "CSV",
        requires = "channel_order",
        requires = "current_unit_na",
        requires = "voltage_unit"
    )]
    latents: Option<PathBuf>,
    /// Groups of input channels in order: stimulus,step, then the latent features; stimulus,step may be
    /// left out. NOBLE's configuration has the slope first
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', requires = "latents")]
    channel_order: Vec<String>,
    /// Current of one unit of the stimulus channel, 0.1 for NOBLE
    #[arg(long, value_name = "NA", requires = "latents")]
    current_unit_na: Option<f64>,
    /// Unit of the output: v for NOBLE
    #[arg(long, value_enum, requires = "latents")]
    voltage_unit: Option<UnitArg>,
    /// Frequencies of the amplitude's embedding [default: what the network's channels leave over]
    #[arg(long, value_name = "N", requires = "latents")]
    current_frequencies: Option<usize>,
    /// Frequencies of each latent feature's embedding
    #[arg(long, value_name = "N", default_value_t = 1, requires = "latents")]
    latent_frequencies: usize,
    /// Length of a trace; it has as many samples as whole steps
    #[arg(long, value_name = "MS", default_value_t = 515.0, requires = "latents")]
    total_ms: f64,
    /// Time between samples
    #[arg(long, value_name = "MS", default_value_t = 0.06, requires = "latents")]
    step_ms: f64,
    /// Onset of the current step
    #[arg(long, value_name = "MS", default_value_t = 15.0, requires = "latents")]
    delay_ms: f64,
    /// Duration of the current step
    #[arg(long, value_name = "MS", default_value_t = 400.0, requires = "latents")]
    duration_ms: f64,
    /// Smallest amplitude of training
    #[arg(long, value_name = "NA", default_value_t = -0.11, allow_hyphen_values = true, requires = "latents")]
    lowest_step_na: f64,
    /// Largest amplitude of training
    #[arg(long, value_name = "NA", default_value_t = 0.28, allow_hyphen_values = true, requires = "latents")]
    highest_step_na: f64,
    /// How training traces came from the solver's steps
    #[arg(long, value_enum, default_value = "lowpass", requires = "latents")]
    sampling: SamplingArg,
    /// Every how many solver steps a sample was kept
    #[arg(long, value_name = "N", default_value_t = 3, requires = "latents")]
    every: usize,
    /// Models of the table that training did not see
    #[arg(long, value_name = "ID,…", value_delimiter = ',', requires = "latents")]
    test_models: Vec<ModelId>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum UnitArg {
    /// Volts
    V,
    /// Millivolts
    Mv,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SamplingArg {
    Plain,
    Lowpass,
}

/// The form of OUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    SafeTensors,
    Onnx,
}

const GROUPS: [&str; 2] = ["stimulus", "step"];

pub(super) fn run(args: &ConvertArgs) -> Result<(), Error> {
    let format = check_pair(args)?;
    let file = files::read_with(&args.input, NetworkFile::read)?;
    let file = prepared(args, file)?;
    let bytes = match (&file, format) {
        (NetworkFile::Bare(network), Format::SafeTensors) => network.to_safetensors()?,
        (NetworkFile::Bare(network), Format::Onnx) => network.to_onnx(samples(args)?)?,
        (NetworkFile::Operator(operator), Format::SafeTensors) => operator.to_bytes()?,
        (NetworkFile::Operator(operator), Format::Onnx) => {
            check_samples(args.samples, operator.card().grid)?;
            operator.to_onnx()?
        }
    };
    files::write(&args.out, &bytes)?;
    words(&summary(&file, &args.out));
    Ok(())
}

/// The format of OUT, where the pair of files makes sense.
fn check_pair(args: &ConvertArgs) -> Result<Format, Error> {
    let (input, out) = (args.input.display(), args.out.display());
    if ending(&args.input) == "onnx" {
        let remedy = "convert the .pth or .safetensors file it was made from";
        return Err(Error::usage(format!("{input} is an ONNX model, which is written but not read"), remedy));
    }
    let format = match ending(&args.out).as_str() {
        "safetensors" => Format::SafeTensors,
        "onnx" => Format::Onnx,
        "pth" | "pt" => {
            let remedy = "write .safetensors; in Python, safetensors.torch.load_file gives the state dict for \
                          load_state_dict and torch.save";
            return Err(Error::usage(format!("{out}: PyTorch files are read but not written"), remedy));
        }
        _ => {
            let what = format!("{out} is neither .safetensors nor .onnx");
            return Err(Error::usage(what, "name a file of one of these formats"));
        }
    };
    let same = (args.input.canonicalize(), args.out.canonicalize());
    if let (Ok(input), Ok(out)) = same
        && input == out
    {
        return Err(Error::usage(
            format!("{} is the file that is read", out.display()),
            "give OUT another name",
        ));
    }
    Ok(format)
}

fn ending(path: &Path) -> String {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase()
}

/// The file's content after `--bare` or `--latents`.
fn prepared(args: &ConvertArgs, file: NetworkFile) -> Result<NetworkFile, Error> {
    match (file, &args.description.latents) {
        (NetworkFile::Bare(network), Some(table)) => {
            Ok(NetworkFile::Operator(Box::new(operator(args, network, table)?)))
        }
        (NetworkFile::Operator(_), Some(_)) => {
            let what = format!("{} is an operator already", args.input.display());
            Err(Error::usage(what, "leave --latents out, or write its weights with --bare first"))
        }
        (NetworkFile::Operator(operator), None) if args.bare => {
            Ok(NetworkFile::Bare(operator.network().clone()))
        }
        (file, None) => Ok(file),
    }
}

fn operator(args: &ConvertArgs, network: Network, table: &Path) -> Result<noble_operator::Operator, Error> {
    let given = &args.description;
    let latent_order = latent_order(&given.channel_order)?;
    let table = files::read_with(table, |bytes| LatentTable::read_csv(bytes, &latent_order))?;
    let missing = |name: &str| Error::usage(format!("{name} is missing"), "give it with --latents");
    let description = OperatorDescription {
        table,
        latent_order,
        n_current_frequencies: given.current_frequencies,
        n_latent_frequencies: given.latent_frequencies,
        current_unit_na: given.current_unit_na.ok_or_else(|| missing("--current-unit-na"))?,
        output: match given.voltage_unit.ok_or_else(|| missing("--voltage-unit"))? {
            UnitArg::V => VoltageOutput::VOLTS,
            UnitArg::Mv => VoltageOutput::MILLIVOLTS,
        },
        grid: grid(given.total_ms, given.step_ms)?,
        stimulus: StepTiming { delay_ms: given.delay_ms, duration_ms: given.duration_ms },
        steps: StepRange { lowest_na: given.lowest_step_na, highest_na: given.highest_step_na },
        sampling: match given.sampling {
            SamplingArg::Plain => (Sampling::Plain, given.every),
            SamplingArg::Lowpass => (Sampling::LowPass, given.every),
        },
        test_models: given.test_models.clone(),
        provenance: format!("noble {} operator convert {}", env!("CARGO_PKG_VERSION"), name(&args.input)),
    };
    let operator = describe(network, &description)?;
    if given.current_frequencies.is_none() {
        let input = &operator.card().input;
        let (n, channels) = (input.n_current_frequencies, input.n_channels());
        words(&format!("note: {n} frequencies of the amplitude, as {channels} channels leave over"));
    }
    for warning in operator.card().training_aliases(operator.card().grid) {
        words(&format!("warning: {warning}"));
    }
    Ok(operator)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The latent features in order, with or without `stimulus,step` before them.
fn latent_order(groups: &[String]) -> Result<Vec<String>, Error> {
    let wrong = |what: String| {
        let remedy = "write --channel-order stimulus,step,s_thr_hz_per_na,i_thr_na, with latent features in their order";
        Error::usage(what, remedy)
    };
    let latents =
        if groups.starts_with(&GROUPS.map(str::to_owned)) { &groups[GROUPS.len()..] } else { groups };
    let latents: Vec<String> = latents.iter().map(|name| LatentTable::own_name(name).to_owned()).collect();
    let is_misplaced = latents.iter().any(|name| GROUPS.contains(&name.as_str()));
    if latents.is_empty() || is_misplaced {
        let what = format!("--channel-order {} is not stimulus,step,LATENT,…", groups.join(","));
        return Err(wrong(what));
    }
    match latents.iter().enumerate().find(|(i, name)| latents[..*i].contains(name)) {
        Some((_, name)) => Err(wrong(format!("--channel-order names {name} twice"))),
        None => Ok(latents),
    }
}

/// As many samples as whole steps fit: 8583 for 515 ms at 0.06 ms.
fn grid(total_ms: f64, step_ms: f64) -> Result<TimeGrid, Error> {
    /// Rounding of a quotient that should be a whole number.
    const SLACK: f64 = 1e-9;
    let n = (total_ms / step_ms * (1.0 + SLACK)).floor();
    if !(n >= 1.0 && n <= f64::from(u32::MAX)) {
        let what = format!("--total-ms {total_ms} at --step-ms {step_ms} makes no samples");
        return Err(Error::usage(what, "give positive times, the length above the step"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    Ok(TimeGrid::new(0.0, step_ms, n as usize)?)
}

fn samples(args: &ConvertArgs) -> Result<usize, Error> {
    args.samples.ok_or_else(|| {
        let what =
            format!("{} has no time grid, and an ONNX model computes one length", args.input.display());
        Error::usage(what, "give the samples of a trace with --samples N (8583 for NOBLE)")
    })
}

fn check_samples(asked: Option<usize>, own: TimeGrid) -> Result<(), Error> {
    match asked.filter(|asked| *asked != own.n_samples()) {
        Some(asked) => {
            let what = format!("--samples {asked}, but the operator has {}", own.n_samples());
            Err(Error::usage(what, "leave --samples out, or write the weights alone with --bare"))
        }
        None => Ok(()),
    }
}

fn summary(file: &NetworkFile, out: &Path) -> String {
    let a = file.network().architecture();
    let what = match file {
        NetworkFile::Bare(_) => "bare network",
        NetworkFile::Operator(_) => "operator",
    };
    let sizes = format!(
        "{} channels in, {} wide, {} layers, {} modes",
        a.in_channels, a.hidden_channels, a.n_layers, a.n_modes
    );
    format!("{what} ({sizes}) in {}", out.display())
}
