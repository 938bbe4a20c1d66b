//! Options that several commands share: the cell, the protocol, the amplitudes.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use noble_cell::{CompartmentSection, Integrator};
use noble_data::cell_model::{AxonRule, FieldReport, SourceFormat};
use noble_data::morphology::SwcReport;
use noble_data::{ChannelModel, ModelId, Sampling, SectionKind};
use noble_operator::{Operator, OperatorCard};

use super::terminal::words;
use crate::reference_cell::{reference_archive_cells, reference_cells, reference_morphology};
use crate::{Cells, Error, Protocol, embedded_operator, files};

/// Which cell, and how its axon ends.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cell (without these: the embedded cell)")]
pub(super) struct CellArgs {
    /// Morphology as SWC, lengths in µm; a hall of fame of the embedded cell needs none
    #[arg(long, value_name = "SWC", requires = "cell")]
    morphology: Option<PathBuf>,
    /// Parameters: our cell file or hall of fame, an Allen parameter file, or a hof_params.json
    #[arg(long, value_name = "JSON")]
    cell: Option<PathBuf>,
    /// One parameter set of a file that holds several, or `all`
    #[arg(long, value_name = "K|all")]
    hof: Option<String>,
    /// Parameter sets by number
    #[arg(long, value_name = "ID,…", value_delimiter = ',', conflicts_with = "hof")]
    models: Option<Vec<ModelId>>,
    /// What becomes of the reconstructed axon; without it the file's family decides, and the choice is printed.
    ///
    /// `keep` leaves it; the others put a stub of two 30 µm sections in its place: `peri` 1 µm wide at the middle of
    /// the soma, `stub1` 1 µm wide at the end of the soma, `bpo` as wide as the traced axon, `stub:D1,D2` of those
    /// diameters in µm
    #[arg(long, value_name = "keep|peri|stub1|bpo|stub:D1,D2", value_parser = AxonRule::from_name)]
    axon: Option<AxonRule>,
    /// Catalog of ion channels [default: as the file of parameters says; allen where it is silent]
    #[arg(long, value_enum)]
    mechanisms: Option<MechanismsArg>,
    /// Channels of your own: they join the catalog and take the place of namesakes (see `noble channels`)
    #[arg(long, value_name = "TOML,…", value_delimiter = ',')]
    channels: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum MechanismsArg {
    /// Channels of the Allen Institute's models
    Allen,
    /// Channels of the Blue Brain Project's layer 5 pyramidal cell
    Bbp,
    /// Channels of the human layer 2/3 models of Yao et al. 2022
    Yao2022,
}

impl MechanismsArg {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Allen => "allen",
            Self::Bbp => "bbp",
            Self::Yao2022 => "yao2022",
        }
    }
}

impl CellArgs {
    /// Whether the embedded cell is meant.
    pub(super) fn is_embedded(&self) -> bool {
        self.cell.is_none()
    }

    /// Reads the files, prints what was assumed, and keeps the models asked for.
    pub(super) fn cells(&self) -> Result<Cells, Error> {
        self.cells_with(&[])
    }

    /// The same; of the embedded cell with models beyond the hall of fame, where these are named.
    fn cells_with(&self, further: &[ModelId]) -> Result<Cells, Error> {
        match (&self.morphology, &self.cell) {
            (morphology, Some(cell)) => self.changed(read_cells(morphology.as_deref(), cell)?),
            _ => self.changed(self.embedded_cells(further)?),
        }
    }

    /// Cells with what the other options say of them.
    fn changed(&self, mut cells: Cells) -> Result<Cells, Error> {
        if let Some(ids) = self.ids(&cells)? {
            cells.select(&ids)?;
        }
        if let Some(axon) = self.axon {
            cells.set_axon_rule(axon);
        }
        if let Some(mechanisms) = self.mechanisms {
            set_mechanisms(&mut cells, mechanisms);
        }
        cells.add_channels(read_channels(&self.channels)?);
        for name in cells.unused_channels() {
            let remedy = "insert it under mechanisms of the parameters";
            words(&format!("note: channel {name} is in no section of the cell; {remedy}"));
        }
        if !self.is_embedded() {
            let typed = [self.axon.map(|_| "axon rule"), self.mechanisms.as_ref().map(|_| "mechanism set")];
            print_assumed(&cells.reports.1, &typed);
            note_sections(&cells)?;
        }
        Ok(cells)
    }

