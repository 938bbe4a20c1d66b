//! Stages of a fast Fourier transform over many columns at once.

use super::Lanes;

type Parts<'a> = (&'a [f32], &'a [f32]);

/// One radix-4 stage of Stockham's transform: blocks of `run` values are the units, and `n/4` twiddle factors
/// `w, w², w³` (real and imaginary parts in turn) turn `n` of them into `n`.
///
/// With `a, b, c, d` the units `p, p + n/4, p + n/2, p + 3n/4`, units `4p, 4p+1, 4p+2, 4p+3` of the output are
/// `(a+c)+(b+d)`, `w((a−c)−i(b−d))`, `w²((a+c)−(b+d))`, `w³((a−c)+i(b−d))`.
#[inline(always)]
pub(super) fn stage<S: Lanes>(
    out: (&mut [f32], &mut [f32]),
    x: Parts<'_>,
    twiddles: &[[f32; 6]],
    run: usize,
) {
    let quarter = twiddles.len() * run;
    for (p, factors) in twiddles.iter().enumerate() {
        let unit = |values: &'_ [f32], i: usize| -> (usize, usize) {
            let start = i * quarter + p * run;
            assert!(start + run <= values.len(), "a transform of {} values", values.len());
            (start, start + run)
        };
        let (re, im) = x;
        let units_re: [&[f32]; 4] = [0, 1, 2, 3].map(|i| &re[unit(re, i).0..unit(re, i).1]);
        let units_im: [&[f32]; 4] = [0, 1, 2, 3].map(|i| &im[unit(im, i).0..unit(im, i).1]);
        let out_re = &mut out.0[4 * p * run..][..4 * run];
        let out_im = &mut out.1[4 * p * run..][..4 * run];
        let mut q = 0;
        while q + S::N <= run {
            butterfly::<S>((out_re, out_im), (&units_re, &units_im), factors, (q, run));
            q += S::N;
        }
        while q + <S::Half as Lanes>::N <= run {
            butterfly::<S::Half>((out_re, out_im), (&units_re, &units_im), factors, (q, run));
            q += <S::Half as Lanes>::N;
        }
    }
}

#[inline(always)]
fn butterfly<S: Lanes>(
    out: (&mut [f32], &mut [f32]),
    units: (&[&[f32]; 4], &[&[f32]; 4]),
    factors: &[f32; 6],
    (q, run): (usize, usize),
) {
    let (mut re, mut im) = ([S::splat(0.0); 4], [S::splat(0.0); 4]);
    for i in 0..4 {
        re[i] = S::load(&units.0[i][q..]);
        im[i] = S::load(&units.1[i][q..]);
    }
    let sum = [re[0].add(re[2]), im[0].add(im[2])];
    let difference = [re[0].sub(re[2]), im[0].sub(im[2])];
    let other_sum = [re[1].add(re[3]), im[1].add(im[3])];
    // i(b − d)
    let turned = [im[3].sub(im[1]), re[1].sub(re[3])];
    let results = [
        [difference[0].sub(turned[0]), difference[1].sub(turned[1])],
        [sum[0].sub(other_sum[0]), sum[1].sub(other_sum[1])],
        [difference[0].add(turned[0]), difference[1].add(turned[1])],
    ];
    sum[0].add(other_sum[0]).store(&mut out.0[q..]);
    sum[1].add(other_sum[1]).store(&mut out.1[q..]);
    for (i, value) in results.iter().enumerate() {
        let (w_re, w_im) = (S::splat(factors[2 * i]), S::splat(factors[2 * i + 1]));
        let at = (i + 1) * run + q;
        value[1].sub_from(w_im, value[0].mul(w_re)).store(&mut out.0[at..]);
        value[0].mul_add(w_im, value[1].mul(w_re)).store(&mut out.1[at..]);
    }
}
