//! Registers of sixteen numbers of processors with AVX-512.
//!
//! A permutation of a register is a table of sixteen entries, so GELU takes no exponential here: `GELU(x) =
//! max(x, 0) − Q(|x|)` with `Q(a) = a·Φ(−a)`, a polynomial of degree five on each of sixteen stretches; its slope
//! is `Q'(|x|)` below zero and `1 − Q'(x)` above.
#![expect(unsafe_code, reason = "processor instructions are called after detection of their feature")]

use std::arch::x86_64::{
    __m512, _CMP_LT_OQ, _MM_HINT_T1, _mm_prefetch, _mm512_abs_ps, _mm512_add_ps, _mm512_castps_si512,
    _mm512_cmp_ps_mask, _mm512_fmadd_ps, _mm512_fmsub_ps, _mm512_fnmadd_ps, _mm512_loadu_ps,
    _mm512_mask_blend_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_permutexvar_ps,
    _mm512_rcp14_ps, _mm512_roundscale_ps, _mm512_scalef_ps, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_storeu_ps, _mm512_sub_ps,
};

use super::gelu;
use super::lanes::Lanes;

/// One register; used only inside functions compiled for AVX-512, which are entered after its detection.
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512);

/// Calls an instruction of AVX-512.
macro_rules! avx512 {
    ($call:expr) => {
        // SAFETY: this type is used only after detection of AVX-512.
        unsafe { $call }
    };
}

/// Stretches of the tables per unit of `|x|`; the middle of stretch `i` is `i / PER_UNIT`.
const PER_UNIT: f32 = 2.72;
/// Above this `Q` is below 3.6e-8 and taken as constant.
const LARGEST: f32 = 15.49 / PER_UNIT;

type Table = [[f32; 16]; 6];

