//! Electrodes as the references describe them.

use noble_cell::{CablePlan, CompartmentId, CurrentClamp, Electrode, VoltageClamp};
use noble_data::stimulus::{Ramp, VoltageProtocol, VoltageStep};
use noble_data::{Step, Stimulus, TimeGrid};
use noble_reference::Case;
use serde_json::Value;

use crate::cell::number_at;

/// An electrode with what it plays.
pub(crate) struct Played {
    compartment: CompartmentId,
    waveform: Waveform,
}

enum Waveform {
    Current(Stimulus),
    Voltage(VoltageProtocol),
}

impl Played {
    /// The electrode of an entry whose long lists lie in `arrays.npz`.
    pub(crate) fn new(case: &Case, plan: &CablePlan, clamp: &Value, total_ms: f64) -> Self {
        let compartment = plan.place(clamp["place"].as_str().unwrap()).unwrap();
        let spec = Spec { case, clamp };
        let waveform = match clamp["kind"].as_str().unwrap() {
            "step" => Waveform::Current(spec.step()),
            "held" => Waveform::Current(spec.held(total_ms)),
            "interpolated" => Waveform::Current(spec.interpolated(total_ms)),
            "voltage" => Waveform::Voltage(spec.levels()),
            "voltage_interpolated" => Waveform::Voltage(spec.ramps()),
            kind => panic!("{}: an electrode of unknown kind {kind}", case.name),
        };
        Self { compartment, waveform }
    }

    pub(crate) fn electrode(&self) -> Electrode<'_> {
        let compartment = Some(self.compartment);
        match &self.waveform {
            Waveform::Current(stimulus) => CurrentClamp { compartment, stimulus }.into(),
            Waveform::Voltage(protocol) => VoltageClamp { compartment, protocol }.into(),
        }
    }
}

struct Spec<'a> {
    case: &'a Case,
    clamp: &'a Value,
}

/// Begin, end and the values there.
type Piece = (f64, f64, [f64; 2]);

impl Spec<'_> {
    fn number(&self, key: &str) -> f64 {
        number_at(self.clamp, key, &self.case.name)
    }

    fn numbers(&self, key: &str) -> Vec<f64> {
        let name = self.clamp[key].as_str().unwrap_or_else(|| panic!("{}: {key}", self.case.name));
        let array = self.case.array::<f64>("arrays.npz", name);
        array.unwrap_or_else(|| panic!("{}: {name} is missing", self.case.name)).iter().copied().collect()
    }

    /// When it is on.
    fn window_ms(&self) -> [f64; 2] {
        let delay_ms = self.number("/delay_ms");
        [delay_ms, delay_ms + self.number("/duration_ms")]
    }

    fn step(&self) -> Stimulus {
        let step = Step {
            delay_ms: self.number("/delay_ms"),
            duration_ms: self.number("/duration_ms"),
            amplitude_na: self.number("/amplitude_na"),
        };
        Stimulus::step(step).unwrap()
    }

    /// Samples from time zero on, the last held to the end; a window that cuts them makes them steps.
    fn held(&self, total_ms: f64) -> Stimulus {
        let step_ms = self.number("/sample_step_ms");
        let mut samples_na = self.numbers("samples_na");
        let n_samples = samples_na.len().max((total_ms / step_ms).ceil() as usize);
        samples_na.resize(n_samples, *samples_na.last().unwrap());
        let grid = TimeGrid::new(0.0, step_ms, n_samples).unwrap();
        let [on_ms, off_ms] = self.window_ms();
        if on_ms <= 0.0 && off_ms >= total_ms {
            return Stimulus::samples(grid, samples_na).unwrap();
        }
        let step = |(sample_idx, amplitude_na): (usize, &f64)| {
            let delay_ms = grid.time_ms(sample_idx).max(on_ms);
            let duration_ms = (grid.time_ms(sample_idx + 1).min(off_ms) - delay_ms).max(0.0);
            Step { delay_ms, duration_ms, amplitude_na: *amplitude_na }
        };
        Stimulus::steps(samples_na.iter().enumerate().map(step).collect()).unwrap()
    }

    /// The lines between samples from zero to an end: the first sample before the first time, the last line goes on.
    fn lines(&self, samples: &str, end_ms: f64) -> Vec<Piece> {
        let times_ms = self.numbers("times_ms");
        let values = self.numbers(samples);
        let mut pieces = vec![(0.0, times_ms[0], [values[0]; 2])];
        let pairs = times_ms.windows(2).zip(values.windows(2));
        pieces.extend(pairs.map(|(times_ms, values)| (times_ms[0], times_ms[1], [values[0], values[1]])));
        let last = pieces.last_mut().unwrap();
        last.2[1] = value_at(*last, last.1.max(end_ms));
        last.1 = last.1.max(end_ms);
        pieces.retain(|piece| piece.1 > piece.0 && piece.0 < end_ms);
        for piece in &mut pieces {
            *piece = (piece.0, piece.1.min(end_ms), [piece.2[0], value_at(*piece, piece.1.min(end_ms))]);
        }
        pieces
    }

    fn interpolated(&self, total_ms: f64) -> Stimulus {
        let [on_ms, off_ms] = self.window_ms();
        assert!(on_ms <= 0.0 && off_ms >= total_ms, "{}: a window that cuts lines", self.case.name);
        let ramp = |(begin_ms, end_ms, [start_na, end_na]): Piece| {
            Stimulus::Ramp(Ramp { delay_ms: begin_ms, duration_ms: end_ms - begin_ms, start_na, end_na })
        };
        Stimulus::Sum(self.lines("samples_na", total_ms).into_iter().map(ramp).collect())
    }

    fn protocol(&self, steps: Vec<VoltageStep>) -> VoltageProtocol {
        VoltageProtocol::new(self.number("/series_resistance_megaohm"), steps).unwrap()
    }

    fn levels(&self) -> VoltageProtocol {
        let step = |level: &Value| VoltageStep {
            duration_ms: number_at(level, "/0", &self.case.name),
            command_mv: number_at(level, "/1", &self.case.name),
            ramp_to_mv: None,
        };
        self.protocol(self.clamp["levels"].as_array().unwrap().iter().map(step).collect())
    }

    fn ramps(&self) -> VoltageProtocol {
        let step = |(begin_ms, end_ms, [command_mv, to_mv]): Piece| VoltageStep {
            duration_ms: end_ms - begin_ms,
            command_mv,
            ramp_to_mv: Some(to_mv),
        };
        let lines = self.lines("samples_mv", self.number("/duration_ms"));
        self.protocol(lines.into_iter().map(step).collect())
    }
}

/// Value of a line at a time.
fn value_at((begin_ms, end_ms, [begin, end]): Piece, t_ms: f64) -> f64 {
    begin + (end - begin) * ((t_ms - begin_ms) / (end_ms - begin_ms))
}
