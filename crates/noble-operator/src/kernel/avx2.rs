//! Registers of eight numbers of processors with AVX2 and fused multiply-add.
#![expect(unsafe_code, reason = "processor instructions are called after detection of their feature")]

use std::arch::x86_64::{
    __m256, _MM_HINT_T1, _mm_prefetch, _mm256_add_epi32, _mm256_add_ps, _mm256_and_ps, _mm256_blendv_ps,
    _mm256_castps_si256, _mm256_castsi256_ps, _mm256_div_ps, _mm256_fmadd_ps, _mm256_fnmadd_ps,
    _mm256_loadu_ps, _mm256_max_ps, _mm256_mul_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_slli_epi32,
    _mm256_storeu_ps, _mm256_sub_ps,
};

use super::gelu;
use super::lanes::Lanes;

/// One register; used only inside functions compiled for AVX2 and fused multiply-add, which are entered after
/// detection of both.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256);

/// Calls an instruction of AVX2 or fused multiply-add.
macro_rules! avx2 {
    ($call:expr) => {
        // SAFETY: this type is used only after detection of AVX2 and fused multiply-add.
        unsafe { $call }
    };
}

impl Lanes for Avx2 {
    type Half = Self;
    const N: usize = 8;
    const IS_FUSED: bool = true;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self(avx2!(_mm256_set1_ps(value)))
    }

    #[inline(always)]
    fn load(values: &[f32]) -> Self {
        let values: &[f32; 8] = values.first_chunk().expect("a register of values");
        // SAFETY: the array holds eight values, any alignment will do, and AVX2 was detected.
        Self(unsafe { _mm256_loadu_ps(values.as_ptr()) })
    }

    #[inline(always)]
    fn ask_for(value: &f32) {
        // SAFETY: a prefetch reads nothing, and every x86-64 processor has it.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(value).cast()) };
    }

    #[inline(always)]
    fn store(self, values: &mut [f32]) {
        let values: &mut [f32; 8] = values.first_chunk_mut().expect("a register of values");
        // SAFETY: the array holds eight values, any alignment will do, and AVX2 was detected.
        unsafe { _mm256_storeu_ps(values.as_mut_ptr(), self.0) };
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, sum: Self) -> Self {
        Self(avx2!(_mm256_fmadd_ps(self.0, factor.0, sum.0)))
    }

    #[inline(always)]
    fn sub_from(self, factor: Self, sum: Self) -> Self {
        Self(avx2!(_mm256_fnmadd_ps(self.0, factor.0, sum.0)))
    }

    #[inline(always)]
    fn mul(self, factor: Self) -> Self {
        Self(avx2!(_mm256_mul_ps(self.0, factor.0)))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(avx2!(_mm256_add_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(avx2!(_mm256_sub_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        let mask = f32::from_bits(0x7fff_ffff);
        Self(avx2!(_mm256_and_ps(self.0, _mm256_set1_ps(mask))))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(avx2!(_mm256_max_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn reciprocal(self) -> Self {
        Self(avx2!(_mm256_div_ps(_mm256_set1_ps(1.0), self.0)))
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        let round = Self::splat(gelu::ROUND);
        let shifted = self.add(round);
        let part = self.sub(shifted.sub(round));
        let mut series = Self::splat(gelu::POWER_OF_TWO[0]);
        for coefficient in &gelu::POWER_OF_TWO[1..] {
            series = series.mul_add(part, Self::splat(*coefficient));
        }
        // The low bits of `shifted` hold the whole part; those of the constant are zero and leave by the shift.
        let exponent = avx2!(_mm256_add_epi32(_mm256_castps_si256(shifted.0), _mm256_set1_epi32(127)));
        series.mul(Self(avx2!(_mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent)))))
    }

    #[inline(always)]
    fn where_negative(self, sign: Self, other: Self) -> Self {
        Self(avx2!(_mm256_blendv_ps(other.0, self.0, sign.0)))
    }
}
