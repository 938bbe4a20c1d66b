//! Writes docs/features.md.
//!
//! Run from the workspace root: `cargo run -p noble-features --example features_page`

fn main() -> std::io::Result<()> {
    std::fs::write("docs/features.md", noble_features::features_page())
}
