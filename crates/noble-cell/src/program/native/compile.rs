//! A program as instructions: temporaries in registers, the rest in memory.
//!
//! The code is a loop over registers of elements: `rdi` holds the table of array pointers, `rsi` the place in bytes,
//! `rdx` its end, `rcx` the constants, `r8` room for what does not fit the registers. Each operation is the sequence
//! that [`crate::lanes`] makes of it, so the bits are the interpreter's.

use super::encode::{
    ADD, ADD_INTEGERS, AND, AND_BITS, Code, DIVIDE, FUSED_213, FUSED_231, FUSED_NEGATIVE_213,
    FUSED_NEGATIVE_231, Instruction, LOAD, MAXIMUM, MINIMUM, MULTIPLY, OR_BITS, Operand, ROUGH_RECIPROCAL,
    Register, SQUARE_ROOT, STORE, SUBTRACT, Width,
};
use crate::lanes::{BITS, EXPONENTIAL, LARGEST, LEAST, LN2_HIGH, LN2_LOW, LOGARITHM, SHIFT};
use crate::program::linear::{self, Operation, Program};

/// Registers that sequences of instructions use for themselves: the last eight.
const N_SCRATCH: u8 = 8;

/// Every how many reciprocals one is refined by multiplications in place of a division, at 512 bits.
const REFINED_EVERY: usize = 4;

/// Instructions and the constants that they read.
pub(super) struct Compiled {
    pub(super) bytes: Vec<u8>,
    /// Where the code for single registers begins; that for two at once begins at zero.
    pub(super) single_at: usize,
    /// As often as the code reads it.
    pub(super) constants: Vec<f64>,
}

/// The code of a program for registers of a width.
///
/// Most operations wait for the one before; so two registers of elements are worked on in turns, and what is left of an
/// odd number by code of its own.
pub(super) fn compile(program: &Program, width: Width) -> Compiled {
    let n_registers = if width == Width::Bits512 { 32 } else { 16 };
    let mut compiler = Compiler {
        n_inputs: program.inputs.len(),
        width,
        code: Code::new(width),
        constants: program.constants.clone(),
        events: Vec::new(),
        places: Vec::new(),
        owners: vec![None; usize::from(n_registers - N_SCRATCH)],
        first_scratch: n_registers - N_SCRATCH,
        at: 0,
        copy: 0,
        n_reciprocals: 0,
    };
    compiler.function(program, 2);
    let single_at = compiler.code.bytes.len();
    compiler.function(program, 1);
    let n_repeats = usize::try_from(width.constant_bytes() / 8).expect("it is positive");
    Compiled {
        bytes: compiler.code.bytes,
        single_at,
        constants: compiler.constants.iter().flat_map(|value| vec![*value; n_repeats]).collect(),
    }
}

/// Operations of several copies of a program in turns, each with temporaries of its own, and the copy of each.
fn in_turns(program: &Program, n_copies: u8) -> Vec<(Operation, u8)> {
    let count = |n: usize| u16::try_from(n).expect("channels have few values");
    let mut operations = Vec::with_capacity(program.operations.len() * usize::from(n_copies));
    for operation in &program.operations {
        for copy in 0..n_copies {
            let own = |idx: u16| idx + count(program.n_temporaries * usize::from(copy));
            let operands = operation.operands.map(|operand| match operand {
                linear::Operand::Temporary(idx) => linear::Operand::Temporary(own(idx)),
                other => other,
            });
            let is_store = operation.code == linear::Code::Store;
            let to = if is_store { operation.to } else { own(operation.to) };
            operations.push((Operation { to, operands, ..*operation }, copy));
        }
    }
    operations
}

/// A temporary is read, or written, by an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Event {
    at: usize,
    is_read: bool,
}

fn events_of(operations: &[(Operation, u8)], n_temporaries: usize) -> Vec<Vec<Event>> {
    let mut events = vec![Vec::new(); n_temporaries];
    for (at, (operation, _)) in operations.iter().enumerate() {
        for operand in operation.operands {
            if let linear::Operand::Temporary(idx) = operand {
                events[usize::from(idx)].push(Event { at, is_read: true });
            }
        }
        if operation.code != linear::Code::Store {
            events[usize::from(operation.to)].push(Event { at, is_read: false });
        }
    }
    events
}

