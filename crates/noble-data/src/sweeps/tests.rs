use std::io::Cursor;

use ndarray::{Array, Dimension, arr0, array};
use ndarray_npy::{NpzWriter, WritableElement};

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
fn invariant_currents_come_back_as_written() {
    let with_current = Sweeps { current_na: Some(array![[0.0, 0.1, 0.0], [0.0, -0.1, 0.0]]), ..sweeps() };
    let npz = Sweeps::from_npz(&with_current.to_npz(Precision::Double).unwrap()).unwrap();
    let csv = Sweeps::from_csv(&with_current.to_csv().unwrap()).unwrap();
    assert_eq!((npz.current_na, csv.current_na), (with_current.current_na.clone(), with_current.current_na));
    let simulated = [("electrode_na".to_owned(), array![[0.0, 0.0, 0.3], [0.0, 0.0, 0.0]])];
    let back = Sweeps::from_npz(&sweeps().to_npz_with(Precision::Double, &simulated).unwrap()).unwrap();
    assert_eq!(back.current_na, Some(array![[0.0, 0.3, 0.3], [0.0, 0.0, 0.0]]));
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

type Npz = NpzWriter<Cursor<Vec<u8>>>;

/// A file of one sweep of two samples with further arrays.
fn npz(add: impl Fn(&mut Npz)) -> Result<Sweeps, Error> {
    let mut npz = NpzWriter::new(Cursor::new(Vec::new()));
    npz.add_array("time_ms", &array![0.0, 1.0]).unwrap();
    npz.add_array("v_mv", &array![[-70.0, -71.0]]).unwrap();
    add(&mut npz);
    Sweeps::from_npz(&npz.finish().unwrap().into_inner())
}

fn with_window<A: WritableElement, B: WritableElement>(
    start_ms: &Array<A, impl Dimension>,
    end_ms: &Array<B, impl Dimension>,
) -> Result<Sweeps, Error> {
    npz(|npz| {
        npz.add_array("step_na", &array![0.1]).unwrap();
        npz.add_array("stim_start_ms", start_ms).unwrap();
        npz.add_array("stim_end_ms", end_ms).unwrap();
    })
}

#[test]
fn analytic_windows_of_any_type_are_read() {
    let expected = Some(StimulusWindow { start_ms: 1.0, end_ms: 2.5 });
    assert_eq!(with_window(&arr0(1.0_f32), &array![2.5_f64]).unwrap().window, expected);
    assert_eq!(with_window(&array![1_i64], &arr0(2.5_f32)).unwrap().window, expected);
    assert_eq!(with_window(&arr0(1_i64), &arr0(2.5_f64)).unwrap().window, expected);
}

#[test]
fn analytic_wrong_npz_names_place() {
    let one = |name: &'static str| {
        npz(|npz| {
            npz.add_array("step_na", &array![0.1]).unwrap();
            npz.add_array(name, &arr0(1.0)).unwrap();
        })
    };
    let latent = npz(|npz| {
        npz.add_array("step_na", &array![0.1]).unwrap();
        npz.add_array("i_thr_na", &array![f64::INFINITY]).unwrap();
    });
    let times = Sweeps::new(vec![0.0, f64::NAN], vec![None], array![[1.0, 2.0]]);
    let cases = [
        (one("stim_start_ms"), "stim_end_ms: is missing; give both"),
        (one("stim_end_ms"), "stim_start_ms: is missing; give both"),
        (with_window(&array![1.0, 2.0], &arr0(2.0)), "stim_start_ms: shape [2] is not one number"),
        (with_window(&arr0(1.0), &arr0(true)), "stim_end_ms: "),
        (with_window(&arr0(f64::NAN), &arr0(2.0)), "stim_start_ms[0]: NaN is not finite"),
        (npz(|npz| npz.add_array("step_na", &array![f64::NAN]).unwrap()), "step_na[0]: NaN is not finite"),
        (latent, "i_thr_na[0]: inf is not finite"),
        (times, "time_ms[1]: NaN is not finite"),
    ];
    for (result, expected) in cases {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(expected), "{message} lacks {expected}");
    }
}
