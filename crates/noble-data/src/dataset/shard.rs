//! One HDF5 file of a dataset, readable with any HDF5 library.
//!
//! | dataset | shape | |
//! |---|---|---|
//! | `stimulus_na` | `[n, t]` | float32, injected current |
//! | `voltage_mv` | `[n, t]` | float32, somatic voltage |
//! | `step_na` | `[n]` | float64, amplitude of the step |
//! | `model` | `[n]` | uint32, number of the model |
//! | `split` | `[n]` | uint8, 0 train, 1 validation, 2 test |
//! | `latent/<name>` | `[n]` | float64, latent feature of the model, unit in its name |
//!
//! Attributes of the root: `format_version`, `seed`, `start_ms`, `step_ms`, `n_samples`, `stimulus_unit`,
//! `voltage_unit`, `time_unit`, `latents` (their names, separated by commas).

use std::collections::BTreeMap;

use hdf5_pure::{AttrValue, File, FileBuilder};
use ndarray::Array2;

use super::Split;
use crate::{Error, ModelId, TimeGrid};

const FORMAT: &str = "dataset shard";
const SHARD_FORMAT_VERSION: i64 = 1;
const DEFLATE_LEVEL: u32 = 4;
const REMEDY: &str = "delete the shard and run generate again with --resume";

/// Traces of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Shard {
    /// Grid of every trace.
    pub grid: TimeGrid,
    /// Seed of the dataset.
    pub seed: u64,
    /// Injected current, `[n × t]`.
    pub stimulus_na: Array2<f32>,
    /// Somatic voltage, `[n × t]`.
    pub voltage_mv: Array2<f32>,
    /// Amplitude of each step, `[n]`.
    pub step_na: Vec<f64>,
    /// Model of each trace, `[n]`.
    pub models: Vec<ModelId>,
    /// What each trace is for, `[n]`.
    pub splits: Vec<Split>,
    /// Latent features by name, `[n]` each.
    pub latents: BTreeMap<String, Vec<f64>>,
}

impl Shard {
    /// The bytes of the HDF5 file.
    ///
    /// # Errors
    /// [`Error::Array`] when the file cannot be assembled.
    pub fn to_hdf5(&self) -> Result<Vec<u8>, Error> {
        let mut builder = FileBuilder::new();
        let chunk = [1, self.grid.n_samples() as u64];
        for (name, array) in [("stimulus_na", &self.stimulus_na), ("voltage_mv", &self.voltage_mv)] {
            builder
                .create_dataset(name)
                .with_ndarray(array)
                .with_chunks(&chunk)
                .with_shuffle()
                .with_deflate(DEFLATE_LEVEL);
        }
        let n_traces = [self.models.len() as u64];
        builder.create_dataset("step_na").with_data(&self.step_na).with_shape(&n_traces);
        builder.create_dataset("model").with_data(&self.models).with_shape(&n_traces);
        let codes: Vec<u8> = self.splits.iter().map(|split| split.code()).collect();
        builder.create_dataset("split").with_data(&codes).with_shape(&n_traces);
        let mut group = builder.create_group("latent");
        for (name, values) in &self.latents {
            group.create_dataset(name).with_data(values).with_shape(&n_traces);
        }
        builder.add_group(group.finish());
        self.set_attributes(&mut builder);
        builder.finish().map_err(|error| wrong("file", &error))
    }

    fn set_attributes(&self, builder: &mut FileBuilder) {
        builder.set_attr("format_version", AttrValue::I64(SHARD_FORMAT_VERSION));
        builder.set_attr("seed", AttrValue::U64(self.seed));
        builder.set_attr("start_ms", AttrValue::F64(self.grid.start_ms()));
        builder.set_attr("step_ms", AttrValue::F64(self.grid.step_ms()));
        builder.set_attr("n_samples", AttrValue::U64(self.grid.n_samples() as u64));
        for (name, unit) in [("stimulus_unit", "nA"), ("voltage_unit", "mV"), ("time_unit", "ms")] {
            builder.set_attr(name, AttrValue::String(unit.to_owned()));
        }
        let names: Vec<String> = self.latents.keys().cloned().collect();
        builder.set_attr("latents", AttrValue::String(names.join(",")));
    }

