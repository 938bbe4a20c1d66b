//! Formulas built so that they come out as a person would write them.
//!
//! Numbers are folded, `v - -38` becomes `v + 38`, and the quotients that channel files write for want of a function
//! become `linoid` and `sigmoid`. Values change by rounding alone, but for the singular points of the quotients,
//! which become regular.

use super::product::Product;
use crate::channel::{BinaryOperator, Expression, Function};

use BinaryOperator::{Add, Divide, Multiply, Power, Subtract};

/// A number; negative ones as a formula text would give them.
pub(super) fn number(value: f64) -> Expression {
    let size = Expression::Number(value.abs());
    if value.is_sign_negative() && value.abs() > 0.0 { Expression::Negate(Box::new(size)) } else { size }
}

/// The value of a number.
pub(super) fn as_number(expression: &Expression) -> Option<f64> {
    match expression {
        Expression::Number(number) => Some(*number),
        Expression::Negate(inner) => as_number(inner).map(|number| -number),
        _ => None,
    }
}

pub(super) fn name(name: impl Into<String>) -> Expression {
    Expression::Name(name.into())
}

pub(super) fn is_one(expression: &Expression) -> bool {
    as_number(expression).is_some_and(|number| number.to_bits() == 1.0_f64.to_bits())
}

fn is_zero(expression: &Expression) -> bool {
    as_number(expression).is_some_and(|number| number.abs() < f64::MIN_POSITIVE)
}

pub(super) fn negate(x: Expression) -> Expression {
    match x {
        Expression::Negate(inner) => *inner,
        Expression::Binary(Subtract, a, b) if !is_zero(&a) => Expression::Binary(Subtract, b, a),
        x if is_zero(&x) => x,
        x => Expression::Negate(Box::new(x)),
    }
}

pub(super) fn binary(operator: BinaryOperator, x: Expression, y: Expression) -> Expression {
    if let (Some(a), Some(b)) = (as_number(&x), as_number(&y)) {
        let folded = operator.apply(a, b);
        if folded.is_finite() {
            return number(folded);
        }
    }
    match operator {
        Add | Subtract => sum(operator, x, y),
        Multiply => multiply(x, y),
        Divide => divide(x, y),
        Power if is_one(&y) => x,
        Power => raw(Power, x, y),
    }
}

pub(super) fn raw(operator: BinaryOperator, x: Expression, y: Expression) -> Expression {
    Expression::Binary(operator, Box::new(x), Box::new(y))
}

fn sum(operator: BinaryOperator, x: Expression, y: Expression) -> Expression {
    if is_zero(&y) {
        return x;
    }
    if is_zero(&x) {
        return if operator == Add { y } else { negate(y) };
    }
    let shifted = raw(operator, x, y);
    if let Some(shift) = Shift::of(&shifted) {
        return shift.expression();
    }
    // x + -y and x - -y.
    match shifted {
        Expression::Binary(operator, x, y) => match *y {
            Expression::Negate(y) => Expression::Binary(if operator == Add { Subtract } else { Add }, x, y),
            y => Expression::Binary(operator, x, Box::new(y)),
        },
        other => other,
    }
}

/// A name plus or minus a number: `sign name + offset`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shift {
    pub(super) name: String,
    pub(super) sign: f64,
    pub(super) offset: f64,
}

impl Shift {
    pub(super) fn of(expression: &Expression) -> Option<Self> {
        match expression {
            Expression::Name(name) => Some(Self { name: name.clone(), sign: 1.0, offset: 0.0 }),
            Expression::Negate(x) => {
                let inner = Self::of(x)?;
                Some(Self { sign: -inner.sign, offset: -inner.offset, ..inner })
            }
            Expression::Binary(operator @ (Add | Subtract), x, y) => {
                let y_sign = if *operator == Add { 1.0 } else { -1.0 };
                if let Some(offset) = as_number(y) {
                    let inner = Self::of(x)?;
                    return Some(Self { offset: inner.offset + y_sign * offset, ..inner });
                }
                let (offset, inner) = (as_number(x)?, Self::of(y)?);
                Some(Self {
                    sign: y_sign * inner.sign,
                    offset: offset + y_sign * inner.offset,
                    name: inner.name,
                })
            }
            _ => None,
        }
    }

    /// `v + 38`, `v - 38`, `38 - v`, `-(v + 38)`.
    fn expression(&self) -> Expression {
        let variable = name(self.name.clone());
        let size = number(self.offset.abs());
        let is_plain = self.offset.abs() < f64::MIN_POSITIVE;
        match (self.sign > 0.0, self.offset > 0.0) {
            (true, _) if is_plain => variable,
            (false, _) if is_plain => negate(variable),
            (true, true) => raw(Add, variable, size),
            (true, false) => raw(Subtract, variable, size),
            (false, true) => raw(Subtract, size, variable),
            (false, false) => Expression::Negate(Box::new(raw(Add, variable, size))),
        }
    }
}

