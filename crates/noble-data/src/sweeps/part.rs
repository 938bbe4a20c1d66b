//! NPZ of some rows of a larger set: the arrays of the whole's file, then which rows they are.
//!
//! | array | shape | |
//! |---|---|---|
//! | `row` | `[n]` | int64, place of each sweep in the whole, from 0 |
//! | `n_rows` | `[]` | int64, sweeps of the whole |
//! | `shard` | `[2]` | int64, which share of how many, from 1 |
//! | `plan_sha256` | `[64]` | uint8, hash in hexadecimal letters over what makes the whole |
//!
//! Parts are joined array by array, so that nothing of what a part holds has to be understood.

use std::io::Cursor;

use ndarray::{Array1, Array2, ArrayD, Axis, Ix0, Ix1, IxDyn, arr0};
use ndarray_npy::{NpzReader, NpzWriter, ReadableElement, WritableElement};

use super::{MOST_NPZ_BYTES, Precision, Sweeps, check_npz_size};
use crate::Error;

const FORMAT: &str = "npz file";
const REMEDY: &str = "give a file of noble simulate --shard, or run that shard again";
/// Arrays that every part has alike, whatever its rows.
const SHARED: [&str; 3] = ["time_ms", "stim_start_ms", "stim_end_ms"];

/// Which rows of a larger set of sweeps a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepRows {
    /// Place of each sweep in the whole, `[n]`.
    pub rows: Vec<usize>,
    /// Sweeps of the whole.
    pub n_rows: usize,
    /// Which share of how many, from 1.
    pub shard: (usize, usize),
    /// Hash over what makes the whole; parts of the same whole have the same.
    pub plan_sha256: String,
}

/// A file of some rows, read as arrays without meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepPart {
    /// Which rows.
    pub of: SweepRows,
    arrays: Vec<(String, Values)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Values {
    Real(ArrayD<f64>),
    Whole(ArrayD<i64>),
}

impl Sweeps {
    /// The bytes of [`Self::to_npz_with`] with the places of its rows in a larger set.
    ///
    /// # Errors
    /// As [`Self::to_npz`].
    pub fn to_npz_part(
        &self,
        precision: Precision,
        arrays: &[(String, Array2<f64>)],
        of: &SweepRows,
    ) -> Result<Vec<u8>, Error> {
        let mut npz = self.packed(precision, arrays)?;
        let rows: Vec<i64> = of.rows.iter().map(|row| whole(*row)).collect();
        add(&mut npz, "row", Array1::from(rows))?;
        add(&mut npz, "n_rows", arr0(whole(of.n_rows)))?;
        add(&mut npz, "shard", Array1::from(vec![whole(of.shard.0), whole(of.shard.1)]))?;
        add(&mut npz, "plan_sha256", Array1::from(of.plan_sha256.as_bytes().to_vec()))?;
        finish(npz)
    }
}

impl SweepPart {
    /// Reads a file of some rows.
    ///
    /// # Errors
    /// [`Error::Array`] when the file is truncated, lacks an array, or its shapes do not fit together.
    pub fn from_npz(bytes: &[u8]) -> Result<Self, Error> {
        check_npz_size(bytes, MOST_NPZ_BYTES)?;
        let mut npz = NpzReader::new(Cursor::new(bytes)).map_err(|error| wrong("file", &error))?;
        let names = npz.names().map_err(|error| wrong("file", &error))?;
        if !names.iter().any(|name| name.trim_end_matches(".npy") == "row") {
            return Err(wrong("row", &"there is none, so the file is no part of others"));
        }
        let rows = read::<i64, Ix1>(&mut npz, "row")?;
        let shard = read::<i64, Ix1>(&mut npz, "shard")?;
        let [index, count] = shard.as_slice().unwrap_or_default() else {
            return Err(wrong("shard", &format!("shape {:?} is not [2]", shard.shape())));
        };
        let plan_sha256 = read::<u8, Ix1>(&mut npz, "plan_sha256")?.to_vec();
        let of = SweepRows {
            rows: rows.iter().map(|row| count_of("row", *row)).collect::<Result<_, _>>()?,
            n_rows: count_of("n_rows", read::<i64, Ix0>(&mut npz, "n_rows")?.into_scalar())?,
            shard: (count_of("shard", *index)?, count_of("shard", *count)?),
            plan_sha256: String::from_utf8_lossy(&plan_sha256).into_owned(),
        };
        let mut arrays = Vec::new();
        for name in names.iter().map(|name| name.trim_end_matches(".npy")) {
            if ["row", "n_rows", "shard", "plan_sha256"].contains(&name) {
                continue;
            }
            let values = values(&mut npz, name)?;
            if !SHARED.contains(&name) && values.n_rows() != of.rows.len() {
                let what = format!("{} rows of {}", values.n_rows(), of.rows.len());
                return Err(wrong(name, &what));
            }
            arrays.push((name.to_owned(), values));
        }
        Ok(Self { of, arrays })
    }

