//! The page on the channels.

const PAGE: &str = include_str!("../../../../docs/catalog.md");

#[test]
fn snapshot_channel_page_is_current() {
    let is_current = PAGE == noble_cell::catalog_page();
    assert!(is_current, "docs/catalog.md is old; run `cargo run -p noble-cell --example catalog_page`");
}