fn multiply(x: Expression, y: Expression) -> Expression {
    if is_one(&x) {
        return y;
    }
    if is_one(&y) {
        return x;
    }
    match y {
        Expression::Negate(y) if as_number(&x).is_some() => multiply(negate(x), *y),
        y => raw(Multiply, x, y),
    }
}

fn divide(x: Expression, y: Expression) -> Expression {
    if is_one(&y) {
        return x;
    }
    if let Some(regular) = linoid_quotient(&x, &y).or_else(|| sigmoid_quotient(&x, &y)) {
        return regular;
    }
    match y {
        Expression::Negate(y) => divide(negate(x), *y),
        y => raw(Divide, x, y),
    }
}

/// `x - y` taken apart where it is a difference of an exponential and one: the exponent, and the sign of the
/// exponential.
fn exponential_and_one(divisor: &Expression) -> Option<(&Expression, f64)> {
    let exponent =
        |expression: &'_ Expression| matches!(expression, Expression::Call(Function::Exponential, _));
    let Expression::Binary(Subtract, a, b) = divisor else { return None };
    let (call, sign) = match (exponent(a), exponent(b)) {
        (true, false) if is_one(b) => (a, 1.0),
        (false, true) if is_one(a) => (b, -1.0),
        _ => return None,
    };
    let Expression::Call(_, arguments) = call.as_ref() else { return None };
    Some((&arguments[0], sign))
}

/// `c s / (exp(s / k) - 1)` and `c s / (1 - exp(s / k))`, as `c linoid(s, k)`.
fn linoid_quotient(dividend: &Expression, divisor: &Expression) -> Option<Expression> {
    let (exponent, sign) = exponential_and_one(divisor)?;
    let (dividend, exponent) = (Product::of(dividend), Product::of(exponent));
    for (idx, factor) in dividend.numerators.iter().enumerate() {
        let Some((scale, ratio)) = exponent.without_multiple_of(factor) else { continue };
        // The exponent is `scale ratio factor`; its inverse without the factor is `k`.
        let slope = Product { sign: scale.sign * ratio.signum(), ..scale };
        let mut k = slope.inverse();
        k.scale_by(1.0 / ratio.abs());
        let is_flipped = k.sign < 0.0;
        k.sign = 1.0;
        let s = if is_flipped { negate(factor.clone()) } else { factor.clone() };
        let linoid = Expression::Call(Function::Linoid, vec![s, k.expression()]);
        let mut rest = dividend.clone();
        rest.sign *= if is_flipped { -sign } else { sign };
        rest.numerators[idx] = linoid;
        return Some(rest.expression());
    }
    None
}

/// `c / (1 + exp(u))`, as `c sigmoid(u)`.
fn sigmoid_quotient(dividend: &Expression, divisor: &Expression) -> Option<Expression> {
    let Expression::Binary(Add, a, b) = divisor else { return None };
    let other = if is_one(a) { b } else { a };
    match (is_one(a) || is_one(b), other.as_ref()) {
        (true, Expression::Call(Function::Exponential, arguments)) => {
            let sigmoid = Expression::Call(Function::Sigmoid, arguments.clone());
            Some(multiply(dividend.clone(), sigmoid))
        }
        _ => None,
    }
}

/// The same formula built anew, part by part, after `replace` had its say on names.
pub(super) fn rebuilt(expression: &Expression, replace: &impl Fn(&str) -> Option<Expression>) -> Expression {
    let again = |part: &Expression| rebuilt(part, replace);
    match expression {
        Expression::Number(value) => number(*value),
        Expression::Name(text) => replace(text).unwrap_or_else(|| name(text.clone())),
        Expression::Negate(x) => negate(again(x)),
        Expression::Binary(operator, x, y) => binary(*operator, again(x), again(y)),
        Expression::Call(function, arguments) => {
            Expression::Call(*function, arguments.iter().map(again).collect())
        }
        Expression::If { comparison, left, right, then, otherwise } => {
            let [left, right, then, otherwise] =
                [left, right, then, otherwise].map(|part| Box::new(again(part)));
            Expression::If { comparison: *comparison, left, right, then, otherwise }
        }
    }
}

/// Number of levels and of parts of a formula.
pub(super) fn extent(expression: &Expression) -> (usize, usize) {
    let parts = expression.parts().into_iter().map(extent);
    let (n_levels, n_parts) =
        parts.fold((0, 0), |(levels, parts), (n_levels, n_parts)| (levels.max(n_levels), parts + n_parts));
    (n_levels + 1, n_parts + 1)
}
