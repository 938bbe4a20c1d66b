//! Programs on arrays: block after block, operation after operation.
#![expect(
    unsafe_code,
    reason = "operations read and write blocks through pointers whose lengths are checked once"
)]

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use super::graph::Input;
use super::linear::{Code, Operand, Operation, Output, Program, Work};
use crate::lanes::{Array, Instructions, Kernel, Lanes, PADDING, dispatch, exponential, linoid, logarithm};

/// Numbers that an operation works on before the next one; all temporaries of a block stay in the fastest cache.
pub(crate) const BLOCK: usize = 64;

/// A program ready for the instructions of a processor.
pub(crate) struct Executable {
    program: Program,
    /// Each constant [`PADDING`] times.
    constants: Array,
    #[cfg(target_arch = "x86_64")]
    native: Option<super::native::Native>,
}

impl fmt::Debug for Executable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.program.fmt(f)
    }
}

impl Executable {
    /// A program as instructions of the processor where they can be made, else interpreted.
    pub(crate) fn new(program: Program, instructions: Instructions) -> Self {
        #[cfg(target_arch = "x86_64")]
        if instructions.is_available() && !program.operations.is_empty() {
            let native = super::native::Native::new(&program, instructions);
            return Self { native, ..Self::interpreted(program) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = instructions;
        Self::interpreted(program)
    }

    /// A program that is executed operation after operation.
    pub(crate) fn interpreted(program: Program) -> Self {
        Self {
            constants: program.constants.iter().flat_map(|value| [*value; PADDING]).collect(),
            program,
            #[cfg(target_arch = "x86_64")]
            native: None,
        }
    }

    pub(crate) fn work(&self) -> Work {
        self.program.work()
    }

    pub(crate) fn inputs(&self) -> &[Input] {
        &self.program.inputs
    }

    pub(crate) fn outputs(&self) -> &[Output] {
        &self.program.outputs
    }

    /// The program with an array for each input, then each output; all of one length, a multiple of the padding.
    ///
    /// # Panics
    /// When an array is missing or of another length.
    pub(crate) fn bind<'a>(&'a self, arrays: &[&'a [Cell<f64>]]) -> Bound<'a> {
        let n_arrays = self.program.inputs.len() + self.program.outputs.len();
        assert!(arrays.len() == n_arrays, "{} arrays for {n_arrays}", arrays.len());
        let n = arrays.first().map_or(0, |array| array.len());
        assert!(
            arrays.iter().all(|array| array.len() == n) && n.is_multiple_of(PADDING),
            "arrays of unequal length"
        );
        let arrays = arrays.iter().map(|array| array.as_ptr().cast::<f64>().cast_mut()).collect();
        Bound { executable: self, arrays, n, lives: PhantomData }
    }
}

/// A program on arrays.
pub(crate) struct Bound<'a> {
    executable: &'a Executable,
    /// One per input, then one per output.
    arrays: Vec<*mut f64>,
    n: usize,
    lives: PhantomData<&'a [Cell<f64>]>,
}

impl Bound<'_> {
    /// Executes the program once.
    pub(crate) fn execute(&self, workspace: &mut Workspace) {
        if self.n == 0 {
            return;
        }
        workspace.reserve(self.executable.program.n_temporaries * BLOCK);
        let temporaries = workspace.temporaries.as_ptr().cast::<f64>().cast_mut();
        #[cfg(target_arch = "x86_64")]
        if let Some(native) = &self.executable.native {
            // SAFETY: the arrays were checked to be as many as the program has, and of `n` numbers; there is a block
            // for every temporary; the instructions were checked to be available.
            unsafe { native.execute(&self.arrays, self.n, temporaries) };
            return;
        }
        dispatch(workspace.instructions, Execution { bound: self, temporaries });
    }
}

/// What programs are executed with.
pub(crate) struct Workspace {
    instructions: Instructions,
    temporaries: Array,
}

impl Workspace {
    pub(crate) fn new(instructions: Instructions) -> Self {
        Self { instructions, temporaries: Array::new(0, 0.0) }
    }

