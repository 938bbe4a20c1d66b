//! Text of a formula to its tree.
//!
//! Operator precedence by binding power. Length and depth are bounded, so that no text, however hostile, exhausts
//! the stack of this parser or of whoever walks the tree.

use std::str::FromStr;

use super::expression::{BinaryOperator, Comparison, Expression, Function};
use super::tokens::{Token, Tokens};
use crate::Error;

/// Longest text of a formula, in bytes.
pub const LONGEST_EXPRESSION: usize = 16_384;

/// Most levels of a tree: parentheses within parentheses, or terms of one sum.
pub const DEEPEST_EXPRESSION: usize = 128;

/// Word that begins a choice.
pub(super) const IF: &str = "if";

/// How tight each operator binds; a right operand binds tighter by one unless right-associative.
const SUM: u8 = 1;
const PRODUCT: u8 = 3;
const MINUS: u8 = 5;
const POWER: u8 = 7;

impl Expression {
    /// Reads a formula.
    ///
    /// Operators are `+ - * / ^` with the usual precedence: `^` is right-associative and binds tighter than a minus
    /// in front of it, so `-x^2` is `-(x^2)`. Beside the functions of [`Function::ALL`] there is
    /// `if(a < b, x, y)`, also with `<=`, `>`, `>=`.
    ///
    /// # Errors
    /// [`Error::Expression`] with the column, counted from 1.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > LONGEST_EXPRESSION {
            return Err(Error::Expression {
                column: LONGEST_EXPRESSION,
                what: format!("text of {} bytes is too long", text.len()),
                remedy: format!("stay within {LONGEST_EXPRESSION} bytes, or name parts of it in [lets]"),
            });
        }
        let mut parser = Parser { tokens: Tokens::new(text)? };
        let (expression, _) = parser.expression(0, 0)?;
        match parser.tokens.peek() {
            Token::End => Ok(expression),
            Token::Mark(")") => Err(parser.wrong("`)` closes nothing", "delete it, or open it with `(`")),
            _ => {
                let what = format!("{} follows a complete formula", parser.tokens.shown());
                Err(parser.wrong(&what, "write an operator before it, such as `*`"))
            }
        }
    }
}

impl FromStr for Expression {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

struct Parser<'a> {
    tokens: Tokens<'a>,
}

/// A tree and its number of levels.
type Grown = (Expression, usize);

impl<'a> Parser<'a> {
    fn wrong(&self, what: &str, remedy: &str) -> Error {
        Error::Expression { column: self.tokens.column(), what: what.to_owned(), remedy: remedy.to_owned() }
    }

    fn check_depth(&self, n_levels: usize) -> Result<usize, Error> {
        if n_levels <= DEEPEST_EXPRESSION {
            return Ok(n_levels);
        }
        let what = format!("more than {DEEPEST_EXPRESSION} levels or terms");
        Err(self.wrong(&what, "name parts of it in [lets]"))
    }

