//! A recording of the user's beside the operator.

use std::path::Path;

use noble_data::sweeps::check_npz_size;
use noble_features::Settings;
use serde_json::{Value, json};

use super::Answer;
use crate::Error;
use crate::features::{ExtractSettings, SweepFeatures, extract_sweeps, features_named};
use crate::sweep_file::{FileSweep, SweepFile};

/// Files of recorded sweeps that are taken.
pub const LARGEST_RECORDING_BYTES: usize = 64 << 20;
/// What the arrays of a file may take unpacked.
const MOST_UNPACKED_BYTES: u64 = 1 << 29;
/// Sweeps that are drawn; the others are counted.
const MOST_SWEEPS: usize = 60;
/// Points of a drawn sweep, twice as many as a screen is wide.
const MOST_POINTS: usize = 8192;

/// Reads a file of a name, in memory, and gives its sweeps with features and samples to draw.
///
/// # Errors
/// [`Error::Usage`] and [`Error::File`] for what is no file of sweeps.
pub fn recorded_answer(name: &str, bytes: &[u8], features: &[String]) -> Result<Answer, Error> {
    if bytes.len() > LARGEST_RECORDING_BYTES {
        let what = format!("{name}: {} bytes", bytes.len());
        return Err(Error::usage(what, format!("give a file of at most {LARGEST_RECORDING_BYTES}")));
    }
    check_npz_size(bytes, MOST_UNPACKED_BYTES).map_err(|error| Error::from(error).in_file(name))?;
    let file = SweepFile::of_bytes(Path::new(name), bytes)?;
    let asked = features_named(features)?;
    let settings = ExtractSettings { settings: Settings::precise(), ..ExtractSettings::default() };
    let shown = &file.sweeps[..file.sweeps.len().min(MOST_SWEEPS)];
    let rows = extract_sweeps(shown, &asked, &settings);
    let mut samples = Vec::new();
    let sweeps: Vec<Value> =
        shown.iter().zip(rows).map(|(sweep, row)| described(sweep, row, &mut samples)).collect();
    let refused: Vec<String> =
        file.refused.iter().map(|one| format!("{}: {}", one.name, one.reason)).collect();
    let header = json!({
        "name": name,
        "format": file.format,
        "n_sweeps": file.sweeps.len(),
        "sweeps": sweeps,
        "notes": file.notes,
        "refused": refused,
    });
    Ok(Answer { header, samples })
}

/// A sweep in words and numbers; its samples, thinned for drawing, go behind those of the others as pairs of time and voltage.
fn described(sweep: &FileSweep, row: Result<SweepFeatures, Error>, samples: &mut Vec<f32>) -> Value {
    let points = thinned(sweep);
    let window = sweep.window.as_ref().ok();
    let (features, warnings) = match row {
        Ok(row) => (json!(row.means()), row.warnings),
        Err(error) => (Value::Null, vec![error.to_string()]),
    };
    #[expect(clippy::cast_possible_truncation, reason = "what is drawn needs no more")]
    samples.extend(points.iter().flat_map(|(t_ms, v_mv)| [*t_ms as f32, *v_mv as f32]));
    json!({
        "name": sweep.called(),
        "step_na": sweep.step_na,
        "stim_start_ms": window.map(|window| window.start_ms),
        "stim_end_ms": window.map(|window| window.end_ms),
        "n_points": points.len(),
        "features": features,
        "warnings": warnings,
        "notes": sweep.all_notes().collect::<Vec<_>>(),
    })
}

/// Smallest and largest voltage of equal stretches, so that no spike is lost; all samples of a short sweep.
fn thinned(sweep: &FileSweep) -> Vec<(f64, f64)> {
    let times = sweep.times();
    let n_samples = sweep.v_mv.len();
    if n_samples <= MOST_POINTS {
        return (0..n_samples).map(|idx| (times.time_ms(idx), sweep.v_mv[idx])).collect();
    }
    let n_stretches = MOST_POINTS / 2;
    let stretch = |number: usize| number * n_samples / n_stretches..(number + 1) * n_samples / n_stretches;
    let extremes = |number: usize| {
        let by_voltage = |a: &usize, b: &usize| sweep.v_mv[*a].total_cmp(&sweep.v_mv[*b]);
        let least = stretch(number).min_by(by_voltage).unwrap_or(0);
        let most = stretch(number).max_by(by_voltage).unwrap_or(0);
        [least.min(most), least.max(most)]
    };
    (0..n_stretches).flat_map(extremes).map(|idx| (times.time_ms(idx), sweep.v_mv[idx])).collect()
}