    fn reserve(&mut self, n: usize) {
        if self.temporaries.len() < n {
            self.temporaries = Array::new(n, 0.0);
        }
    }
}

struct Execution<'a> {
    bound: &'a Bound<'a>,
    temporaries: *mut f64,
}

/// Where an operand lies, and how far on its next register does.
#[derive(Clone, Copy)]
struct Place {
    at: *mut f64,
    step: usize,
}

impl Kernel for Execution<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes, S: Lanes>(self) {
        for first in (0..self.bound.n).step_by(BLOCK) {
            let n_registers = BLOCK.min(self.bound.n - first) / V::WIDTH;
            for operation in &self.bound.executable.program.operations {
                let places = operation.operands.map(|operand| self.place::<V>(operand, first));
                // SAFETY: every place holds `n_registers` registers from `first` on, by the checks of `Executable::bind`.
                unsafe { perform::<V>(operation, places, self.target(operation, first), n_registers) };
            }
        }
    }
}

impl Execution<'_> {
    #[inline(always)]
    fn place<V: Lanes>(&self, operand: Operand, first: usize) -> Place {
        // SAFETY: indices of a program lie within its lists, and `first` within the arrays.
        unsafe {
            match operand {
                Operand::Temporary(idx) => {
                    Place { at: self.temporaries.add(usize::from(idx) * BLOCK), step: V::WIDTH }
                }
                Operand::Constant(idx) => {
                    let constants = self.bound.executable.constants.as_ptr().cast::<f64>().cast_mut();
                    Place { at: constants.add(usize::from(idx) * PADDING), step: 0 }
                }
                Operand::Input(idx) => {
                    Place { at: self.bound.arrays.get_unchecked(usize::from(idx)).add(first), step: V::WIDTH }
                }
            }
        }
    }

    #[inline(always)]
    fn target(&self, operation: &Operation, first: usize) -> *mut f64 {
        let to = usize::from(operation.to);
        // SAFETY: indices of a program lie within its lists, and `first` within the arrays.
        unsafe {
            match operation.code {
                Code::Store => self
                    .bound
                    .arrays
                    .get_unchecked(self.bound.executable.program.inputs.len() + to)
                    .add(first),
                _ => self.temporaries.add(to * BLOCK),
            }
        }
    }
}

/// # Safety
/// All places are valid for `n_registers` registers.
#[inline(always)]
unsafe fn perform<V: Lanes>(operation: &Operation, places: [Place; 4], to: *mut f64, n_registers: usize) {
    macro_rules! each {
        (|$($name:ident),+| $value:expr) => {{
            for idx in 0..n_registers {
                let mut place = places.iter();
                // SAFETY: the caller's.
                unsafe {
                    $(let $name = place.next().map_or_else(|| V::splat(0.0), |p| V::load(p.at.add(idx * p.step)));)+
                    $value.store(to.add(idx * V::WIDTH));
                }
            }
        }};
    }
    match operation.code {
        Code::Add => each!(|a, b| a.add(b)),
        Code::Subtract => each!(|a, b| a.sub(b)),
        Code::Multiply => each!(|a, b| a.mul(b)),
        Code::MultiplyAdd => each!(|a, b, c| a.mul_add(b, c)),
        Code::NegMultiplyAdd => each!(|a, b, c| a.neg_mul_add(b, c)),
        Code::Minimum => each!(|a, b| a.min(b)),
        Code::Maximum => each!(|a, b| a.max(b)),
        Code::Reciprocal => each!(|a| a.reciprocal()),
        Code::Exponential => each!(|a| exponential(a)),
        Code::Logarithm => each!(|a| logarithm(a)),
        Code::SquareRoot => each!(|a| a.sqrt()),
        Code::Absolute => each!(|a| a.abs()),
        Code::Linoid => each!(|a, b, c, d| linoid(a, b, c, d)),
        Code::ChooseLess => each!(|a, b, c, d| c.select(a.less(b), d)),
        Code::ChooseLessEqual => each!(|a, b, c, d| c.select(a.less_equal(b), d)),
        Code::Store => each!(|a| a),
    }
}