    /// Reads the bytes of a shard.
    ///
    /// # Errors
    /// [`Error::Array`] when the file is truncated, lacks a dataset or attribute, or its shapes do not fit together;
    /// [`Error::NotFinite`] when a voltage is not a finite number.
    pub fn from_hdf5(bytes: &[u8]) -> Result<Self, Error> {
        let file = File::from_bytes(bytes.to_vec()).map_err(|error| wrong("file", &error))?;
        let attributes = Attributes(file.root().attrs().map_err(|error| wrong("attributes", &error))?);
        if attributes.whole("format_version")? != SHARD_FORMAT_VERSION.unsigned_abs() {
            return Err(wrong("format_version", &format!("is not {SHARD_FORMAT_VERSION}")));
        }
        let n_samples = usize::try_from(attributes.whole("n_samples")?).unwrap_or(usize::MAX);
        let grid = TimeGrid::new(attributes.number("start_ms")?, attributes.number("step_ms")?, n_samples)?;
        let codes: Vec<u8> = values(&file, "split")?;
        let splits: Option<Vec<Split>> =
            codes.iter().map(|code| Split::ALL.get(usize::from(*code)).copied()).collect();
        let mut latents = BTreeMap::new();
        for name in attributes.text("latents")?.split(',').filter(|name| !name.is_empty()) {
            latents.insert(name.to_owned(), values(&file, &format!("latent/{name}"))?);
        }
        let shard = Self {
            grid,
            seed: attributes.whole("seed")?,
            stimulus_na: matrix(&file, "stimulus_na")?,
            voltage_mv: matrix(&file, "voltage_mv")?,
            step_na: values(&file, "step_na")?,
            models: values(&file, "model")?,
            splits: splits.ok_or_else(|| wrong("split", &"holds a code above 2"))?,
            latents,
        };
        shard.check()?;
        Ok(shard)
    }

    fn check(&self) -> Result<(), Error> {
        let shape = (self.models.len(), self.grid.n_samples());
        let n_traces = [self.step_na.len(), self.splits.len()];
        let is_consistent = self.stimulus_na.dim() == shape
            && self.voltage_mv.dim() == shape
            && n_traces == [shape.0; 2]
            && self.latents.values().all(|values| values.len() == shape.0);
        if !is_consistent {
            return Err(wrong(
                "shapes",
                &format!("do not agree on {} traces of {} samples", shape.0, shape.1),
            ));
        }
        match self.voltage_mv.indexed_iter().find(|(_, v)| !v.is_finite()) {
            Some(((trace_idx, sample_idx), v)) => Err(Error::NotFinite {
                what: format!("{FORMAT}: voltage_mv of trace {trace_idx}"),
                sample_idx,
                time_ms: self.grid.time_ms(sample_idx),
                value: v.to_string(),
            }),
            None => Ok(()),
        }
    }
}

struct Attributes(std::collections::HashMap<String, AttrValue>);

impl Attributes {
    fn find(&self, name: &str) -> Result<&AttrValue, Error> {
        self.0.get(name).ok_or_else(|| wrong(name, &"the attribute is missing"))
    }

    fn number(&self, name: &str) -> Result<f64, Error> {
        match self.find(name)? {
            AttrValue::F64(value) => Ok(*value),
            other => Err(wrong(name, &format!("{other:?} is not a float64"))),
        }
    }

    fn whole(&self, name: &str) -> Result<u64, Error> {
        match self.find(name)? {
            AttrValue::U64(value) => Ok(*value),
            AttrValue::I64(value) if *value >= 0 => Ok(value.unsigned_abs()),
            other => Err(wrong(name, &format!("{other:?} is not a whole number"))),
        }
    }

    fn text(&self, name: &str) -> Result<&str, Error> {
        match self.find(name)? {
            AttrValue::String(text) | AttrValue::AsciiString(text) => Ok(text),
            other => Err(wrong(name, &format!("{other:?} is not text"))),
        }
    }
}

fn wrong(place: &str, what: &dyn std::fmt::Display) -> Error {
    Error::Array { format: FORMAT, place: place.to_owned(), what: what.to_string(), remedy: REMEDY }
}

fn values<T: hdf5_pure::H5Element>(file: &File, name: &str) -> Result<Vec<T>, Error> {
    let dataset = file.dataset(name).map_err(|error| wrong(name, &error))?;
    dataset.read::<T>().map_err(|error| wrong(name, &error))
}

fn matrix(file: &File, name: &str) -> Result<Array2<f32>, Error> {
    let dataset = file.dataset(name).map_err(|error| wrong(name, &error))?;
    dataset.read_array().map_err(|error| wrong(name, &error))
}