    /// A formula whose operators bind at least as tight as `least`; `depth` counts the calls above.
    fn expression(&mut self, least: u8, depth: usize) -> Result<Grown, Error> {
        self.check_depth(depth)?;
        let (mut left, mut n_levels) = self.operand(depth)?;
        while let Some((operator, binding, right_least)) = self.operator() {
            if binding < least {
                break;
            }
            self.tokens.take();
            let (right, n_right) = self.expression(right_least, depth + 1)?;
            n_levels = self.check_depth(n_levels.max(n_right) + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok((left, n_levels))
    }

    /// The operator that comes next, how tight it binds, and how tight its right operand must.
    fn operator(&self) -> Option<(BinaryOperator, u8, u8)> {
        let Token::Mark(mark) = self.tokens.peek() else { return None };
        Some(match mark {
            "+" => (BinaryOperator::Add, SUM, SUM + 1),
            "-" => (BinaryOperator::Subtract, SUM, SUM + 1),
            "*" => (BinaryOperator::Multiply, PRODUCT, PRODUCT + 1),
            "/" => (BinaryOperator::Divide, PRODUCT, PRODUCT + 1),
            "^" => (BinaryOperator::Power, POWER, MINUS),
            _ => return None,
        })
    }

    fn operand(&mut self, depth: usize) -> Result<Grown, Error> {
        match self.tokens.peek() {
            Token::Number(number) => {
                self.tokens.take();
                Ok((Expression::Number(number), 1))
            }
            Token::Mark("-") => {
                self.tokens.take();
                let (inner, n_levels) = self.expression(MINUS, depth + 1)?;
                Ok((Expression::Negate(Box::new(inner)), self.check_depth(n_levels + 1)?))
            }
            Token::Mark("(") => {
                self.tokens.take();
                let inner = self.expression(0, depth + 1)?;
                self.expect(")", "close the parenthesis")?;
                Ok(inner)
            }
            Token::Name(name) => self.name(name, depth),
            Token::Mark("+") => Err(self.wrong("`+` before a value", "delete it")),
            _ => {
                let what = format!("{} where a value belongs", self.tokens.shown());
                Err(self.wrong(&what, "write a number, a name, a function or `(`"))
            }
        }
    }

    /// A name, a call or a choice.
    fn name(&mut self, name: &'a str, depth: usize) -> Result<Grown, Error> {
        let function = Function::from_name(name);
        if self.tokens.peek_second() != Token::Mark("(") {
            if function.is_some() || name == IF {
                let remedy = format!("write {name}(…), or choose another name");
                return Err(self.wrong(&format!("`{name}` without arguments"), &remedy));
            }
            self.tokens.take();
            return Ok((Expression::Name(name.to_owned()), 1));
        }
        if let Some(function) = function {
            return self.call(function, depth);
        }
        if name == IF {
            return self.choice(depth);
        }
        let known: Vec<&str> = Function::ALL.iter().map(|function| function.name()).collect();
        let remedy = format!("use one of {}, {IF}, or write `*` before the parenthesis", known.join(", "));
        Err(self.wrong(&format!("function `{name}` is unknown"), &remedy))
    }

    fn call(&mut self, function: Function, depth: usize) -> Result<Grown, Error> {
        self.tokens.take();
        self.tokens.take();
        let n_expected = function.n_arguments();
        let remedy = format!("give {} {n_expected} argument(s)", function.name());
        let (mut arguments, mut n_levels) = (Vec::with_capacity(n_expected), 0);
        for argument_idx in 0..n_expected {
            if argument_idx > 0 {
                self.expect(",", &remedy)?;
            }
            let (argument, n) = self.expression(0, depth + 1)?;
            n_levels = n_levels.max(n);
            arguments.push(argument);
        }
        self.expect(")", &remedy)?;
        Ok((Expression::Call(function, arguments), self.check_depth(n_levels + 1)?))
    }

    fn choice(&mut self, depth: usize) -> Result<Grown, Error> {
        const REMEDY: &str = "write if(a < b, x, y)";
        self.tokens.take();
        self.tokens.take();
        let (left, n_left) = self.expression(0, depth + 1)?;
        let (comparison, is_swapped) = match self.tokens.peek() {
            Token::Mark("<") => (Comparison::Less, false),
            Token::Mark("<=") => (Comparison::LessEqual, false),
            Token::Mark(">") => (Comparison::Less, true),
            Token::Mark(">=") => (Comparison::LessEqual, true),
            _ => {
                let what = format!("{} where a comparison belongs", self.tokens.shown());
                return Err(self.wrong(&what, REMEDY));
            }
        };
        self.tokens.take();
        let (right, n_right) = self.expression(0, depth + 1)?;
        self.expect(",", REMEDY)?;
        let (then, n_then) = self.expression(0, depth + 1)?;
        self.expect(",", REMEDY)?;
        let (otherwise, n_otherwise) = self.expression(0, depth + 1)?;
        self.expect(")", REMEDY)?;
        let n_levels = self.check_depth(n_left.max(n_right).max(n_then).max(n_otherwise) + 1)?;
        let (left, right) = if is_swapped { (right, left) } else { (left, right) };
        let [left, right, then, otherwise] = [left, right, then, otherwise].map(Box::new);
        Ok((Expression::If { comparison, left, right, then, otherwise }, n_levels))
    }

    fn expect(&mut self, mark: &'static str, remedy: &str) -> Result<(), Error> {
        if self.tokens.peek() == Token::Mark(mark) {
            self.tokens.take();
            return Ok(());
        }
        let what = format!("{} where `{mark}` belongs", self.tokens.shown());
        Err(self.wrong(&what, remedy))
    }
}
