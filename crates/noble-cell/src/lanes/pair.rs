//! Two registers side by side: while one waits for a result, the other is worked on.
#![expect(unsafe_code, reason = "two registers are read and written as one is")]

use super::Lanes;

/// Numbers of two registers.
#[derive(Clone, Copy)]
pub(crate) struct Pair<V>(V, V);

macro_rules! each {
    ($($name:ident($($other:ident),*)),+ $(,)?) => {
        $(#[inline(always)]
        fn $name(self, $($other: Self),*) -> Self {
            Self(self.0.$name($($other.0),*), self.1.$name($($other.1),*))
        })+
    };
}

impl<V: Lanes> Lanes for Pair<V> {
    type Mask = (V::Mask, V::Mask);
    const WIDTH: usize = 2 * V::WIDTH;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self(V::splat(value), V::splat(value))
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller's, for both halves.
        unsafe { Self(V::load(from), V::load(from.add(V::WIDTH))) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: the caller's, for both halves.
        unsafe {
            self.0.store(to);
            self.1.store(to.add(V::WIDTH));
        }
    }

    each!(
        add(other),
        sub(other),
        mul(other),
        div(other),
        mul_add(factor, sum),
        neg_mul_add(factor, sum),
        abs(),
        sqrt(),
        min(other),
        max(other),
        scale(shifted),
    );

    #[inline(always)]
    fn less(self, other: Self) -> Self::Mask {
        (self.0.less(other.0), self.1.less(other.1))
    }

    #[inline(always)]
    fn less_equal(self, other: Self) -> Self::Mask {
        (self.0.less_equal(other.0), self.1.less_equal(other.1))
    }

    #[inline(always)]
    fn select(self, mask: Self::Mask, other: Self) -> Self {
        Self(self.0.select(mask.0, other.0), self.1.select(mask.1, other.1))
    }

    #[inline(always)]
    fn all(mask: Self::Mask) -> bool {
        V::all(mask.0) && V::all(mask.1)
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let ((m, e), (m_after, e_after)) = (self.0.split(), self.1.split());
        (Self(m, m_after), Self(e, e_after))
    }
}
