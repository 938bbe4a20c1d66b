//! The binary as scripts use it: the whole chain on a small scale, interruptions, and wrong input.

#![expect(clippy::unwrap_used, reason = "a failing test panics")]

mod bad_input;
mod chain;
mod channels;
mod clusters;
mod command;
mod ensembles;
mod exchange;
mod experiments;
mod explore;
mod features;
mod fi;
mod fine_tuning;
mod fit;
mod latents;
mod recordings;
mod reproduce;
mod shell;
mod soft_features;
mod training;
