//! What a checkpoint says about its network beside the tensors: the constructor's arguments, entry `_metadata`.
//!
//! Names and shapes tell the sizes, but not every choice: a network with another nonlinearity has the same tensors and
//! other answers. So every argument that is stated must be the one that this network has; one that is not stated is not
//! asked for, as older releases of the package had fewer.

use super::pickle::{Node, NodeIdx};
use crate::{Architecture, Error};

/// Entry of the state dict.
pub(super) const KEY: &str = "_metadata";

/// Arguments that change what is computed, and the value of the network here.
const CHOICES: [(&str, Value); 16] = [
    ("out_channels", Value::Number(1.0)),
    ("positional_embedding", Value::Text("grid")),
    ("non_linearity", Value::Gelu),
    ("fno_skip", Value::Text("linear")),
    ("channel_mlp_skip", Value::Text("soft-gating")),
    ("mlp_skip", Value::Text("soft-gating")),
    ("use_channel_mlp", Value::Bool(true)),
    ("use_mlp", Value::Bool(true)),
    ("complex_data", Value::Bool(false)),
    ("separable", Value::Bool(false)),
    ("preactivation", Value::Bool(false)),
    ("stabilizer", Value::None),
    ("domain_padding", Value::None),
    ("resolution_scaling_factor", Value::None),
    ("fno_block_precision", Value::Text("full")),
    ("factorization", Value::Dense),
];

/// What an argument has to be.
#[derive(Debug, Clone, Copy)]
enum Value {
    None,
    Bool(bool),
    Number(f64),
    Text(&'static str),
    /// The exact GELU, under its two names.
    Gelu,
    /// No factorization, under its two names.
    Dense,
}

/// The arguments stated.
pub(super) struct Stated<'n> {
    pub(super) nodes: &'n [Node],
    pub(super) entries: &'n [(NodeIdx, NodeIdx)],
}

impl Stated<'_> {
    /// Checks that everything stated is what names and shapes tell and this network computes.
    ///
    /// # Errors
    /// [`Error::Stated`] with the first argument that contradicts it.
    pub(super) fn check(&self, architecture: &Architecture) -> Result<(), Error> {
        for (name, value) in CHOICES {
            self.expect(name, value)?;
        }
        let a = architecture;
        let norm = if a.group_norm { Value::Text("group_norm") } else { Value::None };
        self.expect("norm", norm)?;
        for (name, size) in
            [("in_channels", a.in_channels), ("hidden_channels", a.hidden_channels), ("n_layers", a.n_layers)]
        {
            self.expect(name, Value::Number(size as f64))?;
        }
        let hidden = a.hidden_channels as f64;
        let product = |ratio: f64| (ratio * hidden).trunc();
        let rounded = |ratio: f64| (ratio * hidden).round_ties_even();
        self.expect_product("lifting_channel_ratio", product, a.lifting_channels)?;
        self.expect_product("projection_channel_ratio", product, a.projection_channels)?;
        self.expect_product("channel_mlp_expansion", rounded, a.mlp_channels)?;
        match self.n_modes() {
            Some(n_modes) if n_modes / 2 + 1 != a.n_stored_modes() => {
                Err(wrong("n_modes", n_modes, format!("{} stored modes", a.n_stored_modes())))
            }
            _ => Ok(()),
        }
    }

    /// The number of modes, of which the tensors tell all but whether it is odd.
    pub(super) fn n_modes(&self) -> Option<usize> {
        let count = |node: &Node| match node {
            Node::Int(count) => usize::try_from(*count).ok(),
            _ => None,
        };
        match self.find("n_modes")? {
            Node::Tuple(items) => items.first().and_then(|item| count(&self.nodes[*item])),
            node => count(node),
        }
    }

    fn find(&self, name: &str) -> Option<&Node> {
        let is_it =
            |(key, _): &&(NodeIdx, NodeIdx)| matches!(&self.nodes[*key], Node::Text(key) if key == name);
        self.entries.iter().rev().find(is_it).map(|(_, value)| &self.nodes[*value])
    }

    fn number(&self, name: &str) -> Option<f64> {
        match self.find(name)? {
            Node::Int(value) => Some(*value as f64),
            Node::Float(value) => Some(*value),
            _ => None,
        }
    }

    fn expect(&self, name: &'static str, value: Value) -> Result<(), Error> {
        let Some(node) = self.find(name) else { return Ok(()) };
        let is_it = match value {
            Value::None => *node == Node::None,
            Value::Bool(expected) => *node == Node::Bool(expected),
            Value::Number(expected) => self.number(name).is_some_and(|got| got.total_cmp(&expected).is_eq()),
            Value::Text(expected) => matches!(node, Node::Text(got) if got == expected),
            Value::Gelu => {
                matches!(node, Node::Global(got) if got.ends_with(" gelu") && got.starts_with("torch"))
            }
            Value::Dense => match node {
                Node::Text(got) => got.eq_ignore_ascii_case("dense"),
                node => *node == Node::None,
            },
        };
        if is_it { Ok(()) } else { Err(wrong(name, words(node), value)) }
    }

    fn expect_product(
        &self,
        name: &'static str,
        size: impl Fn(f64) -> f64,
        expected: usize,
    ) -> Result<(), Error> {
        match self.number(name) {
            Some(ratio) if size(ratio).total_cmp(&(expected as f64)).is_ne() => {
                Err(wrong(name, ratio, format!("{expected} channels by the tensors")))
            }
            _ => Ok(()),
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => write!(f, "None"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value}"),
            Self::Gelu => write!(f, "gelu"),
            Self::Dense => write!(f, "None or dense"),
        }
    }
}

/// A value for a message; long texts are cut.
fn words(node: &Node) -> String {
    const MOST: usize = 40;
    match node {
        Node::None => "None".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Int(value) => value.to_string(),
        Node::Float(value) => value.to_string(),
        Node::Text(text) | Node::Global(text) => text.chars().take(MOST).collect(),
        _ => "an object".to_owned(),
    }
}

fn wrong(what: &'static str, got: impl ToString, expected: impl ToString) -> Error {
    Error::Stated { what, got: got.to_string(), expected: expected.to_string() }
}