/// `Q` on every stretch, coefficients by `u = a·PER_UNIT − i` from the constant on; fitted on Chebyshev points for this
/// crate, absolute error 2.2e-8.
#[rustfmt::skip]
const PRODUCT: Table = [
    [0.0, 1.3109125e-1, 1.699119e-1, 1.4892614e-1, 1.03972435e-1, 6.0687263e-2, 3.0212026e-2, 1.29534835e-2,
     4.8083547e-3, 1.5499995e-3, 4.3471175e-4, 1.061998e-4, 2.2617334e-5, 4.201348e-6, 6.809724e-7, 9.633442e-8],
    [1.8382353e-1, 8.0692284e-2, 2.6559306e-3, -3.840979e-2, -4.7158383e-2, -3.7633743e-2, -2.3363665e-2, -1.1911848e-2,
     -5.106192e-3, -1.8630322e-3, -5.8273226e-4, -1.5697285e-4, -3.6527694e-5, -7.358759e-6, -1.2854686e-6, -1.949456e-7],
    [-5.392263e-2, -4.699239e-2, -3.0026166e-2, -1.1498983e-2, 1.4866279e-3, 6.8638986e-3, 6.7825713e-3, 4.544736e-3,
     2.3723363e-3, 1.0117966e-3, 3.6056963e-4, 1.087112e-4, 2.7944365e-5, 6.15567e-6, 1.166221e-6, 1.9052611e-7],
    [-2.365727e-6, 4.3878295e-3, 6.413498e-3, 5.5213054e-3, 3.027895e-3, 6.962268e-4, -5.539492e-4, -8.1323663e-4,
     -5.9793226e-4, -3.1858325e-4, -1.3424778e-4, -4.6375186e-5, -1.3380016e-5, -3.260202e-6, -6.7575866e-7, -1.1975045e-7],
    [1.2280244e-3, 8.665436e-4, 1.1962166e-4, -4.956102e-4, -6.60707e-4, -4.60705e-4, -1.7167642e-4, 1.4939946e-5,
     7.2574636e-5, 6.0005204e-5, 3.260162e-5, 1.3524696e-5, 4.515219e-6, 1.2443328e-6, 2.8723093e-7, 5.6052503e-8],
    [-3.0505147e-5, -1.2571868e-4, -1.5355472e-4, -8.154789e-5, 1.1824205e-5, 5.8143534e-5, 5.1018942e-5, 2.3119876e-5,
     2.1708513e-6, -5.3210265e-6, -4.943048e-6, -2.6871915e-6, -1.0781591e-6, -3.4229748e-7, -8.876426e-8, -1.9135701e-8],
];
/// `Q'` likewise, absolute error 5e-8.
#[rustfmt::skip]
const SLOPE: Table = [
    [5.0e-1, 2.1948303e-1, 7.224143e-3, -1.0447463e-1, -1.282708e-1, -1.02363795e-1, -6.354917e-2, -3.2400224e-2,
     -1.3888841e-2, -5.0674467e-3, -1.5850316e-3, -4.2696626e-4, -9.935543e-5, -2.0015876e-5, -3.4964933e-6, -5.3025724e-7],
    [-2.933399e-1, -2.5564137e-1, -1.6334136e-1, -6.255134e-2, 8.08969e-3, 3.734011e-2, 3.6896434e-2, 2.4722496e-2,
     1.290507e-2, 5.5040997e-3, 1.9615635e-3, 5.9145567e-4, 1.5205299e-4, 3.3500506e-5, 6.3483285e-6, 1.0374519e-6],
    [-6.8779016e-8, 3.5804115e-2, 5.233357e-2, 4.5053747e-2, 2.4707906e-2, 5.6815133e-3, -4.52012e-3, -6.6360594e-3,
     -4.879204e-3, -2.5996806e-3, -1.09547e-3, -3.7841705e-4, -1.09176086e-4, -2.6600765e-5, -5.513295e-6, -9.769142e-7],
    [1.32174e-2, 9.48701e-3, 1.2803681e-3, -5.458891e-3, -7.2404244e-3, -5.0231926e-3, -1.8517207e-3, 1.8106167e-4,
     7.9900096e-4, 6.544376e-4, 3.5332498e-4, 1.4572588e-4, 4.8364996e-5, 1.3246863e-5, 3.0378944e-6, 5.8873553e-7],
    [-5.143706e-6, -1.7067237e-3, -2.085293e-3, -1.1084885e-3, 1.5929689e-4, 7.891383e-4, 6.932934e-4, 3.1468732e-4,
     2.9933693e-5, -7.2145296e-5, -6.718219e-5, -3.6569603e-5, -1.4688787e-5, -4.6684936e-6, -1.2119692e-6, -2.6157585e-7],
    [-3.9310564e-4, -2.360596e-4, 8.446246e-5, 2.6661e-4, 2.0772897e-4, 4.2889125e-5, -6.44751e-5, -7.406022e-5,
     -3.755569e-5, -6.3238513e-6, 5.5224905e-6, 5.691292e-6, 3.0423512e-6, 1.1659068e-6, 3.487122e-7, 8.4462854e-8],
];

impl Avx512 {
    /// Stretch of `|self|`, in the low bits of a number, and the place in it.
    #[inline(always)]
    fn stretch(self) -> (Self, Self) {
        let (round, per_unit) = (Self::splat(gelu::ROUND), Self::splat(PER_UNIT));
        // The order of the two keeps what is not a number.
        let a = Self(avx512!(_mm512_min_ps(_mm512_set1_ps(LARGEST), _mm512_abs_ps(self.0))));
        let stretch = a.mul_add(per_unit, round);
        let place = avx512!(_mm512_fmsub_ps(a.0, per_unit.0, stretch.sub(round).0));
        (stretch, Self(place))
    }

    #[inline(always)]
    fn polynomial(table: &Table, stretch: Self, place: Self) -> Self {
        let mut value = stretch.entry(&table[5]);
        for row in table[..5].iter().rev() {
            value = value.mul_add(place, stretch.entry(row));
        }
        value
    }

