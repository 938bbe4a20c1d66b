//! Numbers in memory that registers are loaded from.

use std::cell::Cell;
use std::fmt;
use std::ops::Deref;

use super::PADDING;

/// Bytes of the widest register, and of a line of the cache.
const LINE: usize = 8 * PADDING;

/// Numbers that several readers and one writer at a time share; the first lies at the start of a line of the cache,
/// so that no register is read from two.
pub(crate) struct Array {
    memory: Vec<Cell<f64>>,
    start: usize,
    n: usize,
}

impl Array {
    /// `n` times the value.
    pub(crate) fn new(n: usize, value: f64) -> Self {
        let memory = vec![Cell::new(value); n + PADDING];
        let start = memory.as_ptr().align_offset(LINE).min(PADDING);
        Self { memory, start, n }
    }
}

impl FromIterator<f64> for Array {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        let array = Self::new(values.len(), 0.0);
        array.iter().zip(&values).for_each(|(cell, value)| cell.set(*value));
        array
    }
}

impl Deref for Array {
    type Target = [Cell<f64>];

    fn deref(&self) -> &[Cell<f64>] {
        &self.memory[self.start..self.start + self.n]
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Cell::get)).finish()
    }
}

/// Sets all numbers of an array.
pub(crate) fn fill(array: &[Cell<f64>], value: f64) {
    array.iter().for_each(|cell| cell.set(value));
}
