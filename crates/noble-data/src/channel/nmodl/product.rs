//! Formulas as products of factors, so that one factor can be found and taken out.

use super::simplify::{Shift, as_number, binary, is_one, negate, number, raw};
use crate::channel::{BinaryOperator, Expression};

use BinaryOperator::{Divide, Multiply};

/// `sign numerators / denominators`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Product {
    pub(super) sign: f64,
    pub(super) numerators: Vec<Expression>,
    pub(super) denominators: Vec<Expression>,
}

impl Product {
    pub(super) fn of(expression: &Expression) -> Self {
        let mut product = Self { sign: 1.0, numerators: Vec::new(), denominators: Vec::new() };
        product.collect(expression, false);
        product
    }

    fn collect(&mut self, expression: &Expression, is_inverse: bool) {
        match expression {
            Expression::Negate(x) => {
                self.sign = -self.sign;
                self.collect(x, is_inverse);
            }
            Expression::Binary(Multiply, x, y) => {
                self.collect(x, is_inverse);
                self.collect(y, is_inverse);
            }
            Expression::Binary(Divide, x, y) => {
                self.collect(x, is_inverse);
                self.collect(y, !is_inverse);
            }
            factor if is_one(factor) => {}
            factor if is_inverse => self.denominators.push(factor.clone()),
            factor => self.numerators.push(factor.clone()),
        }
    }

    /// Without one of its numerators, which is the given factor times a number; the number comes second.
    pub(super) fn without_multiple_of(&self, factor: &Expression) -> Option<(Self, f64)> {
        let ratios = self.numerators.iter().map(|one| ratio(one, factor));
        let (idx, ratio) = ratios.enumerate().find_map(|(idx, ratio)| ratio.map(|ratio| (idx, ratio)))?;
        let mut rest = self.clone();
        rest.numerators.remove(idx);
        Some((rest, ratio))
    }

    pub(super) fn inverse(self) -> Self {
        Self { sign: self.sign, numerators: self.denominators, denominators: self.numerators }
    }

    pub(super) fn scale_by(&mut self, scale: f64) {
        if scale.to_bits() != 1.0_f64.to_bits() {
            self.numerators.insert(0, number(scale));
        }
    }

    pub(super) fn expression(self) -> Expression {
        let mut numerators = self.numerators.into_iter();
        let mut product = numerators.next().unwrap_or(Expression::Number(1.0));
        if self.sign < 0.0 {
            product = negate(product);
        }
        for factor in numerators {
            product = binary(Multiply, product, factor);
        }
        for factor in self.denominators {
            product = match (as_number(&product), as_number(&factor)) {
                (Some(_), Some(_)) => binary(Divide, product, factor),
                _ => raw(Divide, product, factor),
            };
        }
        product
    }
}

/// `a / b` where that is a number: equal formulas, or the same variable shifted by the same distance.
fn ratio(a: &Expression, b: &Expression) -> Option<f64> {
    if as_number(a).is_some() || as_number(b).is_some() {
        return None;
    }
    if a == b {
        return Some(1.0);
    }
    if negate(a.clone()) == *b {
        return Some(-1.0);
    }
    let (a, b) = (Shift::of(a)?, Shift::of(b)?);
    let scale = a.sign / b.sign;
    let is_multiple =
        a.name == b.name && (a.offset - scale * b.offset).abs() < 1e-12 * a.offset.abs().max(1e-300);
    is_multiple.then_some(scale)
}
