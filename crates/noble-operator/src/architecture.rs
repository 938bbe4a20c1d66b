//! Sizes of the network: plain data, and the two rules that derive sizes from others.

use serde::{Deserialize, Serialize};

use crate::Error;

/// Largest value of any size: keeps every product of sizes far from overflow and damaged files from asking for
/// memory they do not fill.
const LARGEST_SIZE: usize = 1 << 14;

/// Most values of a network, 2^31: 8 GiB of weights, a thousand times the published network.
const MOST_VALUES: u64 = 1 << 31;

/// Sizes of a one-dimensional Fourier neural operator with one output channel.
///
/// # Source
/// `neuraloperator` 2.0.0 `neuralop.models.FNO` as NOBLE (arXiv 2506.04536) configures it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Input channels, without the grid channel the network appends.
    pub in_channels: usize,
    /// Channels between blocks.
    pub hidden_channels: usize,
    /// Blocks.
    pub n_layers: usize,
    /// The `n_modes` argument `m`; `⌊m/2⌋ + 1` modes are stored.
    pub n_modes: usize,
    /// Hidden channels of the lifting.
    pub lifting_channels: usize,
    /// Hidden channels of the projection.
    pub projection_channels: usize,
    /// Hidden channels of the pointwise layers within a block.
    pub mlp_channels: usize,
    /// Whether the two norms of each block are present.
    pub group_norm: bool,
}

impl Architecture {
    /// An architecture by the package's ratios: lifting `2C`, projection `4C`, block `round(C/2)`, no norm.
    #[must_use]
    pub fn new(in_channels: usize, hidden_channels: usize, n_layers: usize, n_modes: usize) -> Self {
        Self {
            in_channels,
            hidden_channels,
            n_layers,
            n_modes,
            lifting_channels: 2 * hidden_channels,
            projection_channels: 4 * hidden_channels,
            mlp_channels: half_to_even(hidden_channels),
            group_norm: false,
        }
    }

    /// Fourier modes stored per pair of channels.
    #[must_use]
    pub fn n_stored_modes(&self) -> usize {
        self.n_modes / 2 + 1
    }

    /// Values of all parameters; complex ones count twice.
    ///
    /// In 64 bits on every machine, where sizes that pass their own bounds cannot overflow it.
    pub(crate) fn n_values(&self) -> u64 {
        let sizes = [
            self.in_channels,
            self.hidden_channels,
            self.n_layers,
            self.lifting_channels,
            self.projection_channels,
            self.mlp_channels,
            self.n_stored_modes(),
        ];
        let [inputs, c, layers, lifting, projection, mlp, modes] = sizes.map(|size| size as u64);
        let pointwise = |from: u64, between: u64, to: u64| (from + 1) * between + (between + 1) * to;
        let norms = if self.group_norm { 4 * c } else { 0 };
        let block = 2 * c * c * modes + c * c + pointwise(c, mlp, c) + 2 * c + norms;
        layers * block + pointwise(inputs + 1, lifting, c) + pointwise(c, projection, 1)
    }

    /// Checks that a network of these sizes exists.
    ///
    /// # Errors
    /// [`Error::Architecture`] with the size that is zero or too large, or the number of all values.
    pub fn check(&self) -> Result<(), Error> {
        let sizes = [
            ("in_channels", self.in_channels),
            ("hidden_channels", self.hidden_channels),
            ("n_layers", self.n_layers),
            ("lifting_channels", self.lifting_channels),
            ("projection_channels", self.projection_channels),
            ("mlp_channels", self.mlp_channels),
        ];
        for (what, got) in sizes {
            if got == 0 || got > LARGEST_SIZE {
                return Err(Error::Architecture { what, got, remedy: "a number from 1 to 16384" });
            }
        }
        if self.n_modes > LARGEST_SIZE {
            return Err(Error::Architecture {
                what: "n_modes",
                got: self.n_modes,
                remedy: "a number up to 16384",
            });
        }
        if self.n_values() > MOST_VALUES {
            return Err(Error::Architecture {
                what: "number of values of all parameters",
                got: usize::try_from(self.n_values()).unwrap_or(usize::MAX),
                remedy: "fewer channels, layers or modes, so that it is at most 2147483648",
            });
        }
        Ok(())
    }
}

/// Half of a count, halves rounded to the even neighbor as Python's `round` does.
fn half_to_even(count: usize) -> usize {
    let floor = count / 2;
    if count.is_multiple_of(2) || floor.is_multiple_of(2) { floor } else { floor + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_halves_go_to_the_even_neighbor() {
        let halves: Vec<usize> = [5, 7, 8, 9, 11, 24].map(half_to_even).to_vec();
        assert_eq!(halves, [2, 4, 4, 4, 6, 12]);
    }

    #[test]
    fn analytic_values_are_those_of_the_layout() {
        let mut architecture = Architecture::new(23, 24, 12, 256);
        for (hidden_channels, n_modes, group_norm) in [(24, 256, false), (7, 9, true), (5, 0, false)] {
            architecture = Architecture { hidden_channels, n_modes, group_norm, ..architecture };
            let len = crate::layout::Layout::new(&architecture).len;
            assert_eq!(architecture.n_values(), len as u64);
        }
    }

    #[test]
    fn invariant_networks_beyond_memory_are_named() {
        let message = Architecture::new(23, 1 << 12, 1 << 14, 1 << 14).check().unwrap_err().to_string();
        assert!(message.contains("number of values of all parameters is 45"), "{message}");
        assert!(message.contains("at most 2147483648"), "{message}");
        assert!(Architecture::new(23, 256, 16, 1000).check().is_ok());
    }

    #[test]
    fn invariant_zero_sizes_are_named() {
        let architecture = Architecture::new(23, 24, 0, 256);
        assert!(architecture.check().unwrap_err().to_string().contains("n_layers is 0"));
        assert_eq!(Architecture::new(23, 24, 12, 256).n_stored_modes(), 129);
    }
}
