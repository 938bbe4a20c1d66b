//! Measures how far the embedded operator's answers at other time steps are from those at its own, and from the
//! simulator: the table of `docs/resolution.md`.
//!
//! Run from the workspace root: `cargo run --release --package noble --example resolution`

use std::io::Write;

use ndarray::Array2;
use noble::features::extract;
use noble::reference_cell::reference_archive_cells;
use noble::{Member, Protocol, Silent, embedded_operator, members_of, predict, simulate_sweeps};
use noble_data::sweeps::StimulusWindow;
use noble_data::{ModelId, Sampling, Sweeps};
use noble_operator::{Operator, OperatorCard};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const STEPS_MS: [f64; 9] = [0.02, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3, 0.4];
const STEPS_NA: [f64; 6] = [-0.1, 0.05, 0.1, 0.15, 0.2, 0.28];
const SOLVER_STEP_MS: f64 = 0.02;

fn main() -> Outcome<()> {
    let operator = embedded_operator()?;
    let card = operator.card();
    let ids: Vec<ModelId> = card.validation_models.iter().chain(&card.test_models).copied().collect();
    let members = members_of(&operator, &ids)?;
    let simulated = Traces::new(simulate_sweeps(
        &reference_archive_cells()?,
        &ids,
        &STEPS_NA,
        &simulator(card),
        None,
        &Silent,
    )?)?;
    let own = Traces::new(predict(&operator.plan()?, &members, &STEPS_NA, &Silent)?.sweeps)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} models × {} currents; own step {} ms", ids.len(), STEPS_NA.len(), card.grid.step_ms())?;
    writeln!(
        out,
        "\n| step (ms) | samples | samples per period | to own step (%) | worst (%) | to simulator (%) | other counts | by sampling alone | spikes moved (ms) |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|")?;
    for step_ms in STEPS_MS {
        writeln!(out, "{}", row(&operator, &members, step_ms, (&own, &simulated))?)?;
    }
    Ok(())
}

fn row(operator: &Operator, members: &[Member], step_ms: f64, judges: (&Traces, &Traces)) -> Outcome<String> {
    let plan = operator.plan_at(step_ms)?;
    let grid = plan.grid();
    let traces = Traces::new(predict(&plan, members, &STEPS_NA, &Silent)?.sweeps)?;
    let to_own = traces.relative_l2(judges.0);
    let to_simulator = traces.relative_l2(judges.1);
    let (n_other, moved_ms) = traces.spikes_against(judges.0);
    let (n_by_sampling, _) = judges.0.at_times(&grid.times_ms())?.spikes_against(judges.0);
    Ok(format!(
        "| {:.5} | {} | {:.1} | {:.2} | {:.2} | {:.2} | {} of {} | {} | {:.3} |",
        grid.step_ms(),
        grid.n_samples(),
        samples_per_period(operator.card(), grid.n_samples()),
        100.0 * mean(&to_own),
        100.0 * to_own.iter().copied().fold(0.0, f64::max),
        100.0 * mean(&to_simulator),
        n_other,
        to_own.len(),
        n_by_sampling,
        moved_ms,
    ))
}

/// The protocol of the operator's training, every step of the solver kept, a little longer than its span.
fn simulator(card: &OperatorCard) -> Protocol {
    let span_ms = card.grid.step_ms() * card.grid.n_samples() as f64;
    Protocol {
        delay_ms: card.stimulus.delay_ms,
        duration_ms: card.stimulus.duration_ms,
        total_ms: span_ms + 1.0,
        solver_step_ms: SOLVER_STEP_MS,
        every: 1,
        settle_ms: card.sampling.settle_ms,
        sampling: Sampling::Plain,
        ..Protocol::default()
    }
}

/// Samples per period of the fastest sinusoid of the amplitude's embedding at the largest amplitude.
fn samples_per_period(card: &OperatorCard, n_samples: usize) -> f64 {
    let units = STEPS_NA[STEPS_NA.len() - 1] / card.input.current_unit_na;
    let doublings = card.input.n_current_frequencies as i32 - 1;
    n_samples as f64 / (2.0_f64.powi(doublings) * units * std::f64::consts::PI)
}

struct Traces {
    sweeps: Sweeps,
    spike_times_ms: Vec<Vec<f64>>,
}

impl Traces {
    fn new(sweeps: Sweeps) -> Outcome<Self> {
        let card = embedded_operator()?.card().clone();
        let start_ms = card.stimulus.delay_ms;
        let window = StimulusWindow { start_ms, end_ms: start_ms + card.stimulus.duration_ms };
        let features = extract(&sweeps, &[], window)?;
        Ok(Self { sweeps, spike_times_ms: features.into_iter().map(|row| row.spike_times_ms).collect() })
    }

    fn v_mv(&self, row: usize) -> Vec<f64> {
        self.sweeps.v_mv.row(row).to_vec()
    }

    /// `‖v − reference‖ / ‖reference‖` of each trace at its own times.
    fn relative_l2(&self, reference: &Self) -> Vec<f64> {
        let of_row = |row| {
            let judge = reference.v_mv(row);
            let times = self.sweeps.times_ms.iter();
            let pairs = self.v_mv(row).into_iter().zip(times);
            let (error, norm) = pairs.fold((0.0, 0.0), |(error, norm), (v, t)| {
                let exact = at_time(&reference.sweeps.times_ms, &judge, *t);
                (error + (v - exact).powi(2), norm + exact * exact)
            });
            f64::sqrt(error / norm)
        };
        (0..self.sweeps.n_sweeps()).map(of_row).collect()
    }

    /// The same traces read at other times.
    fn at_times(&self, times_ms: &[f64]) -> Outcome<Self> {
        let (sweeps, n_sweeps) = (&self.sweeps, self.sweeps.n_sweeps());
        let rows: Vec<Vec<f64>> = (0..n_sweeps).map(|row| self.v_mv(row)).collect();
        let v_mv = Array2::from_shape_fn((n_sweeps, times_ms.len()), |(row, sample)| {
            at_time(&sweeps.times_ms, &rows[row], times_ms[sample])
        });
        Self::new(Sweeps::new(times_ms.to_vec(), sweeps.step_na.clone(), v_mv)?)
    }

    /// Traces with another number of spikes, and the mean shift of spikes in those with the same number.
    fn spikes_against(&self, reference: &Self) -> (usize, f64) {
        let pairs = || self.spike_times_ms.iter().zip(&reference.spike_times_ms);
        let n_other = pairs().filter(|(own, other)| own.len() != other.len()).count();
        let same = pairs().filter(|(own, other)| own.len() == other.len());
        let shifts: Vec<f64> =
            same.flat_map(|(own, other)| own.iter().zip(other).map(|(a, b)| (a - b).abs())).collect();
        (n_other, mean(&shifts))
    }
}

/// Cubic interpolation through the four nearest samples of an even grid.
fn at_time(times_ms: &[f64], v_mv: &[f64], t_ms: f64) -> f64 {
    let place = (t_ms - times_ms[0]) / (times_ms[1] - times_ms[0]);
    let left = (place.max(0.0) as usize).min(v_mv.len() - 2);
    let f = place - left as f64;
    let at = |offset: isize| v_mv[left.saturating_add_signed(offset).min(v_mv.len() - 1)];
    let (a, b, c, d) = (at(-1), at(0), at(1), at(2));
    b + 0.5 * f * (c - a + f * (2.0 * a - 5.0 * b + 4.0 * c - d + f * (3.0 * (b - c) + d - a)))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
