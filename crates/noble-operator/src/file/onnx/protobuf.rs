//! Protocol-buffer messages, as far as an ONNX model needs them: whole numbers, texts and messages within messages.

/// Wire type of whole numbers of seven bits per byte.
const VARINT: u64 = 0;
/// Wire type of bytes after their count.
const COUNTED: u64 = 2;

/// A message under construction. Fields lie in the order in which they are added, so the same calls give the same
/// bytes.
#[derive(Debug, Default)]
pub(super) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// Adds a whole number that is not negative.
    pub(super) fn number(&mut self, field: u64, value: u64) {
        self.varint(field << 3 | VARINT);
        self.varint(value);
    }

    /// Adds bytes.
    pub(super) fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | COUNTED);
        self.varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds a text.
    pub(super) fn text(&mut self, field: u64, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    /// Adds a message.
    pub(super) fn message(&mut self, field: u64, message: &Message) {
        self.bytes(field, &message.bytes);
    }

    /// Adds all fields of another message.
    pub(super) fn append(&mut self, fields: &Message) {
        self.bytes.extend_from_slice(&fields.bytes);
    }

    /// The message's bytes.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_messages_of_the_encoding_guide() {
        let mut inner = Message::default();
        inner.number(1, 150);
        assert_eq!(inner.bytes, [0x08, 0x96, 0x01]);
        let mut outer = Message::default();
        outer.text(2, "testing");
        outer.message(3, &inner);
        let expected = b"\x12\x07testing\x1a\x03\x08\x96\x01";
        assert_eq!(outer.finish(), expected);
    }
}
