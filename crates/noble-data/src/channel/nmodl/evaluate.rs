//! Formulas and conditions of NMODL to ours, with functions of the file written out.

use super::ast::{Formula, Operator, Routine, RoutineKind};
use super::execute::DEEPEST_CALL;
use super::machine::{Machine, Scope};
use super::problem::Problem;
use super::simplify::{as_number, binary, extent, name, negate, number};
use crate::channel::{BinaryOperator, Comparison, Expression, Function, TemperatureFactor};

/// Parts of any formula of the file.
const LARGEST_FORMULA: usize = 1000;

/// A condition whose sides are formulas.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Compare(Comparison, Expression, Expression),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Not(Box<Test>),
}

/// Most comparisons of a condition that are written as choices within choices.
const MOST_NESTED_COMPARISONS: usize = 4;

impl Test {
    fn n_comparisons(&self) -> usize {
        match self {
            Self::Compare(..) => 1,
            Self::Not(inner) => inner.n_comparisons(),
            Self::And(a, b) | Self::Or(a, b) => a.n_comparisons() + b.n_comparisons(),
        }
    }

    /// One where it holds, else zero.
    fn indicator(&self) -> Expression {
        let pair = |a: &Self, b: &Self| vec![a.indicator(), b.indicator()];
        match self {
            Self::Compare(..) => choose(self, number(1.0), number(0.0)),
            Self::Not(inner) => binary(BinaryOperator::Subtract, number(1.0), inner.indicator()),
            Self::And(a, b) => Expression::Call(Function::Minimum, pair(a, b)),
            Self::Or(a, b) => Expression::Call(Function::Maximum, pair(a, b)),
        }
    }
}

/// `then` where the test holds, else `otherwise`.
pub(super) fn choose(test: &Test, then: Expression, otherwise: Expression) -> Expression {
    if test.n_comparisons() > MOST_NESTED_COMPARISONS {
        return choice(Comparison::Less, [&number(0.5), &test.indicator()], then, otherwise);
    }
    match test {
        Test::Compare(comparison, left, right) => choice(*comparison, [left, right], then, otherwise),
        Test::And(a, b) => choose(a, choose(b, then, otherwise.clone()), otherwise),
        Test::Or(a, b) => choose(a, then.clone(), choose(b, then, otherwise)),
        Test::Not(inner) => choose(inner, otherwise, then),
    }
}

fn choice(
    comparison: Comparison,
    [left, right]: [&Expression; 2],
    then: Expression,
    otherwise: Expression,
) -> Expression {
    if let (Some(a), Some(b)) = (as_number(left), as_number(right)) {
        return if comparison.holds(a, b) { then } else { otherwise };
    }
    let [left, right] = [left, right].map(|side| Box::new(side.clone()));
    let [then, otherwise] = [then, otherwise].map(Box::new);
    Expression::If { comparison, left, right, then, otherwise }
}

/// Line and number of calls above.
type At = (usize, usize);

