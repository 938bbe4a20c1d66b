//! Arithmetic of a channel file: the tree, its value, its text.
//!
//! The tree is small and closed, so that a simulator can compile it; [`Expression::evaluate`] walks it number by
//! number and judges what was compiled.

use std::collections::BTreeSet;

use crate::Error;

/// Below this ratio a linoid is replaced by its series.
///
/// # Source
/// NEURON 9.0.2 `vtrap`, as written in the published channel files.
pub const LINOID_SERIES_BELOW: f64 = 1e-6;

/// A formula over named numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A finite number.
    Number(f64),
    /// The value of a name.
    Name(String),
    /// `-x`.
    Negate(Box<Expression>),
    /// `x + y` and the like.
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    /// `exp(x)` and the like, with as many arguments as [`Function::n_arguments`] says.
    Call(Function, Vec<Expression>),
    /// `if(left < right, then, otherwise)`; `a > b` is kept as `b < a`.
    If {
        /// How the two sides are compared.
        comparison: Comparison,
        /// Left side of the comparison.
        left: Box<Expression>,
        /// Right side of the comparison.
        right: Box<Expression>,
        /// Value where the comparison holds.
        then: Box<Expression>,
        /// Value where it does not.
        otherwise: Box<Expression>,
    },
}

/// An operator between two formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `^`, right-associative, tighter than a minus in front of it.
    Power,
}

impl BinaryOperator {
    /// Its mark.
    #[must_use]
    pub fn mark(self) -> char {
        match self {
            Self::Add => '+',
            Self::Subtract => '-',
            Self::Multiply => '*',
            Self::Divide => '/',
            Self::Power => '^',
        }
    }

    /// `x operator y`.
    #[must_use]
    pub fn apply(self, x: f64, y: f64) -> f64 {
        match self {
            Self::Add => x + y,
            Self::Subtract => x - y,
            Self::Multiply => x * y,
            Self::Divide => x / y,
            Self::Power => x.powf(y),
        }
    }
}

/// How two formulas are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`.
    Less,
    /// `<=`.
    LessEqual,
}

impl Comparison {
    /// Whether it holds.
    #[must_use]
    pub fn holds(self, x: f64, y: f64) -> bool {
        match self {
            Self::Less => x < y,
            Self::LessEqual => x <= y,
        }
    }

    /// Its mark.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessEqual => "<=",
        }
    }
}

/// A function of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `exp(x)`.
    Exponential,
    /// Natural logarithm, `log(x)`.
    Logarithm,
    /// `sqrt(x)`.
    SquareRoot,
    /// `abs(x)`.
    Absolute,
    /// `min(x, y)`; `y` where one of them is not a number.
    Minimum,
    /// `max(x, y)`; `y` where one of them is not a number.
    Maximum,
    /// `linoid(s, k) = s / (exp(s / k) - 1)`, and `k (1 - s / (2 k))` where `|s / k| <` [`LINOID_SERIES_BELOW`].
    Linoid,
    /// `sigmoid(u) = 1 / (1 + exp(u))`.
    Sigmoid,
}

impl Function {
    /// All functions.
    pub const ALL: [Self; 8] = [
        Self::Exponential,
        Self::Logarithm,
        Self::SquareRoot,
        Self::Absolute,
        Self::Minimum,
        Self::Maximum,
        Self::Linoid,
        Self::Sigmoid,
    ];

    /// Its name in a formula.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exponential => "exp",
            Self::Logarithm => "log",
            Self::SquareRoot => "sqrt",
            Self::Absolute => "abs",
            Self::Minimum => "min",
            Self::Maximum => "max",
            Self::Linoid => "linoid",
            Self::Sigmoid => "sigmoid",
        }
    }

    /// The function of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// How many arguments it takes, one or two.
    #[must_use]
    pub fn n_arguments(self) -> usize {
        match self {
            Self::Minimum | Self::Maximum | Self::Linoid => 2,
            _ => 1,
        }
    }

    /// Its value; `y` is read only by functions of two arguments.
    #[must_use]
    pub fn apply(self, x: f64, y: f64) -> f64 {
        match self {
            Self::Exponential => x.exp(),
            Self::Logarithm => x.ln(),
            Self::SquareRoot => x.sqrt(),
            Self::Absolute => x.abs(),
            Self::Minimum => {
                if x < y {
                    x
                } else {
                    y
                }
            }
            Self::Maximum => {
                if x > y {
                    x
                } else {
                    y
                }
            }
            Self::Linoid => linoid(x, y),
            Self::Sigmoid => 1.0 / (1.0 + x.exp()),
        }
    }
}

