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

/// Ensembles whose shared parts are held at once.
const MOST_SHARED: usize = 16;

/// Runs samples through a network, keeping its arrays from call to call.
#[derive(Debug)]
pub(crate) struct Predictor {
    /// For samples side by side.
    single: Pool,
    /// For samples that threads share.
    joint: Pool,
}

impl Predictor {
    pub(crate) fn new() -> Self {
        Self { single: Pool::new(Purpose::Forward), joint: Pool::new(Purpose::Forward) }
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
        let is_joint = inputs.len() < rayon::current_num_threads();
        for groups in groups(inputs).chunks(MOST_SHARED) {
            let shared: Vec<Option<Vec<f32>>> = groups
                .iter()
                .map(|group| if group.len() > 1 { shared_part(plan, &inputs[group[0]]) } else { None })
                .collect();
            let with_shared = |(group, shared): (&'_ Vec<usize>, usize)| -> Vec<(usize, usize)> {
                group.iter().map(|idx| (*idx, shared)).collect()
            };
            let work: Vec<(usize, usize)> = groups.iter().zip(0..).flat_map(with_shared).collect();
            let one = |pool: &Pool, n_threads: usize, (idx, shared_idx): (usize, usize)| {
                pool.run(plan, n_threads, |workspace| {
                    plan.forward_sample(workspace, &inputs[idx], shared[shared_idx].as_deref());
                    (idx, take(idx, workspace))
                })
            };
            if is_joint {
                let n_threads = rayon::current_num_threads();
                results.extend(work.into_iter().map(|work| one(&self.joint, n_threads, work)));
            } else {
                results.par_extend(work.into_par_iter().map(|work| one(&self.single, 1, work)));
            }
        }
        results.sort_by_key(|(idx, _)| *idx);
        results.into_iter().map(|(_, result)| result).collect()
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
