//! The explorer over HTTP, for the browser of this machine.
//!
//! Loopback only unless asked. Requests must name this server as their host and come from its own page; bodies are bounded; files
//! are read in memory by the library's readers and never by a path of the browser's. At most a few questions are computed at once,
//! the others wait their turn.

mod guard;
mod pages;
mod routes;

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;

use super::Explorer;
use crate::Error;

/// Where the page is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// Address of the network interface.
    pub host: IpAddr,
    /// Port; 0 for any that is free.
    pub port: u16,
}

impl Default for Address {
    /// This machine alone, any port.
    fn default() -> Self {
        Self { host: Ipv4Addr::LOCALHOST.into(), port: 0 }
    }
}

/// Serves until `until` is done; `ready` is told the address when requests are taken.
///
/// # Errors
/// [`Error::Usage`] for a port that is taken or an address that is not this machine's; [`Error::Internal`] when the runtime fails.
pub fn serve(
    explorer: Explorer,
    address: Address,
    ready: impl FnOnce(SocketAddr),
    until: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let internal = |error: std::io::Error| Error::Internal { what: error.to_string() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(internal)?;
    runtime.block_on(async {
        let asked = SocketAddr::new(address.host, address.port);
        let listener = TcpListener::bind(asked).await.map_err(|error| {
            Error::usage(format!("{asked} cannot be used: {error}"), "choose another --port, or leave it out")
        })?;
        let bound = listener.local_addr().map_err(internal)?;
        let app = routes::router(Arc::new(explorer), bound);
        ready(bound);
        axum::serve(listener, app).with_graceful_shutdown(until).await.map_err(internal)
    })
}