    fn array(&self, name: &str) -> Option<&Values> {
        self.arrays.iter().find(|(own, _)| own == name).map(|(_, values)| values)
    }

    /// Name of the first array that another part of the same whole cannot have otherwise: one that it lacks, or one
    /// that does not depend on the rows and differs.
    #[must_use]
    pub fn differing_array(&self, other: &Self) -> Option<&str> {
        let differs = |(name, values): &&(String, Values)| match other.array(name) {
            Some(others) => SHARED.contains(&name.as_str()) && others != values,
            None => true,
        };
        self.arrays.iter().find(differs).map(|(name, _)| name.as_str())
    }

    /// The bytes of the whole's file, as if it had been written at once.
    ///
    /// # Errors
    /// [`Error::Array`] when there is no part, or when the parts do not hold every row once, or other arrays.
    pub fn joined(parts: &[Self]) -> Result<Vec<u8>, Error> {
        let first = parts.first().ok_or_else(|| wrong("row", &"there is no part"))?;
        let mut places = vec![None; first.of.n_rows];
        let mut n_before = 0;
        for part in parts {
            for (own_idx, row) in part.of.rows.iter().enumerate() {
                let place =
                    places.get_mut(*row).ok_or_else(|| wrong("row", &format!("{row} is too large")))?;
                if place.replace(n_before + own_idx).is_some() {
                    return Err(wrong("row", &format!("row {row} is there twice")));
                }
            }
            n_before += part.of.rows.len();
        }
        let order: Vec<usize> = places.iter().copied().collect::<Option<_>>().ok_or_else(|| {
            let missing_idx = places.iter().position(Option::is_none).unwrap_or_default();
            wrong("row", &format!("row {missing_idx} of {} is missing", places.len()))
        })?;
        let mut npz = NpzWriter::new_compressed(Cursor::new(Vec::new()));
        for (name, values) in &first.arrays {
            let of_parts: Option<Vec<&Values>> = parts.iter().map(|part| part.array(name)).collect();
            let of_parts = of_parts.ok_or_else(|| wrong(name, &"is not in every part"))?;
            let joined = if SHARED.contains(&name.as_str()) {
                values.clone()
            } else {
                Values::joined(&of_parts, &order).map_err(|what| wrong(name, &what))?
            };
            match joined {
                Values::Real(array) => add(&mut npz, name, array)?,
                Values::Whole(array) => add(&mut npz, name, array)?,
            }
        }
        finish(npz)
    }
}

impl Values {
    fn n_rows(&self) -> usize {
        let shape = match self {
            Self::Real(array) => array.shape(),
            Self::Whole(array) => array.shape(),
        };
        shape.first().copied().unwrap_or_default()
    }

    /// Rows of all parts in the order given, as places in the parts' rows one after the other.
    fn joined(parts: &[&Self], order: &[usize]) -> Result<Self, String> {
        let reals: Option<Vec<_>> = parts
            .iter()
            .map(|part| if let Self::Real(array) = part { Some(array.view()) } else { None })
            .collect();
        if let Some(reals) = reals {
            let all = ndarray::concatenate(Axis(0), &reals).map_err(|error| error.to_string())?;
            return Ok(Self::Real(all.select(Axis(0), order)));
        }
        let wholes: Option<Vec<_>> = parts
            .iter()
            .map(|part| if let Self::Whole(array) = part { Some(array.view()) } else { None })
            .collect();
        let wholes = wholes.ok_or("has another type in another part")?;
        let all = ndarray::concatenate(Axis(0), &wholes).map_err(|error| error.to_string())?;
        Ok(Self::Whole(all.select(Axis(0), order)))
    }
}

