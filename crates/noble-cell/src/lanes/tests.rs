use super::*;

struct Map<'a> {
    x: &'a [f64],
    y: &'a mut [f64],
    is_logarithm: bool,
}

impl Kernel for Map<'_> {
    type Output = ();

    fn run<V: Lanes, S: Lanes>(self) {
        assert!(self.x.len() == self.y.len() && self.x.len().is_multiple_of(PADDING));
        for at in (0..self.x.len()).step_by(V::WIDTH) {
            // SAFETY: both slices hold a whole number of registers.
            unsafe {
                let x = V::load(self.x.as_ptr().add(at));
                let y = if self.is_logarithm { logarithm(x) } else { exponential(x) };
                y.store(self.y.as_mut_ptr().add(at));
            }
        }
    }
}

fn map(instructions: Instructions, x: &[f64], is_logarithm: bool) -> Vec<f64> {
    let mut y = vec![0.0; x.len()];
    dispatch(instructions, Map { x, y: &mut y, is_logarithm });
    y
}

/// Relative error in units of the last place of one.
fn worst(x: &[f64], y: &[f64], exact: impl Fn(f64) -> f64) -> f64 {
    let errors = x.iter().zip(y).map(|(x, y)| {
        let exact = exact(*x);
        (y - exact).abs() / exact.abs().max(f64::MIN_POSITIVE)
    });
    errors.fold(0.0_f64, f64::max) / f64::EPSILON
}

#[test]
fn analytic_exponential_is_within_a_unit_of_the_last_place() {
    let x: Vec<f64> = (-80_000..80_000).map(|i| f64::from(i) * 0.008_8 + 1e-3).collect();
    for instructions in Instructions::available() {
        let error = worst(&x, &map(instructions, &x, false), f64::exp);
        assert!(error <= 1.0, "{instructions:?}: {error}");
    }
}

#[test]
fn analytic_logarithm_is_within_a_unit_of_the_last_place() {
    let x: Vec<f64> =
        (-64_000..64_000).map(|i| (f64::from(i) * 0.01 + 3.7e-3).exp2()).filter(|x| x.is_normal()).collect();
    let x = &x[..x.len() / PADDING * PADDING];
    for instructions in Instructions::available() {
        let error = worst(x, &map(instructions, x, true), f64::ln);
        assert!(error <= 1.5, "{instructions:?}: {error}");
    }
}

#[test]
fn analytic_arguments_at_the_ends() {
    let x = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 0.0, -0.0, 709.0];
    for instructions in Instructions::available() {
        let y = map(instructions, &x, false);
        assert!(y[0].is_nan() && y[1].is_finite() && y[2] > 0.0 && y[4] < 1e-300, "{instructions:?}: {y:?}");
        assert!(y[5].to_bits() == 1.0_f64.to_bits() && y[6].to_bits() == 1.0_f64.to_bits());
        let y = map(instructions, &[-1.0, 0.0, f64::NAN, 1.0, -0.0, f64::NEG_INFINITY, 1e-320, 2.0], true);
        assert!(y[0].is_nan() && y[1].is_nan() && y[2].is_nan() && y[5].is_nan(), "{instructions:?}: {y:?}");
        assert!(y[3].abs() < 1e-300);
    }
}

#[test]
fn invariant_wide_registers_give_the_same_bits() {
    let x: Vec<f64> = (0..4096).map(|i| f64::from(i) * 0.123 - 250.0).collect();
    let fused: Vec<Instructions> =
        Instructions::available().into_iter().filter(|one| *one != Instructions::Portable).collect();
    for pair in fused.windows(2) {
        assert_eq!(map(pair[0], &x, false), map(pair[1], &x, false));
    }
}
