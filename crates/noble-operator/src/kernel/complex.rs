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
/// `mixing` holds a row of real parts, then one of imaginary parts, for every pair `(c, o)`; `channels` rows of `y` from
/// `first` on are written.
#[inline(always)]
pub(super) fn mix<S: Lanes>(
    (y_re, y_im): (&mut [f32], &mut [f32]),
    first: usize,
    x: Spectrum<'_>,
    mixing: &[f32],
    (channels, modes, is_transposed): (usize, usize, bool),
) {
    let rows = y_re.chunks_exact_mut(modes).zip(y_im.chunks_exact_mut(modes));
    for (to, (y_re, y_im)) in rows.enumerate() {
        let to = first + to;
        y_re.fill(0.0);
        y_im.fill(0.0);
        for from in 0..channels {
            let pair = if is_transposed { to * channels + from } else { from * channels + to };
            let (w_re, w_im) = mixing[2 * modes * pair..][..2 * modes].split_at(modes);
            let x = (&x.re[from * modes..][..modes], &x.im[from * modes..][..modes]);
            if is_transposed {
                add_product::<S, true>((y_re, y_im), x, (w_re, w_im));
            } else {
                add_product::<S, false>((y_re, y_im), x, (w_re, w_im));
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
