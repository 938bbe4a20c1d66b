use super::*;
use crate::morphology::Attachment;

const CELL: &str = "# cell\r\n 10 1 0 0 0 5 -1\r\n 20 3 0 5 0 1 10\r\n 30 3 0 50 0 1 20\r\n";

fn error_of(text: &str) -> String {
    read_swc(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn analytic_any_ids_crlf_and_leading_blanks_are_read() {
    let (morphology, report) = read_swc(CELL.as_bytes()).unwrap();
    assert_eq!(report.n_points, 3);
    assert_eq!(morphology.sections.len(), 2);
    assert!((morphology.sections[0].length_um() - 10.0).abs() < 1e-12);
    assert!((morphology.sections[1].length_um() - 45.0).abs() < 1e-12);
    assert_eq!(morphology.section_name(1), "dend[0]");
}

#[test]
fn analytic_fragments_and_other_types_are_reported() {
    let text = "1 1 0 0 0 5 -1\n2 3 0 5 0 1 1\n3 3 0 9 0 1 2\n4 7 0 9 7 1 3\n5 2 0 9 9 1 -1\n\
                6 2 0 9 20 1 5\n7 2 0 0 50 1 -1\n8 4 0 9 0 2 3\n9 4 0 20 0 2 8\n10 3 0 20 0 2 9\n\
                11 4 0 30 0 2 10\n12 4 1 1 1 2 3\n13 4 1 1 1 2 12\n";
    let (morphology, report) = read_swc(text.as_bytes()).unwrap();
    let expected = SwcReport {
        n_points: 13,
        fragment_lines: vec![5, 7],
        dropped_lines: vec![10],
        other_type_lines: vec![4],
        zero_length_lines: Vec::new(),
    };
    assert_eq!(report, expected);
    let joints = [
        ("soma[0]", None),
        ("dend[0]", Some(("soma[0]", 0.5))),
        ("dend[1]", Some(("dend[0]", 1.0))),
        ("axon[0]", Some(("soma[0]", 0.5))),
        ("axon[1]", Some(("soma[0]", 0.5))),
        ("apic[0]", Some(("dend[0]", 1.0))),
        ("apic[1]", Some(("apic[0]", 1.0))),
        ("apic[2]", Some(("dend[0]", 1.0))),
    ];
    assert_joints(&morphology, &joints);
}

#[test]
fn analytic_sections_of_many_equal_points_are_reported() {
    let text = "1 1 0 0 0 5 -1\n2 3 0 5 0 1 1\n3 3 0 5 0 2 2\n4 3 0 5 0 1 3\n";
    let (morphology, report) = read_swc(text.as_bytes()).unwrap();
    assert_eq!((morphology.sections.len(), report.zero_length_lines), (2, vec![2]));
}

type NamedJoint<'a> = (&'a str, Option<(&'a str, f64)>);

/// Names and joints of all sections.
fn assert_joints(morphology: &Morphology, expected: &[NamedJoint<'_>]) {
    let names = morphology.section_names();
    let sections = names.iter().zip(&morphology.sections);
    let found: Vec<NamedJoint<'_>> = sections
        .map(|(name, section)| {
            let parent =
                section.parent.map(|parent| (names[parent.section_idx].as_str(), parent.at_fraction));
            (name.as_str(), parent)
        })
        .collect();
    assert_eq!(found, expected);
}

/// Number of points and length of each section.
fn assert_outlines(morphology: &Morphology, expected: &[(usize, f64)]) {
    assert_eq!(morphology.sections.len(), expected.len());
    for (section, (n_points, length_um)) in morphology.sections.iter().zip(expected) {
        assert_eq!(section.points.len(), *n_points);
        assert!((section.length_um() - length_um).abs() < 1e-9, "{}", section.length_um());
    }
}

/// Joints and outlines as NEURON 9.0.2 imports this file.
#[test]
fn analytic_neurites_join_a_soma_of_several_points_where_they_lie() {
    let text = "1 1 0 0 0 4 -1\n2 1 0 6 0 7 1\n3 1 0 12 0 5 2\n4 3 5 6 0 1 2\n5 3 60 6 0 1 4\n\
                6 4 0 15 0 2 3\n7 4 0 150 0 1 6\n8 2 0 -4 0 1 1\n9 2 0 -70 0 1 8\n10 2 7 6 0 1 2\n";
    let (morphology, _) = read_swc(text.as_bytes()).unwrap();
    let soma = |at_fraction| Some(("soma[0]", at_fraction));
    let joints = [
        ("soma[0]", None),
        ("dend[0]", soma(0.5)),
        ("apic[0]", soma(1.0)),
        ("axon[0]", soma(0.0)),
        ("axon[1]", soma(0.5)),
    ];
    assert_joints(&morphology, &joints);
    assert_outlines(&morphology, &[(3, 12.0), (2, 55.0), (3, 138.0), (3, 70.0), (2, 7.0)]);
    assert!((morphology.sections[2].points[0].diameter_um - 4.0).abs() < 1e-12);
}

/// As above.
#[test]
fn analytic_a_soma_of_three_points_is_a_ball_or_two_sections() {
    let text =
        "1 1 0 0 0 6 -1\n2 1 0 -6 0 R 1\n3 1 0 6 0 6 1\n4 3 5 0 0 1 1\n5 3 60 0 0 1 4\n6 3 0 8 3 1 1\n";
    let (ball, _) = read_swc(text.replace('R', "6").as_bytes()).unwrap();
    let soma = |at_fraction| Some(("soma[0]", at_fraction));
    assert_joints(&ball, &[("soma[0]", None), ("dend[0]", soma(0.5)), ("dend[1]", soma(0.5))]);
    assert_outlines(&ball, &[(3, 12.0), (2, 55.0), (2, 73_f64.sqrt())]);
    let (two, _) = read_swc(text.replace('R', "5").replace("3 1 1\n", "3 1 3\n").as_bytes()).unwrap();
    let joints = [
        ("soma[0]", None),
        ("soma[1]", soma(0.0)),
        ("dend[0]", soma(0.0)),
        ("dend[1]", Some(("soma[1]", 1.0))),
    ];
    assert_joints(&two, &joints);
    assert_outlines(&two, &[(2, 6.0), (2, 6.0), (2, 55.0), (2, 13_f64.sqrt())]);
}

/// As above.
#[test]
fn analytic_side_branches_of_a_neurite_root_join_its_near_end_except_in_the_second_row() {
    let near =
        "1 1 0 0 0 5 -1\n2 2 0 -9 0 1 1\n3 2 0 -20 0 1 2\n4 3 0 9 0 1 1\n5 3 0 30 0 1 4\n6 3 9 9 0 1 4\n";
    let (morphology, _) = read_swc(near.as_bytes()).unwrap();
    assert_eq!(morphology.sections[3].parent, Some(Attachment { section_idx: 2, at_fraction: 0.0 }));
    let second = "1 1 0 0 0 5 -1\n2 3 0 9 0 1 1\n3 3 0 30 0 1 2\n4 3 9 9 0 1 2\n";
    let (morphology, _) = read_swc(second.as_bytes()).unwrap();
    assert_eq!(morphology.sections.len(), 4);
    assert_eq!(morphology.sections[3].parent, Some(Attachment { section_idx: 1, at_fraction: 1.0 }));
}

#[test]
fn analytic_bad_files_name_line_and_remedy() {
    let cases = [
        ("1 1 0 0 0 5 -1\n2 3 0 5 0 1 9\n", "swc line 2: parent 9 of point 2 does not exist"),
        ("1 1 0 0 0 5 -1\n2 3 0 5 0 1 3\n3 3 0 6 0 1 2\n", "swc line 2: point 2 is its own ancestor"),
        ("1 1 0 0 0 5 -1\n2 3 0 5 0 1 3\n3 3 0 6 0 1 1\n", "swc line 2: parent 3 comes after child 2"),
        ("1 1 0 0 x 5 -1\n", "swc line 1: z \"x\" is not a number"),
        ("1 1 0 0 nan 5 -1\n", "swc line 1: z \"nan\" is not a number"),
        ("1 1 0 0 0 3e38 -1\n", "swc line 1: radius 3e38 µm is beyond a meter; check the unit (µm)"),
        ("1 1 0 -2e6 0 5 -1\n", "swc line 1: y -2e6 µm is beyond a meter; check the unit (µm)"),
        ("1 1 0 0 0 1e39 -1\n", "swc line 1: radius 1e39 µm is beyond a meter"),
        ("1 1 0 0 0 0 -1\n", "swc line 1: radius 0 µm is not greater than zero"),
        ("1 1 0 0 0 5\n", "swc line 1: 6 fields instead of 7"),
        ("1 1 0 0 0 5 -1\n1 3 0 5 0 1 1\n", "swc line 2: id 1 was used before"),
        ("1 3 0 0 0 5 -1\n2 3 0 5 0 1 1\n", "no soma root"),
        ("# nothing\n", "no points"),
    ];
    for (text, expected) in cases {
        let message = error_of(text);
        assert!(message.contains(expected), "{message} lacks {expected}");
    }
}
