//! Products of rows of complex numbers held as separate real and imaginary parts.

use super::{Lanes, fused};

type Row<'a> = (&'a [f32], &'a [f32]);

/// A spectrum `[channels × modes]` as real and imaginary parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spectrum<'a> {
    pub(crate) re: &'a [f32],
    pub(crate) im: &'a [f32],
}

/// `Y[o, k] = Σ_c X[c, k] R[c, o, k]`, or with `is_transposed` `Y[c, k] = Σ_o X[o, k] conj(R[c, o, k])`.
///
/// `mixing` holds a row of real parts, then one of imaginary parts, for every pair `(c, o)`; the rows of `y` from `first` on
/// are written. Either way the weights, which fit no cache, are read in the order they lie in.
#[inline(always)]
pub(super) fn mix<S: Lanes>(
    y: (&mut [f32], &mut [f32]),
    first: usize,
    x: Spectrum<'_>,
    mixing: &[f32],
    (channels, modes, is_transposed): (usize, usize, bool),
) {
    y.0.fill(0.0);
    y.1.fill(0.0);
    let n_rows = y.0.len() / modes;
    let row = |i: usize| i * modes..(i + 1) * modes;
    let weight = |from: usize, to: usize| {
        let pair = if is_transposed { to * channels + from } else { from * channels + to };
        mixing[2 * modes * pair..][..2 * modes].split_at(modes)
    };
    for outer in 0..if is_transposed { n_rows } else { channels } {
        for inner in 0..if is_transposed { channels } else { n_rows } {
            let (from, to) = if is_transposed { (inner, outer) } else { (outer, inner) };
            let x = (&x.re[row(from)], &x.im[row(from)]);
            let y = (&mut y.0[row(to)], &mut y.1[row(to)]);
            if is_transposed {
                add_product::<S, true>(y, x, weight(from, first + to));
            } else {
                add_product::<S, false>(y, x, weight(from, first + to));
            }
        }
    }
}

/// `y += x·w`, or `y += x·conj(w)`, elementwise.
#[inline(always)]
fn add_product<S: Lanes, const CONJUGATE: bool>(y: (&mut [f32], &mut [f32]), x: Row<'_>, w: Row<'_>) {
    let n = y.0.len();
    let (y_re, y_im) = (&mut y.0[..n], &mut y.1[..n]);
    let (x_re, x_im, w_re, w_im) = (&x.0[..n], &x.1[..n], &w.0[..n], &w.1[..n]);
    for k in 0..n {
        let imaginary = if CONJUGATE { -w_im[k] } else { w_im[k] };
        y_re[k] = fused::<S>(x_re[k], w_re[k], fused::<S>(-x_im[k], imaginary, y_re[k]));
        y_im[k] = fused::<S>(x_re[k], imaginary, fused::<S>(x_im[k], w_re[k], y_im[k]));
    }
}

/// `out += conj(x)·g` elementwise; `out` holds real and imaginary parts side by side.
#[inline(always)]
pub(super) fn add_correlation<S: Lanes>(out: &mut [f32], x: Row<'_>, g: Row<'_>) {
    let (out, _) = out.as_chunks_mut::<2>();
    let n = out.len();
    let (x_re, x_im, g_re, g_im) = (&x.0[..n], &x.1[..n], &g.0[..n], &g.1[..n]);
    for k in 0..n {
        out[k][0] = fused::<S>(x_re[k], g_re[k], fused::<S>(x_im[k], g_im[k], out[k][0]));
        out[k][1] = fused::<S>(x_re[k], g_im[k], fused::<S>(-x_im[k], g_re[k], out[k][1]));
    }
}
