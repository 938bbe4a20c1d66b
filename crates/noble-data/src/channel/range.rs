//! What values a parameter may take.

/// What values a parameter may take; all must be finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Range {
    /// Any number.
    #[default]
    Any,
    /// Zero or more; `at_least = 0` in a channel file.
    NotNegative,
    /// More than zero; `above = 0` in a channel file.
    Positive,
}

impl Range {
    /// Whether a value lies in the range.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::Any => true,
                Self::NotNegative => value >= 0.0,
                Self::Positive => value > 0.0,
            }
    }

    /// The range in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Any => "a finite number",
            Self::NotNegative => "a finite number of zero or more",
            Self::Positive => "a finite number greater than zero",
        }
    }
}
