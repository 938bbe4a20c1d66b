//! Arrays and times of series that several rows of the table name: decoded once.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::File;
use super::series::{Place, Rows};
use super::timing::Times;
use crate::Error;

/// What was decoded last.
#[derive(Default)]
pub(super) struct Decoded {
    voltage: RefCell<Option<Numbers>>,
    current: RefCell<Option<Numbers>>,
    pub(super) times: RefCell<BTreeMap<u64, Times>>,
}

struct Numbers {
    address: u64,
    numbers: Vec<f64>,
    /// Samples that may still be copied out without a charge: rows that do not overlap cost the array once.
    n_free: usize,
}

impl Decoded {
    /// The numbers of the dataset at an address, or a stretch of them; `Err` in the stretch says how it does not fit.
    pub(super) fn numbers(
        &self,
        file: &File<'_>,
        address: u64,
        (place, rows): (Place, Rows),
    ) -> Result<Result<Vec<f64>, String>, Error> {
        let Some((first, n_samples)) = rows else { return file.dataset(address)?.numbers().map(Ok) };
        let slot = if place == Place::Voltage { &self.voltage } else { &self.current };
        let mut slot = slot.borrow_mut();
        let held = match slot.take().filter(|held| held.address == address) {
            Some(held) => held,
            None => {
                let numbers = file.dataset(address)?.numbers()?;
                Numbers { address, n_free: numbers.len(), numbers }
            }
        };
        let held = slot.insert(held);
        let n_all = held.numbers.len();
        let Some(end) = first.checked_add(n_samples).filter(|end| *end <= n_all) else {
            return Ok(Err(format!("samples {first} and {n_samples} more of {n_all} in the table")));
        };
        let n_charged = n_samples.saturating_sub(held.n_free);
        held.n_free = held.n_free.saturating_sub(n_samples);
        file.spend((n_charged as u64).saturating_mul(size_of::<f64>() as u64))?;
        Ok(Ok(held.numbers[first..end].to_vec()))
    }
}
