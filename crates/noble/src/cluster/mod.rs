//! Processes that work on one task and can talk to each other.
//!
//! Rank 0 asks, the others answer, and answers keep the order of the ranks: what a task gives does not depend on who is
//! faster. What is asked and answered are bytes, so that this room knows of no task.

mod dataset;
#[cfg(feature = "mpi")]
mod ranks;
mod sweeps;
#[cfg(test)]
pub(crate) mod threads;

use std::path::PathBuf;

pub use dataset::generate_together;
#[cfg(feature = "mpi")]
pub use ranks::Ranks;
pub use sweeps::record_together;

use crate::{Error, Shard};

/// The processes of a task, numbered from 0; every one calls the same methods in the same order.
///
/// A rank that fails ends the whole task, as the others would wait for it forever.
pub trait Team: Sync {
    /// Number of this process.
    fn rank(&self) -> usize;

    /// How many there are.
    fn size(&self) -> usize;

    /// Waits until every rank is here.
    fn barrier(&self);

    /// Hands part `k` to rank `k`: rank 0 gives all of them, the others an empty list; every rank gets its own.
    ///
    /// # Panics
    /// When rank 0 does not give one part per rank.
    fn scatter(&self, parts: Vec<Vec<u8>>) -> Vec<u8>;

    /// Brings the parts of all ranks to rank 0, in order of rank; the others get an empty list.
    fn gather(&self, part: Vec<u8>) -> Vec<Vec<u8>>;
}

/// A process on its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Team for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn barrier(&self) {}

    fn scatter(&self, parts: Vec<Vec<u8>>) -> Vec<u8> {
        assert_eq!(parts.len(), 1, "one part per rank");
        parts.into_iter().next().unwrap_or_default()
    }

    fn gather(&self, part: Vec<u8>) -> Vec<Vec<u8>> {
        vec![part]
    }
}

/// First byte of a message: a job follows.
const WORK: u8 = 1;
/// First byte of a message: there are no more jobs.
const DONE: u8 = 0;

/// Rank 0's side of a round of work: job `k` goes to rank `k`, job 0 is done here by `work`; answers in order of rank.
///
/// The others are in [`follow`]. After the last round [`dismiss`] sends them on.
///
/// # Errors
/// What `work` says; the task is then to be ended, as the others still wait.
///
/// # Panics
/// When there is not one job per rank.
///
/// # Example
/// ```
/// use noble::cluster::{Alone, deal, dealt_back, dismiss, lead};
///
/// let jobs = deal(&[1_u8, 2, 3], 1);
/// let answers = lead(&Alone, jobs, |job| Ok(job.iter().map(|x| x * x).collect()))?;
/// dismiss(&Alone);
/// assert_eq!(dealt_back(answers), [1, 4, 9]);
/// # Ok::<(), noble::Error>(())
/// ```
pub fn lead(
    team: &dyn Team,
    jobs: Vec<Vec<u8>>,
    work: impl FnOnce(&[u8]) -> Result<Vec<u8>, Error>,
) -> Result<Vec<Vec<u8>>, Error> {
    assert_eq!(jobs.len(), team.size(), "one job per rank");
    let marked = |job: Vec<u8>| std::iter::once(WORK).chain(job).collect();
    let own = team.scatter(jobs.into_iter().map(marked).collect());
    let answer = work(&own[1..])?;
    Ok(team.gather(answer))
}

/// Tells the ranks in [`follow`] that there are no more jobs.
pub fn dismiss(team: &dyn Team) {
    team.scatter(vec![vec![DONE]; team.size()]);
}

/// The other ranks' side of [`lead`]: does job after job until dismissed.
///
/// # Errors
/// What `work` says; the task is then to be ended, as rank 0 still waits.
pub fn follow(team: &dyn Team, work: impl Fn(&[u8]) -> Result<Vec<u8>, Error>) -> Result<(), Error> {
    loop {
        match team.scatter(Vec::new()).split_first() {
            Some((&WORK, job)) => {
                team.gather(work(job)?);
            }
            _ => return Ok(()),
        }
    }
}

/// Items dealt out one by one, to the first, the second, … and again to the first.
#[must_use]
pub fn deal<T: Clone>(items: &[T], n_hands: usize) -> Vec<Vec<T>> {
    (0..n_hands).map(|hand_idx| items.iter().skip(hand_idx).step_by(n_hands).cloned().collect()).collect()
}

