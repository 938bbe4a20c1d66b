//! Numbers carried between nodes and the compartments of one mechanism.

use std::cell::Cell;

/// Copies the value of each node to the compartments that a mechanism has; elements that only fill a register
/// repeat the last.
#[inline]
pub(crate) fn gather(from: &[Cell<f64>], to: &[Cell<f64>], nodes: &[usize], width: usize) {
    if width == 1 {
        for (to, node) in to.iter().zip(nodes) {
            to.set(from[*node].get());
        }
        if let Some(last) = nodes.last() {
            to[nodes.len()..].iter().for_each(|to| to.set(from[*last].get()));
        }
        return;
    }
    for (to, node) in to.chunks_exact(width).zip(nodes) {
        for (to, from) in to.iter().zip(&from[node * width..][..width]) {
            to.set(from.get());
        }
    }
}

/// Copies the values of compartments to their nodes.
#[inline]
pub(crate) fn scatter(from: &[Cell<f64>], to: &[Cell<f64>], nodes: &[usize], width: usize) {
    for (from, node) in from.chunks_exact(width).zip(nodes) {
        for (from, to) in from.iter().zip(&to[node * width..][..width]) {
            to.set(from.get());
        }
    }
}

/// Adds the values of compartments to their nodes.
#[inline]
pub(crate) fn scatter_add(from: &[Cell<f64>], to: &[Cell<f64>], nodes: &[usize], width: usize) {
    for (from, node) in from.chunks_exact(width).zip(nodes) {
        for (from, to) in from.iter().zip(&to[node * width..][..width]) {
            to.set(to.get() + from.get());
        }
    }
}
