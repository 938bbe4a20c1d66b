use proptest::prelude::*;

use crate::Error;
use crate::channel::{BinaryOperator, Comparison, DEEPEST_EXPRESSION, Expression, Function};

fn value(text: &str, v: f64) -> f64 {
    Expression::parse(text).unwrap().evaluate(&|name| (name == "v").then_some(v)).unwrap()
}

#[test]
fn analytic_precedence_is_the_usual() {
    let check = |text: &str, expected: f64| {
        let found = value(text, 3.0);
        assert!((found - expected).abs() < 1e-12, "{text}: {found} is not {expected}");
    };
    check("1 + 2 * v", 7.0);
    check("10 - 2 - v", 5.0);
    check("24 / 2 / v", 4.0);
    check("-v^2", -9.0);
    check("(-v)^2", 9.0);
    check("2^v^2", 512.0);
    check("2^-1 * 4", 2.0);
    check("2 * -v - -1", -5.0);
    check("--v", 3.0);
    check("1e-4 + .5 + 2. + 1E2", 102.5001);
    check("if(v > 2, 1, 0) + if(v <= 2, 10, 20) + if(v >= 3, 100, 0) + if(v < 3, 1000, 0)", 121.0);
    check("min(v, 2) + 10 * max(v, 4) + abs(-v) + sqrt(9)", 48.0);
    check("log(exp(v))", 3.0);
    check("sigmoid(v)", 1.0 / (1.0 + 3.0_f64.exp()));
    check("linoid(v, 2)", 3.0 / (1.5_f64.exp() - 1.0));
}

#[test]
fn analytic_linoid_is_smooth_at_its_guard() {
    for v in [-3e-6, -6.1e-6, -5.9e-6, 0.0, 5.9e-6, 6.1e-6] {
        let u: f64 = v / 6.0;
        let series = 6.0 * (1.0 - u / 2.0 + u * u / 12.0);
        assert!((value("linoid(v, 6)", v) - series).abs() < 2e-9, "{v}");
    }
}

#[test]
fn analytic_names_and_unknown_names() {
    let expression = Expression::parse("gbar * m^2 * if(a < v, exp(b), 2)").unwrap();
    assert_eq!(expression.names().into_iter().collect::<Vec<_>>(), ["a", "b", "gbar", "m", "v"]);
    let error = expression.evaluate(&|name| (name != "m").then_some(1.0)).unwrap_err();
    assert_eq!(error, Error::UnknownName { name: "m".to_owned() });
}

#[test]
fn analytic_errors_name_column_and_remedy() {
    let check = |text: &str, expected: &str| {
        let found = Expression::parse(text).unwrap_err().to_string();
        assert_eq!(found, expected, "{text}");
    };
    check("1 + ", "column 5: the end where a value belongs; write a number, a name, a function or `(`");
    check("1 v", "column 3: `v` follows a complete formula; write an operator before it, such as `*`");
    check("(1", "column 3: the end where `)` belongs; close the parenthesis");
    check("1)", "column 2: `)` closes nothing; delete it, or open it with `(`");
    check("2v", "column 1: `2` runs into what follows; write an operator between them");
    check("exp(1, 2)", "column 6: `,` where `)` belongs; give exp 1 argument(s)");
    check("linoid(1)", "column 9: `)` where `,` belongs; give linoid 2 argument(s)");
    check("exp * 2", "column 1: `exp` without arguments; write exp(…), or choose another name");
    check("if(1, 2, 3)", "column 5: `,` where a comparison belongs; write if(a < b, x, y)");
    check("1e999", "column 1: `1e999` is not a finite number; write a number such as 0.5 or 1e-4");
    check("µ", "column 1: `µ` has no meaning; use numbers, names, functions, + - * / ^ ( ) , < <= > >=");
    check("+1", "column 1: `+` before a value; delete it");
    let unknown = Expression::parse("1 + tanh(v)").unwrap_err().to_string();
    assert!(unknown.starts_with("column 5: function `tanh` is unknown; use one of exp, log"), "{unknown}");
}

#[test]
fn invariant_hostile_depth_and_length_are_refused() {
    let deepest = 2 * DEEPEST_EXPRESSION;
    for unit in ["(", "-", "1^", "exp(", "if(", "if(1<(", "min(1,", "1+", "1*", "1-", "2/("] {
        for n in [deepest, 3000, 100_000] {
            assert!(Expression::parse(&unit.repeat(n)).is_err(), "{unit} {n}");
            let complete = format!("{}1{}", unit.repeat(n), ")".repeat(n));
            assert!(Expression::parse(&complete).is_err(), "{unit} {n}");
        }
    }
    let fits = format!("{}1{}", "(".repeat(100), ")".repeat(100));
    assert_eq!(Expression::parse(&fits).unwrap(), Expression::Number(1.0));
    let sum = vec!["1"; DEEPEST_EXPRESSION].join("+");
    assert!(Expression::parse(&sum).is_ok());
}

fn any_expression() -> impl Strategy<Value = Expression> {
    use BinaryOperator::{Add, Divide, Multiply, Power, Subtract};
    let leaf = prop_oneof![
        prop_oneof![Just(0.0), 0.0..1.0, 0.0..1e9, Just(1e-300), Just(1e300), Just(5e-324), Just(1e15)]
            .prop_map(Expression::Number),
        "[a-z_][a-z_0-9]{0,4}"
            .prop_filter("reserved", |name| name != "if" && Function::from_name(name).is_none())
            .prop_map(Expression::Name),
    ];
    let operator = prop_oneof![Just(Add), Just(Subtract), Just(Multiply), Just(Divide), Just(Power)];
    leaf.prop_recursive(6, 64, 4, move |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|x| Expression::Negate(Box::new(x))),
            (operator.clone(), pair.clone()).prop_map(|(operator, (x, y))| Expression::Binary(
                operator,
                Box::new(x),
                Box::new(y)
            )),
            (0..Function::ALL.len(), pair.clone()).prop_map(|(function_idx, (x, y))| {
                let function = Function::ALL[function_idx];
                let mut arguments = vec![x, y];
                arguments.truncate(function.n_arguments());
                Expression::Call(function, arguments)
            }),
            (any::<bool>(), pair.clone(), pair).prop_map(|(is_strict, (left, right), (then, otherwise))| {
                let comparison = if is_strict { Comparison::Less } else { Comparison::LessEqual };
                let [left, right, then, otherwise] = [left, right, then, otherwise].map(Box::new);
                Expression::If { comparison, left, right, then, otherwise }
            }),
        ]
    })
}

proptest! {
    #[test]
    fn invariant_text_reads_back_to_the_same_tree(expression in any_expression()) {
        let text = expression.to_string();
        prop_assert_eq!(Expression::parse(&text).unwrap(), expression, "{}", text);
    }

    #[test]
    fn invariant_any_text_is_read_or_refused(text in "[-+*/^(),<>= 0-9.eva_ifµ]{0,60}") {
        if let Ok(expression) = Expression::parse(&text) {
            let again = Expression::parse(&expression.to_string()).unwrap();
            prop_assert_eq!(again, expression);
        }
    }
}