/// Where a temporary lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Register(Register),
    /// In its slot of the memory at `r8`.
    Memory,
}

struct Compiler {
    /// Outputs follow them in the table of arrays.
    n_inputs: usize,
    width: Width,
    code: Code,
    constants: Vec<f64>,
    /// Reads and writes of each temporary, in order.
    events: Vec<Vec<Event>>,
    places: Vec<Option<Place>>,
    /// Temporary in each register.
    owners: Vec<Option<u16>>,
    first_scratch: u8,
    /// Operation in work.
    at: usize,
    /// Copy of the program that it belongs to.
    copy: u8,
    n_reciprocals: usize,
}

impl Compiler {
    /// A loop over as many registers at once.
    fn function(&mut self, program: &Program, n_copies: u8) {
        let start = self.code.bytes.len();
        let operations = in_turns(program, n_copies);
        let n_temporaries = program.n_temporaries * usize::from(n_copies);
        self.events = events_of(&operations, n_temporaries);
        self.places = vec![None; n_temporaries];
        self.owners.fill(None);
        for (at, (operation, copy)) in operations.iter().enumerate() {
            (self.at, self.copy) = (at, *copy);
            self.operation(operation);
            self.release_dead(operation);
        }
        self.code.end_loop(start, self.width.bytes() * n_copies);
    }

    fn scratch(&self, idx: u8) -> Register {
        Register(self.first_scratch + idx)
    }

    fn constant(&mut self, value: f64) -> Operand {
        let known = self.constants.iter().position(|known| known.to_bits() == value.to_bits());
        let idx = known.unwrap_or_else(|| {
            self.constants.push(value);
            self.constants.len() - 1
        });
        Operand::Constant(number(idx))
    }

    /// An operand for the place that may lie in memory; of inputs the pointer is fetched, so it serves the next
    /// instruction alone.
    fn any(&mut self, operand: linear::Operand) -> Operand {
        match operand {
            linear::Operand::Temporary(idx) => match self.places[usize::from(idx)] {
                Some(Place::Register(register)) => Operand::Register(register),
                _ => Operand::Temporary(number(usize::from(idx))),
            },
            linear::Operand::Constant(idx) => Operand::Constant(number(usize::from(idx))),
            linear::Operand::Input(idx) => {
                self.code.load_pointer(usize::from(idx));
                Operand::Indexed(self.copy)
            }
        }
    }

    /// An operand in a register: its own, or a scratch register that it is loaded to.
    fn register(&mut self, operand: linear::Operand, scratch: u8) -> Register {
        match self.any(operand) {
            Operand::Register(register) => register,
            memory => {
                let to = self.scratch(scratch);
                self.code.vector(LOAD, to, None, memory);
                to
            }
        }
    }

    fn is_in_register(&self, operand: linear::Operand) -> bool {
        matches!(operand, linear::Operand::Temporary(idx)
            if matches!(self.places[usize::from(idx)], Some(Place::Register(_))))
    }

    /// The next operation from a place on that reads a temporary before it is written again.
    fn next_use(&self, temporary: u16, from: usize) -> Option<usize> {
        let events = &self.events[usize::from(temporary)];
        let next = events.get(events.partition_point(|event| event.at < from));
        next.filter(|event| event.is_read).map(|event| event.at)
    }

    /// The register that an operation writes its temporary to.
    fn target(&mut self, operation: &Operation) -> Register {
        let to = operation.to;
        if let Some(Place::Register(register)) = self.places[usize::from(to)] {
            return register;
        }
        let free = self.owners.iter().position(Option::is_none);
        let idx = free.unwrap_or_else(|| self.spill(operation));
        let register = Register(u8::try_from(idx).expect("registers are few"));
        self.owners[idx] = Some(to);
        self.places[usize::from(to)] = Some(Place::Register(register));
        register
    }

