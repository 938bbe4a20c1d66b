//! Workspaces that are kept from pass to pass.

use std::sync::Mutex;

use crate::{NetworkPlan, Purpose, Workspace};

/// Workspaces of one purpose, as many as have ever been in use at once.
#[derive(Debug)]
pub(crate) struct Pool {
    purpose: Purpose,
    /// Threads that may share a pass.
    n_threads: usize,
    idle: Mutex<Vec<Workspace>>,
}

impl Pool {
    pub(crate) fn new(purpose: Purpose, n_threads: usize) -> Self {
        Self { purpose, n_threads, idle: Mutex::new(Vec::new()) }
    }

    /// Calls `work` with a workspace for `plan`, made only if none is idle.
    pub(crate) fn run<T>(&self, plan: &NetworkPlan, work: impl FnOnce(&mut Workspace) -> T) -> T {
        let idle = self.idle.lock().expect("no thread panics while it holds the pool").pop();
        let mut workspace =
            idle.unwrap_or_else(|| Workspace::with_threads(plan, self.purpose, self.n_threads));
        let result = work(&mut workspace);
        self.idle.lock().expect("no thread panics while it holds the pool").push(workspace);
        result
    }
}
