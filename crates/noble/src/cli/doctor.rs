//! `noble doctor`.

use std::path::Path;
use std::time::Instant;

use clap::Args;
use noble_cell::Instructions;
use noble_data::dataset::sha256_hex;

use super::output::DEFAULT_FOLDER;
use super::terminal::{data, on_threads, words};
use crate::{Error, embedded_operator, files, self_test};

/// What this program runs with here, and whether it computes as it should
///
/// Prints version, instructions, threads, the embedded operator and what was left out of the build; then simulates, predicts and
/// extracts for about a second. Exits with 1 if something is not as it should be.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Threads [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

pub(super) fn run(args: &DoctorArgs) -> Result<(), Error> {
    let operator = embedded_operator()?;
    let n_threads = on_threads(args.threads, || Ok(rayon::current_num_threads()))?;
    let n_models = operator.card().train_models.len();
    let sha256 = sha256_hex(&operator.to_bytes()?);
    let folder = Path::new(DEFAULT_FOLDER);
    let is_writable = files::check_writable(&folder.join("doctor"));
    let mut rows = vec![
        pair("version", env!("CARGO_PKG_VERSION")),
        pair("instructions", &instructions()),
        pair("threads", &n_threads.to_string()),
        pair("embedded operator", &format!("{n_models} training models, SHA-256 {}", &sha256[..12])),
        pair("MPI", if cfg!(feature = "mpi") { "built in" } else { "not built in (--features mpi)" }),
        pair(DEFAULT_FOLDER, is_writable.as_ref().map_or("cannot be written", |()| "can be written")),
    ];
    let began = Instant::now();
    let findings = on_threads(args.threads, self_test)?;
    rows.extend(findings.iter().map(|finding| pair(finding.name, &finding.found)));
    rows.push(pair("self-test took", &format!("{:.1} s", began.elapsed().as_secs_f64())));
    let widest = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: Vec<String> = rows.iter().map(|(name, found)| format!("{name:<widest$}  {found}\n")).collect();
    data(&lines.concat())?;
    let bad: Vec<&str> = findings.iter().filter(|finding| !finding.is_good).map(|one| one.name).collect();
    if bad.is_empty() {
        words("everything is as it should be");
        return is_writable;
    }
    Err(Error::Internal { what: format!("not as it should be on this machine: {}", bad.join(", ")) })
}

fn pair(name: &'static str, found: &str) -> (&'static str, String) {
    (name, found.to_owned())
}

/// Of simulator and network; of both once where they are the same.
fn instructions() -> String {
    let (simulator, network) = (Instructions::detect().name(), noble_operator::instructions_name());
    if simulator == network {
        simulator.to_owned()
    } else {
        format!("simulator {simulator}, network {network}")
    }
}