impl Machine<'_> {
    pub(super) fn formula(
        &mut self,
        formula: &Formula,
        scope: &Scope,
        line: usize,
        depth: usize,
    ) -> Result<Expression, Problem> {
        self.spend(1, line)?;
        self.n_nested += 1;
        let result = self.formula_within(formula, scope, line, depth);
        self.n_nested -= 1;
        result
    }

    /// A formula no larger than a channel file could hold.
    pub(super) fn bounded_formula(
        &mut self,
        formula: &Formula,
        scope: &Scope,
        line: usize,
        depth: usize,
    ) -> Result<Expression, Problem> {
        let value = self.formula(formula, scope, line, depth)?;
        if extent(&value).1 <= LARGEST_FORMULA {
            return Ok(value);
        }
        Err(Problem::new(line, "a formula is too large", "name parts of it"))
    }

    fn formula_within(
        &mut self,
        formula: &Formula,
        scope: &Scope,
        line: usize,
        depth: usize,
    ) -> Result<Expression, Problem> {
        match formula {
            Formula::Number(value) => Ok(number(*value)),
            Formula::Name(variable) => Ok(self.read(variable, scope, line)),
            Formula::Negate(x) => Ok(negate(self.formula(x, scope, line, depth)?)),
            Formula::Binary(Operator::Arithmetic(operator), x, y) => {
                if let Some(factor) = fixed_temperature(formula)
                    && let Some(q) = self.temperature_factor(factor)
                {
                    return Ok(q);
                }
                let x = self.formula(x, scope, line, depth)?;
                let y = self.formula(y, scope, line, depth)?;
                let result = binary(*operator, x, y);
                let factor = self.cell_temperature(&result);
                Ok(factor.and_then(|factor| self.temperature_factor(factor)).unwrap_or(result))
            }
            Formula::Binary(..) | Formula::Not(_) => {
                let test = self.test(formula, scope, line, depth)?;
                Ok(choose(&test, number(1.0), number(0.0)))
            }
            Formula::Call(function, arguments) => {
                self.value_of_call(function, arguments, scope, (line, depth))
            }
        }
    }

    /// `2.3 ^ ((celsius - 21) / 10)`.
    fn cell_temperature(&self, expression: &Expression) -> Option<TemperatureFactor> {
        let Expression::Binary(BinaryOperator::Power, base, exponent) = expression else { return None };
        let Expression::Binary(BinaryOperator::Divide, difference, ten) = exponent.as_ref() else {
            return None;
        };
        let Expression::Binary(BinaryOperator::Subtract, at, reference) = difference.as_ref() else {
            return None;
        };
        let is_ten = self.constant(ten)?.to_bits() == 10.0_f64.to_bits();
        let is_cell = **at == name("celsius");
        let (q10, reference_celsius) = (self.constant(base)?, self.constant(reference)?);
        (is_ten && is_cell && q10 > 0.0).then_some(TemperatureFactor {
            q10,
            reference_celsius,
            at_celsius: None,
        })
    }

    /// A number, or a let that is one.
    fn constant(&self, expression: &Expression) -> Option<f64> {
        match expression {
            Expression::Name(name) => as_number(self.let_value(name)?),
            other => as_number(other),
        }
    }

    /// `q`, for the first factor met and those that equal it.
    fn temperature_factor(&mut self, factor: TemperatureFactor) -> Option<Expression> {
        let known = self.temperature.get_or_insert(factor);
        (*known == factor).then(|| name("q"))
    }

    pub(super) fn test(
        &mut self,
        condition: &Formula,
        scope: &Scope,
        line: usize,
        depth: usize,
    ) -> Result<Test, Problem> {
        let boxed = |test: Test| Box::new(test);
        match condition {
            Formula::Not(x) => Ok(Test::Not(boxed(self.test(x, scope, line, depth)?))),
            Formula::Binary(Operator::And, x, y) => {
                let (x, y) = (self.test(x, scope, line, depth)?, self.test(y, scope, line, depth)?);
                Ok(Test::And(boxed(x), boxed(y)))
            }
            Formula::Binary(Operator::Or, x, y) => {
                let (x, y) = (self.test(x, scope, line, depth)?, self.test(y, scope, line, depth)?);
                Ok(Test::Or(boxed(x), boxed(y)))
            }
            Formula::Binary(operator, x, y) if !matches!(operator, Operator::Arithmetic(_)) => {
                let (x, y) = (self.side(x, scope, line, depth)?, self.side(y, scope, line, depth)?);
                Ok(compared(*operator, x, y))
            }
            other => {
                let value = self.side(other, scope, line, depth)?;
                Ok(Test::Not(boxed(compared(Operator::Equal, value, number(0.0)))))
            }
        }
    }

    /// A side of a comparison, small, as it may be repeated.
    fn side(
        &mut self,
        formula: &Formula,
        scope: &Scope,
        line: usize,
        depth: usize,
    ) -> Result<Expression, Problem> {
        let value = self.formula(formula, scope, line, depth)?;
        Ok(if extent(&value).1 > 8 { self.kept("compared", value) } else { value })
    }

    fn value_of_call(
        &mut self,
        function: &str,
        arguments: &[Formula],
        scope: &Scope,
        (line, depth): At,
    ) -> Result<Expression, Problem> {
        let file = self.file;
        if let Some(routine) = file.routines.get(function) {
            return self.function(function, routine, arguments, (scope, line, depth));
        }
        let values: Result<Vec<Expression>, Problem> =
            arguments.iter().map(|argument| self.formula(argument, scope, line, depth)).collect();
        let built_in = built_in(function, values?);
        let unknown = || format!("function {function}");
        Ok(built_in
            .unwrap_or_else(|| self.unknown(line, unknown(), "write it with exp, log, sqrt, fabs, pow")))
    }

    fn function(
        &mut self,
        function: &str,
        routine: &Routine,
        arguments: &[Formula],
        (scope, line, depth): (&Scope, usize, usize),
    ) -> Result<Expression, Problem> {
        if routine.kind != RoutineKind::Function {
            let what = format!("{function} gives no value");
            return Ok(self.unknown(line, what, "call a FUNCTION"));
        }
        if let Some(sign) = self.linoid_sign(function, routine, depth)?
            && arguments.len() == routine.arguments.len()
        {
            let mut values: Vec<Expression> = Vec::with_capacity(2);
            for argument in arguments {
                values.push(self.formula(argument, scope, line, depth)?);
            }
            values.resize(2, number(1.0));
            let s = values.remove(0);
            let s = if sign < 0.0 { negate(s) } else { s };
            return Ok(Expression::Call(Function::Linoid, vec![s, values.remove(0)]));
        }
        let mut inner = self.inner_scope(function, routine, arguments, scope, (line, depth))?;
        inner.result = Some(function.to_owned());
        inner.locals.insert(function.to_owned(), None);
        self.statements(&routine.body, &mut inner, depth + 1)?;
        if inner.globals != scope.globals {
            self.complain(
                line,
                format!("function {function} sets other variables"),
                "set them in a PROCEDURE",
            );
        }
        let result = inner.locals.remove(function).flatten();
        let missing = || format!("function {function} sets no value");
        Ok(result.unwrap_or_else(|| self.unknown(line, missing(), "assign its value to its name")))
    }

    /// Arguments bound to their values, variables of the file as they are.
    pub(super) fn inner_scope(
        &mut self,
        routine_name: &str,
        routine: &Routine,
        arguments: &[Formula],
        scope: &Scope,
        (line, depth): At,
    ) -> Result<Scope, Problem> {
        if depth >= DEEPEST_CALL {
            let what = format!("{routine_name} is called too deeply");
            return Err(Problem::new(line, what, "call procedures less deeply"));
        }
        let (n_taken, n_given) = (routine.arguments.len(), arguments.len());
        if n_taken != n_given {
            let what = format!("{routine_name} takes {n_taken} arguments and is given {n_given}");
            self.complain(line, what, "give as many as it takes");
        }
        self.spend(scope.globals.len(), line)?;
        let mut inner = Scope { globals: scope.globals.clone(), ..Scope::default() };
        inner.locals.extend(routine.arguments.iter().map(|argument| (argument.clone(), None)));
        for (argument, value) in routine.arguments.iter().zip(arguments) {
            let value = self.formula(value, scope, line, depth)?;
            let value = if extent(&value).1 > 8 { self.kept(argument, value) } else { value };
            inner.locals.insert(argument.clone(), Some(value));
        }
        Ok(inner)
    }
}

