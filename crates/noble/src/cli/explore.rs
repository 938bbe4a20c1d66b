//! `noble explore`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;

use super::inputs::{CellArgs, operator};
use super::terminal::words;
use crate::Error;
use crate::explore::{Address, Explorer, serve};

/// The operator on a page of your browser: currents and neurons by sliders, the simulator and your recordings beside it
///
/// Serves the page to this machine alone and opens it; Ctrl-C ends it. Files dropped on the page are read in memory and kept
/// nowhere.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble explore\n  \
    noble explore --operator pvalb.safetensors --morphology cell.swc --cell hof_params.json --hof all\n  \
    noble explore --port 8080 --no-open")]
pub(super) struct ExploreArgs {
    /// Operator to show [default: the embedded one]
    #[arg(long, value_name = "SAFETENSORS")]
    operator: Option<PathBuf>,
    #[command(flatten)]
    cell: CellArgs,
    /// Port [default: any that is free]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Address to serve on; any but a loopback one lets every machine that reaches it ask
    #[arg(long, value_name = "IP", default_value_t = Ipv4Addr::LOCALHOST.into())]
    host: IpAddr,
    /// Open no browser
    #[arg(long)]
    no_open: bool,
}

pub(super) fn run(args: &ExploreArgs) -> Result<(), Error> {
    let operator = operator(args.operator.as_deref())?;
    let cells = args.cell.archive_cells()?;
    let name = args
        .operator
        .as_ref()
        .map_or_else(|| "embedded operator".to_owned(), |path| path.display().to_string());
    let explorer = Explorer::new(&name, operator, cells)?;
    if !args.host.is_loopback() {
        words(&format!("warning: every machine that reaches {} can ask this program", args.host));
    }
    let address = Address { host: args.host, port: args.port };
    let ready = |bound: SocketAddr| {
        let page = format!("http://{bound}/");
        words(&format!("{page} — Ctrl-C ends it"));
        if !args.no_open {
            open(&page);
        }
    };
    let interrupted = async {
        // Without a handler of the signal the program ends by it, which is as well.
        let _ = tokio::signal::ctrl_c().await;
    };
    serve(explorer, address, ready, interrupted)
}

/// Asks the system to show a page; where it cannot, the address is there to read.
fn open(page: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(target_os = "windows") {
        "explorer"
    } else {
        "xdg-open"
    };
    let _ = Command::new(program)
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}
