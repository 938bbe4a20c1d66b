//! Steps of sweeps that belong to one protocol.

use std::collections::{BTreeMap, BTreeSet};

use super::runs::Run;
use super::{Current, NoStep, StepWindow};

/// First sample and sample after the last.
type Window = (usize, usize);

const SIBLING_NOTE: &str = "no step of its own: the window is that of its sibling sweeps";
const VARYING_NOTE: &str =
    "several steps: the longest that changes between sweeps is taken, the first of equals";

/// The step of every current; `channels` says from which channel each comes.
pub(super) fn detect(channels: &[u32], currents: &[Option<Current<'_>>]) -> Vec<Result<StepWindow, NoStep>> {
    let mut families: BTreeMap<Key, Vec<&Current<'_>>> = BTreeMap::new();
    for (channel, current) in channels.iter().zip(currents) {
        if let Some(current) = current {
            families.entry(key(*channel, current)).or_default().push(current);
        }
    }
    let families: BTreeMap<_, Family> =
        families.into_iter().map(|(key, members)| (key, Family::new(&members))).collect();
    let step = |(channel, current): (&u32, &Option<Current<'_>>)| match current {
        Some(current) => families[&key(*channel, current)].step(current),
        None => Err(NoStep::new("the stimulus is not known")),
    };
    channels.iter().zip(currents).map(step).collect()
}

/// Channel, rate and length.
type Key = (u32, u64, usize);

fn key(channel: u32, current: &Current<'_>) -> Key {
    (channel, current.grid.step_ms().to_bits(), current.grid.n_samples())
}

#[derive(Debug, Default)]
struct Family {
    /// Windows of steps whose level differs between sweeps, with the number of sweeps that step there.
    varying: BTreeMap<Window, usize>,
    /// Other windows in sweeps that also have a varying one: test pulses and the like.
    companions: BTreeSet<Window>,
    /// All windows, with the number of sweeps that step there.
    all: BTreeMap<Window, usize>,
}

impl Family {
    fn new(members: &[&Current<'_>]) -> Self {
        let mut family = Self::default();
        let mut steps: Vec<Vec<Window>> = Vec::new();
        for current in members {
            let shared = windows(current).into_iter().map(|window| family.shared(window, current.slack));
            let shared: Vec<Window> = shared.collect();
            for window in &shared {
                *family.all.entry(*window).or_default() += 1;
            }
            steps.push(shared);
        }
        keep_frequent(&mut family.all);
        let varies = |window: &Window| varies(members, *window);
        family.varying =
            family.all.iter().filter(|(window, _)| varies(window)).map(|(window, n)| (*window, *n)).collect();
        for windows in &steps {
            let (varying, fixed): (Vec<Window>, Vec<Window>) =
                windows.iter().partition(|window| family.varying.contains_key(window));
            if !varying.is_empty() {
                family.companions.extend(fixed);
            }
        }
        family
    }

    fn step(&self, current: &Current<'_>) -> Result<StepWindow, NoStep> {
        let steps = current.steps();
        let shared = |run: &Run| self.shared((run.start, run.end), current.slack);
        let is_varying = |run: &&Run| self.varying.contains_key(&shared(run));
        if let Some(run) = steps.iter().find(is_varying) {
            if let Some((flat, window)) = self.longer_main(current, run) {
                return Ok(current.window(flat, window, vec![SIBLING_NOTE.to_owned()]));
            }
            let notes = if steps.len() > 1 { vec![VARYING_NOTE.to_owned()] } else { Vec::new() };
            return Ok(current.window(run, shared(run), notes));
        }
        let is_own = |run: &Run| !self.companions.contains(&shared(run));
        let is_flat = !steps.iter().any(is_own) && !current.runs.iter().any(|run| run.is_drift);
        if let Some((run, window)) = self.sibling(current).filter(|_| is_flat) {
            return Ok(current.window(run, window, vec![SIBLING_NOTE.to_owned()]));
        }
        current.lone_step()
    }

    /// The window of an earlier sweep that differs by no more than noise may shift borders, else the window itself.
    fn shared(&self, window: Window, slack: usize) -> Window {
        let is_near =
            |other: &&Window| window.0.abs_diff(other.0) <= slack && window.1.abs_diff(other.1) <= slack;
        let known = if slack > 0 { self.all.keys().find(is_near) } else { None };
        known.copied().unwrap_or(window)
    }

    /// The longest varying window, where it is longer than a step of this sweep and this sweep does not change in it: the
    /// step found is a test pulse of another size than in sibling sweeps.
    fn longer_main<'a>(&self, current: &'a Current<'_>, found: &Run) -> Option<(&'a Run, Window)> {
        let longest =
            self.varying.keys().max_by_key(|(start, end)| (end - start, std::cmp::Reverse(*start)))?;
        let is_longer = longest.1 - longest.0 > found.n_samples();
        current.run_over(*longest).filter(|_| is_longer).map(|run| (run, *longest))
    }

    /// The window in which most siblings step, the longest and first of equals, where this sweep does not change.
    fn sibling<'a>(&self, current: &'a Current<'_>) -> Option<(&'a Run, Window)> {
        let windows = if self.varying.is_empty() { &self.all } else { &self.varying };
        let flat = windows.iter().filter_map(|(window, n_sweeps)| {
            let run = current.run_over(*window)?;
            Some((run, *window, (*n_sweeps, window.1 - window.0, std::cmp::Reverse(window.0))))
        });
        flat.max_by_key(|(_, _, rank)| *rank).map(|(run, window, _)| (run, window))
    }
}

/// Windows of a family that are looked at; a protocol has a few, noise as many as there are sweeps.
const MAX_WINDOWS: usize = 256;

fn keep_frequent(windows: &mut BTreeMap<Window, usize>) {
    if windows.len() > MAX_WINDOWS {
        let mut ranked: Vec<(Window, usize)> = std::mem::take(windows).into_iter().collect();
        ranked.sort_by_key(|(window, n_sweeps)| (std::cmp::Reverse(*n_sweeps), *window));
        windows.extend(ranked.into_iter().take(MAX_WINDOWS));
    }
}

fn windows(current: &Current<'_>) -> Vec<Window> {
    current.steps().iter().map(|run| (run.start, run.end)).collect()
}

/// Whether the sweeps that are constant over a window are so at different levels.
fn varies(members: &[&Current<'_>], window: Window) -> bool {
    let mut low_na = f64::INFINITY;
    let mut high_na = f64::NEG_INFINITY;
    let mut tolerance_na = 0.0_f64;
    for current in members {
        if let Some(run) = current.run_over(window) {
            low_na = low_na.min(run.level_na);
            high_na = high_na.max(run.level_na);
            tolerance_na = tolerance_na.max(current.tolerance_na);
        }
    }
    high_na - low_na > tolerance_na
}