    /// The same; of the embedded cell, where no model is named, every accepted one that was kept.
    pub(super) fn archive_cells(&self) -> Result<Cells, Error> {
        if self.is_embedded() && self.models.is_none() && self.hof.is_none() {
            return self.changed(reference_archive_cells()?);
        }
        self.cells()
    }

    fn embedded_cells(&self, further: &[ModelId]) -> Result<Cells, Error> {
        let cells = reference_cells()?;
        let set = self.hof.as_deref().and_then(|text| text.parse().ok());
        let mut named = self.models.iter().flatten().chain(further).chain(&set);
        if named.all(|id| cells.models.contains_key(id)) { Ok(cells) } else { reference_archive_cells() }
    }

    /// Cells, the models to run in order, and the protocol that options change.
    ///
    /// `members` counts models of the embedded cell in the order of the embedded operator; one without it.
    pub(super) fn chosen(&self, members: Option<usize>) -> Result<(Cells, Vec<ModelId>, Protocol), Error> {
        if !self.is_embedded() {
            let cells = self.cells()?;
            let typed = self.ids(&cells)?;
            if typed.is_none() && cells.models.len() > 1 {
                let what = format!("the file holds {} parameter sets", cells.models.len());
                return Err(Error::usage(what, "choose with --hof K, --hof all or --models ID,…"));
            }
            let ids = typed.unwrap_or_else(|| cells.models.keys().copied().collect());
            return Ok((cells, ids, Protocol::default()));
        }
        let operator = embedded_operator()?;
        let first = first_members(operator.card(), members.unwrap_or(1))?;
        let is_typed = self.hof.is_some() || self.models.is_some();
        let mut cells = self.cells_with(if is_typed { &[] } else { &first })?;
        let ids = self.ids(&cells)?.unwrap_or(first);
        cells.select(&ids)?;
        Ok((cells, ids, Protocol::of_operator(operator.card())))
    }

    /// Numbers asked for, in the order in which they were named.
    pub(super) fn ids(&self, cells: &Cells) -> Result<Option<Vec<ModelId>>, Error> {
        match (self.hof.as_deref(), &self.models) {
            (None, None) => Ok(None),
            (Some("all"), _) => Ok(Some(cells.models.keys().copied().collect())),
            (Some(text), _) => {
                let remedy = "give one number, or all; several go to --models";
                let wrong = |_| Error::usage(format!("--hof {text} is no number"), remedy);
                Ok(Some(vec![text.parse().map_err(wrong)?]))
            }
            (None, Some(ids)) => Ok(Some(ids.clone())),
        }
    }
}

/// Says which sections take defaults, which parameters have no section, and how wide a stub becomes.
fn note_sections(cells: &Cells) -> Result<(), Error> {
    let Some((id, model)) = cells.models.first_key_value() else { return Ok(()) };
    let plan = cells.plan(*id)?;
    for kind in SectionKind::ALL {
        let (name, is_given) = (kind.name(), model.sections.contains_key(&kind));
        let is_there = plan.sections().iter().any(|section| section.kind == kind);
        if is_there && !is_given {
            words(&format!(
                "assumed: {name}: no parameters, so NEURON's defaults with its leak of 0.001 S/cm2 to -70 mV"
            ));
        }
        if is_given && !is_there {
            words(&format!("note: {name}: parameters for a kind of section that the morphology lacks"));
        }
    }
    if model.axon_rule == AxonRule::Bpo {
        let stub = plan.sections().iter().filter(|section| section.kind == SectionKind::Axon);
        let diameter_um = |section: &CompartmentSection| {
            section.areas_um2.iter().sum::<f64>() / (std::f64::consts::PI * section.length_um)
        };
        let diameters_um: Vec<String> = stub.map(|section| format!("{:.3}", diameter_um(section))).collect();
        words(&format!(
            "note: axon rule bpo: a stub of {} µm, 1 µm where no axon is traced",
            diameters_um.join(" and ")
        ));
    }
    Ok(())
}

