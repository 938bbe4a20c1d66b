//! How long work tells that it goes on, and hears that it should not, without knowing a terminal.

use crate::Error;

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
    /// Whether nobody waits any more; work looks several times a second and ends with [`Error::Stopped`].
    fn is_stopped(&self) -> bool {
        false
    }
}

/// Ends work that nobody waits for.
///
/// # Errors
/// [`Error::Stopped`].
pub(crate) fn go_on(progress: &dyn Progress) -> Result<(), Error> {
    if progress.is_stopped() { Err(Error::Stopped) } else { Ok(()) }
}

/// Tells nothing of a part of a stage, and hears when to stop.
pub(crate) struct Within<'a>(pub(crate) &'a dyn Progress);

impl Progress for Within<'_> {
    fn start(&self, _stage: &str, _n_items: usize) {}
    fn advance(&self, _n_items: usize) {}
    fn say(&self, _text: &str) {}
    fn finish(&self) {}
    fn is_stopped(&self) -> bool {
        self.0.is_stopped()
    }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::reference_cell::reference_cells;
    use crate::{Protocol, embedded_operator, members_of, predict, simulate_sweeps};

    /// Stops after so many looks.
    struct Patience(AtomicUsize);

    impl Progress for Patience {
        fn start(&self, _stage: &str, _n_items: usize) {}
        fn advance(&self, _n_items: usize) {}
        fn say(&self, _text: &str) {}
        fn finish(&self) {}
        fn is_stopped(&self) -> bool {
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
        }
    }

    #[test]
    fn invariant_work_that_nobody_waits_for_ends() {
        let cells = reference_cells().unwrap();
        let operator = embedded_operator().unwrap();
        let (plan, ids) = (operator.plan().unwrap(), [operator.card().train_models[0]]);
        let members = members_of(&operator, &ids).unwrap();
        for n_looks in [0, 1, 5] {
            let simulated = simulate_sweeps(
                &cells,
                &[*cells.models.keys().next().unwrap()],
                &[0.1],
                &Protocol::default(),
                None,
                &Patience(AtomicUsize::new(n_looks)),
            );
            assert!(matches!(simulated, Err(Error::Stopped)), "{n_looks} looks");
            let predicted = predict(
                &plan,
                &vec![members[0].clone(); 6 * 128],
                &[0.1],
                &Patience(AtomicUsize::new(n_looks)),
            );
            assert!(matches!(predicted, Err(Error::Stopped)), "{n_looks} looks");
        }
    }
}
