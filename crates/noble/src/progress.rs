//! How long work tells that it goes on, without knowing a terminal.

/// Receives the progress of a task; called from several threads.
pub trait Progress: Sync {
    /// A stage begins that has `n_items` items.
    fn start(&self, stage: &str, n_items: usize);
    /// `n_items` more are done.
    fn advance(&self, n_items: usize);
    /// A short text about the state of the stage.
    fn say(&self, text: &str);
    /// How the stage stands after every item, for those who watch; the next text takes its place.
    fn status(&self, _text: &str) {}
    /// The stage is done.
    fn finish(&self);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _stage: &str, _n_items: usize) {}
    fn advance(&self, _n_items: usize) {}
    fn say(&self, _text: &str) {}
    fn finish(&self) {}
}