fn compared(operator: Operator, x: Expression, y: Expression) -> Test {
    use Comparison::{Less, LessEqual};
    match operator {
        Operator::Less => Test::Compare(Less, x, y),
        Operator::LessEqual => Test::Compare(LessEqual, x, y),
        Operator::Greater => Test::Compare(Less, y, x),
        Operator::GreaterEqual => Test::Compare(LessEqual, y, x),
        other => {
            let below = Box::new(Test::Compare(LessEqual, x.clone(), y.clone()));
            let above = Box::new(Test::Compare(LessEqual, y, x));
            let equal = Test::And(below, above);
            if other == Operator::NotEqual { Test::Not(Box::new(equal)) } else { equal }
        }
    }
}

/// A function that NMODL knows.
fn built_in(function: &str, arguments: Vec<Expression>) -> Option<Expression> {
    let call = |function: Function, arguments: Vec<Expression>| Expression::Call(function, arguments);
    let exp = |x: Expression| call(Function::Exponential, vec![x]);
    let half = |x: Expression| binary(BinaryOperator::Divide, x, number(2.0));
    let mut arguments = arguments.into_iter();
    let (x, y) = (arguments.next()?, arguments.next());
    if arguments.next().is_some() {
        return None;
    }
    match (function, y) {
        ("exp", None) => Some(exp(x)),
        ("log", None) => Some(call(Function::Logarithm, vec![x])),
        ("log10", None) => {
            let ln = call(Function::Logarithm, vec![x]);
            Some(binary(BinaryOperator::Divide, ln, number(std::f64::consts::LN_10)))
        }
        ("sqrt", None) => Some(call(Function::SquareRoot, vec![x])),
        ("fabs" | "abs", None) => Some(call(Function::Absolute, vec![x])),
        ("exprelr", None) => Some(call(Function::Linoid, vec![x, number(1.0)])),
        ("tanh", None) => {
            let doubled = binary(BinaryOperator::Multiply, number(2.0), x);
            let sigmoid = call(Function::Sigmoid, vec![doubled]);
            let twice = binary(BinaryOperator::Multiply, number(2.0), sigmoid);
            Some(binary(BinaryOperator::Subtract, number(1.0), twice))
        }
        ("cosh", None) => Some(half(binary(BinaryOperator::Add, exp(x.clone()), exp(negate(x))))),
        ("sinh", None) => Some(half(binary(BinaryOperator::Subtract, exp(x.clone()), exp(negate(x))))),
        ("pow", Some(y)) => Some(binary(BinaryOperator::Power, x, y)),
        ("fmin", Some(y)) => Some(call(Function::Minimum, vec![x, y])),
        ("fmax", Some(y)) => Some(call(Function::Maximum, vec![x, y])),
        _ => None,
    }
}

/// `2.3 ^ ((34 - 21) / 10)`.
fn fixed_temperature(formula: &Formula) -> Option<TemperatureFactor> {
    let arithmetic = |formula: &Formula, wanted: BinaryOperator| match formula {
        Formula::Binary(Operator::Arithmetic(operator), x, y) if *operator == wanted => {
            Some((x.as_ref().clone(), y.as_ref().clone()))
        }
        _ => None,
    };
    let positive = |formula: &Formula| match formula {
        Formula::Number(value) if *value > 0.0 => Some(*value),
        _ => None,
    };
    let (base, exponent) = arithmetic(formula, BinaryOperator::Power)?;
    let (difference, ten) = arithmetic(&exponent, BinaryOperator::Divide)?;
    let (at, reference) = arithmetic(&difference, BinaryOperator::Subtract)?;
    let is_ten = positive(&ten)?.to_bits() == 10.0_f64.to_bits();
    let (q10, at, reference_celsius) = (positive(&base)?, positive(&at)?, positive(&reference)?);
    is_ten.then_some(TemperatureFactor { q10, reference_celsius, at_celsius: Some(at) })
}
