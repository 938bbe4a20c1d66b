//! The growth routine of the embedded cell's morphology.
//!
//! A cortical fast-spiking interneuron is small, with a handful of thin, smooth, sparsely branched dendrites in all
//! directions. The routine draws such a shape: a round soma, primary dendrites spread over the sphere, one
//! bifurcation each, a persistent random walk between, tapering as it goes, and the first piece of an axon.

use std::f64::consts::{PI, TAU};
use std::fmt::Write;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// What shape to grow; lengths of stems stay below 40 µm and those of branches below 80 µm, so that the usual
/// discretization gives one and three compartments each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GrowthSettings {
    /// Seed of the random walk.
    pub seed: u64,
    /// Radius of the soma.
    pub soma_radius_um: f64,
    /// Primary dendrites.
    pub n_stems: usize,
    /// Length of a stem and of a branch; each is drawn within 10 % of it.
    pub stem_length_um: f64,
    /// Length of a branch.
    pub branch_length_um: f64,
    /// Diameter where a stem leaves the soma.
    pub stem_diameter_um: f64,
    /// Diameter at the tip of a branch.
    pub tip_diameter_um: f64,
}

impl Default for GrowthSettings {
    /// The embedded cell.
    fn default() -> Self {
        Self {
            seed: 20_260_401,
            soma_radius_um: 6.5,
            n_stems: 5,
            stem_length_um: 32.0,
            branch_length_um: 70.0,
            stem_diameter_um: 1.3,
            tip_diameter_um: 0.5,
        }
    }
}

/// Distance of two traced points.
const POINT_SPACING_UM: f64 = 5.0;
/// How far the direction wanders from one point to the next.
const WANDER: f64 = 0.18;
/// Half the angle between two branches.
const BRANCH_HALF_ANGLE_RAD: f64 = 0.5;
const AXON_LENGTH_UM: f64 = 40.0;
const AXON_DIAMETER_UM: f64 = 1.0;

type Vector = [f64; 3];

/// An unbranched walk to draw.
struct Walk {
    swc_type: u8,
    start_um: Vector,
    direction: Vector,
    length_um: f64,
    diameters_um: (f64, f64),
}

/// Where a walk ended.
struct Tip {
    id: usize,
    position_um: Vector,
    direction: Vector,
}

struct Grower {
    rng: Xoshiro256PlusPlus,
    n_points: usize,
    swc: String,
}

/// Grows a morphology and writes it as SWC text; the same settings give the same text.
#[must_use]
pub fn grow_swc(settings: &GrowthSettings) -> String {
    let rng = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
    let mut grower = Grower { rng, n_points: 0, swc: String::new() };
    let _ = writeln!(grower.swc, "# fast-spiking interneuron, grown with seed {}", settings.seed);
    let _ = writeln!(grower.swc, "# id type x_um y_um z_um radius_um parent");
    let soma = grower.push(1, [0.0; 3], 2.0 * settings.soma_radius_um, None);
    for stem_idx in 0..settings.n_stems {
        grower.dendrite(settings, soma, stem_direction(stem_idx, settings.n_stems));
    }
    let direction = [0.0, -1.0, 0.0];
    let start_um = scaled(direction, settings.soma_radius_um);
    let diameters_um = (AXON_DIAMETER_UM, AXON_DIAMETER_UM);
    let axon = Walk { swc_type: 2, start_um, direction, length_um: AXON_LENGTH_UM, diameters_um };
    grower.walk(&axon, soma, true);
    grower.swc
}

impl Grower {
    fn dendrite(&mut self, settings: &GrowthSettings, soma: usize, direction: Vector) {
        let fork_diameter_um = 0.5 * (settings.stem_diameter_um + settings.tip_diameter_um);
        let stem = Walk {
            swc_type: 3,
            start_um: scaled(direction, settings.soma_radius_um),
            direction,
            length_um: self.about(settings.stem_length_um),
            diameters_um: (settings.stem_diameter_um, fork_diameter_um),
        };
        let fork = self.walk(&stem, soma, true);
        let sideways = perpendicular(fork.direction, self.rng.random::<f64>() * TAU);
        for side in [1.0, -1.0] {
            let turn = scaled(sideways, side * BRANCH_HALF_ANGLE_RAD.tan());
            let branch = Walk {
                swc_type: 3,
                start_um: fork.position_um,
                direction: unit(sum(fork.direction, turn)),
                length_um: self.about(settings.branch_length_um),
                diameters_um: (fork_diameter_um, settings.tip_diameter_um),
            };
            self.walk(&branch, fork.id, false);
        }
    }

