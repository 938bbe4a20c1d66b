//! The ranks of an MPI job.

use std::sync::Mutex;

use mpi::Threading;
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Destination, Source};

use super::Team;
use crate::Error;

/// Bytes of one message: counts of MPI are of 32 bits.
const MESSAGE_BYTES: usize = 1 << 30;

/// All ranks of the job that `mpirun` or the scheduler started this process in.
///
/// When it is dropped, MPI ends, which waits for all ranks; a panic ends the job instead.
pub struct Ranks {
    rank: usize,
    size: usize,
    /// MPI allows calls from any thread, one at a time.
    one_at_a_time: Mutex<()>,
    _universe: Universe,
}

impl std::fmt::Debug for Ranks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rank {} of {}", self.rank, self.size)
    }
}

impl Ranks {
    /// Joins the job; a process that was started without one is a job of its own.
    ///
    /// # Errors
    /// [`Error::Usage`] when it was joined before, or when this MPI cannot work beside threads.
    pub fn join() -> Result<Self, Error> {
        let joined = mpi::initialize_with_threading(Threading::Serialized);
        let (universe, threading) = joined
            .ok_or_else(|| Error::usage("this process has joined an MPI job already", "join it once"))?;
        if threading < Threading::Serialized {
            let what = format!("this MPI allows threads only as {threading:?}");
            return Err(Error::usage(what, "use one that was built with thread support"));
        }
        let world = universe.world();
        let number = |number: i32| usize::try_from(number).unwrap_or_default();
        let (rank, size) = (number(world.rank()), number(world.size()));
        Ok(Self { rank, size, one_at_a_time: Mutex::new(()), _universe: universe })
    }

    /// Ends the job on every rank, with this exit code of the whole.
    pub fn abort(&self, exit_code: u8) -> ! {
        SimpleCommunicator::world().abort(i32::from(exit_code))
    }

    /// Does something with the world, while no other thread does.
    fn with_world<T>(&self, act: impl FnOnce(&SimpleCommunicator) -> T) -> T {
        let _guard = self.one_at_a_time.lock();
        act(&SimpleCommunicator::world())
    }
}

impl Drop for Ranks {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.abort(101);
        }
    }
}

impl Team for Ranks {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn barrier(&self) {
        self.with_world(CommunicatorCollectives::barrier);
    }

    fn scatter(&self, mut parts: Vec<Vec<u8>>) -> Vec<u8> {
        if self.rank > 0 {
            return self.with_world(|world| receive(world, 0));
        }
        assert_eq!(parts.len(), self.size, "one part per rank");
        self.with_world(|world| {
            for (rank, part) in parts.iter().enumerate().skip(1) {
                send(world, rank, part);
            }
        });
        parts.swap_remove(0)
    }

    fn gather(&self, part: Vec<u8>) -> Vec<Vec<u8>> {
        self.with_world(|world| {
            if self.rank > 0 {
                send(world, 0, &part);
                return Vec::new();
            }
            let others = (1..self.size).map(|rank| receive(world, rank));
            std::iter::once(part).chain(others).collect()
        })
    }
}

/// The length of the bytes, then the bytes.
fn send(world: &SimpleCommunicator, rank: usize, bytes: &[u8]) {
    let process = world.process_at_rank(number_of(rank));
    process.send(&(bytes.len() as u64).to_le_bytes()[..]);
    bytes.chunks(MESSAGE_BYTES).for_each(|message| process.send(message));
}

fn receive(world: &SimpleCommunicator, rank: usize) -> Vec<u8> {
    let process = world.process_at_rank(number_of(rank));
    let mut length = [0; 8];
    process.receive_into(&mut length[..]);
    let length = usize::try_from(u64::from_le_bytes(length)).expect("what was in memory there fits here");
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        bytes.extend(process.receive_vec::<u8>().0);
    }
    bytes
}

fn number_of(rank: usize) -> i32 {
    i32::try_from(rank).expect("MPI counts ranks in 32 bits")
}
