//! Features against eFEL's own values.

mod efel;
mod load;

#[test]
fn matches_efel() {
    efel::compare_all();
}
