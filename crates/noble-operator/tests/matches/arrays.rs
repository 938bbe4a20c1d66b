//! Arrays of a reference file, and how far two of them are apart.

use std::collections::BTreeMap;

use noble_reference::Case;
use safetensors::tensor::{Dtype, SafeTensors};

/// Arrays of one file by name, in double precision, with their shapes.
pub(crate) struct Arrays {
    by_name: BTreeMap<String, (Vec<usize>, Vec<f64>)>,
    place: String,
}

impl Arrays {
    pub(crate) fn read(case: &Case, file: &str) -> Self {
        let bytes = case.bytes(file);
        let place = format!("{}/{file}", case.name);
        let file = SafeTensors::deserialize(&bytes).unwrap_or_else(|error| panic!("{place}: {error}"));
        let mut by_name = BTreeMap::new();
        for (name, view) in file.iter() {
            let values: Vec<f64> = match view.dtype() {
                Dtype::F32 => {
                    view.data().as_chunks().0.iter().map(|c| f64::from(f32::from_le_bytes(*c))).collect()
                }
                Dtype::F64 => view.data().as_chunks().0.iter().map(|c| f64::from_le_bytes(*c)).collect(),
                other => panic!("{place}: {name} is {other}"),
            };
            by_name.insert(name.to_owned(), (view.shape().to_vec(), values));
        }
        Self { by_name, place }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&[f64]> {
        self.by_name.get(name).map(|(_, values)| values.as_slice())
    }

    pub(crate) fn get(&self, name: &str) -> &[f64] {
        self.find(name).unwrap_or_else(|| panic!("{}: {name} is missing", self.place))
    }

    pub(crate) fn singles(&self, name: &str) -> Vec<f32> {
        self.get(name).iter().map(|value| *value as f32).collect()
    }

    pub(crate) fn shape(&self, name: &str) -> &[usize] {
        self.get(name);
        &self.by_name[name].0
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

/// `‖values − exact‖₂ / ‖exact‖₂`; zero where both are zero.
pub(crate) fn rel_l2(values: &[f32], exact: &[f64]) -> f64 {
    assert_eq!(values.len(), exact.len());
    let error: f64 = values.iter().zip(exact).map(|(v, e)| (f64::from(*v) - e).powi(2)).sum();
    let norm: f64 = exact.iter().map(|e| e * e).sum();
    if error > 0.0 || error.is_nan() { (error / norm).sqrt() } else { 0.0 }
}

pub(crate) fn max_abs(values: &[f32], exact: &[f64]) -> f64 {
    assert_eq!(values.len(), exact.len());
    let errors = values.iter().zip(exact).map(|(v, e)| (f64::from(*v) - e).abs());
    errors.fold(0.0, |largest, e| if e > largest || e.is_nan() { e } else { largest })
}

pub(crate) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()))
}
