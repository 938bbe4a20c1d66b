//! What a page is answered: a header of words and numbers, then samples.

use serde_json::Value;

use crate::Error;

/// A header and rows of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Whatever is not samples.
    pub header: Value,
    /// Samples of all rows, one row after the other.
    pub samples: Vec<f32>,
}

impl Answer {
    /// `u32` length of the header, the header as JSON padded with spaces to four bytes, the samples; all little-endian.
    ///
    /// # Errors
    /// [`Error::Internal`] for a header that cannot be spelled.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        const ALIGNMENT: usize = 4;
        let internal = |what: String| Error::Internal { what };
        let mut header = serde_json::to_vec(&self.header).map_err(|error| internal(error.to_string()))?;
        header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
        let len = u32::try_from(header.len()).map_err(|error| internal(error.to_string()))?;
        let mut bytes = len.to_le_bytes().to_vec();
        bytes.extend(header);
        bytes.extend(self.samples.iter().flat_map(|sample| sample.to_le_bytes()));
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_samples_are_aligned() {
        for text in ["", "a", "ab", "abc", "abcd"] {
            let answer = Answer { header: Value::String(text.to_owned()), samples: vec![1.5, -2.0] };
            let bytes = answer.to_bytes().unwrap();
            let len = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
            assert_eq!(len % 4, 0);
            assert_eq!(serde_json::from_slice::<Value>(&bytes[4..4 + len]).unwrap(), answer.header);
            assert_eq!(bytes[4 + len..], [1.5_f32.to_le_bytes(), (-2.0_f32).to_le_bytes()].concat());
        }
    }
}
