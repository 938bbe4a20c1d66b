//! Words and progress bars on stderr, data on stdout; or all of it to the program that runs a command.

use std::cell::RefCell;
use std::io::Write;
#[cfg(feature = "mpi")]
use std::sync::OnceLock;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::{Error, Progress};

/// Set where another rank speaks for all. A process has one stderr, and so one place that says whether it is used.
#[cfg(feature = "mpi")]
static QUIET: OnceLock<()> = OnceLock::new();

/// Prints nothing but errors from now on.
#[cfg(feature = "mpi")]
pub(super) fn be_quiet() {
    let _ = QUIET.set(());
}

#[cfg(feature = "mpi")]
fn is_quiet() -> bool {
    QUIET.get().is_some()
}

#[cfg(not(feature = "mpi"))]
fn is_quiet() -> bool {
    false
}

/// Where words, data and progress of a command go that another program runs.
pub trait Console: Progress + Send {
    /// Words for a person: notes, and warnings, which begin so.
    fn words(&self, text: &str);
    /// What the binary would write to stdout.
    fn data(&self, text: &str);
}

thread_local! {
    /// Of the thread that runs a command for another program, and of those that this thread starts.
    static CONSOLE: RefCell<Option<Arc<dyn Console>>> = const { RefCell::new(None) };
}

fn console() -> Option<Arc<dyn Console>> {
    CONSOLE.with_borrow(Clone::clone)
}

fn use_console(console: Option<Arc<dyn Console>>) {
    CONSOLE.with_borrow_mut(|own| *own = console);
}

/// Runs work of which a console hears.
pub(super) fn heard<T>(console: &Arc<dyn Console>, work: impl FnOnce() -> T) -> T {
    let before = self::console();
    use_console(Some(Arc::clone(console)));
    let result = work();
    use_console(before);
    result
}

/// Writes words for a person; a closed stderr is no reason to fail.
pub(super) fn words(text: &str) {
    if let Some(console) = console() {
        console.words(text);
    } else if !is_quiet() {
        error_words(text);
    }
}

/// Writes what went wrong.
pub(super) fn error_words(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A number of things, such as `1 sweep`, `2 sweeps`.
pub(super) fn counted(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// Writes data.
///
/// A reader that has gone away (`noble … | head`) ends the output without an error.
pub(super) fn data(text: &str) -> Result<(), Error> {
    if let Some(console) = console() {
        console.data(text);
        return Ok(());
    }
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::Write { path: "stdout".into(), what: error.to_string() })
        }
        _ => Ok(()),
    }
}

/// A progress bar, shown where stderr is a terminal; elsewhere the state is written now and then as a line.
pub(super) struct Bar {
    bar: Mutex<ProgressBar>,
    console: Option<Arc<dyn Console>>,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self { bar: Mutex::new(ProgressBar::hidden()), console: console() }
    }

    fn with(&self, act: impl FnOnce(&ProgressBar)) {
        if let Ok(bar) = self.bar.lock() {
            act(&bar);
        }
    }
}

impl Progress for Bar {
    fn start(&self, stage: &str, n_items: usize) {
        if let Some(console) = &self.console {
            return console.start(stage, n_items);
        }
        let style =
            ProgressStyle::with_template("{prefix} [{bar:30}] {pos}/{len} {elapsed} · {eta} left {msg}");
        if is_quiet() {
            return;
        }
        let bar = ProgressBar::new(n_items as u64).with_prefix(stage.to_owned());
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("━╸ "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        if let Ok(mut own) = self.bar.lock() {
            *own = bar;
        }
    }

    fn advance(&self, n_items: usize) {
        if let Some(console) = &self.console {
            return console.advance(n_items);
        }
        self.with(|bar| bar.inc(n_items as u64));
    }

    fn say(&self, text: &str) {
        if let Some(console) = &self.console {
            return console.say(text);
        }
        self.with(|bar| {
            bar.set_message(text.to_owned());
            if bar.is_hidden() {
                let (done, all) = (bar.position(), bar.length().unwrap_or_default());
                words(&format!("{} {done}/{all}: {text}", bar.prefix()));
            }
        });
    }

    fn status(&self, text: &str) {
        match &self.console {
            Some(console) => console.status(text),
            None => self.with(|bar| bar.set_message(text.to_owned())),
        }
    }

    fn finish(&self) {
        match &self.console {
            Some(console) => console.finish(),
            None => self.with(ProgressBar::finish_and_clear),
        }
    }

    fn is_stopped(&self) -> bool {
        self.console.as_ref().is_some_and(|console| console.is_stopped())
    }
}

/// Runs work on a pool of the threads asked for; results do not depend on their number.
pub(super) fn on_threads<T: Send>(
    n_threads: Option<usize>,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    if n_threads == Some(0) {
        return Err(Error::usage("--threads is 0", "ask for one or more, or leave it out to use all cores"));
    }
    let console = console();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads.unwrap_or(0))
        .start_handler(move |_| use_console(console.clone()))
        .build();
    pool.map_err(|error| Error::Internal { what: error.to_string() })?.install(work)
}
