//! The binary as scripts use it: the whole chain on a small scale, interruptions, and wrong input.

mod bad_input;
mod chain;
mod command;
