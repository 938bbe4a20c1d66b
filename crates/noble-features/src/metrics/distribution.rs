//! How far the features of a predicted ensemble lie from those of a reference, as distributions.

use crate::Error;

/// The Kolmogorov-Smirnov statistic of two samples, the largest difference of their distribution functions; 0 for equal
/// samples, 1 for samples that do not overlap, none when one is empty.
///
/// `D = max_x |F_a(x) − F_b(x)|`, ties counted on both sides at once.
///
/// # Errors
/// [`Error::Setting`] for a value that is not finite.
/// # Source
/// Smirnov 1948, Annals of Mathematical Statistics 19, 279; SciPy 1.16 `ks_2samp`, its statistic.
/// # Example
/// ```
/// use noble_features::metrics::kolmogorov_smirnov;
/// assert_eq!(kolmogorov_smirnov(&[1.0, 2.0, 3.0, 4.0], &[3.0, 4.0, 5.0, 6.0])?, Some(0.5));
/// # Ok::<(), noble_features::Error>(())
/// ```
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> Result<Option<f64>, Error> {
    let (a, b) = (sorted(a)?, sorted(b)?);
    if a.is_empty() || b.is_empty() {
        return Ok(None);
    }
    let part =
        |sample: &[f64], x: f64| count(sample.partition_point(|value| *value <= x)) / count(sample.len());
    let differences = a.iter().chain(&b).map(|x| (part(&a, *x) - part(&b, *x)).abs());
    Ok(Some(differences.fold(0.0, f64::max)))
}

/// The energy coefficient of two samples of feature vectors; 0 exactly for equal distributions, 1 at most, none when one
/// is empty or all vectors are the same.
///
/// `H = (2 E|X − Y| − E|X − X'| − E|Y − Y'|) / (2 E|X − Y|)` with Euclidean distances, each feature divided by its
/// standard deviation over both samples; a feature that does not vary is left out. Means over all pairs, a vector with itself
/// among them, so that samples of a few vectors from one distribution give a small positive number.
///
/// # Errors
/// [`Error::Setting`] for a value that is not finite.
/// # Panics
/// When vectors differ in length.
/// # Source
/// Székely & Rizzo 2013, Journal of Statistical Planning and Inference 143, 1249, equations 5 and 6.
/// # Example
/// ```
/// use noble_features::metrics::energy_coefficient;
/// let (a, b) = ([vec![0.0], vec![0.0]], [vec![1.0], vec![1.0]]);
/// assert_eq!(energy_coefficient(&a, &b)?, Some(1.0));
/// assert_eq!(energy_coefficient(&a, &a)?, None);
/// # Ok::<(), noble_features::Error>(())
/// ```
pub fn energy_coefficient(a: &[Vec<f64>], b: &[Vec<f64>]) -> Result<Option<f64>, Error> {
    let Some(n_features) = a.first().or(b.first()).map(Vec::len) else { return Ok(None) };
    if a.is_empty() || b.is_empty() {
        return Ok(None);
    }
    let all = || a.iter().chain(b);
    all().for_each(|vector| assert!(vector.len() == n_features, "{} of {n_features} features", vector.len()));
    if let Some(value) = all().flatten().find(|value| !value.is_finite()) {
        return Err(not_finite(*value));
    }
    let weights: Vec<f64> = (0..n_features).map(|idx| inverse_deviation(all().map(|v| v[idx]))).collect();
    let distance = |x: &[f64], y: &[f64]| {
        let squares = x.iter().zip(y).zip(&weights).map(|((x, y), weight)| ((x - y) * weight).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let mean = |xs: &[Vec<f64>], ys: &[Vec<f64>]| {
        let sum: f64 = xs.iter().map(|x| ys.iter().map(|y| distance(x, y)).sum::<f64>()).sum();
        sum / (count(xs.len()) * count(ys.len()))
    };
    let between = 2.0 * mean(a, b);
    Ok((between > 0.0).then(|| ((between - mean(a, a) - mean(b, b)) / between).max(0.0)))
}

fn inverse_deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = count(values.clone().count());
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    if variance > 0.0 { variance.sqrt().recip() } else { 0.0 }
}

fn sorted(values: &[f64]) -> Result<Vec<f64>, Error> {
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(not_finite(*value));
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(sorted)
}

fn not_finite(value: f64) -> Error {
    Error::Setting { name: "value of a sample", value, requirement: "finite" }
}

#[expect(clippy::cast_precision_loss, reason = "a count of values")]
fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two uniform samples, one shifted by a quarter of its length: the distribution functions differ by a quarter.
    #[test]
    fn analytic_shifted_uniform_samples() {
        let even: Vec<f64> = (0..1024).map(|i| f64::from(i) / 1024.0).collect();
        let shifted: Vec<f64> = even.iter().map(|x| x + 0.25).collect();
        let statistic = kolmogorov_smirnov(&even, &shifted).unwrap().unwrap();
        assert!((statistic - 0.25).abs() < 1e-12, "{statistic}");
        assert_eq!(kolmogorov_smirnov(&even, &even).unwrap(), Some(0.0));
        assert_eq!(kolmogorov_smirnov(&even, &[]).unwrap(), None);
        assert!(kolmogorov_smirnov(&even, &[f64::NAN]).is_err());
    }

    /// Points 0 and 1 against 1 and 2: E|X−Y| = 1, E|X−X'| = E|Y−Y'| = 1/2, whatever the scale.
    #[test]
    fn analytic_energy_of_two_pairs() {
        let of = |values: [f64; 2]| values.map(|value| vec![value, 7.0]);
        for scale in [1.0, 1e-6, 1e6] {
            let [a, b] = [of([0.0, scale]), of([scale, 2.0 * scale])];
            let coefficient = energy_coefficient(&a, &b).unwrap().unwrap();
            assert!((coefficient - 0.5).abs() < 1e-12, "{coefficient}");
        }
        let a = of([0.0, 1.0]);
        assert!(energy_coefficient(&a, &a).unwrap().unwrap() < 1e-12);
        assert_eq!(energy_coefficient(&a, &[]).unwrap(), None);
    }
}
