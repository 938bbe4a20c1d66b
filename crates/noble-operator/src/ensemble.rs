//! Predictions of many samples: in parallel over samples, or over time where there are fewer than threads.
//!
//! Samples of an ensemble at one current share all input channels but those of the latent features; what the lifting
//! makes of the shared ones is computed once. Neither this nor the number of threads changes a bit.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::pool::Pool;
use crate::{NetworkPlan, Purpose, SampleInput, Workspace};

/// What is done with a sample's index and the workspace that holds its output.
type Take<'t, T> = dyn Fn(usize, &Workspace) -> T + Sync + 't;

/// Runs samples through a network, keeping its arrays from call to call.
#[derive(Debug)]
pub(crate) struct Predictor {
    /// For samples side by side.
    single: Pool,
    /// For samples that threads share.
    joint: Pool,
    n_threads: usize,
}

impl Predictor {
    /// For the threads of the pool it is called in.
    pub(crate) fn new() -> Self {
        let n_threads = rayon::current_num_threads();
        Self {
            single: Pool::new(Purpose::Forward, 1),
            joint: Pool::new(Purpose::Forward, n_threads),
            n_threads,
        }
    }

    /// Calls `take` with every sample's index and the workspace that holds its output, in any order, and returns what it
    /// returns, in the order of the samples.
    pub(crate) fn map<T: Send>(
        &self,
        plan: &NetworkPlan,
        inputs: &[SampleInput<'_>],
        take: &Take<'_, T>,
    ) -> Vec<T> {
        let mut results: Vec<(usize, T)> = Vec::with_capacity(inputs.len());
        let mut alone = Vec::new();
        for group in groups(inputs) {
            if let [idx] = group[..] {
                alone.push(idx);
            } else {
                let shared = shared_part(plan, &inputs[group[0]]);
                results.extend(self.run(plan, &group, shared.as_deref(), (inputs, take)));
            }
        }
        results.extend(self.run(plan, &alone, None, (inputs, take)));
        results.sort_by_key(|(idx, _)| *idx);
        results.into_iter().map(|(_, result)| result).collect()
    }

    fn run<T: Send>(
        &self,
        plan: &NetworkPlan,
        indices: &[usize],
        shared: Option<&[f32]>,
        (inputs, take): (&[SampleInput<'_>], &Take<'_, T>),
    ) -> Vec<(usize, T)> {
        let one = |pool: &Pool, idx: usize| {
            pool.run(plan, |workspace| {
                plan.forward_sample(workspace, &inputs[idx], shared);
                (idx, take(idx, workspace))
            })
        };
        if indices.len() < self.n_threads {
            return indices.iter().map(|idx| one(&self.joint, *idx)).collect();
        }
        indices.par_iter().map(|idx| one(&self.single, *idx)).collect()
    }
}

/// Samples that have all but their latent features in common, in order of their first.
fn groups(inputs: &[SampleInput<'_>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known: BTreeMap<(usize, u64), Vec<usize>> = BTreeMap::new();
    for (idx, input) in inputs.iter().enumerate() {
        let SampleInput::Embedded { embedding, stimulus_na, step_na, .. } = *input else {
            groups.push(vec![idx]);
            continue;
        };
        let candidates = known.entry((std::ptr::from_ref(embedding).addr(), step_na.to_bits())).or_default();
        let has_same = |group: &&usize| {
            matches!(inputs[groups[**group][0]],
            SampleInput::Embedded { stimulus_na: other, .. } if is_same(other, stimulus_na))
        };
        if let Some(group) = candidates.iter().find(has_same) {
            groups[*group].push(idx);
        } else {
            candidates.push(groups.len());
            groups.push(vec![idx]);
        }
    }
    groups
}

/// Whether two currents are the same array or have the same bits.
fn is_same(a: &[f32], b: &[f32]) -> bool {
    std::ptr::eq(a, b) || (a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits()))
}

/// What [`NetworkPlan::lift_shared`] gives for every tile.
fn shared_part(plan: &NetworkPlan, input: &SampleInput<'_>) -> Option<Vec<f32>> {
    let SampleInput::Embedded { embedding, stimulus_na, step_na, .. } = *input else { return None };
    let size = plan.lifted_size();
    let mut shared = vec![0.0; plan.spectral.n_tiles * size];
    shared.par_chunks_mut(size).enumerate().for_each_init(
        || vec![0.0; (plan.architecture.in_channels + 1) * plan.spectral.tile_len],
        |x, (tile_idx, raw)| plan.lift_shared((embedding, (stimulus_na, step_na)), tile_idx, x, raw),
    );
    Some(shared)
}
