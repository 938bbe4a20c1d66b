//! What an NMODL file says, before it is understood.

use std::collections::BTreeMap;

use super::problem::Problem;
use crate::channel::BinaryOperator;

/// A formula or a condition; NMODL does not tell them apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Formula {
    Number(f64),
    Name(String),
    Negate(Box<Formula>),
    Not(Box<Formula>),
    Binary(Operator, Box<Formula>, Box<Formula>),
    Call(String, Vec<Formula>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Arithmetic(BinaryOperator),
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    pub(super) line: usize,
    pub(super) kind: StatementKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum StatementKind {
    Local(Vec<String>),
    Assign {
        name: String,
        value: Formula,
    },
    /// `state' = value`.
    Derivative {
        state: String,
        value: Formula,
    },
    /// A call whose value, if any, is dropped.
    Call {
        name: String,
        arguments: Vec<Formula>,
    },
    If {
        condition: Formula,
        then: Vec<Statement>,
        otherwise: Vec<Statement>,
    },
    Solve {
        block: String,
        method: Option<String>,
        is_steady_state: bool,
    },
    /// `~ from <-> to (forward, backward)`.
    Reaction {
        from: String,
        to: String,
        forward: Formula,
        backward: Formula,
    },
    /// `~ left = right` of a LINEAR block, and CONSERVE.
    Equation {
        left: Formula,
        right: Formula,
        is_conserve: bool,
    },
    /// Without effect here, and why.
    Ignored(&'static str),
    /// Understood by nobody here, and what to do.
    Unsupported(String, &'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoutineKind {
    Function,
    Procedure,
    Derivative,
    Kinetic,
    Linear,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Routine {
    pub(super) kind: RoutineKind,
    pub(super) arguments: Vec<String>,
    pub(super) body: Vec<Statement>,
}

/// A declared value with its unit, as written between parentheses.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Declared {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) value: Option<f64>,
    pub(super) unit: Option<String>,
    /// `<0, …>`: no negative values.
    pub(super) is_bounded_by_zero: bool,
}

/// `USEION name READ … WRITE …`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct UseIon {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) reads: Vec<String>,
    pub(super) writes: Vec<String>,
}

/// A constant of UNITS: a physical one, or a number.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum UnitConstant {
    /// Unit between the first parentheses, such as `faraday`, and between the second.
    Physical(String, String),
    Number(f64),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct File {
    pub(super) title: Option<String>,
    pub(super) source: Option<String>,
    pub(super) suffix: Option<String>,
    /// Line of BREAKPOINT.
    pub(super) breakpoint_line: usize,
    pub(super) ions: Vec<UseIon>,
    pub(super) nonspecific: Vec<String>,
    pub(super) ranges: Vec<String>,
    pub(super) globals: Vec<String>,
    /// With their lines.
    pub(super) unit_constants: BTreeMap<String, (usize, UnitConstant)>,
    pub(super) parameters: Vec<Declared>,
    pub(super) constants: Vec<Declared>,
    pub(super) assigned: Vec<Declared>,
    pub(super) states: Vec<Declared>,
    pub(super) routines: BTreeMap<String, Routine>,
    pub(super) breakpoint: Vec<Statement>,
    pub(super) initial: Vec<Statement>,
    /// What has no effect here.
    pub(super) notes: Vec<String>,
    pub(super) problems: Vec<Problem>,
}
