//! Equations of one state taken apart: what relaxes, where to, and how fast.

use super::product::Product;
use super::simplify::{as_number, binary, is_one, negate, number};
use crate::channel::{BinaryOperator, Expression, GateKind};

use BinaryOperator::{Add, Divide, Multiply, Subtract};

/// `constant + slope x`.
pub(super) struct Affine {
    pub(super) constant: Expression,
    pub(super) slope: Expression,
}

pub(super) fn uses(expression: &Expression, x: &str) -> bool {
    expression.names().contains(x)
}

pub(super) fn is_zero(expression: &Expression) -> bool {
    as_number(expression).is_some_and(|value| value.abs() < f64::MIN_POSITIVE)
}

fn times(a: Expression, b: Expression) -> Expression {
    if is_zero(&a) || is_zero(&b) { number(0.0) } else { binary(Multiply, a, b) }
}

impl Affine {
    /// `None` where `x` comes in otherwise than by a factor.
    pub(super) fn of(expression: &Expression, x: &str) -> Option<Self> {
        if !uses(expression, x) {
            return Some(Self { constant: expression.clone(), slope: number(0.0) });
        }
        match expression {
            Expression::Name(_) => Some(Self { constant: number(0.0), slope: number(1.0) }),
            Expression::Negate(inner) => Some(Self::of(inner, x)?.map(negate)),
            Expression::Binary(operator @ (Add | Subtract), a, b) => {
                let (a, b) = (Self::of(a, x)?, Self::of(b, x)?);
                let constant = binary(*operator, a.constant, b.constant);
                Some(Self { constant, slope: binary(*operator, a.slope, b.slope) })
            }
            Expression::Binary(Multiply, a, b) if !uses(a, x) => {
                Some(Self::of(b, x)?.map(|part| times(a.as_ref().clone(), part)))
            }
            Expression::Binary(Multiply, a, b) if !uses(b, x) => {
                Some(Self::of(a, x)?.map(|part| times(part, b.as_ref().clone())))
            }
            Expression::Binary(Divide, a, b) if !uses(b, x) => {
                let over =
                    |part| if is_zero(&part) { part } else { binary(Divide, part, b.as_ref().clone()) };
                Some(Self::of(a, x)?.map(over))
            }
            Expression::If { comparison, left, right, then, otherwise }
                if !uses(left, x) && !uses(right, x) =>
            {
                let (a, b) = (Self::of(then, x)?, Self::of(otherwise, x)?);
                let choice = |then: Expression, otherwise: Expression| Expression::If {
                    comparison: *comparison,
                    left: left.clone(),
                    right: right.clone(),
                    then: Box::new(then),
                    otherwise: Box::new(otherwise),
                };
                Some(Self { constant: choice(a.constant, b.constant), slope: choice(a.slope, b.slope) })
            }
            _ => None,
        }
    }

    fn map(self, change: impl Fn(Expression) -> Expression) -> Self {
        Self { constant: change(self.constant), slope: change(self.slope) }
    }
}

/// A gate's equation, in the shape that the file gives it where that is one of ours.
pub(super) fn gate(derivative: &Expression, x: &str) -> Option<GateKind> {
    if let Some((steady, tau_ms)) = relaxation(derivative, x) {
        return Some(GateKind::Relaxation { steady, tau_ms });
    }
    if let Some((alpha_per_ms, beta_per_ms)) = rates(derivative, x) {
        return Some(GateKind::Rates { alpha_per_ms, beta_per_ms });
    }
    let (steady, tau_ms) = general(derivative, x)?;
    Some(GateKind::Relaxation { steady, tau_ms })
}

