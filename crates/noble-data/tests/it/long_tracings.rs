//! Tracings of a hundred thousand points, in the shapes that a loop within a loop would take hours for.

use std::fmt::Write;

use noble_data::morphology::read_swc;

const N_POINTS: usize = 100_000;

/// A soma, and points whose type and parent follow from their number.
fn tracing(point: impl Fn(usize) -> (u8, usize)) -> String {
    let mut text = "1 1 0 0 0 5 -1\n".to_owned();
    for id in 2..=N_POINTS {
        let (kind, parent) = point(id);
        writeln!(text, "{id} {kind} {} {} {} 0.5 {parent}", id % 313, id % 317, id % 331).unwrap();
    }
    text
}

fn check(point: impl Fn(usize) -> (u8, usize), n_sections: usize) {
    let (morphology, report) = read_swc(tracing(point).as_bytes()).unwrap();
    assert_eq!((report.n_points, morphology.sections.len()), (N_POINTS, n_sections));
    let names = morphology.section_names();
    assert_eq!(names.len(), n_sections);
    assert_eq!(*names.last().unwrap(), morphology.section_name(n_sections - 1));
}

#[test]
fn invariant_one_long_section_is_read() {
    check(|id| (3, id - 1), 2);
}

#[test]
fn invariant_stars_are_read() {
    check(|_| (3, 1), N_POINTS);
    // All on the first point of one dendrite, of another type than its own.
    check(|id| if id == 2 { (3, 1) } else { (4, 2) }, N_POINTS);
    check(|id| if id == 2 { (3, 1) } else { (3, 2) }, N_POINTS);
}

#[test]
fn invariant_combs_are_read() {
    // Every second point is a twig of one point.
    check(|id| (3, if id % 2 == 0 { id.max(3) - 2 } else { id - 1 }), N_POINTS);
}

#[test]
fn invariant_a_soma_of_many_points_is_read() {
    check(|id| (1, id - 1), 1);
    // A root with very many soma points on it, each a section but the first.
    check(|_| (1, 1), N_POINTS - 1);
}

#[test]
fn invariant_many_fragments_are_read() {
    let mut text = "1 1 0 0 0 5 -1\n".to_owned();
    for id in 2..=N_POINTS {
        writeln!(text, "{id} 2 {id} 0 0 0.5 -1").unwrap();
    }
    let (morphology, report) = read_swc(text.as_bytes()).unwrap();
    assert_eq!((morphology.sections.len(), report.fragment_lines.len()), (N_POINTS, N_POINTS - 1));
}