    /// Frees the register whose temporary is needed last; operands of the present operation stay.
    fn spill(&mut self, operation: &Operation) -> usize {
        let distance = |owner: &Option<u16>| {
            let temporary = owner.expect("every register is taken");
            let is_operand = operation.operands.contains(&linear::Operand::Temporary(temporary));
            if is_operand { 0 } else { self.next_use(temporary, self.at + 1).unwrap_or(usize::MAX) }
        };
        let last = self.owners.iter().enumerate().max_by_key(|(_, owner)| distance(owner));
        let idx = last.map(|(idx, _)| idx).expect("there are registers");
        let temporary = self.owners[idx].expect("every register is taken");
        let register = Register(u8::try_from(idx).expect("registers are few"));
        self.code.vector(STORE, register, None, Operand::Temporary(number(usize::from(temporary))));
        self.places[usize::from(temporary)] = Some(Place::Memory);
        idx
    }

    fn release_dead(&mut self, operation: &Operation) {
        for operand in operation.operands {
            let linear::Operand::Temporary(temporary) = operand else { continue };
            let is_written = operation.code != linear::Code::Store && operation.to == temporary;
            if is_written || self.next_use(temporary, self.at + 1).is_some() {
                continue;
            }
            if let Some(Place::Register(register)) = self.places[usize::from(temporary)].take() {
                self.owners[usize::from(register.0)] = None;
            }
        }
    }

    fn operation(&mut self, operation: &Operation) {
        let [a, b, c, d] = operation.operands;
        match operation.code {
            linear::Code::Add => self.commutative(ADD, operation),
            linear::Code::Multiply => self.commutative(MULTIPLY, operation),
            linear::Code::Subtract => self.binary(SUBTRACT, operation),
            linear::Code::Minimum => self.binary(MINIMUM, operation),
            linear::Code::Maximum => self.binary(MAXIMUM, operation),
            linear::Code::MultiplyAdd => self.fused([FUSED_213, FUSED_231], operation),
            linear::Code::NegMultiplyAdd => self.fused([FUSED_NEGATIVE_213, FUSED_NEGATIVE_231], operation),
            linear::Code::Reciprocal => self.reciprocal(operation),
            linear::Code::Exponential => self.exponential(operation),
            linear::Code::Logarithm => self.logarithm(operation),
            linear::Code::SquareRoot => {
                let from = self.register(a, 0);
                let to = self.target(operation);
                self.code.vector(SQUARE_ROOT, to, None, Operand::Register(from));
            }
            linear::Code::Absolute => {
                let from = self.register(a, 0);
                let (to, mask) = (self.target(operation), self.constant(BITS.not_sign));
                self.code.vector(AND, to, Some(from), mask);
            }
            linear::Code::Linoid => self.linoid(operation),
            linear::Code::ChooseLess | linear::Code::ChooseLessEqual => {
                let (a, then) = (self.register(a, 0), self.register(c, 1));
                let (otherwise, b) = (self.register(d, 2), self.register(b, 3));
                let to = self.target(operation);
                let or_equal = operation.code == linear::Code::ChooseLessEqual;
                let spare = self.scratch(4);
                self.code.choose((a, Operand::Register(b), or_equal), (to, then, otherwise), spare);
            }
            linear::Code::Store => {
                let from = self.register(a, 0);
                let array = self.n_inputs + usize::from(operation.to);
                self.code.load_pointer(array);
                self.code.vector(STORE, from, None, Operand::Indexed(self.copy));
            }
        }
    }

    fn binary(&mut self, instruction: Instruction, operation: &Operation) {
        let (a, b) = (self.register(operation.operands[0], 0), self.any(operation.operands[1]));
        let to = self.target(operation);
        self.code.vector(instruction, to, Some(a), b);
    }

    fn commutative(&mut self, instruction: Instruction, operation: &Operation) {
        let mut swapped = *operation;
        if !self.is_in_register(operation.operands[0]) {
            swapped.operands.swap(0, 1);
        }
        self.binary(instruction, &swapped);
    }

