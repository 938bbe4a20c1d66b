//! Eight single-precision numbers worked on at once.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "processor instructions are called after detection of their feature")
)]

/// Values in one register.
pub(super) const N_LANES: usize = 8;

/// A register of eight numbers.
pub(super) trait Lanes: Copy {
    /// Whether multiplication and addition round once.
    const IS_FUSED: bool;
    /// Eight times the same number.
    fn splat(value: f32) -> Self;
    /// Reads the first eight values of a slice.
    fn load(values: &[f32]) -> Self;
    /// Writes to the first eight values of a slice.
    fn store(self, values: &mut [f32]);
    /// `self·factor + sum`.
    fn mul_add(self, factor: Self, sum: Self) -> Self;
}

/// Plain arrays, for any processor.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; N_LANES]);

impl Lanes for Portable {
    const IS_FUSED: bool = false;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; N_LANES])
    }

    #[inline(always)]
    fn load(values: &[f32]) -> Self {
        Self(*values.first_chunk().expect("eight values"))
    }

    #[inline(always)]
    fn store(self, values: &mut [f32]) {
        values[..N_LANES].copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn mul_add(mut self, factor: Self, sum: Self) -> Self {
        for lane in 0..N_LANES {
            self.0[lane] = self.0[lane] * factor.0[lane] + sum.0[lane];
        }
        self
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Avx2;

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{__m256, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps};

    use super::{Lanes, N_LANES};

    /// One register; used only inside functions compiled for AVX2 and fused multiply-add, which are entered after
    /// detection of both.
    #[derive(Clone, Copy)]
    pub(in crate::kernel) struct Avx2(__m256);

    impl Lanes for Avx2 {
        const IS_FUSED: bool = true;

        #[inline(always)]
        fn splat(value: f32) -> Self {
            // SAFETY: this type is used only after detection of AVX2.
            Self(unsafe { _mm256_set1_ps(value) })
        }

        #[inline(always)]
        fn load(values: &[f32]) -> Self {
            let values = &values[..N_LANES];
            // SAFETY: the slice holds eight values, any alignment will do, and AVX2 was detected.
            Self(unsafe { _mm256_loadu_ps(values.as_ptr()) })
        }

        #[inline(always)]
        fn store(self, values: &mut [f32]) {
            let values = &mut values[..N_LANES];
            // SAFETY: the slice holds eight values, any alignment will do, and AVX2 was detected.
            unsafe { _mm256_storeu_ps(values.as_mut_ptr(), self.0) };
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, sum: Self) -> Self {
            // SAFETY: this type is used only after detection of fused multiply-add.
            Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, sum.0) })
        }
    }
}