/// Undoes [`deal`]: answers to items in the order that these had.
#[must_use]
pub fn dealt_back<T>(hands: Vec<Vec<T>>) -> Vec<T> {
    let mut hands: Vec<_> = hands.into_iter().map(Vec::into_iter).collect();
    let mut items = Vec::new();
    loop {
        let n_before = items.len();
        items.extend(hands.iter_mut().filter_map(Iterator::next));
        if items.len() == n_before {
            return items;
        }
    }
}

/// Does on rank 0 what decides how every rank goes on, and tells the others; an error is said once, by rank 0.
///
/// # Errors
/// What `decide` says, on rank 0 alone.
pub fn told(team: &dyn Team, decide: impl FnOnce() -> Result<bool, Error>) -> Result<bool, Error> {
    let parts = match team.rank() {
        0 => vec![vec![u8::from(decide()?)]; team.size()],
        _ => Vec::new(),
    };
    Ok(team.scatter(parts) == [1])
}

/// Does on rank 0 what every rank has to do, and on the others only when that went well, so that what is wrong with
/// inputs is said once.
///
/// # Errors
/// What `work` says.
pub fn rank_0_first<T>(team: &dyn Team, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    if team.rank() > 0 {
        team.barrier();
        return work();
    }
    let done = work()?;
    team.barrier();
    Ok(done)
}

/// The share of this rank, and how many ranks have one; `None` where there are fewer items than ranks.
fn share_of(team: &dyn Team, n_items: usize) -> (Option<Shard>, usize) {
    let n_shares = team.size().min(n_items).max(1);
    (Shard::new(team.rank() + 1, n_shares).ok(), n_shares)
}

/// Refuses to go on where rank 0 does not see what the others have written.
fn check_seen(parts: &[PathBuf]) -> Result<(), Error> {
    match parts.iter().find(|part| !part.exists()) {
        Some(unseen) => {
            let what = format!("rank 0 does not see {}, which another rank has written", unseen.display());
            Err(Error::usage(what, "let --out be on a file system that all ranks share"))
        }
        None => Ok(()),
    }
}

/// Every share among as many.
fn shares(n_shares: usize) -> impl Iterator<Item = Shard> {
    (1..=n_shares).filter_map(move |index| Shard::new(index, n_shares).ok())
}

#[cfg(test)]
mod tests {
    use super::threads::on_threads;
    use super::*;

    #[test]
    fn invariant_dealt_items_come_back_in_order() {
        for (n_items, n_hands) in [(0, 3), (1, 3), (7, 3), (6, 2), (5, 1), (2, 5)] {
            let items: Vec<usize> = (0..n_items).collect();
            let hands = deal(&items, n_hands);
            assert_eq!(hands.len(), n_hands);
            assert_eq!(dealt_back(hands), items);
        }
    }

    #[test]
    fn invariant_answers_have_the_order_of_the_ranks() {
        let square = |rank: usize| {
            move |job: &[u8]| {
                std::thread::sleep(std::time::Duration::from_millis(if rank == 1 { 20 } else { 0 }));
                Ok(job.iter().map(|x| x * x).collect())
            }
        };
        let answers = on_threads(3, |team| {
            if team.rank() > 0 {
                follow(team, square(team.rank())).unwrap();
                return Vec::new();
            }
            let rounds = [vec![1, 2, 3, 4, 5], vec![6], vec![7, 8, 9]]
                .map(|items| dealt_back(lead(team, deal(&items, 3), square(0)).unwrap()));
            dismiss(team);
            rounds.concat()
        });
        assert_eq!(answers[0], [1, 4, 9, 16, 25, 36, 49, 64, 81]);
    }

    #[test]
    fn invariant_every_rank_is_told_and_goes_second() {
        let all = on_threads(3, |team| {
            let is_first = std::cell::Cell::new(false);
            let told = told(team, || {
                is_first.set(true);
                Ok(true)
            });
            assert_eq!(is_first.get(), team.rank() == 0);
            assert_eq!(rank_0_first(team, || Ok(team.rank())).unwrap(), team.rank());
            (told.unwrap(), share_of(team, 2))
        });
        let shard = |index| (true, (Shard::new(index, 2).ok(), 2));
        assert_eq!(all, [shard(1), shard(2), (true, (None, 2))]);
    }
}
