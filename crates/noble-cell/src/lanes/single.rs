//! One number, rounded as in a register.
#![expect(unsafe_code, reason = "one number is read and written through the pointer of a register")]

use super::Lanes;

/// One number whose products and sums are rounded once; used where the processor has the instruction.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct FusedSingle(f64);

/// One number whose products and sums are rounded twice.
#[derive(Clone, Copy)]
pub(crate) struct Single(f64);

/// A number between `√½` and `√2` and the power of two that it was multiplied with.
#[inline(always)]
pub(super) fn split(x: f64) -> (f64, f64) {
    const HALF_ROOT: u64 = 0x3fe6_a09e_667f_3bcd;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    let bits = x.to_bits().wrapping_add(ONE - HALF_ROOT);
    let exponent = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0 - 1023.0;
    (f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(HALF_ROOT)), exponent)
}

/// `x·2^n` where `shifted` is `n + 1.5·2^52`.
#[inline(always)]
pub(super) fn scale(x: f64, shifted: f64) -> f64 {
    f64::from_bits(x.to_bits().wrapping_add(shifted.to_bits() << 52))
}

macro_rules! single {
    ($name:ident, |$a:ident, $b:ident, $c:ident| $mul_add:expr, $neg_mul_add:expr) => {
        impl Lanes for $name {
            type Mask = bool;
            const WIDTH: usize = 1;

            #[inline(always)]
            fn splat(value: f64) -> Self {
                Self(value)
            }

            #[inline(always)]
            unsafe fn load(from: *const f64) -> Self {
                // SAFETY: the caller's.
                Self(unsafe { from.read() })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f64) {
                // SAFETY: the caller's.
                unsafe { to.write(self.0) };
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self(self.0 * other.0)
            }

            #[inline(always)]
            fn div(self, other: Self) -> Self {
                Self(self.0 / other.0)
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, sum: Self) -> Self {
                let ($a, $b, $c) = (self.0, factor.0, sum.0);
                Self($mul_add)
            }

            #[inline(always)]
            fn neg_mul_add(self, factor: Self, sum: Self) -> Self {
                let ($a, $b, $c) = (self.0, factor.0, sum.0);
                Self($neg_mul_add)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                Self(self.0.abs())
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                Self(self.0.sqrt())
            }

            #[inline(always)]
            fn min(self, other: Self) -> Self {
                Self(if self.0 < other.0 { self.0 } else { other.0 })
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                Self(if self.0 > other.0 { self.0 } else { other.0 })
            }

            #[inline(always)]
            fn less(self, other: Self) -> bool {
                self.0 < other.0
            }

            #[inline(always)]
            fn less_equal(self, other: Self) -> bool {
                self.0 <= other.0
            }

            #[inline(always)]
            fn select(self, mask: bool, other: Self) -> Self {
                if mask { self } else { other }
            }

            #[inline(always)]
            fn all(mask: bool) -> bool {
                mask
            }

            #[inline(always)]
            fn scale(self, shifted: Self) -> Self {
                Self(scale(self.0, shifted.0))
            }

            #[inline(always)]
            fn split(self) -> (Self, Self) {
                let (mantissa, exponent) = split(self.0);
                (Self(mantissa), Self(exponent))
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
single!(FusedSingle, |a, b, c| a.mul_add(b, c), (-a).mul_add(b, c));
single!(Single, |a, b, c| a * b + c, c - a * b);
