//! `--mpi`: one process of several.

use crate::Error;
use crate::cluster::Team;

/// Does work as a rank of the MPI job that this process was started in. Ranks but the first one print errors alone;
/// one that fails ends the job with its exit code.
#[cfg(feature = "mpi")]
pub(super) fn on_ranks(work: impl FnOnce(&dyn Team) -> Result<(), Error>) -> Result<(), Error> {
    let ranks = crate::cluster::Ranks::join()?;
    if ranks.rank() > 0 {
        super::terminal::be_quiet();
    }
    match work(&ranks) {
        Err(error) if ranks.size() > 1 => {
            let who = if ranks.rank() > 0 { format!("rank {}: ", ranks.rank()) } else { String::new() };
            super::report_of(&who, &error);
            ranks.abort(error.exit_code())
        }
        result => result,
    }
}

/// Says how to get a binary that can.
#[cfg(not(feature = "mpi"))]
pub(super) fn on_ranks(_work: impl FnOnce(&dyn Team) -> Result<(), Error>) -> Result<(), Error> {
    let remedy = "build with cargo build --release --features mpi";
    Err(Error::usage("this binary was built without MPI", remedy))
}
