//! Bytes of the instructions that a program needs, on registers of 256 and 512 bits.
//!
//! # Source
//! Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, sections 2.3 (VEX) and 2.7 (EVEX).

/// Size of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Bits256,
    Bits512,
}

/// Bytes of the room of a temporary.
const LINE: i32 = 64;

impl Width {
    /// Bytes of a register.
    pub(super) fn bytes(self) -> u8 {
        match self {
            Self::Bits256 => 32,
            Self::Bits512 => 64,
        }
    }

    /// Bytes that a constant takes: one number where an instruction spreads it itself, else a register.
    pub(super) fn constant_bytes(self) -> i32 {
        match self {
            Self::Bits256 => 32,
            Self::Bits512 => 8,
        }
    }
}

/// A register of numbers, 0 to 15, at 512 bits to 31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Register(pub(super) u8);

/// A general register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum General {
    Rcx = 1,
    Rdi = 7,
    R8 = 8,
}

/// The operand that may lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operand {
    Register(Register),
    /// Room of a temporary, by its number.
    Temporary(i32),
    /// A constant, by its number.
    Constant(i32),
    /// `[rax + rsi]`, as many registers on.
    Indexed(u8),
}

/// Name of an instruction: map of opcodes, prefix and opcode; all work on doubles or quadwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instruction {
    /// 1 for `0F`, 2 for `0F38`, 3 for `0F3A`.
    map: u8,
    opcode: u8,
    /// Bit W where the instruction exists with VEX.
    vex_w: bool,
}

const fn simple(opcode: u8) -> Instruction {
    Instruction { map: 1, opcode, vex_w: false }
}

const fn fused(opcode: u8) -> Instruction {
    Instruction { map: 2, opcode, vex_w: true }
}

pub(super) const LOAD: Instruction = simple(0x10);
pub(super) const STORE: Instruction = simple(0x11);
pub(super) const ADD: Instruction = simple(0x58);
pub(super) const MULTIPLY: Instruction = simple(0x59);
pub(super) const SUBTRACT: Instruction = simple(0x5c);
pub(super) const MINIMUM: Instruction = simple(0x5d);
pub(super) const DIVIDE: Instruction = simple(0x5e);
pub(super) const MAXIMUM: Instruction = simple(0x5f);
pub(super) const SQUARE_ROOT: Instruction = simple(0x51);
pub(super) const AND: Instruction = simple(0x54);
pub(super) const OR_BITS: Instruction = simple(0xeb);
pub(super) const AND_BITS: Instruction = simple(0xdb);
pub(super) const ADD_INTEGERS: Instruction = simple(0xd4);
/// `first = second first + third`.
pub(super) const FUSED_213: Instruction = fused(0xa8);
/// `first = second third + first`.
pub(super) const FUSED_231: Instruction = fused(0xb8);
/// `first = third - second first`.
pub(super) const FUSED_NEGATIVE_213: Instruction = fused(0xac);
/// `first = first - second third`.
pub(super) const FUSED_NEGATIVE_231: Instruction = fused(0xbc);
/// Reciprocal to 14 bits; 512 bits only.
pub(super) const ROUGH_RECIPROCAL: Instruction = Instruction { map: 2, opcode: 0x4c, vex_w: true };
/// Comparison into a mask; at 512 bits the target is a mask register.
const COMPARE: Instruction = simple(0xc2);
const SHIFT: Instruction = simple(0x73);
/// One number in every place of a register.
const BROADCAST: Instruction = Instruction { map: 2, opcode: 0x19, vex_w: false };
const BLEND_512: Instruction = Instruction { map: 2, opcode: 0x65, vex_w: true };
const BLEND_256: Instruction = Instruction { map: 3, opcode: 0x4b, vex_w: false };

/// Code under construction.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) bytes: Vec<u8>,
    width: Width,
}

/// What stands in the fields of an instruction.
#[derive(Clone, Copy)]
struct Fields {
    /// Field `reg` of ModRM.
    reg: u8,
    /// Field `vvvv`.
    second: u8,
    operand: Operand,
    mask: u8,
}

impl Code {
    pub(super) fn new(width: Width) -> Self {
        Self { bytes: Vec::new(), width }
    }

    /// `to = instruction(second, operand)`; of those with one operand `second` is `None`.
    pub(super) fn vector(
        &mut self,
        instruction: Instruction,
        to: Register,
        second: Option<Register>,
        operand: Operand,
    ) {
        let is_spread =
            instruction == LOAD && self.width == Width::Bits512 && matches!(operand, Operand::Constant(_));
        let instruction = if is_spread { BROADCAST } else { instruction };
        let fields = Fields { reg: to.0, second: second.map_or(0, |second| second.0), operand, mask: 0 };
        self.emit(instruction, fields);
    }

    /// `to = operand` shifted by `count` bits, to the left or to the right.
    pub(super) fn shift(&mut self, to: Register, from: Register, count: i8) {
        let kind = if count > 0 { 6 } else { 2 };
        self.emit(SHIFT, Fields { reg: kind, second: to.0, operand: Operand::Register(from), mask: 0 });
        self.bytes.push(count.unsigned_abs());
    }

