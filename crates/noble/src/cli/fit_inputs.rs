//! What `noble fit` is given: a cell, what may vary, what should come out.

use std::path::{Path, PathBuf};

use clap::Args;
use noble_data::CellModel;
use noble_data::cell_model::FieldReport;
use noble_data::fitting::{FitTargets, ParameterSpace, bluepyopt};
use noble_features::Mode;

use super::inputs::{print_assumed, print_notes, read_channels};
use super::sweep_input::{DefinitionArgs, SweepInputArgs};
use super::terminal::words;
use crate::fit::{RecordingSettings, default_space, recording_targets};
use crate::reference_cell::{reference_morphology, reference_space, reference_targets};
use crate::sweep_file::SweepFile;
use crate::{Cells, Error, files};

/// Cell, bounds and targets.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is fitted (without these: the embedded cell, to published features)")]
pub(super) struct FitInputArgs {
    /// Morphology as SWC, lengths in µm
    #[arg(long, value_name = "SWC")]
    morphology: Option<PathBuf>,
    /// Recording to fit, .abf, .nwb, .npz or .csv: features of its sweeps become the targets
    #[arg(long, value_name = "FILE", requires = "morphology", conflicts_with_all = ["targets", "bluepyopt"])]
    recording: Option<PathBuf>,
    /// Currents of the recording to fit [default: some with spikes and some without, evenly chosen]
    #[arg(
        long,
        value_name = "NA,…",
        value_delimiter = ',',
        allow_hyphen_values = true,
        requires = "recording"
    )]
    fit_na: Option<Vec<f64>>,
    /// Targets: sweeps with features, means and deviations (our layout)
    #[arg(long, value_name = "JSON", conflicts_with = "bluepyopt")]
    targets: Option<PathBuf>,
    /// What may vary, between which bounds (our layout) [default: the bounds of published all-active fits]
    #[arg(long, value_name = "JSON", conflicts_with = "bluepyopt")]
    space: Option<PathBuf>,
    /// Folder with BluePyOpt's parameters.json, mechanisms.json, protocols.json and features.json
    #[arg(long, value_name = "FOLDER", requires = "morphology")]
    bluepyopt: Option<PathBuf>,
    /// Catalog of the channels of --bluepyopt: allen, bbp or yao2022
    #[arg(long, value_name = "SET", default_value = "allen", requires = "bluepyopt")]
    mechanisms: String,
    /// Models that the search begins with: cells or a hall of fame with the same free parameters
    #[arg(long, value_name = "JSON")]
    starts: Option<PathBuf>,
    /// What becomes of the reconstructed axon: keep, peri, stub1, bpo, or stub:D1,D2 [default: as the space says]
    #[arg(long, value_name = "RULE", value_parser = noble_data::cell_model::AxonRule::from_name)]
    axon: Option<noble_data::cell_model::AxonRule>,
    /// Channels of your own, as files
    #[arg(long, value_name = "TOML,…", value_delimiter = ',')]
    channels: Vec<PathBuf>,
    /// Write targets and space as files to this folder, to be read or changed, and stop
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["mpi", "shard"])]
    write_case: Option<PathBuf>,
}

/// What was given, read.
pub(super) struct FitInputs {
    pub(super) cells: Cells,
    pub(super) space: ParameterSpace,
    pub(super) targets: FitTargets,
    /// Models that the search begins with.
    pub(super) starts: Vec<CellModel>,
    /// The recording behind the targets.
    pub(super) recording: Option<SweepFile>,
}

impl FitInputArgs {
    /// The folder to write the case to instead of searching.
    pub(super) fn case_folder(&self) -> Option<&Path> {
        self.write_case.as_deref()
    }

    /// Reads everything and prints what was assumed.
    pub(super) fn read(
        &self,
        sweeps: &SweepInputArgs,
        definition: &DefinitionArgs,
    ) -> Result<FitInputs, Error> {
        let mut cells = self.cells()?;
        cells.add_channels(read_channels(&self.channels)?);
        let mut inputs = match (&self.recording, &self.bluepyopt) {
            (Some(recording), _) => self.of_recording(cells, (recording, sweeps), definition)?,
            (None, Some(folder)) => self.of_bluepyopt(cells, folder)?,
            (None, None) => self.of_files(cells)?,
        };
        if let Some(axon) = self.axon {
            inputs.space.base.axon_rule = axon;
        }
        if let Some(path) = &self.starts {
            inputs.starts = files::read_with(path, |bytes| inputs.cells.read_models(bytes))?;
        }
        Ok(inputs)
    }

