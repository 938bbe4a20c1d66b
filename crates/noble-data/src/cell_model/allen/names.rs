//! Names of the mechanism files and ours.

/// The leak, which NEURON inserts everywhere and the file names without a mechanism.
pub(super) const LEAK: &str = "pas";

/// Parameters of the mechanism files, letter for letter, and our names with unit.
const PARAMETERS: [(&str, &str); 11] = [
    ("gbar", OPEN_CONDUCTANCE),
    ("g", "g_s_per_cm2"),
    ("e", "e_mv"),
    ("gamma", "gamma"),
    ("decay", "decay_ms"),
    ("depth", "depth_um"),
    ("minCai", "minimum_calcium_millimolar"),
    ("vshiftm", "vshiftm_mv"),
    ("vshifth", "vshifth_mv"),
    ("slopem", "slopem_mv"),
    ("slopeh", "slopeh_mv"),
];

/// Conductance with all gates open; set `bbp` calls it `g<mechanism>bar`.
const OPEN_CONDUCTANCE: &str = "gbar_s_per_cm2";

/// Our name of a mechanism's parameter, `None` where it is not known.
pub(super) fn own_parameter(theirs: &str, mechanism: &str) -> Option<&'static str> {
    let with_mechanism = theirs.strip_prefix('g').and_then(|rest| rest.strip_suffix("bar"));
    if with_mechanism == Some(mechanism) {
        return Some(OPEN_CONDUCTANCE);
    }
    PARAMETERS.iter().find(|(known, _)| *known == theirs).map(|(_, ours)| *ours)
}

/// What a file may write.
pub(super) fn known_parameters(mechanism: &str) -> String {
    let names: Vec<&str> = PARAMETERS.iter().map(|(theirs, _)| *theirs).collect();
    format!("{}, g{mechanism}bar", names.join(", "))
}
