//! Registers of AVX2 and AVX-512.
#![expect(unsafe_code, reason = "processor instructions are called after detection of their feature")]

use std::arch::x86_64::*;

use super::Lanes;

/// Bits of `√½`.
const HALF_ROOT: i64 = 0x3fe6_a09e_667f_3bcd;
/// Bits of one.
const ONE: i64 = 0x3ff0_0000_0000_0000;
/// Bits of `2^52`, in whose mantissa a small integer is a number.
const TWO_TO_52: i64 = 0x4330_0000_0000_0000;
/// `2^52` and the bias of an exponent.
const BIAS: f64 = 4_503_599_627_370_496.0 + 1023.0;
/// Bits of the mantissa.
const MANTISSA: i64 = 0x000f_ffff_ffff_ffff;

/// What [`Lanes::split`] and [`Lanes::abs`] combine with the bits of a number, as numbers of the same bits.
pub(crate) struct Bits {
    pub(crate) one_above_half_root: f64,
    pub(crate) two_to_52: f64,
    pub(crate) bias: f64,
    pub(crate) mantissa: f64,
    pub(crate) half_root: f64,
    pub(crate) not_sign: f64,
}

pub(crate) const BITS: Bits = Bits {
    one_above_half_root: f64::from_bits((ONE - HALF_ROOT) as u64),
    two_to_52: f64::from_bits(TWO_TO_52 as u64),
    bias: BIAS,
    mantissa: f64::from_bits(MANTISSA as u64),
    half_root: f64::from_bits(HALF_ROOT as u64),
    not_sign: f64::from_bits(i64::MAX as u64),
};

/// Eight numbers; used only inside functions that are entered after detection.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(__m512d);

impl Lanes for Avx512 {
    type Mask = u8;
    const WIDTH: usize = 8;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm512_set1_pd(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller's, and any alignment will do.
        Self(unsafe { _mm512_loadu_pd(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: the caller's, and any alignment will do.
        unsafe { _mm512_storeu_pd(to, self.0) };
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm512_add_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm512_sub_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm512_mul_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm512_div_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, sum: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm512_fmadd_pd(self.0, factor.0, sum.0) })
    }

    #[inline(always)]
    fn neg_mul_add(self, factor: Self, sum: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm512_fnmadd_pd(self.0, factor.0, sum.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm512_abs_pd(self.0) })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm512_sqrt_pd(self.0) })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm512_min_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm512_max_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn less(self, other: Self) -> Self::Mask {
        // SAFETY: this type is used only after detection of its instructions.
        unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn less_equal(self, other: Self) -> Self::Mask {
        // SAFETY: this type is used only after detection of its instructions.
        unsafe { _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn select(self, mask: Self::Mask, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm512_mask_blend_pd(mask, other.0, self.0) })
    }

    #[inline(always)]
    fn all(mask: Self::Mask) -> bool {
        mask == u8::MAX
    }

    #[inline(always)]
    fn scale(self, shifted: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe {
            let exponent = _mm512_slli_epi64::<52>(_mm512_castpd_si512(shifted.0));
            _mm512_castsi512_pd(_mm512_add_epi64(_mm512_castpd_si512(self.0), exponent))
        })
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: this type is used only after detection of its instructions.
        unsafe {
            let half_root = _mm512_set1_epi64(HALF_ROOT);
            let above = _mm512_set1_epi64(ONE - HALF_ROOT);
            let bits = _mm512_add_epi64(_mm512_castpd_si512(self.0), above);
            let biased = _mm512_or_si512(_mm512_srli_epi64::<52>(bits), _mm512_set1_epi64(TWO_TO_52));
            let exponent = _mm512_sub_pd(_mm512_castsi512_pd(biased), _mm512_set1_pd(BIAS));
            let low = _mm512_and_si512(bits, _mm512_set1_epi64(MANTISSA));
            (Self(_mm512_castsi512_pd(_mm512_add_epi64(low, half_root))), Self(exponent))
        }
    }
}

/// Four numbers; used only inside functions that are entered after detection.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(__m256d);

impl Lanes for Avx2 {
    type Mask = __m256d;
    const WIDTH: usize = 4;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm256_set1_pd(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller's, and any alignment will do.
        Self(unsafe { _mm256_loadu_pd(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: the caller's, and any alignment will do.
        unsafe { _mm256_storeu_pd(to, self.0) };
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm256_add_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm256_sub_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm256_mul_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm256_div_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, sum: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm256_fmadd_pd(self.0, factor.0, sum.0) })
    }

    #[inline(always)]
    fn neg_mul_add(self, factor: Self, sum: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm256_fnmadd_pd(self.0, factor.0, sum.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm256_andnot_pd(_mm256_set1_pd(-0.0), self.0) })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm256_sqrt_pd(self.0) })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm256_min_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm256_max_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn less(self, other: Self) -> Self::Mask {
        // SAFETY: this type is used only after detection of its instructions.
        unsafe { _mm256_cmp_pd::<_CMP_LT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn less_equal(self, other: Self) -> Self::Mask {
        // SAFETY: this type is used only after detection of its instructions.
        unsafe { _mm256_cmp_pd::<_CMP_LE_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn select(self, mask: Self::Mask, other: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe { _mm256_blendv_pd(other.0, self.0, mask) })
    }

    #[inline(always)]
    fn all(mask: Self::Mask) -> bool {
        // SAFETY: this type is used only after detection of its instructions.
        unsafe { _mm256_movemask_pd(mask) == 0b1111 }
    }

    #[inline(always)]
    fn scale(self, shifted: Self) -> Self {
        // SAFETY: this type is used only after detection of its instructions.
        Self(unsafe {
            let exponent = _mm256_slli_epi64::<52>(_mm256_castpd_si256(shifted.0));
            _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(self.0), exponent))
        })
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: this type is used only after detection of its instructions.
        unsafe {
            let half_root = _mm256_set1_epi64x(HALF_ROOT);
            let above = _mm256_set1_epi64x(ONE - HALF_ROOT);
            let bits = _mm256_add_epi64(_mm256_castpd_si256(self.0), above);
            let biased = _mm256_or_si256(_mm256_srli_epi64::<52>(bits), _mm256_set1_epi64x(TWO_TO_52));
            let exponent = _mm256_sub_pd(_mm256_castsi256_pd(biased), _mm256_set1_pd(BIAS));
            let low = _mm256_and_si256(bits, _mm256_set1_epi64x(MANTISSA));
            (Self(_mm256_castsi256_pd(_mm256_add_epi64(low, half_root))), Self(exponent))
        }
    }
}