type Reader<'a> = NpzReader<Cursor<&'a [u8]>>;

fn values(npz: &mut Reader<'_>, name: &str) -> Result<Values, Error> {
    if let Ok(array) = read::<i64, IxDyn>(npz, name) {
        return Ok(Values::Whole(array));
    }
    Ok(Values::Real(read::<f64, IxDyn>(npz, name)?))
}

fn read<T: ReadableElement, D: ndarray::Dimension>(
    npz: &mut Reader<'_>,
    name: &str,
) -> Result<ndarray::Array<T, D>, Error> {
    npz.by_name(name).map_err(|error| wrong(name, &error))
}

fn add<T: WritableElement, D: ndarray::Dimension>(
    npz: &mut NpzWriter<Cursor<Vec<u8>>>,
    name: &str,
    array: ndarray::Array<T, D>,
) -> Result<(), Error> {
    npz.add_array(name, &array).map_err(|error| wrong(name, &error))
}

fn finish(npz: NpzWriter<Cursor<Vec<u8>>>) -> Result<Vec<u8>, Error> {
    Ok(npz.finish().map_err(|error| wrong("file", &error))?.into_inner())
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).expect("arrays in memory are shorter than 2^63")
}

fn count_of(name: &str, number: i64) -> Result<usize, Error> {
    usize::try_from(number).map_err(|error| wrong(name, &error))
}

fn wrong(place: &str, what: &dyn std::fmt::Display) -> Error {
    Error::Array { format: FORMAT, place: place.to_owned(), what: what.to_string(), remedy: REMEDY }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::sweeps::StimulusWindow;

    #[expect(clippy::cast_precision_loss, reason = "small whole numbers")]
    fn sweeps(rows: &[usize]) -> (Sweeps, Vec<(String, Array2<f64>)>) {
        let value = |(n, t): (usize, usize)| (10 * rows[n] + t) as f64;
        let sweeps = Sweeps {
            times_ms: vec![0.0, 0.1, 0.2],
            step_na: rows.iter().map(|row| Some(*row as f64)).collect(),
            models: Some(rows.iter().map(|row| u32::try_from(row / 2).unwrap()).collect()),
            v_mv: Array2::from_shape_fn((rows.len(), 3), value),
            current_na: None,
            latents: BTreeMap::new(),
            window: Some(StimulusWindow { start_ms: 0.0, end_ms: 0.1 }),
        };
        let recorded = Array2::from_shape_fn((rows.len(), 3), |place| -value(place));
        (sweeps, vec![("v_mv@dend[0](0.5)".to_owned(), recorded)])
    }

    fn part(rows: &[usize], index: usize) -> Vec<u8> {
        let (sweeps, arrays) = sweeps(rows);
        let of =
            SweepRows { rows: rows.to_vec(), n_rows: 5, shard: (index, 2), plan_sha256: "ab".to_owned() };
        sweeps.to_npz_part(Precision::Double, &arrays, &of).unwrap()
    }

    #[test]
    fn invariant_joined_parts_are_the_whole_to_the_byte() {
        let (all, arrays) = sweeps(&[0, 1, 2, 3, 4]);
        let whole = all.to_npz_with(Precision::Double, &arrays).unwrap();
        let [odd, even] = [part(&[1, 3], 2), part(&[0, 2, 4], 1)];
        let message = SweepPart::from_npz(&whole).unwrap_err().to_string();
        assert!(message.contains("no part of others"), "{message}");
        let parts = [odd, even].map(|bytes| SweepPart::from_npz(&bytes).unwrap());
        assert_eq!(parts[0].differing_array(&parts[1]), None);
        assert!(SweepPart::joined(&parts).unwrap() == whole);
        let message = SweepPart::joined(&parts[..1]).unwrap_err().to_string();
        assert!(message.contains("row 0 of 5 is missing"), "{message}");
        let twice = [parts[0].clone(), parts[0].clone()];
        let message = SweepPart::joined(&twice).unwrap_err().to_string();
        assert!(message.contains("row 1 is there twice"), "{message}");
    }

    #[test]
    fn invariant_truncated_part_is_an_error() {
        let bytes = part(&[1, 3], 2);
        for n_bytes in (0..bytes.len()).step_by(7) {
            assert!(SweepPart::from_npz(&bytes[..n_bytes]).is_err(), "{n_bytes}");
        }
    }
}
