//! Programs as instructions of this processor, made when a run is planned.
//!
//! The interpreter of [`super::execute`] fetches every number from the cache and puts it back; here a number stays in
//! its register. Where the system gives no executable memory, or the processor has neither AVX-512 nor AVX2, the
//! interpreter works alone; it judges the instructions, to the last bit.
#![expect(unsafe_code, reason = "instructions made here are entered through a pointer")]

mod compile;
mod encode;

use memmap2::{Mmap, MmapMut};

use super::linear::Program;
use crate::lanes::{Array, Instructions, PADDING};
use compile::{Compiled, compile};
use encode::Width;

/// `(table of arrays, first byte, last byte, constants, room for temporaries)`.
type Entry = unsafe extern "sysv64" fn(*const *mut f64, usize, usize, *const f64, *mut f64);

/// A program in executable memory.
pub(super) struct Native {
    memory: Mmap,
    single_at: usize,
    /// Numbers of two registers.
    pair: usize,
    constants: Array,
}

impl Native {
    /// `None` where it cannot be made.
    pub(super) fn new(program: &Program, instructions: Instructions) -> Option<Self> {
        let width = match instructions {
            Instructions::Avx512 => Width::Bits512,
            Instructions::Avx2 => Width::Bits256,
            Instructions::Portable => return None,
        };
        let Compiled { bytes, single_at, constants } = compile(program, width);
        let mut memory = MmapMut::map_anon(bytes.len()).ok()?;
        memory.copy_from_slice(&bytes);
        let memory = memory.make_exec().ok()?;
        let pair = 2 * usize::from(width.bytes()) / size_of::<f64>();
        Some(Self { memory, single_at, pair, constants: constants.into_iter().collect() })
    }

    /// Executes it on `n` elements of every array.
    ///
    /// # Safety
    /// The table has a pointer for every input and output of the program, each valid for `n` numbers; `n` is a multiple
    /// of the padding and not zero; `room` is valid for twice the padding times the program's temporaries; the processor has
    /// the instructions.
    pub(super) unsafe fn execute(&self, arrays: &[*mut f64], n: usize, room: *mut f64) {
        debug_assert!(n > 0 && n.is_multiple_of(PADDING));
        let in_pairs = n / self.pair * self.pair;
        for (at, range) in [(0, 0..in_pairs), (self.single_at, in_pairs..n)] {
            if range.is_empty() {
                continue;
            }
            // SAFETY: the memory holds a function of this type here.
            let entry = unsafe { std::mem::transmute::<*const u8, Entry>(self.memory.as_ptr().add(at)) };
            let [first, last] = [range.start, range.end].map(|idx| idx * size_of::<f64>());
            // SAFETY: the caller's.
            unsafe { entry(arrays.as_ptr(), first, last, self.constants.as_ptr().cast(), room) };
        }
    }
}
