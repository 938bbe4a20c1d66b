//! Distributions as BluePyOpt has them: Python with `{value}` and `{distance}`.

use crate::Error;
use crate::cell_model::Distribution;
use crate::cell_model::distribution::{DISTANCE, VALUE};
use crate::channel::{BinaryOperator, Comparison, Expression, Function, LINOID_SERIES_BELOW};

/// Their placeholders and our names.
const NAMES: [(&str, &str); 2] = [("{value}", VALUE), ("{distance}", DISTANCE)];

/// Reads a formula of sums, products, powers and `math` functions.
pub(crate) fn read(python: &str) -> Result<Distribution, Error> {
    let mut text = python.replace("math.", "").replace("**", "^");
    for (theirs, ours) in NAMES {
        text = text.replace(theirs, ours);
    }
    Expression::parse(&text).and_then(Distribution::new)
}

/// The formula in Python; `linoid`, `sigmoid` and `if` are written out.
pub(crate) fn write(distribution: &Distribution) -> String {
    python(distribution.formula())
}

fn python(expression: &Expression) -> String {
    match expression {
        Expression::Number(number) if number.is_sign_negative() => format!("({number:?})"),
        Expression::Number(number) => format!("{number:?}"),
        Expression::Name(name) => {
            let theirs = NAMES.iter().find(|(_, ours)| ours == name).map(|(theirs, _)| *theirs);
            theirs.unwrap_or(name).to_owned()
        }
        Expression::Negate(x) => format!("(-{})", python(x)),
        Expression::Binary(operator, x, y) => {
            let mark = match operator {
                BinaryOperator::Power => "**".to_owned(),
                _ => operator.mark().to_string(),
            };
            format!("({} {mark} {})", python(x), python(y))
        }
        Expression::Call(function, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(python).collect();
            call(*function, &arguments)
        }
        Expression::If { comparison, left, right, then, otherwise } => {
            let mark = match comparison {
                Comparison::Less => "<",
                Comparison::LessEqual => "<=",
            };
            let [left, right, then, otherwise] = [left, right, then, otherwise].map(|part| python(part));
            format!("({then} if {left} {mark} {right} else {otherwise})")
        }
    }
}

fn call(function: Function, arguments: &[String]) -> String {
    let name = function.name();
    match (function, arguments) {
        (Function::Absolute | Function::Minimum | Function::Maximum, _) => {
            format!("{name}({})", arguments.join(", "))
        }
        (Function::Sigmoid, [u]) => format!("(1.0 / (1.0 + math.exp({u})))"),
        (Function::Linoid, [s, k]) => format!(
            "({k} * (1.0 - 0.5 * ({s} / {k})) if abs({s} / {k}) < {LINOID_SERIES_BELOW:?} \
             else {s} / (math.exp({s} / {k}) - 1.0))"
        ),
        _ => format!("math.{name}({})", arguments.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_the_published_formula_is_read() {
        let read = read("(-0.8696 + 2.087*math.exp(({distance})*0.0031))*{value}").unwrap();
        for distance_um in [0.0, 120.0, 1300.0] {
            let expected = 8e-5 * (-0.8696 + 2.087 * f64::exp(0.0031 * distance_um));
            let found = read.value_at(8e-5, distance_um);
            assert!((found - expected).abs() < 1e-15, "{found} is not {expected}");
        }
    }

    #[test]
    fn invariant_formulas_come_back_from_python() {
        let texts = [
            "value * (-0.8696 + 2.087 * exp(0.0031 * distance_um))",
            "-value^2^-1 / (1e-7 + sqrt(abs(distance_um)))",
            "max(value - 1e300, min(log(value), 3))",
        ];
        for text in texts {
            let ours: Distribution = text.parse().unwrap();
            assert_eq!(read(&write(&ours)).unwrap(), ours, "{}", write(&ours));
        }
    }

    #[test]
    fn analytic_what_python_lacks_is_written_out() {
        let python = |text: &str| write(&text.parse().unwrap());
        assert_eq!(python("sigmoid(value)"), "(1.0 / (1.0 + math.exp({value})))");
        assert_eq!(python("if(distance_um < 1, value, 0)"), "({value} if {distance} < 1.0 else 0.0)");
        let linoid = python("linoid(value, 2)");
        assert!(linoid.starts_with("(2.0 * (1.0 - 0.5 * ({value} / 2.0)) if abs"), "{linoid}");
    }

    #[test]
    fn analytic_other_python_is_refused() {
        for text in ["{value} * {threshold}", "{value} if {distance} < 3 else 0", "pow({value}, 2)", "value("]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
