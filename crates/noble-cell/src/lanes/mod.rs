//! Several double-precision numbers worked on at once, for whatever instructions the processor has.
//!
//! Every kernel is one inlined body compiled three times: for AVX-512, for AVX2 with fused multiply-add, and
//! portably; [`Instructions`] chooses at run time. An operation on a lane does not depend on the lanes beside it, so
//! a run gives the same bits alone and among others. AVX-512 and AVX2 give the same bits too, as every operation is
//! rounded once by IEEE 754; the portable kernels multiply and add in two roundings and differ by that.
#![expect(
    unsafe_code,
    reason = "registers are read and written through pointers; processor instructions are called after detection"
)]

mod array;
mod functions;
mod pair;
mod portable;
mod single;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use array::{Array, fill};
#[cfg(target_arch = "x86_64")]
pub(crate) use functions::{EXPONENTIAL, LARGEST, LEAST, LN2_HIGH, LN2_LOW, LOGARITHM, SHIFT};
pub(crate) use functions::{exponential, linoid, logarithm};
pub(crate) use pair::Pair;
pub(crate) use portable::Portable;
#[cfg(target_arch = "x86_64")]
pub(crate) use single::FusedSingle;
pub(crate) use single::Single;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512, BITS};

/// Every array of lanes is padded to a multiple of this, the widest register.
pub(crate) const PADDING: usize = 8;

/// A register of numbers.
pub(crate) trait Lanes: Copy {
    /// Which numbers fulfil a condition.
    type Mask: Copy;
    /// Numbers in a register.
    const WIDTH: usize;
    /// The same number in every lane.
    fn splat(value: f64) -> Self;
    /// Reads `WIDTH` numbers.
    ///
    /// # Safety
    /// The pointer is valid for reads of `WIDTH` numbers.
    unsafe fn load(from: *const f64) -> Self;
    /// Writes `WIDTH` numbers.
    ///
    /// # Safety
    /// The pointer is valid for writes of `WIDTH` numbers.
    unsafe fn store(self, to: *mut f64);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    /// `1 / self`.
    #[inline(always)]
    fn reciprocal(self) -> Self {
        Self::splat(1.0).div(self)
    }
    /// `self·factor + sum`.
    fn mul_add(self, factor: Self, sum: Self) -> Self;
    /// `sum - self·factor`.
    fn neg_mul_add(self, factor: Self, sum: Self) -> Self;
    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    /// `self` where it is the smaller, else `other`.
    fn min(self, other: Self) -> Self;
    /// `self` where it is the larger, else `other`.
    fn max(self, other: Self) -> Self;
    fn less(self, other: Self) -> Self::Mask;
    fn less_equal(self, other: Self) -> Self::Mask;
    /// `self` where the mask holds, else `other`.
    fn select(self, mask: Self::Mask, other: Self) -> Self;
    /// Whether every lane of the mask holds.
    fn all(mask: Self::Mask) -> bool;
    /// `self·2^n`; `shifted` is `n + 1.5·2^52`.
    fn scale(self, shifted: Self) -> Self;
    /// A positive normal number as `(m, e)` with `m·2^e`, `m` in `[√½, √2)`.
    fn split(self) -> (Self, Self);
}

/// Which instructions the kernels use.
///
/// Results of AVX-512 and AVX2 are equal to the last bit; portable results differ from them by rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instructions {
    /// Eight numbers at once.
    Avx512,
    /// Four numbers at once, with fused multiply-add.
    Avx2,
    /// What every processor has.
    Portable,
}

impl Instructions {
    /// The widest that this processor has.
    #[must_use]
    pub fn detect() -> Self {
        Self::available()[0]
    }

    /// All that this processor has, the widest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        [Self::Avx512, Self::Avx2, Self::Portable].into_iter().filter(|one| one.is_available()).collect()
    }

    /// Their name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "AVX-512",
            Self::Avx2 => "AVX2",
            Self::Portable => "portable",
        }
    }

    /// Whether this processor has them.
    pub(crate) fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512dq")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx512 | Self::Avx2 => false,
            Self::Portable => true,
        }
    }
}

/// Work that is written once for every kind of lanes.
pub(crate) trait Kernel {
    /// What comes out.
    type Output;
    /// Does the work; `S` is one lane of `V`, with the same rounding.
    fn run<V: Lanes, S: Lanes>(self) -> Self::Output;
}

/// Runs a kernel compiled for the instructions.
///
/// # Panics
/// When the processor lacks them.
pub(crate) fn dispatch<K: Kernel>(instructions: Instructions, kernel: K) -> K::Output {
    assert!(instructions.is_available(), "{instructions:?} on a processor without");
    match instructions {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: checked above.
        Instructions::Avx512 => unsafe { with_avx512(kernel) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: checked above.
        Instructions::Avx2 => unsafe { with_avx2(kernel) },
        _ => kernel.run::<Portable, Single>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
fn with_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx512, FusedSingle>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx2, FusedSingle>()
}

#[cfg(test)]
mod tests;