fn linoid(s: f64, k: f64) -> f64 {
    let u = s / k;
    if u.abs() < LINOID_SERIES_BELOW { k * (1.0 - 0.5 * u) } else { s / (u.exp() - 1.0) }
}

impl Expression {
    /// The value of the formula where `value_of` gives the value of each name.
    ///
    /// Only the branch of an `if` that is taken is evaluated.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a name without value.
    ///
    /// # Example
    /// ```
    /// use noble_data::channel::Expression;
    /// let rate = Expression::parse("0.055 * linoid(-27 - v, 3.8)")?;
    /// let at_singular_point = rate.evaluate(&|name| (name == "v").then_some(-27.0))?;
    /// assert!((at_singular_point - 0.055 * 3.8).abs() < 1e-12);
    /// # Ok::<(), noble_data::Error>(())
    /// ```
    pub fn evaluate(&self, value_of: &impl Fn(&str) -> Option<f64>) -> Result<f64, Error> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Name(name) => value_of(name).ok_or_else(|| Error::UnknownName { name: name.clone() }),
            Self::Negate(x) => Ok(-x.evaluate(value_of)?),
            Self::Binary(operator, x, y) => Ok(operator.apply(x.evaluate(value_of)?, y.evaluate(value_of)?)),
            Self::Call(function, arguments) => {
                let mut values = [0.0; 2];
                for (value, argument) in values.iter_mut().zip(arguments) {
                    *value = argument.evaluate(value_of)?;
                }
                Ok(function.apply(values[0], values[1]))
            }
            Self::If { comparison, left, right, then, otherwise } => {
                let holds = comparison.holds(left.evaluate(value_of)?, right.evaluate(value_of)?);
                if holds { then } else { otherwise }.evaluate(value_of)
            }
        }
    }

    /// Every name in the formula.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.visit(&mut |expression| {
            if let Self::Name(name) = expression {
                names.insert(name.as_str());
            }
        });
        names
    }

    /// The same formula with other names.
    #[must_use]
    pub fn renamed<'a>(&'a self, name_of: &impl Fn(&'a str) -> &'a str) -> Self {
        let boxed = |x: &'a Self| Box::new(x.renamed(name_of));
        match self {
            Self::Number(number) => Self::Number(*number),
            Self::Name(name) => Self::Name(name_of(name).to_owned()),
            Self::Negate(x) => Self::Negate(boxed(x)),
            Self::Binary(operator, x, y) => Self::Binary(*operator, boxed(x), boxed(y)),
            Self::Call(function, arguments) => {
                Self::Call(*function, arguments.iter().map(|argument| argument.renamed(name_of)).collect())
            }
            Self::If { comparison, left, right, then, otherwise } => Self::If {
                comparison: *comparison,
                left: boxed(left),
                right: boxed(right),
                then: boxed(then),
                otherwise: boxed(otherwise),
            },
        }
    }

    /// Shows this formula and each one inside it, parents first.
    pub fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        for part in self.parts() {
            part.visit(see);
        }
    }

    /// The formulas it is made of, from left to right.
    #[must_use]
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Number(_) | Self::Name(_) => Vec::new(),
            Self::Negate(x) => vec![x],
            Self::Binary(_, x, y) => vec![x, y],
            Self::Call(_, arguments) => arguments.iter().collect(),
            Self::If { left, right, then, otherwise, .. } => vec![left, right, then, otherwise],
        }
    }
}
