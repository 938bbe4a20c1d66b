//! An ONNX graph under construction: constants, nodes, and the model file around them.
//!
//! Field numbers are those of `onnx.proto` of ONNX 1.15 (IR version 9, operator set 20).

use std::collections::BTreeMap;

use super::protobuf::Message;
use crate::file::f32_to_bytes;

/// File structure of ONNX 1.15.
const IR_VERSION: u64 = 9;
/// The first operator set with `Gelu`.
const OPERATOR_SET: u64 = 20;

const FLOAT32: u64 = 1;
const INT64: u64 = 7;

/// An attribute of a node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Attribute<'a> {
    /// A list of whole numbers.
    Numbers(&'a str, &'a [u64]),
    /// A text.
    Text(&'a str, &'a str),
}

/// Length of one axis of an input or output.
#[derive(Debug, Clone, Copy)]
pub(super) enum Axis {
    /// Chosen at run time.
    Free(&'static str),
    /// Given.
    Fixed(usize),
}

/// Nodes in the order in which they are computed, and constants in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Message,
    constants: Message,
}

impl Graph {
    /// Adds an array of single precision and gives back its name.
    pub(super) fn array(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        debug_assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}");
        self.constant(name, FLOAT32, shape, &f32_to_bytes(values))
    }

    /// Adds a list of whole numbers and gives back its name.
    pub(super) fn numbers(&mut self, name: &str, values: &[i64]) -> String {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, INT64, &[values.len()], &bytes)
    }

    fn constant(&mut self, name: &str, element: u64, shape: &[usize], bytes: &[u8]) -> String {
        let mut tensor = Message::default();
        shape.iter().for_each(|len| tensor.number(1, *len as u64));
        tensor.number(2, element);
        tensor.text(8, name);
        tensor.bytes(9, bytes);
        self.constants.message(5, &tensor);
        name.to_owned()
    }

    /// Adds a node of one output and gives back the output's name.
    pub(super) fn node(&mut self, operation: &str, inputs: &[&str], output: &str) -> String {
        self.node_with(operation, inputs, output, &[])
    }

    /// Adds a node of one output with attributes.
    pub(super) fn node_with(
        &mut self,
        operation: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[Attribute<'_>],
    ) -> String {
        let mut node = Message::default();
        inputs.iter().for_each(|input| node.text(1, input));
        node.text(2, output);
        node.text(3, output);
        node.text(4, operation);
        attributes.iter().for_each(|attribute| node.message(5, &attribute_message(*attribute)));
        self.nodes.message(1, &node);
        output.to_owned()
    }

    /// The model file: one input, one output, and words about them.
    pub(super) fn into_model(
        self,
        (input, input_axes): (&str, [Axis; 3]),
        (output, output_axes): (&str, [Axis; 3]),
        metadata: &BTreeMap<String, String>,
    ) -> Vec<u8> {
        let mut graph = self.nodes;
        graph.text(2, "fourier_neural_operator");
        graph.append(&self.constants);
        graph.message(11, &value_info(input, input_axes));
        graph.message(12, &value_info(output, output_axes));
        let mut operator_set = Message::default();
        operator_set.text(1, "");
        operator_set.number(2, OPERATOR_SET);
        let mut model = Message::default();
        model.number(1, IR_VERSION);
        model.text(2, "noble");
        model.text(3, env!("CARGO_PKG_VERSION"));
        model.message(7, &graph);
        model.message(8, &operator_set);
        for (key, value) in metadata {
            let mut entry = Message::default();
            entry.text(1, key);
            entry.text(2, value);
            model.message(14, &entry);
        }
        model.finish()
    }
}

fn attribute_message(attribute: Attribute<'_>) -> Message {
    const STRING: u64 = 3;
    const INTS: u64 = 7;
    let mut message = Message::default();
    match attribute {
        Attribute::Numbers(name, values) => {
            message.text(1, name);
            values.iter().for_each(|value| message.number(8, *value));
            message.number(20, INTS);
        }
        Attribute::Text(name, text) => {
            message.text(1, name);
            message.text(4, text);
            message.number(20, STRING);
        }
    }
    message
}

fn value_info(name: &str, axes: [Axis; 3]) -> Message {
    let mut shape = Message::default();
    for axis in axes {
        let mut dimension = Message::default();
        match axis {
            Axis::Free(name) => dimension.text(2, name),
            Axis::Fixed(len) => dimension.number(1, len as u64),
        }
        shape.message(1, &dimension);
    }
    let mut tensor = Message::default();
    tensor.number(1, FLOAT32);
    tensor.message(2, &shape);
    let mut kind = Message::default();
    kind.message(1, &tensor);
    let mut info = Message::default();
    info.text(1, name);
    info.message(2, &kind);
    info
}