/// Gives every model the same catalog; a model that had another loses its stated latent features.
fn set_mechanisms(cells: &mut Cells, mechanisms: MechanismsArg) {
    for (id, model) in &mut cells.models {
        if model.mechanism_set != mechanisms.name() {
            mechanisms.name().clone_into(&mut model.mechanism_set);
            cells.latents.remove(id);
        }
    }
}

/// Channels of the user, each name once.
pub(super) fn read_channels(paths: &[PathBuf]) -> Result<Vec<ChannelModel>, Error> {
    let channels: Vec<ChannelModel> =
        paths.iter().map(|path| read_channel(path)).collect::<Result<_, _>>()?;
    for (channel_idx, channel) in channels.iter().enumerate() {
        if let Some(earlier_idx) = channels[..channel_idx].iter().position(|one| one.name == channel.name) {
            let (earlier, path) = (paths[earlier_idx].display(), paths[channel_idx].display());
            let what = format!("{earlier} and {path} both describe channel {}", channel.name);
            return Err(Error::usage(what, "keep one of them, or rename the channel"));
        }
    }
    Ok(channels)
}

/// The channel of a file.
pub(super) fn read_channel(path: &Path) -> Result<ChannelModel, Error> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("mod")) {
        let name = path.display();
        let remedy = format!("convert it first: noble channels import {name} --out CHANNEL.toml");
        return Err(Error::usage(format!("{name} is an NMODL file"), remedy));
    }
    files::read_with(path, ChannelModel::read)
}

/// Cells of two files; a hall of fame of the embedded cell's morphology needs but one.
fn read_cells(morphology: Option<&Path>, cell: &Path) -> Result<Cells, Error> {
    let swc = morphology.map(files::read).transpose()?;
    let parameters = files::read(cell)?;
    // Each file alone first, so that an error names the file it lies in.
    match (morphology, &swc) {
        (Some(morphology), Some(swc)) => {
            let read = noble_data::morphology::read_swc(swc);
            read.map_err(|error| Error::from(error).in_file(morphology))?;
        }
        _ => check_hall_of_fame(cell, &parameters)?,
    }
    let swc = swc.as_deref().unwrap_or(reference_morphology());
    let cells = Cells::read(swc, &parameters).map_err(|error| error.in_file(cell))?;
    let (report, fields) = &cells.reports;
    if let Some(morphology) = morphology {
        print_notes(morphology, report);
    }
    for line in &fields.ignored {
        words(&format!("ignored: {}: {line}", cell.display()));
    }
    words(&format!("note: {}: {} fields used", cell.display(), fields.used.len()));
    Ok(cells)
}

fn check_hall_of_fame(cell: &Path, parameters: &[u8]) -> Result<(), Error> {
    let set = noble_data::cell_model::read_cells(parameters);
    if set.map_err(|error| Error::from(error).in_file(cell))?.format == SourceFormat::HallOfFame {
        return Ok(());
    }
    let what = format!("{} comes without a morphology", cell.display());
    Err(Error::usage(what, "give it as --morphology; only a hall of fame of the embedded cell needs none"))
}

/// What was assumed, but for what was typed: lines that begin so.
pub(super) fn print_assumed(report: &FieldReport, typed: &[Option<&str>]) {
    let is_typed = |line: &&String| typed.iter().flatten().any(|start| line.starts_with(start));
    let open = report.assumed.iter().filter(|line| !is_typed(line));
    open.for_each(|line| words(&format!("assumed: {line}")));
}

/// What a user should know of a tracing, with the lines.
pub(super) fn print_notes(morphology: &Path, report: &SwcReport) {
    let notes = [
        (&report.fragment_lines, "fragments, hung on the middle of the soma"),
        (&report.dropped_lines, "sections whose two points coincide, left out"),
        (&report.other_type_lines, "points of types other than 1 to 4, read as dendrite"),
        (&report.zero_length_lines, "sections without length, which cannot be simulated"),
    ];
    for (lines, what) in notes.iter().filter(|(lines, _)| !lines.is_empty()) {
        let (n, lines) = (lines.len(), shortened(lines));
        words(&format!("note: {}: {n} {what} (lines {lines})", morphology.display()));
    }
}

