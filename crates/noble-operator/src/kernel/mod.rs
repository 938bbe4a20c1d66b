//! The few loops that take all the time: thin matrix products and the exact GELU.
//!
//! Every kernel is one inlined body compiled twice: for AVX2 with fused multiply-add, chosen at run time, and
//! portably. Both give the same bits on every call and for any number of threads; the two differ from each
//! other by rounding.

mod complex;
mod dot;
mod gelu;
mod lanes;
mod modes;
mod panel;
mod pointwise;

use lanes::Lanes;
pub(crate) use modes::{N_MATRICES, Product};
pub(crate) use panel::{Matrix, Start};

/// Whether the AVX2 kernels may run; asked once per plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kernels {
    has_avx2: bool,
}

impl Kernels {
    /// The fastest kernels this processor can run.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        let has_avx2 =
            std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma");
        #[cfg(not(target_arch = "x86_64"))]
        let has_avx2 = false;
        Self { has_avx2 }
    }

    /// Kernels that need no processor feature.
    #[cfg(test)]
    pub(crate) fn portable() -> Self {
        Self { has_avx2: false }
    }
}

/// Defines a method of [`Kernels`] that runs one inlined body either with AVX2 and fused multiply-add or without.
macro_rules! dispatched {
    ($(#[$doc:meta])* $name:ident => $module:ident::$body:ident, ($($arg:ident: $type:ty),*)) => {
        impl Kernels {
            $(#[$doc])*
            #[inline]
            #[cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "a target-feature function is called after detection"))]
            pub(crate) fn $name(self, $($arg: $type),*) {
                #[cfg(target_arch = "x86_64")]
                {
                    #[target_feature(enable = "avx2,fma")]
                    fn with_avx2($($arg: $type),*) {
                        $module::$body::<lanes::Avx2>($($arg),*);
                    }
                    if self.has_avx2 {
                        // SAFETY: `has_avx2` is set only after both features were detected.
                        unsafe { with_avx2($($arg),*) };
                        return;
                    }
                }
                $module::$body::<lanes::Portable>($($arg),*);
            }
        }
    };
}

dispatched!(
    /// `out = bias + a·b` (or `out += a·b`), see [`panel::product`].
    product => panel::product, (out: &mut [f32], out_stride: usize, start: panel::Start<'_>, a: Matrix<'_>, b: Matrix<'_>)
);
dispatched!(
    /// `out += a·bᵀ`, see [`dot::product_transposed`].
    product_transposed => dot::product_transposed, (out: &mut [f32], a: Matrix<'_>, b: Matrix<'_>)
);
dispatched!(
    /// `out = GELU(x)`.
    gelu => gelu::gelu, (out: &mut [f32], x: &[f32])
);
dispatched!(
    /// `out = GELU'(x)`.
    gelu_slope => gelu::gelu_slope, (out: &mut [f32], x: &[f32])
);
dispatched!(
    /// `value = GELU(x)`, `slope = GELU'(x)`.
    gelu_with_slope => gelu::gelu_with_slope, (value: &mut [f32], slope: &mut [f32], x: &[f32])
);

dispatched!(
    /// `y += x·w` (`sign` 1) or `y += x·conj(w)` (`sign` −1) of complex rows.
    complex_add_product => complex::add_product, (y: (&mut [f32], &mut [f32]), x: (&[f32], &[f32]), w: (&[f32], &[f32]), sign: f32)
);
dispatched!(
    /// `out += conj(x)·g` of complex rows, `out` with the parts side by side.
    complex_add_correlation => complex::add_correlation, (out: &mut [f32], x: (&[f32], &[f32]), g: (&[f32], &[f32]))
);
dispatched!(
    /// Products of complex matrices, one per lane, see [`modes::product`].
    mode_product => modes::product, (out: (&mut [f32], &mut [f32]), a: (&[f32], &[f32]), b: (&[f32], &[f32]), size: usize, kind: modes::Product)
);
dispatched!(
    /// `y += factor·x`.
    add_scaled => pointwise::add_scaled, (y: &mut [f32], x: &[f32], factor: f32)
);
dispatched!(
    /// `y *= x`.
    multiply => pointwise::multiply, (y: &mut [f32], x: &[f32])
);
dispatched!(
    /// `out[r] += Σ_t x[r, t]`.
    add_row_sums => pointwise::add_row_sums, (out: &mut [f32], x: Matrix<'_>)
);
dispatched!(
    /// `out[r] += Σ_t a[r, t] b[r, t]`.
    add_row_products => pointwise::add_row_products, (out: &mut [f32], a: Matrix<'_>, b: Matrix<'_>)
);

/// `a·b + c` with one rounding where the processor fuses it.
#[inline(always)]
fn fused<S: Lanes>(a: f32, b: f32, c: f32) -> f32 {
    if S::IS_FUSED { a.mul_add(b, c) } else { a * b + c }
}