    /// `± a b + c`, in the form whose target is the operand that is overwritten.
    fn fused(&mut self, [form_213, form_231]: [Instruction; 2], operation: &Operation) {
        let [mut a, mut b, c, _] = operation.operands;
        let own = linear::Operand::Temporary(operation.to);
        if b == own {
            std::mem::swap(&mut a, &mut b);
        }
        if a == own && b != own && c != own && self.is_in_register(a) {
            let b = self.register(b, 0);
            let (to, c) = (self.target(operation), self.any(c));
            self.code.vector(form_213, to, Some(b), c);
            return;
        }
        if !self.is_in_register(a) {
            std::mem::swap(&mut a, &mut b);
        }
        let is_in_place = c == own && a != own && b != own && self.is_in_register(c);
        let (a_operand, a) = (a, self.register(a, 0));
        if is_in_place {
            let (to, b) = (self.target(operation), self.any(b));
            self.code.vector(form_231, to, Some(a), b);
            return;
        }
        let is_free = [a_operand, b, c].iter().all(|operand| *operand != own);
        let sum = if is_free { self.target(operation) } else { self.scratch(1) };
        let start = self.any(c);
        self.code.vector(LOAD, sum, None, start);
        let b = self.any(b);
        self.code.vector(form_231, sum, Some(a), b);
        if !is_free {
            let to = self.target(operation);
            self.code.vector(LOAD, to, None, Operand::Register(sum));
        }
    }

    /// Both ways round to the nearest number, the second by three steps of Newton (Markstein 1990); the divider and the
    /// multipliers work beside each other.
    fn reciprocal(&mut self, operation: &Operation) {
        let one = self.constant(1.0);
        let x = self.register(operation.operands[0], 0);
        self.n_reciprocals += 1;
        if self.width == Width::Bits256 || !self.n_reciprocals.is_multiple_of(REFINED_EVERY) {
            let (number, to) = (self.scratch(1), self.target(operation));
            self.code.vector(LOAD, number, None, one);
            self.code.vector(DIVIDE, to, Some(number), Operand::Register(x));
            return;
        }
        let (mut y, mut e) = (self.scratch(1), self.scratch(2));
        self.code.vector(ROUGH_RECIPROCAL, y, None, Operand::Register(x));
        for _ in 0..3 {
            self.code.vector(LOAD, e, None, Operand::Register(y));
            self.code.vector(FUSED_NEGATIVE_213, e, Some(x), one);
            self.code.vector(FUSED_213, e, Some(y), Operand::Register(y));
            std::mem::swap(&mut y, &mut e);
        }
        let to = self.target(operation);
        self.code.vector(LOAD, to, None, Operand::Register(y));
    }

    fn exponential(&mut self, operation: &Operation) {
        let s = |idx: u8| Register(self.first_scratch + idx);
        let (x, shifted, square, even, odd) = (s(0), s(1), s(2), s(3), s(4));
        let [least, largest, shift] = [LEAST, LARGEST, SHIFT].map(|value| self.constant(value));
        let [log2_e, high, low, one] =
            [std::f64::consts::LOG2_E, LN2_HIGH, LN2_LOW, 1.0].map(|value| self.constant(value));
        self.code.vector(LOAD, shifted, None, least);
        let argument = self.any(operation.operands[0]);
        self.code.vector(MAXIMUM, x, Some(shifted), argument);
        self.code.vector(LOAD, shifted, None, largest);
        self.code.vector(MINIMUM, x, Some(shifted), Operand::Register(x));
        self.code.vector(LOAD, shifted, None, shift);
        self.code.vector(FUSED_231, shifted, Some(x), log2_e);
        self.code.vector(SUBTRACT, square, Some(shifted), shift);
        self.code.vector(FUSED_NEGATIVE_231, x, Some(square), high);
        self.code.vector(FUSED_NEGATIVE_231, x, Some(square), low);
        self.code.vector(MULTIPLY, square, Some(x), Operand::Register(x));
        for (sum, first) in [(even, 8), (odd, 9)] {
            let start = self.constant(EXPONENTIAL[first]);
            self.code.vector(LOAD, sum, None, start);
            for idx in (0..first - 1).rev().step_by(2) {
                let coefficient = self.constant(EXPONENTIAL[idx]);
                self.code.vector(FUSED_213, sum, Some(square), coefficient);
            }
        }
        self.code.vector(FUSED_213, odd, Some(x), Operand::Register(even));
        self.code.vector(FUSED_231, x, Some(square), Operand::Register(odd));
        self.code.vector(ADD, x, Some(x), one);
        self.code.shift(shifted, shifted, 52);
        let to = self.target(operation);
        self.code.vector(ADD_INTEGERS, to, Some(x), Operand::Register(shifted));
    }