    /// A length within 10 % of the given one.
    fn about(&mut self, length_um: f64) -> f64 {
        length_um * (0.9 + 0.2 * self.rng.random::<f64>())
    }

    /// Draws the points of a walk; the first point lies at its start only where it leaves the soma.
    fn walk(&mut self, walk: &Walk, parent: usize, has_first_point: bool) -> Tip {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small positive number"
        )]
        let n_pieces = (walk.length_um / POINT_SPACING_UM).ceil() as usize;
        #[expect(clippy::cast_precision_loss, reason = "a small whole number")]
        let fraction = |piece: usize| piece as f64 / n_pieces as f64;
        let mut tip = Tip { id: parent, position_um: walk.start_um, direction: walk.direction };
        let (first_um, last_um) = walk.diameters_um;
        if has_first_point {
            tip.id = self.push(walk.swc_type, walk.start_um, first_um, Some(parent));
        }
        for piece in 1..=n_pieces {
            let wander: Vector = std::array::from_fn(|_| WANDER * (2.0 * self.rng.random::<f64>() - 1.0));
            tip.direction = unit(sum(tip.direction, wander));
            let advance_um = walk.length_um * fraction(1);
            tip.position_um = sum(tip.position_um, scaled(tip.direction, advance_um));
            let diameter_um = first_um + (last_um - first_um) * fraction(piece);
            tip.id = self.push(walk.swc_type, tip.position_um, diameter_um, Some(tip.id));
        }
        tip
    }

    fn push(&mut self, swc_type: u8, position_um: Vector, diameter_um: f64, parent: Option<usize>) -> usize {
        self.n_points += 1;
        let id = self.n_points;
        let [x_um, y_um, z_um] = position_um;
        let parent = parent.map_or_else(|| "-1".to_owned(), |parent| parent.to_string());
        let radius_um = 0.5 * diameter_um;
        let _ = writeln!(self.swc, "{id} {swc_type} {x_um:.4} {y_um:.4} {z_um:.4} {radius_um:.4} {parent}");
        id
    }
}

/// Directions spread evenly over the sphere: a golden-angle spiral.
#[expect(clippy::cast_precision_loss, reason = "small whole numbers")]
fn stem_direction(stem_idx: usize, n_stems: usize) -> Vector {
    let z = 1.0 - 2.0 * (stem_idx as f64 + 0.5) / n_stems as f64;
    let angle_rad = PI * (3.0 - 5.0_f64.sqrt()) * stem_idx as f64;
    let radius = (1.0 - z * z).sqrt();
    [radius * angle_rad.cos(), radius * angle_rad.sin(), z]
}

fn perpendicular(direction: Vector, angle_rad: f64) -> Vector {
    let helper = if direction[2].abs() < 0.9 { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] };
    let first = unit(cross(direction, helper));
    let second = cross(direction, first);
    sum(scaled(first, angle_rad.cos()), scaled(second, angle_rad.sin()))
}

fn sum(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn scaled(a: Vector, factor: f64) -> Vector {
    a.map(|value| factor * value)
}

fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit(a: Vector) -> Vector {
    scaled(a, 1.0 / (a[0] * a[0] + a[1] * a[1] + a[2] * a[2]).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use noble_data::morphology::read_swc;

    #[test]
    fn analytic_grown_shape_has_the_sections_asked_for() {
        let (morphology, report) = read_swc(grow_swc(&GrowthSettings::default()).as_bytes()).unwrap();
        // Soma, five stems with two branches each, axon.
        assert_eq!(morphology.sections.len(), 1 + 5 * 3 + 1);
        assert!(report.fragment_lines.is_empty());
        for section in &morphology.sections[1..] {
            assert!(section.length_um() < 80.0);
        }
    }

    #[test]
    fn invariant_same_seed_gives_the_same_text() {
        let settings = GrowthSettings::default();
        assert_eq!(grow_swc(&settings), grow_swc(&settings));
        assert_ne!(grow_swc(&settings), grow_swc(&GrowthSettings { seed: 1, ..settings }));
    }
}