    fn cells(&self) -> Result<Cells, Error> {
        let Some(path) = &self.morphology else { return Cells::of_morphology(reference_morphology()) };
        let cells = files::read_with(path, Cells::of_morphology)?;
        print_notes(path, &cells.reports.0);
        Ok(cells)
    }

    fn name(&self) -> String {
        let stem = self.morphology.as_deref().and_then(Path::file_stem);
        stem.map_or_else(|| "fast_spiking".to_owned(), |stem| stem.to_string_lossy().into_owned())
    }

    fn of_recording(
        &self,
        cells: Cells,
        (path, sweeps): (&Path, &SweepInputArgs),
        definition: &DefinitionArgs,
    ) -> Result<FitInputs, Error> {
        let file = sweeps.read(path)?;
        sweeps.introduce(path, &file);
        let settings = RecordingSettings { settings: definition.settings()?, ..RecordingSettings::default() };
        let recorded = recording_targets(&file.sweeps, self.fit_na.as_deref(), &settings)
            .map_err(|error| error.in_file(path))?;
        recorded.notes.iter().for_each(|note| words(&format!("note: {note}")));
        if settings.settings.mode == Mode::Efel {
            words(
                "note: eFEL resamples before it measures, which moves peaks of short spikes by some mV; \
                 --mode precise fits what was recorded",
            );
        }
        let mut targets = recorded.targets;
        targets.source = format!("{}: {}", path.display(), targets.source);
        let space = self.space(&cells, recorded.resting_mv)?;
        Ok(FitInputs { cells, space, targets, starts: Vec::new(), recording: Some(file) })
    }

    fn of_bluepyopt(&self, cells: Cells, folder: &Path) -> Result<FitInputs, Error> {
        let read = |name: &str| files::read(&folder.join(name));
        let mechanisms_path = folder.join("mechanisms.json");
        let mechanisms = mechanisms_path.is_file().then(|| files::read(&mechanisms_path)).transpose()?;
        let settings = bluepyopt::CellSettings {
            name: self.name(),
            mechanism_set: self.mechanisms.clone(),
            ..bluepyopt::CellSettings::default()
        };
        let (space, report) =
            bluepyopt::read_parameters(&read("parameters.json")?, mechanisms.as_deref(), &settings)
                .map_err(|error| Error::from(error).in_file(folder.join("parameters.json")))?;
        self.print_report(&report);
        let (mut targets, report) =
            bluepyopt::read_protocols(&read("protocols.json")?, &read("features.json")?)
                .map_err(|error| Error::from(error).in_file(folder))?;
        self.print_report(&report);
        targets.source = format!("{}: {}", folder.display(), targets.source);
        Ok(FitInputs { cells, space, targets, starts: Vec::new(), recording: None })
    }

    fn of_files(&self, cells: Cells) -> Result<FitInputs, Error> {
        let targets = match &self.targets {
            Some(path) => files::read_with(path, FitTargets::read)?,
            None if self.morphology.is_none() => reference_targets(),
            None => {
                let what = "there is a morphology and nothing to fit it to";
                return Err(Error::usage(what, "give --recording, --targets or --bluepyopt"));
            }
        };
        const USUAL_RESTING_MV: f64 = -70.0;
        let space = self.space(&cells, resting_mv(&targets).unwrap_or(USUAL_RESTING_MV))?;
        Ok(FitInputs { cells, space, targets, starts: Vec::new(), recording: None })
    }

    fn print_report(&self, report: &FieldReport) {
        report.ignored.iter().for_each(|line| words(&format!("ignored: {line}")));
        print_assumed(report, &[self.axon.map(|_| "axon rule")]);
    }

    fn space(&self, cells: &Cells, resting_mv: f64) -> Result<ParameterSpace, Error> {
        match &self.space {
            Some(path) => files::read_with(path, ParameterSpace::read),
            None if self.morphology.is_none() => Ok(reference_space()),
            None => {
                words(&format!(
                    "assumed: free parameters and bounds of published all-active fits; voltages start at \
                     {resting_mv:.1} mV"
                ));
                Ok(default_space(cells, &self.name(), resting_mv))
            }
        }
    }
}

/// Mean of the targets of `voltage_base`.
fn resting_mv(targets: &FitTargets) -> Option<f64> {
    let features = targets.sweeps.iter().flat_map(|sweep| &sweep.features);
    let values: Vec<f64> =
        features.filter(|target| target.feature == "voltage_base").map(|target| target.mean).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
