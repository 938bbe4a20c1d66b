//! Models as files of other programs, so that users of NEURON can run them.

use std::path::Path;

use noble_data::cell_model::{write_allen, write_allen_set, write_bluepyopt};

use crate::{Cells, Error, files};

/// Layouts that models are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportLayout {
    /// One Allen parameter file per model, and all of them as `hof_params.json`.
    Allen,
    /// Per model a folder with BluePyOpt's `values.json`, `parameters.json` and `mechanisms.json`.
    BluePyOpt,
}

/// Writes every model of `cells` into a folder, and the morphology's hash beside them; gives the notes of the writers,
/// each once.
///
/// # Errors
/// [`Error::Model`] for a model with a number that is not finite, [`Error::Write`] when a file cannot be written.
pub fn export_models(cells: &Cells, layout: ExportLayout, folder: &Path) -> Result<Vec<String>, Error> {
    let mut all_notes: Vec<String> = Vec::new();
    for (id, model) in &cells.models {
        let of_model = |error: noble_data::Error| Error::from(error).of_model(*id);
        let notes = match layout {
            ExportLayout::Allen => {
                let file = write_allen(model).map_err(of_model)?;
                files::write(&folder.join(format!("{id}.json")), &file.bytes)?;
                file.notes
            }
            ExportLayout::BluePyOpt => {
                let own = write_bluepyopt(model).map_err(of_model)?;
                let folder = folder.join(id.to_string());
                files::write(&folder.join("values.json"), &own.values)?;
                files::write(&folder.join("parameters.json"), &own.parameters)?;
                files::write(&folder.join("mechanisms.json"), &own.mechanisms)?;
                own.notes
            }
        };
        for note in notes {
            if !all_notes.contains(&note) {
                all_notes.push(note);
            }
        }
    }
    if layout == ExportLayout::Allen {
        files::write(&folder.join("hof_params.json"), &write_allen_set(&cells.models)?.bytes)?;
    }
    Ok(all_notes)
}
