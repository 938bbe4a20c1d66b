//! An F-I report as a curve of a figure.

use noble_features::fi::{Bracket, FiPoint};

use super::FiReport;
use crate::figure::{FiAnalysisCurve, FiAnalysisPoint, FiLine};

impl FiReport {
    /// What a figure shows of it.
    #[must_use]
    pub fn drawn(&self, label: String) -> FiAnalysisCurve {
        let point = |level: &noble_features::fi::FiLevel| FiAnalysisPoint {
            current_na: level.current_na,
            rate_hz: level.rate_hz,
            uncertainty_hz: level.rate_uncertainty_hz(self.rate_step_hz),
            state: level.state,
        };
        FiAnalysisCurve {
            label,
            points: self.curve.levels().iter().map(point).collect(),
            threshold: self.analysis.threshold.ok(),
            line: self.line(),
            saturation: self.analysis.saturation.ok(),
            collapse: self.analysis.unexplained_collapse(),
            block: self.analysis.block.ok(),
        }
    }

    /// The least-squares line goes through the mean of its points.
    fn line(&self) -> Option<FiLine> {
        let slope = self.analysis.slope.ok()?;
        let is_fitted = |point: &&FiPoint| point.rate_hz > 0.0 && !point.is_blocked;
        let fitted: Vec<&FiPoint> = self.curve.points().iter().filter(is_fitted).collect();
        let n = fitted.len() as f64;
        Some(FiLine {
            slope_hz_per_na: slope.slope_hz_per_na,
            uncertainty_hz_per_na: slope.standard_error_hz_per_na,
            at_na: fitted.iter().map(|point| point.current_na).sum::<f64>() / n,
            at_hz: fitted.iter().map(|point| point.rate_hz).sum::<f64>() / n,
            span: Bracket { lower_na: fitted.first()?.current_na, upper_na: fitted.last()?.current_na },
        })
    }
}
