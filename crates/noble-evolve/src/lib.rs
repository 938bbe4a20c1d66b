//! Evolutionary multi-objective optimizers over bounded real parameters.
//!
//! The caller evaluates: [`Evolution::ask`] gives candidates, [`Evolution::tell`] takes their scores, and between
//! the two the caller may use threads, machines or days. So this crate knows no neuron, file, clock or thread, and
//! the whole state, random numbers included, is one value that can be stored at any point and goes on to the same
//! bits. All scores are to be made small.
//!
//! An [`Archive`] keeps what was best and different along the way; [`hypervolume`] measures a front.
//!
//! # Example
//! ```
//! use noble_evolve::{Bounds, EvolveSettings, Evolution, Method, Variation};
//! let bounds = Bounds::new(vec![-2.0], vec![2.0])?;
//! let settings = EvolveSettings {
//!     method: Method::ibea(),
//!     population_size: 10,
//!     offspring_size: 10,
//!     variation: Variation::default(),
//!     seed: 1,
//! };
//! let mut evolution = Evolution::new(bounds, 2, settings, &[])?;
//! for _ in 0..20 {
//!     let mut scores = Vec::new();
//!     for candidate in evolution.ask() {
//!         let x = candidate.parameters[0];
//!         scores.push((candidate.id, vec![x * x, (x - 1.0).powi(2)]));
//!     }
//!     evolution.tell(&scores)?;
//! }
//! assert!(evolution.population().iter().all(|individual| (-0.1..1.1).contains(&individual.parameters[0])));
//! # Ok::<(), noble_evolve::Error>(())
//! ```

mod archive;
mod bounds;
mod cma;
mod error;
mod evolve;
mod hypervolume;
mod individual;
mod selection;
mod settings;
mod variation;

pub use archive::{Archive, Member};
pub use bounds::Bounds;
pub use error::Error;
pub use evolve::Evolution;
pub use hypervolume::hypervolume;
pub use individual::{Candidate, Individual};
pub use settings::{EvolveSettings, Method, Variation};
