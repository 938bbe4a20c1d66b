//! Formulas, channel files, and what hostile ones do.

mod expressions;
