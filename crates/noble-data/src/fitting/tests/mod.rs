mod bluepyopt;
mod space;
mod targets;

/// Checks that a message says what is expected.
fn assert_says(message: &str, expected: &str) {
    assert!(message.contains(expected), "{message} lacks {expected}");
}
