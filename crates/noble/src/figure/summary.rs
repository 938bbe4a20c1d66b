//! Medians and quantiles over the members of an ensemble.

/// Quantile of sorted values with linear interpolation; none where there are none.
///
/// # Source
/// NumPy `quantile`, method `linear`.
pub(super) fn quantile(sorted: &[f64], fraction: f64) -> Option<f64> {
    let place = fraction.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

/// The values `at(row)` of all rows that are finite, in ascending order.
pub(super) fn sorted_column(rows: &[Vec<f64>], idx: usize) -> Vec<f64> {
    let mut column: Vec<f64> =
        rows.iter().filter_map(|row| row.get(idx)).copied().filter(|v| v.is_finite()).collect();
    column.sort_by(f64::total_cmp);
    column
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_quantiles_interpolate() {
        let values = [1.0, 2.0, 4.0, 8.0];
        let at = |fraction| quantile(&values, fraction).unwrap();
        assert!(
            (at(0.0) - 1.0).abs() < 1e-12 && (at(0.5) - 3.0).abs() < 1e-12 && (at(1.0) - 8.0).abs() < 1e-12
        );
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn analytic_columns_leave_out_what_is_missing() {
        let rows = [vec![3.0, 1.0], vec![f64::NAN, 2.0], vec![1.0]];
        assert_eq!(sorted_column(&rows, 0), [1.0, 3.0]);
        assert_eq!(sorted_column(&rows, 1), [1.0, 2.0]);
    }
}