/// A concentration's equation, `(floor - x) / tau` and terms that do not know `x`.
pub(super) fn concentration(derivative: &Expression, x: &str) -> Option<(Expression, Expression)> {
    let (own, others): (Vec<_>, Vec<_>) = terms(derivative).into_iter().partition(|term| uses(term, x));
    let [own] = &own[..] else { return general(derivative, x) };
    let Some((floor, tau_ms)) = relaxation(own, x) else { return general(derivative, x) };
    let steady = others.iter().fold(floor, |sum, term| {
        let mut influx = Product::of(term);
        influx.numerators.push(tau_ms.clone());
        let operator = if influx.sign < 0.0 { Subtract } else { Add };
        influx.sign = 1.0;
        binary(operator, sum, influx.expression())
    });
    Some((steady, tau_ms))
}

/// Steady value and time constant of `a + b x`.
fn general(derivative: &Expression, x: &str) -> Option<(Expression, Expression)> {
    let Affine { constant, slope } = Affine::of(derivative, x)?;
    if is_zero(&slope) {
        return None;
    }
    let decay = negate(slope);
    Some((binary(Divide, constant, decay.clone()), binary(Divide, number(1.0), decay)))
}

/// The one factor of a product that uses `x`, and the product without it.
fn factor_of(expression: &Expression, x: &str) -> Option<(Expression, Product)> {
    let mut product = Product::of(expression);
    let mut places = (0..product.numerators.len()).filter(|idx| uses(&product.numerators[*idx], x));
    let (idx, other) = (places.next()?, places.next());
    let is_alone = other.is_none() && !product.denominators.iter().any(|factor| uses(factor, x));
    is_alone.then(|| (product.numerators.remove(idx), product))
}

/// `(steady - x) / tau`.
fn relaxation(derivative: &Expression, x: &str) -> Option<(Expression, Expression)> {
    let is_x = |expression: &Expression| matches!(expression, Expression::Name(name) if name == x);
    let (factor, mut rest) = factor_of(derivative, x)?;
    let (steady, sign) = match factor {
        Expression::Binary(Subtract, steady, b) if is_x(&b) && !uses(&steady, x) => (*steady, 1.0),
        Expression::Binary(Subtract, a, steady) if is_x(&a) && !uses(&steady, x) => (*steady, -1.0),
        factor if is_x(&factor) => (number(0.0), -1.0),
        _ => return None,
    };
    rest.sign *= sign;
    (rest.sign > 0.0).then(|| (steady, rest.inverse().expression()))
}

/// `(alpha (1 - x) - beta x) factor`.
fn rates(derivative: &Expression, x: &str) -> Option<(Expression, Expression)> {
    let (sum, outer) = factor_of(derivative, x)?;
    let terms: [Expression; 2] = terms(&sum).try_into().ok()?;
    let [first, second] = terms.map(|term| factor_of(&term, x));
    let is_open = |factor: &Expression| matches!(factor, Expression::Name(name) if name == x);
    let is_shut = |factor: &Expression| match factor {
        Expression::Binary(Subtract, one, open) => is_one(one) && is_open(open),
        _ => false,
    };
    let (first, second) = (first?, second?);
    let (opening, closing) = if is_shut(&first.0) { (first, second) } else { (second, first) };
    let is_pair = is_shut(&opening.0) && is_open(&closing.0);
    let signs = [opening.1.sign * outer.sign, -closing.1.sign * outer.sign];
    let [alpha, beta] = [opening.1, closing.1].map(|mut rate| {
        rate.sign = 1.0;
        rate.numerators.splice(0..0, outer.numerators.iter().cloned());
        rate.denominators.extend(outer.denominators.iter().cloned());
        rate.expression()
    });
    (is_pair && signs.iter().all(|sign| *sign > 0.0)).then_some((alpha, beta))
}

/// A sum as its terms, those taken away negated.
fn terms(expression: &Expression) -> Vec<Expression> {
    match expression {
        Expression::Binary(operator @ (Add | Subtract), a, b) => {
            let mut all = terms(a);
            let others = terms(b);
            all.extend(others.into_iter().map(|term| if *operator == Add { term } else { negate(term) }));
            all
        }
        Expression::Negate(inner) if matches!(**inner, Expression::Binary(Add | Subtract, ..)) => {
            terms(inner).into_iter().map(negate).collect()
        }
        other => vec![other.clone()],
    }
}
