//! NPZ: `time_ms [t]`, `step_na [n]`, `v_mv [n, t]`, with several models `model [n]` and latent features `[n]`.

use std::collections::BTreeMap;
use std::io::Cursor;

use ndarray::{Array1, Array2, Ix1, Ix2, IxDyn, arr0};
use ndarray_npy::{NpzReader, NpzWriter, ReadableElement};

use super::{MOST_NPZ_BYTES, Precision, StimulusWindow, Sweeps, check_npz_size};
use crate::{Error, ModelId};

const FORMAT: &str = "npz file";
const REMEDY: &str = "give arrays time_ms [t], step_na [n] and v_mv [n, t] of float32 or float64";

const WINDOW_REMEDY: &str =
    "give both stim_start_ms and stim_end_ms as one number each, of float32, float64 or int64";

type Reader<'a> = NpzReader<Cursor<&'a [u8]>>;

impl Sweeps {
    /// The bytes of an NPZ file, deflated.
    ///
    /// Beside the arrays of the layout it holds `stim_start_ms` and `stim_end_ms` where the window is known. `step_na`
    /// is left out where no sweep has a step.
    ///
    /// # Errors
    /// [`Error::Array`] when some steps are unknown, or when the arrays cannot be packed.
    pub fn to_npz(&self, precision: Precision) -> Result<Vec<u8>, Error> {
        self.to_npz_with(precision, &[])
    }

    /// The same with further arrays by name, `[n × t]` of eight bytes a value.
    ///
    /// # Errors
    /// As [`Self::to_npz`].
    pub fn to_npz_with(
        &self,
        precision: Precision,
        arrays: &[(String, Array2<f64>)],
    ) -> Result<Vec<u8>, Error> {
        let npz = self.packed(precision, arrays)?;
        let file = npz.finish().map_err(|error| wrong("file", &error, "write fewer sweeps to one file"))?;
        Ok(file.into_inner())
    }

    /// All arrays in a file that takes more.
    pub(super) fn packed(
        &self,
        precision: Precision,
        arrays: &[(String, Array2<f64>)],
    ) -> Result<NpzWriter<Cursor<Vec<u8>>>, Error> {
        let mut npz = NpzWriter::new_compressed(Cursor::new(Vec::new()));
        let packed = |name: &str, result: Result<(), ndarray_npy::WriteNpzError>| {
            result.map_err(|error| wrong(name, &error, "write fewer sweeps to one file"))
        };
        packed("time_ms", npz.add_array("time_ms", &Array1::from(self.times_ms.clone())))?;
        if self.step_na.iter().any(Option::is_some) {
            let steps: Option<Vec<f64>> = self.step_na.iter().copied().collect();
            let steps =
                steps.ok_or_else(|| wrong("step_na", &"a sweep has no step amplitude", "state all steps"))?;
            packed("step_na", npz.add_array("step_na", &Array1::from(steps)))?;
        }
        if let Some(models) = &self.models {
            let numbers: Array1<i64> = models.iter().map(|model| i64::from(*model)).collect();
            packed("model", npz.add_array("model", &numbers))?;
        }
        #[expect(clippy::cast_possible_truncation, reason = "single precision is asked for")]
        let result = match precision {
            Precision::Double => npz.add_array("v_mv", &self.v_mv),
            Precision::Single => npz.add_array("v_mv", &self.v_mv.mapv(|v| v as f32)),
        };
        packed("v_mv", result)?;
        if let Some(current_na) = &self.current_na {
            packed("current_na", npz.add_array("current_na", current_na))?;
        }
        for (name, values) in &self.latents {
            packed(name, npz.add_array(name.as_str(), &Array1::from(values.clone())))?;
        }
        if let Some(window) = self.window {
            packed("stim_start_ms", npz.add_array("stim_start_ms", &arr0(window.start_ms)))?;
            packed("stim_end_ms", npz.add_array("stim_end_ms", &arr0(window.end_ms)))?;
        }
        for (name, array) in arrays {
            packed(name, npz.add_array(name.as_str(), array))?;
        }
        Ok(npz)
    }

    /// Reads an NPZ file of sweeps; one-dimensional arrays it does not know become latent features.
    ///
    /// # Errors
    /// [`Error::Array`] when the file is truncated, lacks an array, or its shapes do not fit together.
    pub fn from_npz(bytes: &[u8]) -> Result<Self, Error> {
        check_npz_size(bytes, MOST_NPZ_BYTES)?;
        let mut npz = NpzReader::new(Cursor::new(bytes))
            .map_err(|error| wrong("file", &error, "give a complete npz file"))?;
        let names = npz.names().map_err(|error| wrong("file", &error, "give a complete npz file"))?;
        let names: Vec<String> = names.iter().map(|name| name.trim_end_matches(".npy").to_owned()).collect();
        let times_ms = vector(&mut npz, "time_ms")?;
        let v_mv = matrix(&mut npz, "v_mv")?;
        let has_steps = names.iter().any(|name| name == "step_na");
        let step_na = match has_steps {
            true => vector(&mut npz, "step_na")?.into_iter().map(Some).collect(),
            false => vec![None; v_mv.nrows()],
        };
        let models = if names.iter().any(|name| name == "model") { Some(models(&mut npz)?) } else { None };
        let window = window(&mut npz, &names)?;
        let mut latents = BTreeMap::new();
        for name in names.iter().filter(|name| !is_known(name)) {
            let Ok(values) = vector(&mut npz, name) else { continue };
            if values.len() == v_mv.nrows() {
                latents.insert(name.clone(), values);
            }
        }
        let current_na = currents(&mut npz, &names)?;
        let sweeps = Self { times_ms, step_na, models, v_mv, current_na, latents, window };
        sweeps.check(FORMAT)?;
        Ok(sweeps)
    }
}

