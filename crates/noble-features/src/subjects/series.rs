//! What is made of a list of values, whatever they are.

/// `x[i + 1] - x[i]`; `None` below two values.
pub(super) fn differences(values: &[f64]) -> Option<Vec<f64>> {
    (values.len() > 1).then(|| values.windows(2).map(|pair| pair[1] - pair[0]).collect())
}

/// `(x[i + 1] - x[0]) / x[0]`; `None` below two values.
pub(super) fn relative_changes(values: &[f64]) -> Option<Vec<f64>> {
    let (first, rest) = values.split_first()?;
    filled(rest.iter().map(|value| (value - first) / first).collect())
}

/// The list, unless it is empty.
pub(super) fn filled<T>(values: Vec<T>) -> Option<Vec<T>> {
    (!values.is_empty()).then_some(values)
}

/// A count as a value.
pub(super) fn count(n: usize) -> f64 {
    n as f64
}
