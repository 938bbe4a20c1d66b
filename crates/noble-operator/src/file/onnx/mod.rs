//! Networks as ONNX models, for runtimes that know nothing of this program.

mod graph;
mod network;
mod protobuf;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::{Architecture, CARD_KEY, Error, Network, Operator};

/// Largest file of the format, whose messages count their bytes in 31 bits.
const MOST_BYTES: u64 = (1 << 31) - 1;

/// Longest signal a network runs on.
const LONGEST: usize = 1 << 24;

impl Network {
    /// The network as an ONNX model for signals of `n_samples` samples.
    ///
    /// Input `x [batch × in_channels × n_samples]` without the grid channel, output `y [batch × 1 × n_samples]`, both
    /// float32, `batch` chosen at run time. Operator set 20; the Fourier transform is a product with a constant matrix. The
    /// same network gives the same bytes.
    ///
    /// # Errors
    /// [`Error::TimeGrid`] when `n_samples` is zero or above 2^24, [`Error::OnnxSize`] where the matrices do not fit into a
    /// file of 2 GiB.
    pub fn to_onnx(&self, n_samples: usize) -> Result<Vec<u8>, Error> {
        model(self, n_samples, &BTreeMap::new())
    }
}

impl Operator {
    /// The operator's network as an ONNX model on the operator's own grid, with its card.
    ///
    /// As [`Network::to_onnx`]; metadata entries name the channels, their units and the output's: [`CARD_KEY`] holds the
    /// whole card, the others what a caller needs to fill `x` and to read `y`.
    ///
    /// # Errors
    /// As [`Network::to_onnx`]; [`Error::Card`] where the card cannot be written.
    pub fn to_onnx(&self) -> Result<Vec<u8>, Error> {
        let card = self.card();
        let entries = [
            (CARD_KEY, card.to_json()?),
            ("channels", card.channel_order.join(",")),
            ("current_unit_na", card.input.current_unit_na.to_string()),
            ("start_ms", card.grid.start_ms().to_string()),
            ("step_ms", card.grid.step_ms().to_string()),
            ("voltage", "v_mv = voltage_offset_mv + voltage_scale_mv * y".to_owned()),
            ("voltage_offset_mv", card.output.offset_mv.to_string()),
            ("voltage_scale_mv", card.output.scale_mv.to_string()),
        ];
        let metadata = entries.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
        model(self.network(), card.grid.n_samples(), &metadata)
    }
}

fn model(network: &Network, n_samples: usize, metadata: &BTreeMap<String, String>) -> Result<Vec<u8>, Error> {
    if !(1..=LONGEST).contains(&n_samples) {
        let expected = format!("1 to {LONGEST} samples");
        return Err(Error::TimeGrid { expected, got: format!("{n_samples} samples") });
    }
    let n_bytes = n_bytes(network.architecture(), n_samples, network::n_modes(network, n_samples));
    if n_bytes > MOST_BYTES {
        return Err(Error::OnnxSize { n_samples, n_bytes, most_bytes: MOST_BYTES });
    }
    let [input, output] = network::axes(network, n_samples);
    Ok(network::graph(network, n_samples).into_model(("x", input), ("y", output), metadata))
}

/// About as many bytes as the file gets: the two transforms, the weights with spectral ones doubled, the grid.
fn n_bytes(architecture: &Architecture, n_samples: usize, n_modes: usize) -> u64 {
    let (t, m, c) = (n_samples as u64, n_modes as u64, architecture.hidden_channels as u64);
    let spectral = architecture.n_layers as u64 * 4 * c * c * m;
    4 * (4 * t * m + spectral + t + architecture.n_values())
}