    /// `to = if a < b { then } else { otherwise }`, `a <= b` where equal counts; `spare` is overwritten at 256 bits.
    pub(super) fn choose(
        &mut self,
        (a, b, or_equal): (Register, Operand, bool),
        (to, then, otherwise): (Register, Register, Register),
        spare: Register,
    ) {
        const LESS: u8 = 0x11;
        const LESS_EQUAL: u8 = 0x12;
        let predicate = if or_equal { LESS_EQUAL } else { LESS };
        match self.width {
            Width::Bits512 => {
                self.emit(COMPARE, Fields { reg: 1, second: a.0, operand: b, mask: 0 });
                self.bytes.push(predicate);
                let operand = Operand::Register(then);
                self.emit(BLEND_512, Fields { reg: to.0, second: otherwise.0, operand, mask: 1 });
            }
            Width::Bits256 => {
                self.emit(COMPARE, Fields { reg: spare.0, second: a.0, operand: b, mask: 0 });
                self.bytes.push(predicate);
                let operand = Operand::Register(then);
                self.emit(BLEND_256, Fields { reg: to.0, second: otherwise.0, operand, mask: 0 });
                self.bytes.push(spare.0 << 4);
            }
        }
    }

    /// `rax = [rdi + 8 idx]`.
    pub(super) fn load_pointer(&mut self, idx: usize) {
        let displacement = i32::try_from(8 * idx).expect("channels have few arrays");
        self.bytes.extend([0x48, 0x8b]);
        self.based((0, General::Rdi), displacement, 1);
    }

    /// `rsi += bytes`, and back to `start` while `rsi < rdx`; then return.
    pub(super) fn end_loop(&mut self, start: usize, bytes: u8) {
        self.bytes.extend([0x48, 0x81, 0xc6, bytes, 0, 0, 0]); // add rsi, bytes
        self.bytes.extend([0x48, 0x39, 0xd6]); // cmp rsi, rdx
        self.bytes.extend([0x0f, 0x82]); // jb start
        let after = self.bytes.len() + 4;
        let back = i32::try_from(after - start).expect("code is far below 2 GiB");
        self.bytes.extend((-back).to_le_bytes());
        self.bytes.extend([0xc5, 0xf8, 0x77, 0xc3]); // vzeroupper, ret
    }

    fn emit(&mut self, instruction: Instruction, fields: Fields) {
        match self.width {
            Width::Bits256 => self.vex(instruction, fields),
            Width::Bits512 => self.evex(instruction, fields),
        }
        self.bytes.push(instruction.opcode);
        self.mod_rm(fields);
    }

    fn vex(&mut self, instruction: Instruction, fields: Fields) {
        let bit = |value: u8, at: u8| (value >> at) & 1;
        let base = base_of(fields.operand);
        let first = (1 - bit(fields.reg, 3)) << 7 | 1 << 6 | (1 - bit(base, 3)) << 5 | instruction.map;
        let second = u8::from(instruction.vex_w) << 7 | (!fields.second & 0xf) << 3 | 1 << 2 | 1;
        self.bytes.extend([0xc4, first, second]);
    }

    fn evex(&mut self, instruction: Instruction, fields: Fields) {
        let inverted = |value: u8, at: u8| 1 - ((value >> at) & 1);
        let base = base_of(fields.operand);
        let first = inverted(fields.reg, 3) << 7
            | inverted(base, 4) << 6
            | inverted(base, 3) << 5
            | inverted(fields.reg, 4) << 4
            | instruction.map;
        let second = 1 << 7 | (!fields.second & 0xf) << 3 | 1 << 2 | 1;
        let broadcast = u8::from(matches!(fields.operand, Operand::Constant(_)) && instruction != BROADCAST);
        let third = 0b10 << 5 | broadcast << 4 | inverted(fields.second, 4) << 3 | fields.mask;
        self.bytes.extend([0x62, first, second, third]);
    }

    fn mod_rm(&mut self, fields: Fields) {
        let reg = fields.reg & 7;
        // A displacement of one byte counts in operands at 512 bits, in bytes at 256.
        let is_wide = self.width == Width::Bits512;
        let unit = |bytes: i32| if is_wide { bytes } else { 1 };
        match fields.operand {
            Operand::Register(register) => self.bytes.push(0xc0 | reg << 3 | (register.0 & 7)),
            Operand::Temporary(idx) => self.based((reg, General::R8), LINE * idx, unit(LINE)),
            Operand::Constant(idx) => {
                self.based((reg, General::Rcx), self.width.constant_bytes() * idx, unit(8));
            }
            // SIB: scale 1, index rsi, base rax.
            Operand::Indexed(0) => self.bytes.extend([reg << 3 | 4, 6 << 3]),
            Operand::Indexed(n) => {
                let displacement = if is_wide { n } else { n * self.width.bytes() };
                self.bytes.extend([0x40 | reg << 3 | 4, 6 << 3, displacement]);
            }
        }
    }

    /// `[base + displacement]`; in one byte where it fits in multiples of the unit.
    fn based(&mut self, (reg, base): (u8, General), displacement: i32, unit: i32) {
        let short = i8::try_from(displacement / unit).ok().filter(|_| displacement % unit == 0);
        let is_long = short.is_none();
        self.bytes.push(if is_long { 0x80 } else { 0x40 } | reg << 3 | (base as u8 & 7));
        match short {
            Some(short) => self.bytes.extend(short.to_le_bytes()),
            None => self.bytes.extend(displacement.to_le_bytes()),
        }
    }
}

/// Bits 3 and 4 of what stands in ModRM's `rm`; bit 4 only of a register.
fn base_of(operand: Operand) -> u8 {
    match operand {
        Operand::Register(register) => register.0,
        Operand::Temporary(_) => General::R8 as u8,
        Operand::Constant(_) => General::Rcx as u8,
        Operand::Indexed(_) => 0,
    }
}
