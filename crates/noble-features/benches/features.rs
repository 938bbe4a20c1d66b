//! Time to check, prepare and ask one trace, on one core: spike count, the study's 16 features, all features.
//!
//! `cargo bench -p noble-features --bench features [-- --trace FILE.json] [--repeats 2000] [--format json]`. The file
//! holds `{"time_ms": […], "v_mv": […], "stim_start_ms": …, "stim_end_ms": …}`; without one a drawn trace of 8583
//! samples is used. Listed times are one number per sample, as eFEL takes them; a grid is a start and a step.

#![expect(clippy::print_stdout, reason = "a benchmark reports on stdout")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use noble_data::TimeGrid;
use noble_features::{Feature, PreparedSweep, STUDY_FEATURES, Settings, Sweep, Times, feature, features};
use serde_json::Value;

const N_SAMPLES: usize = 8583;
const STEP_MS: f64 = 515.0 / (N_SAMPLES as f64 - 1.0);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1)).cloned()
    };
    let trace = option("--trace").map_or_else(Trace::drawn, |path| Trace::read(&path));
    let n_repeats: usize = option("--repeats").map_or(2000, |n| n.parse().expect("--repeats is a number"));
    let is_json = option("--format").is_some_and(|format| format == "json");
    let named = |names: &[&str]| -> Vec<&'static Feature> {
        names.iter().map(|name| feature(name).expect("a known feature")).collect()
    };
    let requests = [
        ("spikecount", named(&["Spikecount"])),
        ("study", named(&STUDY_FEATURES)),
        ("all", features().collect()),
    ];
    for (request, asked) in &requests {
        for (kind, times) in
            [("listed", Times::from(trace.times_ms.as_slice())), ("grid", Times::from(trace.grid()))]
        {
            for (mode, settings) in [("efel", Settings::default()), ("precise", Settings::precise())] {
                let shortest = (0..n_repeats).map(|_| time(&trace, times, &settings, asked)).min();
                let us = shortest.expect("there is a repeat").as_secs_f64() * 1e6;
                if is_json {
                    println!(
                        "{{\"request\":\"{request}\",\"times\":\"{kind}\",\"mode\":\"{mode}\",\"us\":{us:.3}}}"
                    );
                } else {
                    println!("{request:10} {kind:6} {mode:7} {us:9.2} us");
                }
            }
        }
    }
}

fn time(trace: &Trace, times: Times<'_>, settings: &Settings, asked: &[&'static Feature]) -> Duration {
    let start = Instant::now();
    let sweep = Sweep::new(times, &trace.v_mv, trace.window_ms.0, trace.window_ms.1).expect("a good trace");
    let prepared = PreparedSweep::new(&sweep, settings).expect("good settings");
    for feature in asked {
        black_box(feature.values(&prepared));
    }
    start.elapsed()
}

struct Trace {
    times_ms: Vec<f64>,
    v_mv: Vec<f64>,
    window_ms: (f64, f64),
}

impl Trace {
    /// 24 drawn spikes between 15 and 415 ms.
    fn drawn() -> Self {
        let times_ms: Vec<f64> = (0..N_SAMPLES).map(|idx| idx as f64 * STEP_MS).collect();
        let spike = |dt_ms: f64| {
            100.0 * (-(dt_ms / 0.5).powi(2)).exp() - 8.0 * (-((dt_ms - 3.0) / 2.0).powi(2)).exp()
        };
        let v_mv = times_ms
            .iter()
            .map(|t| -70.0 + (0..24).map(|k| spike(t - 20.0 - 16.0 * f64::from(k))).sum::<f64>());
        Self { v_mv: v_mv.collect(), times_ms, window_ms: (15.0, 415.0) }
    }

    fn read(path: &str) -> Self {
        let text = std::fs::read_to_string(path).expect("the trace file can be read");
        let file: Value = serde_json::from_str(&text).expect("the trace file is JSON");
        let number = |value: &Value| value.as_f64().expect("a number");
        let list = |name: &str| file[name].as_array().expect("a list").iter().map(number).collect();
        let window_ms = (number(&file["stim_start_ms"]), number(&file["stim_end_ms"]));
        Self { times_ms: list("time_ms"), v_mv: list("v_mv"), window_ms }
    }

    fn grid(&self) -> TimeGrid {
        let n_samples = self.times_ms.len();
        let step_ms = (self.times_ms[n_samples - 1] - self.times_ms[0]) / (n_samples as f64 - 1.0);
        TimeGrid::new(self.times_ms[0], step_ms, n_samples).expect("increasing times")
    }
}
