//! How far a list begins with values for which a comparison holds: the pass that all others are made of.
//!
//! A comparison of a whole block has no order and becomes a few instructions. With AVX2 four values are compared at
//! once, which halves the time of counting spikes; the same code is compiled for both.

/// Values that are compared together.
pub(super) const BLOCK: usize = 32;

/// What is asked of every value, or of every value and the next.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    /// `value < limit`.
    Below(f64),
    /// `value > limit`.
    Above(f64),
    /// `value <= limit`.
    AtMost(f64),
    /// `value >= limit`.
    AtLeast(f64),
    /// `|value| < limit`.
    Within(f64),
    /// `value <= next`.
    Sorted,
}

/// Number of leading values for which the answer is yes, rounded down to whole blocks; all of them if it is for all.
///
/// [`Question::Sorted`] asks of pairs, of which there is one less than values.
pub(super) fn clear_prefix(values: &[f64], question: Question) -> usize {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        #[expect(unsafe_code, reason = "calls a function compiled for AVX2 after it was detected")]
        return unsafe { clear_prefix_avx2(values, question) };
    }
    clear_prefix_of(values, question)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn clear_prefix_avx2(values: &[f64], question: Question) -> usize {
    clear_prefix_of(values, question)
}

#[inline(always)]
fn clear_prefix_of(values: &[f64], question: Question) -> usize {
    match question {
        Question::Below(limit) => of_values(values, |value| value < limit),
        Question::Above(limit) => of_values(values, |value| value > limit),
        Question::AtMost(limit) => of_values(values, |value| value <= limit),
        Question::AtLeast(limit) => of_values(values, |value| value >= limit),
        Question::Within(limit) => of_values(values, |value| value.abs() < limit),
        Question::Sorted => of_pairs(values),
    }
}

#[inline(always)]
fn of_values(values: &[f64], holds: impl Fn(f64) -> bool) -> usize {
    let blocks = values.chunks_exact(BLOCK);
    let rest = blocks.remainder();
    let mut n_clear = 0;
    for block in blocks {
        let n_held: u64 = block.iter().map(|value| u64::from(holds(*value))).sum();
        if n_held < BLOCK as u64 {
            return n_clear;
        }
        n_clear += BLOCK;
    }
    if rest.iter().all(|value| holds(*value)) { values.len() } else { n_clear }
}

#[inline(always)]
fn of_pairs(values: &[f64]) -> usize {
    let Some(nexts) = values.get(1..) else { return 0 };
    let blocks = values.chunks_exact(BLOCK).zip(nexts.chunks_exact(BLOCK));
    let mut n_clear = 0;
    for (block, next) in blocks {
        let n_held: u64 = block.iter().zip(next).map(|(value, next)| u64::from(value <= next)).sum();
        if n_held < BLOCK as u64 {
            return n_clear;
        }
        n_clear += BLOCK;
    }
    if values[n_clear..].windows(2).all(|pair| pair[0] <= pair[1]) { nexts.len() } else { n_clear }
}
