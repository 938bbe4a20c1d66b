//! Exponential and logarithm on lanes.
//!
//! Polynomials of least maximum error, made for this crate by Remez's algorithm in 300 bits. No tables.

use super::Lanes;

/// Adding it rounds to an integer, held in the low bits.
const SHIFT: f64 = 6_755_399_441_055_744.0;
const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Arguments are held between these, where results are normal numbers.
const LEAST: f64 = -708.0;
const LARGEST: f64 = 709.0;

/// `q(r)` with `e^r = 1 + r + r² q(r)`, relative error of `e^r` 3.6e-18 for `|r| ≤ ln 2 / 2`.
const EXPONENTIAL: [f64; 10] = [
    0.500_000_000_000_001_1,
    0.166_666_666_666_664_13,
    0.041_666_666_666_530_155,
    0.008_333_333_333_494_461,
    0.001_388_888_894_363_013_4,
    0.000_198_412_695_065_787_23,
    2.480_149_309_888_739e-5,
    2.755_758_637_378_518e-6,
    2.763_024_838_532_302e-7,
    2.500_006_162_553_128e-8,
];

/// `R(z)` with `ln m = 2s + s³ R(s²)`, `s = (m - 1)/(m + 1)`, relative error 8e-21 for `m` in `[√½, √2]`.
const LOGARITHM: [f64; 8] = [
    0.666_666_666_666_666_6,
    0.400_000_000_000_062_5,
    0.285_714_285_690_859,
    0.222_222_226_467_910_84,
    0.181_817_756_661_735_55,
    0.153_870_907_214_019_03,
    0.132_501_200_773_452,
    0.132_513_195_436_035_99,
];

/// `e^x`, within one unit in the last place; arguments are held between -708 and 709.
#[inline(always)]
pub(crate) fn exponential<V: Lanes>(x: V) -> V {
    let x = V::splat(LARGEST).min(V::splat(LEAST).max(x));
    let shifted = x.mul_add(V::splat(std::f64::consts::LOG2_E), V::splat(SHIFT));
    let n = shifted.sub(V::splat(SHIFT));
    let r = n.neg_mul_add(V::splat(LN2_LOW), n.neg_mul_add(V::splat(LN2_HIGH), x));
    let square = r.mul(r);
    let c = |idx: usize| V::splat(EXPONENTIAL[idx]);
    let even = c(8).mul_add(square, c(6)).mul_add(square, c(4)).mul_add(square, c(2)).mul_add(square, c(0));
    let odd = c(9).mul_add(square, c(7)).mul_add(square, c(5)).mul_add(square, c(3)).mul_add(square, c(1));
    let q = odd.mul_add(r, even);
    let series = square.mul_add(q, r).add(V::splat(1.0));
    series.scale(shifted)
}

/// `ln x` for positive normal numbers, within one unit in the last place; not a number elsewhere.
#[inline(always)]
pub(crate) fn logarithm<V: Lanes>(x: V) -> V {
    let (m, e) = x.split();
    let f = m.sub(V::splat(1.0));
    let s = f.div(f.add(V::splat(2.0)));
    let z = s.mul(s);
    let mut series = V::splat(LOGARITHM[7]);
    for coefficient in LOGARITHM[..7].iter().rev() {
        series = series.mul_add(z, V::splat(*coefficient));
    }
    // 2s = f - s f, so ln m = f - s (f - z R): f is exact, what is taken from it small.
    let less = s.mul(z.neg_mul_add(series, f));
    let low = e.mul_add(V::splat(LN2_LOW), V::splat(0.0)).sub(less).add(f);
    let value = e.mul_add(V::splat(LN2_HIGH), low);
    value.select(V::splat(f64::MIN_POSITIVE).less_equal(x), V::splat(f64::NAN))
}

/// `s / (e^u - 1)`, given `e^u`, and `s`'s limit `k (1 - u/2)` where `|u|` is below the guard.
#[inline(always)]
pub(crate) fn linoid<V: Lanes>(s: V, u: V, k: V, exponential_u: V) -> V {
    let guarded = u.abs().less(V::splat(noble_data::channel::LINOID_SERIES_BELOW));
    let series = k.mul(u.neg_mul_add(V::splat(0.5), V::splat(1.0)));
    series.select(guarded, s.div(exponential_u.sub(V::splat(1.0))))
}
