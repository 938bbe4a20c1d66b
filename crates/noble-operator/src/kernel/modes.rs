//! Products of square complex matrices, one per lane of a register.

use super::Lanes;
use super::lanes::LANES;

/// Matrices worked on at once.
pub(crate) const N_MATRICES: usize = LANES;

/// Real and imaginary parts `[size × size × N_MATRICES]`.
type Parts<'a> = (&'a [f32], &'a [f32]);

/// What is multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    /// `a·b`.
    Plain,
    /// `a·aᴴ`, `b` being `a`; only the entries on and above the diagonal are meant.
    Gram,
}

/// Overwrites `out` with a product; the sums run over the inner index in order.
#[inline(always)]
pub(super) fn product<S: Lanes>(
    out: (&mut [f32], &mut [f32]),
    a: Parts<'_>,
    b: Parts<'_>,
    size: usize,
    kind: Product,
) {
    let mut target = Target { out, a, b, size, kind, lane: 0 };
    while target.lane < N_MATRICES {
        all_entries::<S>(&mut target);
        target.lane += S::N;
    }
}

#[inline(always)]
fn all_entries<S: Lanes>(target: &mut Target<'_>) {
    let (size, kind) = (target.size, target.kind);
    let mut row = 0;
    while row < size {
        let end = if kind == Product::Gram { (row + 2).min(size) } else { size };
        let mut col = 0;
        while col < end {
            match (size - row >= 2, end - col >= 2) {
                (true, true) => target.tile::<S, 2, 2>(row, col),
                (true, false) => target.tile::<S, 2, 1>(row, col),
                (false, true) => target.tile::<S, 1, 2>(row, col),
                (false, false) => target.tile::<S, 1, 1>(row, col),
            }
            col += 2;
        }
        row += 2;
    }
}

struct Target<'a> {
    out: (&'a mut [f32], &'a mut [f32]),
    a: Parts<'a>,
    b: Parts<'a>,
    size: usize,
    kind: Product,
    /// First of the matrices in the registers.
    lane: usize,
}

impl Target<'_> {
    fn place(&self, row: usize, col: usize) -> usize {
        (row * self.size + col) * N_MATRICES + self.lane
    }

    /// `M × N` entries, held in registers.
    #[expect(clippy::needless_range_loop, reason = "constant bounds, unrolled into registers")]
    #[inline(always)]
    fn tile<S: Lanes, const M: usize, const N: usize>(&mut self, row: usize, col: usize) {
        let is_plain = self.kind == Product::Plain;
        let mut real = [[S::splat(0.0); N]; M];
        let mut imaginary = [[S::splat(0.0); N]; M];
        let (zero, minus) = (S::splat(0.0), S::splat(-1.0));
        for inner in 0..self.size {
            let mut right = [(zero, zero); N];
            for n in 0..N {
                let place = if is_plain { self.place(inner, col + n) } else { self.place(col + n, inner) };
                right[n] = (S::load(&self.b.0[place..]), S::load(&self.b.1[place..]));
            }
            for m in 0..M {
                let place = self.place(row + m, inner);
                let (x, y) = (S::load(&self.a.0[place..]), S::load(&self.a.1[place..]));
                let negative = y.mul_add(minus, zero);
                let (to_real, to_imaginary) = if is_plain { (negative, y) } else { (y, negative) };
                for n in 0..N {
                    real[m][n] = x.mul_add(right[n].0, to_real.mul_add(right[n].1, real[m][n]));
                    imaginary[m][n] =
                        x.mul_add(right[n].1, to_imaginary.mul_add(right[n].0, imaginary[m][n]));
                }
            }
        }
        for m in 0..M {
            for n in 0..N {
                let place =
                    if is_plain { self.place(row + m, col + n) } else { self.place(col + n, row + m) };
                real[m][n].store(&mut self.out.0[place..]);
                imaginary[m][n].store(&mut self.out.1[place..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Kernels;

    fn drawn(size: usize, shift: f32) -> (Vec<f32>, Vec<f32>) {
        let values =
            |phase: f32| (0..size * size * N_MATRICES).map(|i| (i as f32 * 0.7 + phase).sin()).collect();
        (values(shift), values(shift + 1.0))
    }

    /// Products of single precision sums of a dozen terms of size one.
    const MAX_ABS: f64 = 5e-6;

    #[test]
    fn analytic_products_agree_with_sums() {
        for size in [1, 2, 3, 5, 8] {
            let (a, b) = (drawn(size, 0.0), drawn(size, 3.0));
            for kernels in Kernels::all() {
                for kind in [Product::Plain, Product::Gram] {
                    let mut out = (vec![0.0; a.0.len()], vec![0.0; a.0.len()]);
                    let right = if kind == Product::Gram { &a } else { &b };
                    let parts = (&mut out.0[..], &mut out.1[..]);
                    kernels.mode_product(parts, (&a.0, &a.1), (&right.0, &right.1), size, kind);
                    check(size, (&a, right), &out, kind);
                }
            }
        }
    }

    type Pair = (Vec<f32>, Vec<f32>);

    fn check(size: usize, (a, b): (&Pair, &Pair), out: &Pair, kind: Product) {
        let at = |m: &Pair, row: usize, col: usize, lane: usize| {
            let place = (row * size + col) * N_MATRICES + lane;
            (f64::from(m.0[place]), f64::from(m.1[place]))
        };
        for row in 0..size {
            for col in 0..size {
                for lane in 0..N_MATRICES {
                    if kind == Product::Gram && row > col {
                        continue;
                    }
                    let mut sum = (0.0, 0.0);
                    for inner in 0..size {
                        let (x, y) = at(a, row, inner, lane);
                        let (u, v) = match kind {
                            Product::Plain => at(b, inner, col, lane),
                            Product::Gram => (at(b, col, inner, lane).0, -at(b, col, inner, lane).1),
                        };
                        sum = (sum.0 + x * u - y * v, sum.1 + x * v + y * u);
                    }
                    let (x, y) = at(out, row, col, lane);
                    let deviation = (x - sum.0).abs().max((y - sum.1).abs());
                    assert!(deviation < MAX_ABS, "{kind:?} of {size}, entry {row}, {col}: {deviation}");
                }
            }
        }
    }
}
