use ndarray::array;

use super::*;

fn sweeps() -> Sweeps {
    let v_mv = array![[-70.0, -60.5, -70.25], [-70.0, -80.5, -71.0]];
    let mut sweeps = Sweeps::new(vec![0.0, 0.1, 0.2], vec![Some(0.1), Some(-0.1)], v_mv).unwrap();
    sweeps.models = Some(vec![3, 7]);
    sweeps.latents.insert("i_thr_na".to_owned(), vec![0.05, 0.06]);
    sweeps.window = Some(StimulusWindow { start_ms: 0.1, end_ms: 0.2 });
    sweeps
}

#[test]
fn invariant_npz_comes_back_as_written() {
    let bytes = sweeps().to_npz(Precision::Double).unwrap();
    assert_eq!(Sweeps::from_npz(&bytes).unwrap(), sweeps());
    let bytes = sweeps().to_npz(Precision::Single).unwrap();
    assert_eq!(Sweeps::from_npz(&bytes).unwrap(), sweeps());
}

#[test]
fn invariant_csv_comes_back_as_written() {
    let bytes = sweeps().to_csv().unwrap();
    let back = Sweeps::from_csv(&bytes).unwrap();
    assert_eq!(back.v_mv, sweeps().v_mv);
    assert_eq!(back.times_ms, sweeps().times_ms);
}

#[test]
fn analytic_csv_currents_give_step_and_window() {
    let text = "time_ms, v_mv, i_na\n0, -70, 0\n1, -70, -0.2\n2, -71, -0.2\n3, -70, 0\n";
    let back = Sweeps::from_csv(text.as_bytes()).unwrap();
    assert_eq!(back.step_na, [Some(-0.2)]);
    assert_eq!(back.window, Some(StimulusWindow { start_ms: 1.0, end_ms: 3.0 }));
}

#[test]
fn analytic_wrong_csv_names_place() {
    let cases = [
        ("t,v\n0,1\n", "no column time_ms"),
        ("time_ms,v\n0,1\n", "no column ending in _mv"),
        ("time_ms,v_mv\n0,nan\n", "line 2 column v_mv: \"nan\" is not a finite number"),
        ("time_ms,v_mv\n0,1\n0,1\n", "time 0 follows 0"),
        ("time_ms,v_mv\n0\n", "found record with 1 fields"),
    ];
    for (text, expected) in cases {
        let message = Sweeps::from_csv(text.as_bytes()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message} lacks {expected}");
    }
}

#[test]
fn invariant_truncated_npz_is_an_error() {
    let bytes = sweeps().to_npz(Precision::Double).unwrap();
    for n_bytes in 0..bytes.len() {
        assert!(Sweeps::from_npz(&bytes[..n_bytes]).is_err(), "{n_bytes}");
    }
}