    /// The entry of each stretch.
    #[inline(always)]
    fn entry(self, row: &[f32; 16]) -> Self {
        Self(avx512!(_mm512_permutexvar_ps(_mm512_castps_si512(self.0), Self::load(row).0)))
    }
}

impl Lanes for Avx512 {
    type Half = super::avx2::Avx2;
    const N: usize = 16;
    const IS_FUSED: bool = true;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self(avx512!(_mm512_set1_ps(value)))
    }

    #[inline(always)]
    fn load(values: &[f32]) -> Self {
        let values: &[f32; 16] = values.first_chunk().expect("a register of values");
        // SAFETY: the array holds sixteen values, any alignment will do, and AVX-512 was detected.
        Self(unsafe { _mm512_loadu_ps(values.as_ptr()) })
    }

    #[inline(always)]
    fn ask_for(value: &f32) {
        // SAFETY: a prefetch reads nothing, and every x86-64 processor has it.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(value).cast()) };
    }

    #[inline(always)]
    fn store(self, values: &mut [f32]) {
        let values: &mut [f32; 16] = values.first_chunk_mut().expect("a register of values");
        // SAFETY: the array holds sixteen values, any alignment will do, and AVX-512 was detected.
        unsafe { _mm512_storeu_ps(values.as_mut_ptr(), self.0) };
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, sum: Self) -> Self {
        Self(avx512!(_mm512_fmadd_ps(self.0, factor.0, sum.0)))
    }

    #[inline(always)]
    fn sub_from(self, factor: Self, sum: Self) -> Self {
        Self(avx512!(_mm512_fnmadd_ps(self.0, factor.0, sum.0)))
    }

    #[inline(always)]
    fn mul(self, factor: Self) -> Self {
        Self(avx512!(_mm512_mul_ps(self.0, factor.0)))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(avx512!(_mm512_add_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(avx512!(_mm512_sub_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(avx512!(_mm512_abs_ps(self.0)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(avx512!(_mm512_max_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn reciprocal(self) -> Self {
        let near = Self(avx512!(_mm512_rcp14_ps(self.0)));
        near.mul_add(self.sub_from(near, Self::splat(1.0)), near)
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        let part = self.sub(Self(avx512!(_mm512_roundscale_ps::<8>(self.0))));
        let mut series = Self::splat(gelu::POWER_OF_TWO[0]);
        for coefficient in &gelu::POWER_OF_TWO[1..] {
            series = series.mul_add(part, Self::splat(*coefficient));
        }
        Self(avx512!(_mm512_scalef_ps(series.0, self.sub(part).0)))
    }

    #[inline(always)]
    fn where_negative(self, sign: Self, other: Self) -> Self {
        let is_negative = avx512!(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(sign.0, _mm512_setzero_ps()));
        Self(avx512!(_mm512_mask_blend_ps(is_negative, other.0, self.0)))
    }

    #[inline(always)]
    fn gelu(self) -> Self {
        let (stretch, place) = self.stretch();
        // The order of the two keeps what is not a number.
        Self::splat(0.0).max(self).sub(Self::polynomial(&PRODUCT, stretch, place))
    }

    #[inline(always)]
    fn gelu_with_slope(self) -> (Self, Self) {
        let (stretch, place) = self.stretch();
        let value = Self::splat(0.0).max(self).sub(Self::polynomial(&PRODUCT, stretch, place));
        let slope = Self::polynomial(&SLOPE, stretch, place);
        (value, slope.where_negative(self, Self::splat(1.0).sub(slope)))
    }

    #[inline(always)]
    fn gelu_slope(self) -> Self {
        let (stretch, place) = self.stretch();
        let slope = Self::polynomial(&SLOPE, stretch, place);
        slope.where_negative(self, Self::splat(1.0).sub(slope))
    }
}
