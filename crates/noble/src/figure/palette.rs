//! Colors of the figures: quiet grays for everything that is not data, Okabe and Ito's colors for data.
//!
//! # Source
//! M. Okabe and K. Ito, "Color Universal Design", 2008: eight colors told apart with every common color vision.

/// Ground of every figure.
pub const BACKGROUND: &str = "#ffffff";
/// Titles and the reference lines.
pub const INK: &str = "#16181d";
/// Labels and secondary text.
pub const MUTED: &str = "#565d68";
/// Axis lines and ticks.
pub const AXIS: &str = "#8b929d";
/// Grid lines.
pub const GRID: &str = "#e8eaee";
/// Ground of a marked stretch of time, such as the stimulus.
pub const WINDOW: &str = "#f4f5f8";
/// Lines of the many members of an ensemble.
pub const MEMBER: &str = "#6f7885";

/// Okabe and Ito's blue.
pub const BLUE: &str = "#0072b2";
/// Okabe and Ito's vermillion.
pub const VERMILLION: &str = "#d55e00";
/// Okabe and Ito's bluish green.
pub const GREEN: &str = "#009e73";
/// Okabe and Ito's orange.
pub const ORANGE: &str = "#e69f00";
/// Okabe and Ito's sky blue.
pub const SKY: &str = "#56b4e9";
/// Okabe and Ito's reddish purple.
pub const PURPLE: &str = "#cc79a7";

/// Colors of series that have no role of their own, in the order of their use.
pub const CATEGORIES: [&str; 6] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY];

/// Color of the `idx`-th series; after the last the colors start again.
pub fn category(idx: usize) -> &'static str {
    CATEGORIES[idx % CATEGORIES.len()]
}

/// Colors of a quantity from low to high: viridis by Stéfan van der Walt and Nathaniel Smith, 2015 (CC0), lightness rising
/// evenly.
pub const SEQUENCE: [&str; 12] = [
    "#440154", "#482173", "#433e85", "#38588c", "#2d708e", "#25858e", "#1e9b8a", "#2ab07f", "#52c569",
    "#86d549", "#c2df23", "#fde725",
];
