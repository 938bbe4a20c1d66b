//! Ion channels and calcium pools, one file each, and the catalog that finds them by name.
//!
//! A channel whose gates relax independently is a `Gated` description: a table of constants and two short
//! functions; the loops over compartments are written once. What does not fit (a kinetic scheme, a pool, a
//! calcium-activated channel) implements `Kernel` itself. A new mechanism is one file and one line in
//! `catalog.rs`.

mod catalog;
mod gated;
mod kernel;
mod kinetics;

mod ca_dynamics;
mod ca_hva;
mod ca_lva;
mod hh;
mod ih;
mod im;
mod im_v2;
mod k_p;
mod k_pst;
mod k_t;
mod k_tst;
mod kd;
mod kv2like;
mod kv3_1;
mod nap;
mod nap_et2;
mod nata;
mod nata_t;
mod nats;
mod nats2_t;
pub mod nav;
mod pas;
mod sk;

pub use catalog::{Mechanism, Parameter, Range, find_set, set_names};
pub(crate) use kernel::{Conditions, Kernel, Placement};
