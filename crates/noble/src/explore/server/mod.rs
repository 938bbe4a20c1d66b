//! The explorer over HTTP, for the browser of this machine.
//!
//! Loopback only unless asked. Requests must name this server as their host and come from its own page; bodies are bounded; files
//! are read in memory by the library's readers and never by a path of the browser's. At most a few questions are computed and a
//! few files taken at once, the others wait their turn.

mod guard;
mod pages;
mod routes;

use std::future::{Future, IntoFuture};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

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

/// What is answered when the end comes has so long to be finished.
const GRACE: Duration = Duration::from_secs(2);

/// Serves until `until` is done, and for two seconds what was asked before; `ready` is told the address when requests are taken.
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
    let served = runtime.block_on(async {
        let asked = SocketAddr::new(address.host, address.port);
        let listener = TcpListener::bind(asked).await.map_err(|error| {
            Error::usage(format!("{asked} cannot be used: {error}"), "choose another --port, or leave it out")
        })?;
        let bound = listener.local_addr().map_err(internal)?;
        let app = routes::router(Arc::new(explorer), bound);
        ready(bound);
        let (tell, told) = oneshot::channel();
        let end = async {
            until.await;
            let _ = tell.send(());
        };
        let over = async {
            let _ = told.await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            served = axum::serve(listener, app).with_graceful_shutdown(end).into_future() => served.map_err(internal),
            () = over => Ok(()),
        }
    });
    // What is still computed is waited for by nobody.
    runtime.shutdown_background();
    served
}
