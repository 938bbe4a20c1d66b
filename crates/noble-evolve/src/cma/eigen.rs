//! Eigenvalues and eigenvectors of a small symmetric matrix.

/// Sweeps after which rotations have long ceased to change anything; six to ten are usual.
const MOST_SWEEPS: usize = 60;

/// `A = B diag(values) Bᵀ`; the columns of `vectors`, row by row `[n × n]`, are the eigenvectors.
#[derive(Debug)]
pub(super) struct Eigen {
    pub(super) values: Vec<f64>,
    pub(super) vectors: Vec<f64>,
}

/// Diagonalizes the symmetric `[n × n]` matrix, row by row, by cyclic Jacobi rotations.
///
/// Every rotation makes one pair of entries zero; they come back smaller, and quadratically so once all are small.
/// Slower than a tridiagonal method, but exact to rounding, short, and fast enough for some dozens of parameters.
///
/// # Source
/// Golub & Van Loan 2013, "Matrix computations", 4th edition, algorithms 8.5.1 and 8.5.3.
pub(super) fn eigen(matrix: &[f64], n: usize) -> Eigen {
    let mut a = matrix.to_vec();
    let mut vectors = vec![0.0; n * n];
    for idx in 0..n {
        vectors[idx * n + idx] = 1.0;
    }
    for _ in 0..MOST_SWEEPS {
        let mut is_diagonal = true;
        for p in 0..n {
            for q in p + 1..n {
                is_diagonal &= !rotate(&mut a, &mut vectors, n, (p, q));
            }
        }
        if is_diagonal {
            break;
        }
    }
    Eigen { values: (0..n).map(|idx| a[idx * n + idx]).collect(), vectors }
}

/// Makes the entries `(p, q)` and `(q, p)` zero; whether they were not so already, to rounding.
fn rotate(a: &mut [f64], vectors: &mut [f64], n: usize, (p, q): (usize, usize)) -> bool {
    let (diagonal_p, diagonal_q, off) = (a[p * n + p], a[q * n + q], a[p * n + q]);
    if off.abs() <= f64::EPSILON * (diagonal_p.abs() * diagonal_q.abs()).sqrt()
        || off.abs() < f64::MIN_POSITIVE
    {
        return false;
    }
    let tau = (diagonal_q - diagonal_p) / (2.0 * off);
    let tangent = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    let sine = tangent * cosine;
    let turn = |matrix: &mut [f64], at_p: usize, at_q: usize| {
        let (one, other) = (matrix[at_p], matrix[at_q]);
        matrix[at_p] = cosine * one - sine * other;
        matrix[at_q] = sine * one + cosine * other;
    };
    for row in 0..n {
        turn(a, row * n + p, row * n + q);
        turn(vectors, row * n + p, row * n + q);
    }
    for column in 0..n {
        turn(a, p * n + column, q * n + column);
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The second difference with fixed ends has eigenvalues `2 - 2 cos(kπ / (n + 1))`.
    #[test]
    fn analytic_second_difference() {
        let n = 20;
        let mut matrix = vec![0.0; n * n];
        for idx in 0..n {
            matrix[idx * n + idx] = 2.0;
            if idx + 1 < n {
                matrix[idx * n + idx + 1] = -1.0;
                matrix[(idx + 1) * n + idx] = -1.0;
            }
        }
        let mut values = eigen(&matrix, n).values;
        values.sort_by(f64::total_cmp);
        for (k, value) in values.iter().enumerate() {
            let expected = 2.0 - 2.0 * ((k + 1) as f64 * std::f64::consts::PI / (n + 1) as f64).cos();
            assert!((value - expected).abs() < 1e-13, "{value} {expected}");
        }
    }

    proptest! {
        #[test]
        fn invariant_product_is_the_matrix(
            (n, entries) in (1..12_usize).prop_flat_map(|n| (Just(n), prop::collection::vec(-1.0..1.0_f64, n * n))),
        ) {
            let entry = |a: usize, b: usize| entries[a.min(b) * n + a.max(b)];
            let matrix: Vec<f64> = (0..n * n).map(|idx| entry(idx / n, idx % n)).collect();
            let Eigen { values, vectors } = eigen(&matrix, n);
            let product = |a: usize, b: usize| -> f64 {
                (0..n).map(|k| vectors[a * n + k] * values[k] * vectors[b * n + k]).sum()
            };
            for a in 0..n {
                for b in 0..n {
                    prop_assert!((product(a, b) - matrix[a * n + b]).abs() < 1e-13);
                    let dot: f64 = (0..n).map(|row| vectors[row * n + a] * vectors[row * n + b]).sum();
                    prop_assert!((dot - f64::from(u8::from(a == b))).abs() < 1e-13);
                }
            }
        }
    }
}
