//! Samples of one channel in one sweep, scaled to millivolts.

use super::header::{Header, Piece, SampleKind};
use crate::Error;
use crate::recording::bytes::Bytes;

/// The samples of a channel; channels take turns sample by sample. `factor` leads from the channel's unit to ours.
///
/// # Source
/// pyABF 2.3.8 `ABF._loadAndScaleData`: the gain is computed in float64, the samples are scaled in float32.
pub(super) fn read(
    file: Bytes<'_>,
    header: &Header,
    piece: &Piece,
    channel_idx: usize,
    factor: f64,
) -> Result<Vec<f64>, Error> {
    let n_bytes = header.kind.n_bytes();
    let stride = n_bytes * header.channels.len();
    let data = file.slice(header.data_start + piece.start * stride, piece.len() * stride)?;
    let channel = &header.channels[channel_idx];
    #[expect(clippy::cast_possible_truncation, reason = "scaled in float32 as the other program does")]
    let (gain, offset) = (channel.gain as f32, channel.offset as f32);
    let begin = n_bytes * channel_idx;
    let scans = data.chunks_exact(stride).map(|scan| &scan[begin..begin + n_bytes]);
    let values = match header.kind {
        SampleKind::Int16 => scans
            .map(|sample| f32::from(i16::from_le_bytes([sample[0], sample[1]])) * gain + offset)
            .map(|value| f64::from(value) * factor)
            .collect(),
        SampleKind::Float32 => scans
            .map(|sample| f32::from_le_bytes([sample[0], sample[1], sample[2], sample[3]]))
            .map(|value| f64::from(value) * factor)
            .collect(),
    };
    Ok(values)
}
