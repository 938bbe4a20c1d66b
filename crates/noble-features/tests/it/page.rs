//! The page on the features.

const PAGE: &str = include_str!("../../../../docs/features.md");

#[test]
fn snapshot_feature_page_is_current() {
    let is_current = PAGE == noble_features::features_page();
    assert!(is_current, "docs/features.md is old; run `cargo run -p noble-features --example features_page`");
}
