//! Products of rows of complex numbers held as separate real and imaginary parts.

use super::{Lanes, fused};

type Row<'a> = (&'a [f32], &'a [f32]);

/// `y += x·w`, or `y += x·conj(w)` where `sign` is −1, elementwise.
#[inline(always)]
pub(super) fn add_product<S: Lanes>(y: (&mut [f32], &mut [f32]), x: Row<'_>, w: Row<'_>, sign: f32) {
    let n = y.0.len();
    let (y_re, y_im) = (&mut y.0[..n], &mut y.1[..n]);
    let (x_re, x_im, w_re, w_im) = (&x.0[..n], &x.1[..n], &w.0[..n], &w.1[..n]);
    for k in 0..n {
        let imaginary = sign * w_im[k];
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
