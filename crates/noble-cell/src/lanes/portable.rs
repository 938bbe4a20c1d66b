//! Plain arrays, for any processor.
#![expect(unsafe_code, reason = "arrays are read and written through the pointer of a register")]

use super::{Lanes, single};

const WIDTH: usize = 4;

/// Four numbers; a compiler makes of the loops what the processor has.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f64; WIDTH]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }
}

impl Lanes for Portable {
    type Mask = [bool; WIDTH];
    const WIDTH: usize = WIDTH;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self([value; WIDTH])
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller's; an array of numbers needs no more alignment than a number.
        Self(unsafe { from.cast::<[f64; WIDTH]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: the caller's; an array of numbers needs no more alignment than a number.
        unsafe { to.cast::<[f64; WIDTH]>().write(self.0) };
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, sum: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] * factor.0[lane] + sum.0[lane]))
    }

    #[inline(always)]
    fn neg_mul_add(self, factor: Self, sum: Self) -> Self {
        Self(std::array::from_fn(|lane| sum.0[lane] - self.0[lane] * factor.0[lane]))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(f64::abs))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f64::sqrt))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn less(self, other: Self) -> Self::Mask {
        std::array::from_fn(|lane| self.0[lane] < other.0[lane])
    }

    #[inline(always)]
    fn less_equal(self, other: Self) -> Self::Mask {
        std::array::from_fn(|lane| self.0[lane] <= other.0[lane])
    }

    #[inline(always)]
    fn select(self, mask: Self::Mask, other: Self) -> Self {
        Self(std::array::from_fn(|lane| if mask[lane] { self.0[lane] } else { other.0[lane] }))
    }

    #[inline(always)]
    fn all(mask: Self::Mask) -> bool {
        mask.iter().all(|holds| *holds)
    }

    #[inline(always)]
    fn scale(self, shifted: Self) -> Self {
        self.zip(shifted, single::scale)
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let pairs = self.0.map(single::split);
        (Self(pairs.map(|pair| pair.0)), Self(pairs.map(|pair| pair.1)))
    }
}
