//! How the amplitudes of a dataset's steps are spread over its range.

use serde::{Deserialize, Serialize};

use super::plan::rounded_na;

/// Density of the amplitudes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Amplitudes {
    /// The same everywhere.
    #[default]
    Uniform,
    /// Skew-normal, cut at the ends of the range: `2 φ(z) Φ(α z)` with `z = (I - location)/scale`.
    SkewNormal {
        /// Location, ξ.
        location_na: f64,
        /// Scale, ω.
        scale_na: f64,
        /// Shape, α.
        shape: f64,
    },
}

/// How far the mode of a skew-normal of shape 2 lies above its location: `z = 2 φ(2z)/Φ(2z)`.
const MODE_IN_SCALES: f64 = 0.53076;

/// Points at which a density is summed up.
const N_POINTS: usize = 4096;

impl Amplitudes {
    /// A skew-normal of a scale of 0.41 of a range, with its mode at `mode_na`, or else 0.37 of the range. Over the study's,
    /// -0.11 to 0.28 nA, its location is then -0.05 nA and its scale 0.16 nA; its mode, 0.035 nA, lies where the embedded cell
    /// and the study's begin to fire, a third of the amplitudes lie above 0.1 nA, a seventh below -0.05 nA.
    ///
    /// # Source
    /// arXiv 2506.04536, section 3.2: a skew-normal over -0.11 to 0.28 nA with its mode within 0 to 0.05 nA and a heavy
    /// positive tail; its numbers are not published, these are ours.
    #[must_use]
    pub fn study((lowest_na, highest_na): (f64, f64), mode_na: Option<f64>) -> Self {
        let width_na = highest_na - lowest_na;
        let scale_na = rounded_na(width_na * 0.16 / 0.39);
        let location_na = match mode_na {
            Some(mode_na) => mode_na - MODE_IN_SCALES * scale_na,
            None => lowest_na + width_na * 0.06 / 0.39,
        };
        Self::SkewNormal { location_na: rounded_na(location_na), scale_na, shape: 2.0 }
    }

    /// The most frequent amplitude of a skew-normal of shape 2.
    pub(super) fn mode_na(&self) -> Option<f64> {
        match self {
            Self::Uniform => None,
            Self::SkewNormal { location_na, scale_na, .. } => Some(location_na + MODE_IN_SCALES * scale_na),
        }
    }

    pub(crate) fn is_uniform(&self) -> bool {
        *self == Self::Uniform
    }

    /// Amplitudes below which the given parts of all lie, parts in growing order from 0 to 1.
    pub(super) fn quantiles_na(
        &self,
        (lowest_na, highest_na): (f64, f64),
        parts: impl Iterator<Item = f64>,
    ) -> Vec<f64> {
        let width_na = highest_na - lowest_na;
        let Self::SkewNormal { location_na, scale_na, shape } = *self else {
            return parts.map(|part| lowest_na + width_na * part).collect();
        };
        let step_na = width_na / N_POINTS as f64;
        let density = |point: usize| {
            let z = (lowest_na + step_na * (point as f64 + 0.5) - location_na) / scale_na;
            (-0.5 * z * z).exp() * (1.0 + libm::erf(shape * z * std::f64::consts::FRAC_1_SQRT_2))
        };
        let mut below = vec![0.0];
        for point in 0..N_POINTS {
            below.push(below[point] + density(point));
        }
        let all = below[N_POINTS];
        let at = |part: f64| {
            let wanted = part * all;
            let point = below.partition_point(|sum| *sum <= wanted).clamp(1, N_POINTS) - 1;
            let within = (wanted - below[point]) / (below[point + 1] - below[point]);
            lowest_na + step_na * (point as f64 + within.clamp(0.0, 1.0))
        };
        parts.map(at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE_NA: (f64, f64) = (-0.11, 0.28);

    #[test]
    fn analytic_uniform_parts_are_parts_of_the_range() {
        let found = Amplitudes::Uniform.quantiles_na(RANGE_NA, [0.0, 0.5, 1.0].into_iter());
        assert!(found.iter().zip([-0.11, 0.085, 0.28]).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    /// Without skew and far from the ends of the range the quartiles of a normal lie at 0.67449 of its deviation.
    #[test]
    fn analytic_quartiles_of_the_normal() {
        let normal = Amplitudes::SkewNormal { location_na: 1.0, scale_na: 0.1, shape: 0.0 };
        let found = normal.quantiles_na((0.0, 2.0), [0.25, 0.5, 0.75].into_iter());
        let expected = [1.0 - 0.067_449, 1.0, 1.0 + 0.067_449];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?}");
    }

    /// The most crowded of fifty equal parts of the range lies in the threshold window of the study.
    #[test]
    fn analytic_the_studys_mode_lies_in_its_window() {
        let parts = (0..=1000).map(|part| f64::from(part) / 1000.0);
        let study = Amplitudes::study(RANGE_NA, None);
        assert_eq!(study, Amplitudes::SkewNormal { location_na: -0.05, scale_na: 0.16, shape: 2.0 });
        let found = study.quantiles_na(RANGE_NA, parts);
        let closest = found.windows(2).min_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0]))).unwrap();
        assert!((0.0..0.05).contains(&closest[0]), "{closest:?}");
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
        assert!((found[0] + 0.11).abs() < 1e-9 && (found[1000] - 0.28).abs() < 1e-9);
    }

    #[test]
    fn analytic_the_density_is_highest_at_the_mode() {
        let phi = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        let below = |z: f64| 0.5 * (1.0 + libm::erf(z * std::f64::consts::FRAC_1_SQRT_2));
        assert!(
            (2.0 * phi(2.0 * MODE_IN_SCALES) / below(2.0 * MODE_IN_SCALES) - MODE_IN_SCALES).abs() < 1e-4
        );
        let own = Amplitudes::study((-0.11, 0.35), Some(0.2));
        assert_eq!(own, Amplitudes::SkewNormal { location_na: 0.099_836, scale_na: 0.188_718, shape: 2.0 });
    }
}