fn shortened(lines: &[usize]) -> String {
    let shown: Vec<String> = lines.iter().take(8).map(ToString::to_string).collect();
    let more = if lines.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// The protocol, each value optional so that a default can come from an operator.
#[derive(Debug, Args)]
#[command(next_help_heading = "Protocol")]
pub(super) struct ProtocolArgs {
    /// Onset of the step [default: 15; embedded cell: as the embedded operator]
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    delay_ms: Option<f64>,
    /// Duration of the step [default: 400; embedded cell: as the embedded operator]
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    duration_ms: Option<f64>,
    /// Length of a sweep [default: 515; embedded cell: as the embedded operator]
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    total_ms: Option<f64>,
    /// Simulate so long before the sweep, for the cell to come to rest [default: 0; embedded cell: as the embedded
    /// operator]
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    settle_ms: Option<f64>,
    /// Time step of the solver [default: 0.02]
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    dt_ms: Option<f64>,
    /// Keep every n-th sample [default: 3; embedded cell: as the embedded operator]
    #[arg(long, value_name = "N")]
    every: Option<usize>,
    /// Take samples as they are, or low-pass filter first [default: plain]
    #[arg(long, value_enum)]
    sampling: Option<SamplingArg>,
    /// How a step is made: NEURON's numbers, or an error that falls with the square of --dt-ms [default: neuron]
    #[arg(long, value_enum)]
    integrator: Option<IntegratorArg>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum IntegratorArg {
    Neuron,
    SecondOrder,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SamplingArg {
    Plain,
    Lowpass,
}

impl ProtocolArgs {
    /// The protocol typed, the rest from `base`.
    pub(super) fn protocol(&self, base: Protocol) -> Result<Protocol, Error> {
        let protocol = Protocol {
            delay_ms: self.delay_ms.unwrap_or(base.delay_ms),
            duration_ms: self.duration_ms.unwrap_or(base.duration_ms),
            total_ms: self.total_ms.unwrap_or(base.total_ms),
            settle_ms: self.settle_ms.unwrap_or(base.settle_ms),
            solver_step_ms: self.dt_ms.unwrap_or(base.solver_step_ms),
            every: self.every.unwrap_or(base.every),
            sampling: match self.sampling {
                Some(SamplingArg::Plain) => Sampling::Plain,
                Some(SamplingArg::Lowpass) => Sampling::LowPass,
                None => base.sampling,
            },
            integrator: match self.integrator {
                Some(IntegratorArg::Neuron) => Integrator::Neuron,
                Some(IntegratorArg::SecondOrder) => Integrator::SecondOrder,
                None => base.integrator,
            },
        };
        protocol.check_sweep()?;
        Ok(protocol)
    }

    /// Whether times of the step were typed.
    pub(super) fn has_step(&self) -> bool {
        self.delay_ms.is_some() || self.duration_ms.is_some()
    }
}

/// The operator of a file, or the embedded one.
pub(super) fn operator(path: Option<&Path>) -> Result<Operator, Error> {
    match path {
        Some(path) => files::read_with(path, Operator::from_bytes),
        None => embedded_operator(),
    }
}

/// The first `n` models in the order in which an operator answers for them: training, validation, test.
pub(super) fn first_members(card: &OperatorCard, n_members: usize) -> Result<Vec<ModelId>, Error> {
    let ordered = [&card.train_models, &card.validation_models, &card.test_models];
    let all: Vec<ModelId> = ordered.into_iter().flatten().copied().collect();
    if n_members == 0 || n_members > all.len() {
        let remedy = format!("ask for 1 to {}, or for a place of your own with --latent", all.len());
        return Err(Error::usage(format!("--members {n_members} of {} models", all.len()), remedy));
    }
    Ok(all[..n_members].to_vec())
}

/// Amplitudes as typed: numbers with commas between them.
pub(super) fn amplitudes(typed: &[f64]) -> Result<Vec<f64>, Error> {
    match typed.iter().find(|step_na| !step_na.is_finite()) {
        Some(step_na) => {
            Err(Error::usage(format!("--step-na holds {step_na}"), "give finite currents in nA"))
        }
        None => Ok(typed.to_vec()),
    }
}
