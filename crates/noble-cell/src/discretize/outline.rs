//! Diameter along a section, and the area and axial resistance of any stretch of it.

use std::f64::consts::PI;

use noble_data::morphology::Section;

use crate::constants::MEGAOHM_PER_OHM_CM_PER_UM;

/// Diameter as a broken line over the distance from the near end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outline {
    /// Distance from the near end, not decreasing, and diameter there.
    points_um: Vec<(f64, f64)>,
}

/// Membrane and axial resistance of a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Stretch {
    /// Area of the membrane.
    pub(crate) area_um2: f64,
    /// Sum of length over cross-section, without resistivity [1/um].
    length_per_diameters_per_um: f64,
}

impl Stretch {
    /// Resistance along the stretch, `4 Ra/π Σ h/(d1 d2)`.
    pub(crate) fn axial_megaohm(self, axial_resistivity_ohm_cm: f64) -> f64 {
        4.0 * axial_resistivity_ohm_cm / PI * self.length_per_diameters_per_um * MEGAOHM_PER_OHM_CM_PER_UM
    }
}

impl Outline {
    pub(crate) fn cylinder(length_um: f64, diameter_um: f64) -> Self {
        Self { points_um: vec![(0.0, diameter_um), (length_um, diameter_um)] }
    }

    pub(crate) fn of_section(section: &Section) -> Self {
        let mut distance_um = 0.0;
        let mut previous = section.points.first();
        let points_um = section.points.iter().map(|point| {
            distance_um += previous.map_or(0.0, |before| before.distance_um(point));
            previous = Some(point);
            (distance_um, point.diameter_um)
        });
        Self { points_um: points_um.collect() }
    }

    pub(crate) fn length_um(&self) -> f64 {
        self.points_um.last().map_or(0.0, |last| last.0)
    }

    /// Smallest diameter; zero for an outline without points.
    pub(crate) fn least_diameter_um(&self) -> f64 {
        self.points_um.iter().map(|point| point.1).min_by(f64::total_cmp).unwrap_or(0.0)
    }

    /// Diameter between two distances, weighted by length; NaN between equal distances.
    pub(crate) fn mean_diameter_um(&self, from_um: f64, to_um: f64) -> f64 {
        let pieces = self.points_um.windows(2).map(|pair| {
            let (begin, end) = (pair[0], pair[1]);
            let h = (end.0.min(to_um) - begin.0.max(from_um)).max(0.0);
            h * 0.5 * (diameter_at(begin, end, from_um) + diameter_at(begin, end, to_um))
        });
        pieces.sum::<f64>() / (to_um - from_um)
    }

    /// Frusta between two distances, cut points interpolated: area `Σ π/2 (d1+d2) sqrt(h² + (d1-d2)²/4)`.
    ///
    /// Where the diameter jumps, the ring belongs to the stretch that ends there, at the near end to the first.
    ///
    /// # Source
    /// NEURON 9.0.2 `diam_from_list`.
    pub(crate) fn stretch(&self, from_um: f64, to_um: f64) -> Stretch {
        let mut sum = Stretch::default();
        for pair in self.pieces_between(from_um, to_um).windows(2) {
            let (begin, end) = (pair[0], pair[1]);
            let d1 = diameter_at(begin, end, from_um);
            let d2 = if end.0 <= to_um { end.1 } else { diameter_at(begin, end, to_um) };
            let h = end.0.min(to_um) - begin.0.max(from_um);
            sum.area_um2 += PI / 2.0 * (d1 + d2) * (h * h + (d1 - d2) * (d1 - d2) / 4.0).sqrt();
            sum.length_per_diameters_per_um += h / (d1 * d2);
        }
        sum
    }

    /// Points of all pieces that end after `from_um` and begin at or before `to_um`, found by halving: a section may
    /// have very many.
    fn pieces_between(&self, from_um: f64, to_um: f64) -> &[(f64, f64)] {
        let n_before = self.points_um.partition_point(|point| point.0 <= from_um);
        let first = if from_um > 0.0 { n_before.saturating_sub(1) } else { 0 };
        let last = self.points_um.partition_point(|point| point.0 <= to_um);
        self.points_um.get(first..(last + 1).min(self.points_um.len())).unwrap_or_default()
    }
}

/// Diameter at a distance, held within the piece from `begin` to `end`.
fn diameter_at(begin: (f64, f64), end: (f64, f64), at_um: f64) -> f64 {
    if at_um <= begin.0 {
        return begin.1;
    }
    if at_um >= end.0 {
        return end.1;
    }
    begin.1 + (end.1 - begin.1) * (at_um - begin.0) / (end.0 - begin.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_rings_count_once() {
        // Rings of 3π/2 at both ends and in the middle of a cylinder: π/2 (d1 + d2) |d1 - d2| / 2.
        let points_um = vec![(0.0, 1.0), (0.0, 2.0), (5.0, 2.0), (5.0, 1.0), (10.0, 1.0), (10.0, 2.0)];
        let outline = Outline { points_um };
        let ring_um2 = PI / 2.0 * 3.0 * 0.5;
        let (left, right) = (outline.stretch(0.0, 5.0), outline.stretch(5.0, 10.0));
        assert!((left.area_um2 - (PI * 10.0 + 2.0 * ring_um2)).abs() < 1e-12, "{left:?}");
        assert!((right.area_um2 - (PI * 5.0 + ring_um2)).abs() < 1e-12, "{right:?}");
        let whole = outline.stretch(0.0, 10.0);
        assert!((whole.area_um2 - left.area_um2 - right.area_um2).abs() < 1e-12, "{whole:?}");
    }

    #[test]
    fn analytic_cylinder_and_cone() {
        let cylinder = Outline::cylinder(30.0, 2.0).stretch(5.0, 15.0);
        assert!((cylinder.area_um2 - PI * 20.0).abs() < 1e-12);
        assert!((cylinder.axial_megaohm(100.0) - 4.0 * 100.0 / PI * 10.0 / 4.0 * 1e-2).abs() < 1e-12);
        let cone = Outline { points_um: vec![(0.0, 4.0), (10.0, 1.0)] };
        let slant_um = (100.0_f64 + 2.25).sqrt();
        assert!((cone.stretch(0.0, 10.0).area_um2 - PI / 2.0 * 5.0 * slant_um).abs() < 1e-12);
        assert!((cone.mean_diameter_um(0.0, 10.0) - 2.5).abs() < 1e-12);
        assert!((cone.mean_diameter_um(2.0, 4.0) - 3.1).abs() < 1e-12);
    }

    #[test]
    fn invariant_stretches_add() {
        let outline = Outline { points_um: vec![(0.0, 4.0), (3.0, 1.0), (7.0, 2.5), (20.0, 2.0)] };
        let whole = outline.stretch(0.0, 20.0);
        let parts: Vec<Stretch> =
            (0..8).map(|i| outline.stretch(f64::from(i) * 2.5, f64::from(i + 1) * 2.5)).collect();
        let area_um2: f64 = parts.iter().map(|part| part.area_um2).sum();
        let axial_megaohm: f64 = parts.iter().map(|part| part.axial_megaohm(70.0)).sum();
        assert!((area_um2 - whole.area_um2).abs() < 1e-12 * area_um2);
        assert!((axial_megaohm - whole.axial_megaohm(70.0)).abs() < 1e-12 * axial_megaohm);
    }
}