    fn logarithm(&mut self, operation: &Operation) {
        let s = |idx: u8| Register(self.first_scratch + idx);
        let (f, e, ratio, z, series, less) = (s(0), s(1), s(2), s(3), s(4), s(5));
        let [one, two, zero, high, low] =
            [1.0, 2.0, 0.0, LN2_HIGH, LN2_LOW].map(|value| self.constant(value));
        let [above, two_to_52, bias, mantissa, half_root] =
            [BITS.one_above_half_root, BITS.two_to_52, BITS.bias, BITS.mantissa, BITS.half_root]
                .map(|value| self.constant(value));
        let x = self.register(operation.operands[0], 6);
        self.code.vector(ADD_INTEGERS, f, Some(x), above);
        self.code.shift(e, f, -52);
        self.code.vector(OR_BITS, e, Some(e), two_to_52);
        self.code.vector(SUBTRACT, e, Some(e), bias);
        self.code.vector(AND_BITS, f, Some(f), mantissa);
        self.code.vector(ADD_INTEGERS, f, Some(f), half_root);
        self.code.vector(SUBTRACT, f, Some(f), one);
        self.code.vector(ADD, ratio, Some(f), two);
        self.code.vector(DIVIDE, ratio, Some(f), Operand::Register(ratio));
        self.code.vector(MULTIPLY, z, Some(ratio), Operand::Register(ratio));
        for (idx, coefficient) in LOGARITHM.iter().enumerate().rev() {
            let coefficient = self.constant(*coefficient);
            match idx {
                7 => self.code.vector(LOAD, series, None, coefficient),
                _ => self.code.vector(FUSED_213, series, Some(z), coefficient),
            }
        }
        self.code.vector(LOAD, less, None, Operand::Register(f));
        self.code.vector(FUSED_NEGATIVE_231, less, Some(z), Operand::Register(series));
        self.code.vector(MULTIPLY, less, Some(ratio), Operand::Register(less));
        self.code.vector(LOAD, series, None, zero);
        self.code.vector(FUSED_231, series, Some(e), low);
        self.code.vector(SUBTRACT, series, Some(series), Operand::Register(less));
        self.code.vector(ADD, series, Some(series), Operand::Register(f));
        self.code.vector(FUSED_231, series, Some(e), high);
        let [least, not_a_number] = [f64::MIN_POSITIVE, f64::NAN].map(|value| self.constant(value));
        self.code.vector(LOAD, f, None, least);
        self.code.vector(LOAD, z, None, not_a_number);
        let to = self.target(operation);
        self.code.choose((f, Operand::Register(x), true), (to, series, z), less);
    }

    fn linoid(&mut self, operation: &Operation) {
        let s = |idx: u8| Register(self.first_scratch + idx);
        let (size, series, quotient, spare) = (s(0), s(1), s(2), s(3));
        let [a, b, c, d] = operation.operands;
        let [one, half, below, not_sign] =
            [1.0, 0.5, noble_data::channel::LINOID_SERIES_BELOW, BITS.not_sign]
                .map(|value| self.constant(value));
        let u = self.register(b, 4);
        self.code.vector(AND, size, Some(u), not_sign);
        self.code.vector(LOAD, series, None, one);
        self.code.vector(FUSED_NEGATIVE_231, series, Some(u), half);
        let k = self.any(c);
        self.code.vector(MULTIPLY, series, Some(series), k);
        let exponential = self.register(d, 5);
        self.code.vector(SUBTRACT, quotient, Some(exponential), one);
        let numerator = self.register(a, 6);
        self.code.vector(DIVIDE, quotient, Some(numerator), Operand::Register(quotient));
        let to = self.target(operation);
        self.code.choose((size, below, false), (to, series, quotient), spare);
    }
}

fn number(idx: usize) -> i32 {
    i32::try_from(idx).expect("channels have few values")
}
