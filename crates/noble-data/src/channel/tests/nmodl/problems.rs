//! What cannot be taken over is named, all of it.

use super::{POOL, SODIUM, THREE};
use crate::Error;
use crate::channel::import_nmodl;

/// Lines and beginnings of all problems.
fn problems(source: &str) -> Vec<(usize, String)> {
    match import_nmodl(source) {
        Err(Error::Nmodl { problems }) => {
            assert!(problems.iter().all(|one| !one.remedy.is_empty()));
            problems.into_iter().map(|one| (one.line, one.what)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn check(source: &str, expected: &[(usize, &str)]) {
    let found = problems(source);
    let found: Vec<(usize, &str)> = found.iter().map(|(line, what)| (*line, what.as_str())).collect();
    assert_eq!(found, expected);
}

/// A leak with more in one block.
fn leak(more: &str) -> String {
    format!(
        "NEURON {{ SUFFIX leak NONSPECIFIC_CURRENT i }}\nBREAKPOINT {{\n{more}\ni = 1e-4 * (v + 65)\n}}\n"
    )
}

#[test]
fn analytic_every_problem_is_told() {
    let source = "NEURON { POINT_PROCESS thing
        POINTER other
        NONSPECIFIC_CURRENT i }
    DEFINE N 4
    PARAMETER { a[3] = 1
        b = 2 }
    VERBATIM
    static double x;
    ENDVERBATIM
    BREAKPOINT {
        FROM k = 0 TO 3 { i = i + 1 }
        i = a[0] * v
        VERBATIM
        x = 3;
        ENDVERBATIM
        i = ) b * v
        foo(b)
        i = b * (v + 65)
    }
    NET_RECEIVE (w) { i = w }
    FUNCTION_TABLE tab(v)";
    check(
        source,
        &[
            (1, "POINT_PROCESS"),
            (2, "POINTER"),
            (4, "DEFINE"),
            (5, "array a"),
            (7, "VERBATIM block"),
            (11, "FROM"),
            (12, "array a"),
            (13, "VERBATIM block"),
            (16, "`)` where a value belongs"),
            (17, "call of foo, which the file does not define"),
            (20, "NET_RECEIVE"),
            (21, "FUNCTION_TABLE"),
        ],
    );
}

#[test]
fn analytic_problems_of_meaning() {
    check("", &[(1, "no SUFFIX")]);
    check("NEURON { SUFFIX none }", &[(1, "nothing is written")]);
    check("NEURON { SUFFIX a } COMMENT never closed", &[(1, "COMMENT has no end")]);
    check(&leak("FROM k = 1 TO 2 { }"), &[(3, "FROM")]);
}

#[test]
fn analytic_what_no_result_depends_on_is_no_problem() {
    super::import(&leak("if (t > 5) { j = diam }"));
}

#[test]
fn analytic_states_must_relax_from_their_steady_state() {
    check(&SODIUM.replace("m = minf\n", "m = 0.1\n"), &[(43, "m does not start at its steady state")]);
    check(&SODIUM.replace("m = minf\n", "\n"), &[(38, "state m starts at zero")]);
    check(&SODIUM.replace("(minf - m)", "(minf - m * h)"), &[(55, "m' depends on h")]);
    check(&SODIUM.replace("(minf - m)", "(minf - m^2)"), &[(55, "m' is not linear in m")]);
    check(&SODIUM.replace("(minf - m)", "(m - minf)"), &[(55, "m grows without bound")]);
    check(&SODIUM.replace("    g = gmax", "    m = 0.5\n    g = gmax"), &[(49, "m = …, which is a state")]);
}

#[test]
fn analytic_schemes_must_start_balanced_and_keep_their_sum() {
    let start = "INITIAL { SOLVE passing STEADYSTATE sparse }";
    check(
        &THREE.replace(start, "INITIAL { closed = 1 }"),
        &[(15, "the scheme does not start at its steady state")],
    );
    check(
        &THREE.replace("closed + open + blocked", "closed + open"),
        &[(26, "CONSERVE of something else than the sum")],
    );
    check(
        &THREE.replace("~ open <-> blocked", "~ open <-> lost"),
        &[
            (13, "state blocked has no equation"),
            (25, "~ lost, which is no state"),
            (26, "CONSERVE of something else than the sum"),
        ],
    );
}

#[test]
fn analytic_names_that_mean_nothing_here() {
    check(&POOL.replace("/ (2 *", "* diam / (2 *"), &[(35, "a result depends on diam")]);
    check(
        &POOL.replace("READ ica, cai", "READ ica, cai, cao, ina").replace("* ica", "* ina"),
        &[(7, "USEION ca READ ina")],
    );
    check(
        &POOL.replace("cai = ca\n", "\n"),
        &[(7, "WRITE cai, which is no state"), (28, "ca does not start at its steady state")],
    );
    check(&POOL.replace("(faraday)", "(mole)"), &[(14, "constant F of UNITS")]);
}
