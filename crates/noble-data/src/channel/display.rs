//! The text of a formula, with no more parentheses than it takes to read the same tree back.

use std::fmt::{Display, Formatter, Result};

use super::expression::{BinaryOperator, Expression};

/// How tight a formula holds together, loosest first.
#[derive(PartialEq, PartialOrd)]
enum Hold {
    Sum,
    Product,
    Minus,
    Power,
    Atom,
}

fn hold(expression: &Expression) -> Hold {
    match expression {
        Expression::Number(number) if number.is_sign_negative() => Hold::Minus,
        Expression::Number(_) | Expression::Name(_) | Expression::Call(..) | Expression::If { .. } => {
            Hold::Atom
        }
        Expression::Negate(_) => Hold::Minus,
        Expression::Binary(operator, ..) => match operator {
            BinaryOperator::Add | BinaryOperator::Subtract => Hold::Sum,
            BinaryOperator::Multiply | BinaryOperator::Divide => Hold::Product,
            BinaryOperator::Power => Hold::Power,
        },
    }
}

/// Writes a part, in parentheses where it holds less tight than its place asks.
fn part(f: &mut Formatter<'_>, expression: &Expression, least: &Hold) -> Result {
    if hold(expression) < *least { write!(f, "({expression})") } else { write!(f, "{expression}") }
}

impl Display for Expression {
    /// Text that [`Expression::parse`] reads to the same tree; a negative number comes back as the negation of a
    /// positive one.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Number(number) => write_number(f, *number),
            Self::Name(name) => f.write_str(name),
            Self::Negate(x) => {
                f.write_str("-")?;
                part(f, x, &Hold::Minus)
            }
            Self::Binary(operator, x, y) => {
                let (left, right) = match operator {
                    BinaryOperator::Add | BinaryOperator::Subtract => (Hold::Sum, Hold::Product),
                    BinaryOperator::Multiply | BinaryOperator::Divide => (Hold::Product, Hold::Minus),
                    BinaryOperator::Power => (Hold::Atom, Hold::Minus),
                };
                part(f, x, &left)?;
                match operator {
                    BinaryOperator::Power => f.write_str("^")?,
                    _ => write!(f, " {} ", operator.mark())?,
                }
                part(f, y, &right)
            }
            Self::Call(function, arguments) => {
                write!(f, "{}(", function.name())?;
                for (argument_idx, argument) in arguments.iter().enumerate() {
                    write!(f, "{}{argument}", if argument_idx > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
            Self::If { comparison, left, right, then, otherwise } => {
                write!(f, "if({left} {} {right}, {then}, {otherwise})", comparison.mark())
            }
        }
    }
}

/// The shortest text that reads back as the same number.
pub(super) fn write_number(f: &mut Formatter<'_>, number: f64) -> Result {
    let size = number.abs();
    let is_plain = number.to_bits() << 1 == 0 || (1e-4..1e15).contains(&size);
    if is_plain { write!(f, "{number}") } else { write!(f, "{number:e}") }
}
