//! Formulas and conditions of NMODL.

use super::ast::{Formula, Operator};
use super::lexer::Word;
use super::parse_file::Parser;
use super::problem::Problem;
use crate::channel::BinaryOperator;

/// Most levels of formulas and of blocks within blocks.
pub(super) const DEEPEST: usize = 60;

/// How tight operators bind.
const OR: u8 = 1;
const AND: u8 = 2;
const COMPARE: u8 = 3;
const SUM: u8 = 4;
const PRODUCT: u8 = 5;
const MINUS: u8 = 6;
const POWER: u8 = 7;

fn operator(mark: &str) -> Option<(Operator, u8)> {
    use BinaryOperator::{Add, Divide, Multiply, Power, Subtract};
    Some(match mark {
        "||" => (Operator::Or, OR),
        "&&" => (Operator::And, AND),
        "<" => (Operator::Less, COMPARE),
        "<=" => (Operator::LessEqual, COMPARE),
        ">" => (Operator::Greater, COMPARE),
        ">=" => (Operator::GreaterEqual, COMPARE),
        "==" => (Operator::Equal, COMPARE),
        "!=" => (Operator::NotEqual, COMPARE),
        "+" => (Operator::Arithmetic(Add), SUM),
        "-" => (Operator::Arithmetic(Subtract), SUM),
        "*" => (Operator::Arithmetic(Multiply), PRODUCT),
        "/" => (Operator::Arithmetic(Divide), PRODUCT),
        "^" => (Operator::Arithmetic(Power), POWER),
        _ => return None,
    })
}

impl Parser<'_> {
    pub(super) fn formula(&mut self) -> Result<Formula, Problem> {
        self.formula_of(0, 0)
    }

    fn formula_of(&mut self, least: u8, depth: usize) -> Result<Formula, Problem> {
        if depth > DEEPEST {
            return Err(self.wrong("formula is too deep", "name parts of it"));
        }
        let mut left = self.operand(depth)?;
        let mut n_terms = 0;
        while let Word::Mark(mark) = self.word() {
            let Some((operator, binding)) = operator(mark) else { break };
            if binding < least {
                break;
            }
            n_terms += 1;
            if n_terms > DEEPEST {
                return Err(self.wrong("formula has too many terms", "name parts of it"));
            }
            self.take();
            let right_least = if binding == POWER { MINUS } else { binding + 1 };
            let right = self.formula_of(right_least, depth + 1)?;
            left = Formula::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operand(&mut self, depth: usize) -> Result<Formula, Problem> {
        match self.word() {
            Word::Number(number) if number.is_finite() => {
                self.take();
                self.skip_unit()?;
                Ok(Formula::Number(number))
            }
            Word::Name(name) => {
                self.take();
                if self.word() == Word::Mark("[") {
                    return Err(self.array(name));
                }
                if self.word() != Word::Mark("(") {
                    return Ok(Formula::Name(name.to_owned()));
                }
                Ok(Formula::Call(name.to_owned(), self.arguments(depth)?))
            }
            Word::Mark("(") => {
                self.take();
                let inner = self.formula_of(0, depth + 1)?;
                self.expect(")")?;
                Ok(inner)
            }
            Word::Mark("-") => {
                self.take();
                Ok(Formula::Negate(Box::new(self.formula_of(MINUS, depth + 1)?)))
            }
            Word::Mark("+") => {
                self.take();
                self.formula_of(MINUS, depth + 1)
            }
            Word::Mark("!") => {
                self.take();
                Ok(Formula::Not(Box::new(self.formula_of(MINUS, depth + 1)?)))
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    /// Arguments of a call, from the opening parenthesis on.
    pub(super) fn arguments(&mut self, depth: usize) -> Result<Vec<Formula>, Problem> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        while self.word() != Word::Mark(")") {
            arguments.push(self.formula_of(0, depth + 1)?);
            if self.word() == Word::Mark(",") {
                self.take();
            } else if self.word() != Word::Mark(")") {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
        self.take();
        Ok(arguments)
    }
}