/// `current_na`, or what a simulation injected: `electrode_na` holds the current over the step that ends at a sample, so
/// that the current at a sample is the next value.
fn currents(npz: &mut Reader<'_>, names: &[String]) -> Result<Option<Array2<f64>>, Error> {
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if has("current_na") {
        return matrix(npz, "current_na").map(Some);
    }
    if !has("electrode_na") {
        return Ok(None);
    }
    let over_step = matrix(npz, "electrode_na")?;
    let last_idx = over_step.ncols().saturating_sub(1);
    Ok(Some(Array2::from_shape_fn(over_step.dim(), |(n, t)| over_step[[n, (t + 1).min(last_idx)]])))
}

fn is_known(name: &str) -> bool {
    ["time_ms", "step_na", "v_mv", "current_na", "model", "stim_start_ms", "stim_end_ms"].contains(&name)
}

pub(super) fn wrong(place: &str, what: &dyn std::fmt::Display, remedy: &'static str) -> Error {
    Error::Array { format: FORMAT, place: place.to_owned(), what: what.to_string(), remedy }
}

fn read<T: ReadableElement, D: ndarray::Dimension>(
    npz: &mut Reader<'_>,
    name: &str,
) -> Result<ndarray::Array<T, D>, Error> {
    npz.by_name(name).map_err(|error| wrong(name, &error, REMEDY))
}

fn vector(npz: &mut Reader<'_>, name: &str) -> Result<Vec<f64>, Error> {
    match read::<f64, Ix1>(npz, name) {
        Ok(array) => Ok(array.to_vec()),
        Err(error) => match read::<f32, Ix1>(npz, name) {
            Ok(array) => Ok(array.iter().map(|value| f64::from(*value)).collect()),
            Err(_) => Err(error),
        },
    }
}

fn matrix(npz: &mut Reader<'_>, name: &str) -> Result<Array2<f64>, Error> {
    match read::<f64, Ix2>(npz, name) {
        Ok(array) => Ok(array.as_standard_layout().into_owned()),
        Err(error) => match read::<f32, Ix2>(npz, name) {
            Ok(array) => Ok(array.as_standard_layout().mapv(f64::from)),
            Err(_) => Err(error),
        },
    }
}

/// When the stimulus is on, where the file tells.
fn window(npz: &mut Reader<'_>, names: &[String]) -> Result<Option<StimulusWindow>, Error> {
    let mut scalar_of = |name: &str| {
        let is_there = names.iter().any(|known| known == name);
        is_there.then(|| scalar(npz, name)).transpose()
    };
    let one_missing = |name: &str| Err(wrong(name, &"is missing", WINDOW_REMEDY));
    match (scalar_of("stim_start_ms")?, scalar_of("stim_end_ms")?) {
        (Some(start_ms), Some(end_ms)) => Ok(Some(StimulusWindow { start_ms, end_ms })),
        (None, None) => Ok(None),
        (None, Some(_)) => one_missing("stim_start_ms"),
        (Some(_), None) => one_missing("stim_end_ms"),
    }
}

/// One number of any common type, alone or as the only one of a list.
fn scalar(npz: &mut Reader<'_>, name: &str) -> Result<f64, Error> {
    let array = match read::<f64, IxDyn>(npz, name) {
        Ok(array) => array,
        Err(error) => match (read::<f32, IxDyn>(npz, name), read::<i64, IxDyn>(npz, name)) {
            (Ok(array), _) => array.mapv(f64::from),
            #[expect(clippy::cast_precision_loss, reason = "milliseconds stay far below 2^53")]
            (_, Ok(array)) => array.mapv(|value| value as f64),
            _ => return Err(wrong(name, &error, WINDOW_REMEDY)),
        },
    };
    match (array.ndim(), array.first()) {
        (0 | 1, Some(value)) if array.len() == 1 => Ok(*value),
        _ => Err(wrong(name, &format!("shape {:?} is not one number", array.shape()), WINDOW_REMEDY)),
    }
}

fn models(npz: &mut Reader<'_>) -> Result<Vec<ModelId>, Error> {
    let numbers = read::<i64, Ix1>(npz, "model")?;
    let ids: Result<Vec<ModelId>, _> = numbers.iter().map(|number| ModelId::try_from(*number)).collect();
    ids.map_err(|error| wrong("model", &error, "number models 0, 1, 2, …"))
}
