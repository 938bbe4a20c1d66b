//! A register of single-precision numbers worked on at once, whatever the processor.

use super::gelu;

/// Values that every array worked on in registers is a multiple of.
pub(crate) const LANES: usize = 16;

/// A register of numbers.
pub(super) trait Lanes: Copy {
    /// A register of half the numbers, or the same where there is none.
    type Half: Lanes;
    /// Numbers in it; [`LANES`] is a multiple.
    const N: usize;
    /// Whether multiplication and addition round once.
    const IS_FUSED: bool;
    /// `N` times the same number.
    fn splat(value: f32) -> Self;
    /// Reads the first `N` values of a slice.
    fn load(values: &[f32]) -> Self;
    /// Writes to the first `N` values of a slice.
    fn store(self, values: &mut [f32]);
    /// `self·factor + sum`.
    fn mul_add(self, factor: Self, sum: Self) -> Self;
    /// `sum − self·factor`.
    fn sub_from(self, factor: Self, sum: Self) -> Self;
    /// `self·factor`.
    fn mul(self, factor: Self) -> Self;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self − other`.
    fn sub(self, other: Self) -> Self;
    /// `|self|`.
    fn abs(self) -> Self;
    /// The larger one; `other` where one of them is not a number.
    fn max(self, other: Self) -> Self;
    /// `1/self`, to the last bit or the one before.
    fn reciprocal(self) -> Self;
    /// `2^self` for numbers from −126 to 0.
    fn power_of_two(self) -> Self;
    /// `self` where `sign` is negative, else `other`.
    fn where_negative(self, sign: Self, other: Self) -> Self;

    /// Asks for a value that will be read soon; changes nothing else.
    #[inline(always)]
    fn ask_for(_: &f32) {}

    /// `GELU(self)`.
    #[inline(always)]
    fn gelu(self) -> Self {
        gelu::by_exponential(self).0
    }

    /// `GELU(self)` and `GELU'(self)`.
    #[inline(always)]
    fn gelu_with_slope(self) -> (Self, Self) {
        let (value, exponential, upper) = gelu::by_exponential(self);
        (value, gelu::slope(self, exponential, upper))
    }

    /// `GELU'(self)`.
    #[inline(always)]
    fn gelu_slope(self) -> Self {
        self.gelu_with_slope().1
    }

    /// Sum of all numbers, as a fixed tree.
    #[inline(always)]
    fn total(self) -> f32 {
        let mut lanes = [0.0; LANES];
        self.store(&mut lanes);
        let mut n = Self::N;
        while n > 1 {
            n /= 2;
            for i in 0..n {
                lanes[i] += lanes[i + n];
            }
        }
        lanes[0]
    }
}

const N_PORTABLE: usize = 8;

/// Plain arrays, for any processor.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; N_PORTABLE]);

impl Portable {
    #[inline(always)]
    fn map(mut self, other: Self, operation: impl Fn(f32, f32) -> f32) -> Self {
        for lane in 0..N_PORTABLE {
            self.0[lane] = operation(self.0[lane], other.0[lane]);
        }
        self
    }
}

impl Lanes for Portable {
    type Half = Self;
    const N: usize = N_PORTABLE;
    const IS_FUSED: bool = false;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; N_PORTABLE])
    }

    #[inline(always)]
    fn load(values: &[f32]) -> Self {
        Self(*values.first_chunk().expect("a register of values"))
    }

    #[inline(always)]
    fn store(self, values: &mut [f32]) {
        values[..N_PORTABLE].copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn mul_add(mut self, factor: Self, sum: Self) -> Self {
        for lane in 0..N_PORTABLE {
            self.0[lane] = self.0[lane] * factor.0[lane] + sum.0[lane];
        }
        self
    }

    #[inline(always)]
    fn sub_from(mut self, factor: Self, sum: Self) -> Self {
        for lane in 0..N_PORTABLE {
            self.0[lane] = sum.0[lane] - self.0[lane] * factor.0[lane];
        }
        self
    }

    #[inline(always)]
    fn mul(self, factor: Self) -> Self {
        self.map(factor, |a, b| a * b)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.map(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.map(other, |a, b| a - b)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.map(self, |a, _| a.abs())
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.map(other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn reciprocal(self) -> Self {
        self.map(self, |a, _| 1.0 / a)
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        self.map(self, |a, _| {
            let shifted = a + gelu::ROUND;
            let part = a - (shifted - gelu::ROUND);
            let mut series = gelu::POWER_OF_TWO[0];
            for coefficient in &gelu::POWER_OF_TWO[1..] {
                series = series * part + coefficient;
            }
            series
                * f32::from_bits(
                    shifted.to_bits().wrapping_sub(gelu::ROUND.to_bits()).wrapping_add(127) << 23,
                )
        })
    }

    #[inline(always)]
    fn where_negative(mut self, sign: Self, other: Self) -> Self {
        for lane in 0..N_PORTABLE {
            self.0[lane] = if sign.0[lane] < 0.0 { self.0[lane] } else { other.0[lane] };
        }
        self
    }
}
