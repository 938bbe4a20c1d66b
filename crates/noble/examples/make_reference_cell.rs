//! Writes the files of the embedded cell: morphology, parameter sets and their latent features.
//!
//! Run from the workspace root: `cargo run --release --package noble --example make_reference_cell`

use std::collections::BTreeMap;
use std::path::Path;

use noble::reference_cell::{GrowthSettings, grow_swc, reference_parameters};
use noble::{Cells, Error, ExcitabilitySettings, I_THR, Protocol, S_THR, files, measure_excitability};
use noble_data::ModelId;
use noble_data::cell_model::{HallOfFame, HallOfFameModel};
use noble_data::dataset::sha256_hex;
use rayon::prelude::*;

const N_MODELS: ModelId = 60;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let assets = Path::new("crates/noble/assets");
    let swc = grow_swc(&GrowthSettings::default());
    files::write(&assets.join("fast_spiking.swc"), swc.as_bytes())?;
    let models =
        (0..N_MODELS).into_par_iter().map(|id| measured(swc.as_bytes(), id)).collect::<Result<_, Error>>()?;
    let provenance = BTreeMap::from([
        ("morphology".to_owned(), "grown by noble::reference_cell::grow_swc".to_owned()),
        ("parameters".to_owned(), "drawn by noble::reference_cell::reference_parameters".to_owned()),
        (
            "latent features".to_owned(),
            "400 ms steps, threshold to 0.1 %, 12 currents up to 0.28 nA".to_owned(),
        ),
    ]);
    let file = HallOfFame::new(sha256_hex(swc.as_bytes()), models, provenance);
    files::write(&assets.join("fast_spiking.hall_of_fame.json"), &serde_json::to_vec_pretty(&file)?)?;
    Ok(())
}

fn measured(swc: &[u8], id: ModelId) -> Result<HallOfFameModel, Error> {
    let parameters = reference_parameters(id);
    let text =
        serde_json::to_vec(&parameters).map_err(|error| Error::Internal { what: error.to_string() })?;
    let plan = Cells::read(swc, &text)?.plan(0)?;
    let latents =
        measure_excitability(&plan, &Protocol::default(), &ExcitabilitySettings::default())?.latents();
    Ok(HallOfFameModel {
        id,
        seed: u64::from(id),
        parameters,
        scores: BTreeMap::new(),
        features: BTreeMap::new(),
        i_thr_na: latents.get(I_THR).copied(),
        s_thr_hz_per_na: latents.get(S_THR).copied(),
    })
}
