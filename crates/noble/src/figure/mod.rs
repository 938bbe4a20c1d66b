//! Figures as SVG: a plain description in, a document out.
//!
//! Every figure is a struct of plain data and one pure function that draws it. Nothing is drawn by another program
//! and no font or script is loaded, so the same data give the same bytes everywhere and a figure can be put in a
//! paper, a page or a slide as it is. Traces keep the extremes of every pixel column: no spike is lost, and the
//! files stay small.
//!
//! Colors are told apart with every common color vision, and no meaning rests on color alone.
//!
//! # Example
//!
//! ```
//! use noble::figure::{EnsembleFigure, StepCurrent, ensemble_svg};
//!
//! let figure = EnsembleFigure {
//!     title: "Three passive cells".to_owned(),
//!     times_ms: vec![0.0, 100.0, 200.0, 300.0],
//!     v_mv: [-71.0, -70.0, -68.5].iter().map(|v| vec![*v, v + 4.0, v + 4.0, *v]).collect(),
//!     step: StepCurrent { delay_ms: 0.0, duration_ms: 200.0, amplitude_na: 0.02 },
//!     ..EnsembleFigure::default()
//! };
//! assert!(ensemble_svg(&figure).starts_with("<svg"));
//! ```

pub mod axis;
pub mod palette;
pub mod svg;

mod ensemble;
mod fi;
mod fi_analysis;
mod heat_map;
mod histogram;
mod latent;
mod learning;
mod mark;
mod page;
mod polyline;
mod raster;
mod step;
mod summary;
#[cfg(test)]
mod tests;
mod traces;

pub use crate::hull::convex_hull;
pub use ensemble::{EnsembleFigure, ensemble_svg};
pub use fi::{FiFigure, FiRole, FiSeries, fi_svg};
pub use fi_analysis::{FiAnalysisCurve, FiAnalysisFigure, FiAnalysisPoint, FiLine, fi_analysis_svg};
pub use heat_map::{HeatMapCell, HeatMapFigure, heat_map_svg};
pub use histogram::{HistogramFigure, HistogramSeries, histogram_svg};
pub use latent::{LatentFigure, LatentPoint, LatentRole, latent_svg};
pub use learning::{LearningFigure, LearningPanel, LearningSeries, learning_svg};
pub use step::StepCurrent;
pub use traces::{TimeWindow, TracePanel, TracesFigure, traces_svg};
