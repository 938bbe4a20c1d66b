//! Writes docs/catalog.md.
//!
//! Run from the workspace root: `cargo run -p noble-cell --example catalog_page`

fn main() -> std::io::Result<()> {
    std::fs::write("docs/catalog.md", noble_cell::catalog_page())
}
