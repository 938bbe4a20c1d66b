//! The few loops that take all the time: thin matrix products, the exact GELU, short transforms.
//!
//! Every kernel is one inlined body compiled three times: for AVX-512, for AVX2 with fused multiply-add, chosen at run
//! time, and portably. Each gives the same bits on every call and for any number of threads; they differ from each
//! other by rounding.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod complex;
mod dot;
mod fourier;
mod gelu;
mod lanes;
mod modes;
mod panel;
mod pointwise;
mod sinusoid;

pub(crate) use complex::Spectrum;
pub(crate) use lanes::LANES;
use lanes::Lanes;
pub(crate) use modes::{N_MATRICES, Product};
pub(crate) use panel::{Columns, Rows, Start, Target};

/// Which instructions a kernel may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Instructions {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The kernels of one set of instructions; asked for once per plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kernels {
    instructions: Instructions,
}

impl Kernels {
    /// The fastest kernels this processor can run.
    pub(crate) fn detect() -> Self {
        Self::all().last().expect("portable kernels run everywhere")
    }

    /// All kernels this processor can run, the slowest first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let mut known = vec![Instructions::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") && has!("fma") {
                known.push(Instructions::Avx2);
                if has!("avx512f") && has!("avx512dq") && has!("avx512vl") && has!("avx512bw") {
                    known.push(Instructions::Avx512);
                }
            }
        }
        known.into_iter().map(|instructions| Self { instructions })
    }

    /// Name of the instructions.
    pub(crate) fn name(self) -> &'static str {
        match self.instructions {
            Instructions::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => "AVX-512",
        }
    }
}

/// Name of the instructions that networks run with on this processor.
#[must_use]
pub fn instructions_name() -> &'static str {
    Kernels::detect().name()
}

/// Defines a method of [`Kernels`] that runs one inlined body compiled for its instructions.
macro_rules! dispatched {
    ($(#[$doc:meta])* $name:ident => $module:ident::$body:ident, ($($arg:ident: $type:ty),*)) => {
        impl Kernels {
            $(#[$doc])*
            #[inline]
            #[cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "a target-feature function is called after detection"))]
            pub(crate) fn $name(self, $($arg: $type),*) {
                match self.instructions {
                    #[cfg(target_arch = "x86_64")]
                    Instructions::Avx512 => {
                        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
                        fn with_avx512($($arg: $type),*) {
                            $module::$body::<avx512::Avx512>($($arg),*);
                        }
                        // SAFETY: such kernels are made only after all of these features were detected.
                        unsafe { with_avx512($($arg),*) }
                    }
                    #[cfg(target_arch = "x86_64")]
                    Instructions::Avx2 => {
                        #[target_feature(enable = "avx2,fma")]
                        fn with_avx2($($arg: $type),*) {
                            $module::$body::<avx2::Avx2>($($arg),*);
                        }
                        // SAFETY: such kernels are made only after both features were detected.
                        unsafe { with_avx2($($arg),*) }
                    }
                    Instructions::Portable => $module::$body::<lanes::Portable>($($arg),*),
                }
            }
        }
    };
}

dispatched!(
    /// `out = bias + a·b` (or `out += a·b`), see [`panel::product`].
    product => panel::product, (target: &mut Target<'_, '_>, a: &Columns<'_>, b: &Rows<'_>, k: usize)
);
dispatched!(
    /// Moments of a signal, see [`dot::project`].
    project => dot::project, (out: &mut [f32], a: Rows<'_>, n: usize, table: &[f32], width: usize)
);
dispatched!(
    /// `sums += a·bᵀ` in parts, see [`dot::add_outer`].
    add_outer => dot::add_outer, (sums: &mut [f32], pairs: &[(&[f32], &[f32])], rows: (usize, usize), len: usize)
);
dispatched!(
    /// `sums[r] += Σ_t x[r, t]` in parts.
    add_row_sums => dot::add_row_sums, (sums: &mut [f32], x: Rows<'_>, len: usize)
);
dispatched!(
    /// `sums[r] += Σ_t a[r, t] b[r, t]` in parts.
    add_row_products => dot::add_row_products, (sums: &mut [f32], a: Rows<'_>, b: Rows<'_>, len: usize)
);
dispatched!(
    /// Joins the parts of sums, see [`dot::add_totals`].
    add_totals => dot::add_totals, (out: &mut [f32], sums: &[f32])
);
dispatched!(
    /// `x ← GELU(x)`, see [`gelu::gelu`].
    gelu => gelu::gelu, (x: &mut [f32], ahead: &[f32])
);
dispatched!(
    /// `x ← GELU'(x)·gradient`.
    gelu_back => gelu::gelu_back, (x: &mut [f32], gradient: &[f32])
);
dispatched!(
    /// `slope = GELU'(x)`, `x ← GELU(x)`.
    gelu_with_slope => gelu::gelu_with_slope, (x: &mut [f32], slope: &mut [f32], ahead: &[f32])
);
dispatched!(
    /// Mixes the channels of a spectrum mode by mode, see [`complex::mix`].
    mix => complex::mix, (y: (&mut [f32], &mut [f32]), first: usize, x: Spectrum<'_>, mixing: &[f32], sizes: (usize, usize, bool))
);
dispatched!(
    /// `out += conj(x)·g` of complex rows, `out` with the parts side by side.
    complex_add_correlation => complex::add_correlation, (out: &mut [f32], x: (&[f32], &[f32]), g: (&[f32], &[f32]))
);
dispatched!(
    /// One stage of a transform, see [`fourier::stage`].
    fourier_stage => fourier::stage, (out: (&mut [f32], &mut [f32]), x: (&[f32], &[f32]), twiddles: &[[f32; 6]], run: usize)
);
dispatched!(
    /// Rows of sines and cosines, see [`sinusoid::sinusoids`].
    sinusoids => sinusoid::sinusoids, (out: &mut [f32], stride: usize, scalar: f32, time: &[f32])
);
dispatched!(
    /// Adds what tiles give to their places, see [`pointwise::add_tiles`].
    add_tiles => pointwise::add_tiles, (sums: &mut [f32], tiles: (&[f32], usize, std::ops::Range<usize>), first: &[usize], sizes: (usize, usize))
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
    /// `y[r] = factors[r]·x[r] + shifts[r]`.
    scaled_rows => pointwise::scaled_rows, (y: &mut [f32], x: &[f32], factors: &[f32], shifts: &[f32])
);
dispatched!(
    /// `y[r] ← factors[r]·y[r] + shifts[r]`.
    scale_rows => pointwise::scale_rows, (y: &mut [f32], factors: &[f32], shifts: &[f32])
);
dispatched!(
    /// `y *= x`.
    multiply => pointwise::multiply, (y: &mut [f32], x: &[f32])
);

/// `a·b + c` with one rounding where the processor fuses it.
#[inline(always)]
fn fused<S: Lanes>(a: f32, b: f32, c: f32) -> f32 {
    if S::IS_FUSED { a.mul_add(b, c) } else { a * b + c }
}
