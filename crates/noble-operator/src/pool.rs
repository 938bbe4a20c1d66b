//! Workspaces that are kept from pass to pass.

use std::sync::Mutex;

use crate::{NetworkPlan, Purpose, Workspace};

/// Workspaces of one purpose, as many as have ever been in use at once.
#[derive(Debug)]
pub(crate) struct Pool {
    purpose: Purpose,
    idle: Mutex<Vec<Workspace>>,
}

impl Pool {
    pub(crate) fn new(purpose: Purpose) -> Self {
        Self { purpose, idle: Mutex::new(Vec::new()) }
    }

    /// Calls `work` with a workspace for `plan` that up to `n_threads` threads may share, made only if none such is idle.
    pub(crate) fn run<T>(
        &self,
        plan: &NetworkPlan,
        n_threads: usize,
        work: impl FnOnce(&mut Workspace) -> T,
    ) -> T {
        let idle = self.idle.lock().expect("no thread panics while it holds the pool").pop();
        let fitting = idle.filter(|workspace| workspace.is_for(plan, n_threads));
        let mut workspace = fitting.unwrap_or_else(|| Workspace::with_threads(plan, self.purpose, n_threads));
        let result = work(&mut workspace);
        self.idle.lock().expect("no thread panics while it holds the pool").push(workspace);
        result
    }
}
