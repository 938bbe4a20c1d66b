//! Names of the mechanism files and ours.

use crate::channel::UNIT_SUFFIXES;

/// The leak, which NEURON inserts everywhere and the file names without a mechanism.
pub(crate) const LEAK: &str = "pas";

/// Catalog of a file that names none.
pub(crate) const DEFAULT_SET: &str = "allen";

/// Catalog whose files call the open conductance `g<mechanism>bar`.
pub(crate) const SET_WITH_NAMED_CONDUCTANCES: &str = "bbp";

/// Parameters of the mechanism files, letter for letter, and our names with unit.
const PARAMETERS: [(&str, &str); 15] = [
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
    ("gnabar", "gnabar_s_per_cm2"),
    ("gkbar", "gkbar_s_per_cm2"),
    ("gl", "gl_s_per_cm2"),
    ("el", "el_mv"),
];

/// Conductance with all gates open.
const OPEN_CONDUCTANCE: &str = "gbar_s_per_cm2";

/// Our name of a mechanism's parameter, `None` where it is not known.
pub(crate) fn own_parameter(theirs: &str, mechanism: &str) -> Option<&'static str> {
    let with_mechanism = theirs.strip_prefix('g').and_then(|rest| rest.strip_suffix("bar"));
    if with_mechanism == Some(mechanism) {
        return Some(OPEN_CONDUCTANCE);
    }
    PARAMETERS.iter().find(|(known, _)| *known == theirs).map(|(_, ours)| *ours)
}

/// What a file may write.
pub(crate) fn known_parameters(mechanism: &str) -> String {
    let names: Vec<&str> = PARAMETERS.iter().map(|(theirs, _)| *theirs).collect();
    format!("{}, g{mechanism}bar", names.join(", "))
}

/// A parameter as the mechanism files call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TheirName {
    /// Its name within the mechanism.
    pub(crate) stem: String,
    /// Whether [`own_parameter`] leads back; else it is our name without its unit, as NMODL files have it.
    pub(crate) is_known: bool,
}

impl TheirName {
    /// Their name of our parameter in the files of a catalog.
    pub(crate) fn of(ours: &str, mechanism: &str, mechanism_set: &str) -> Self {
        if ours == OPEN_CONDUCTANCE && mechanism_set == SET_WITH_NAMED_CONDUCTANCES {
            return Self { stem: format!("g{mechanism}bar"), is_known: true };
        }
        match PARAMETERS.iter().find(|(_, known)| *known == ours) {
            Some((theirs, _)) => Self { stem: (*theirs).to_owned(), is_known: true },
            None => Self { stem: without_unit(ours).to_owned(), is_known: false },
        }
    }
}

/// A name without the longest unit it ends in.
fn without_unit(name: &str) -> &str {
    let stems = UNIT_SUFFIXES.iter().filter_map(|suffix| name.strip_suffix(suffix));
    stems.filter(|stem| !stem.is_empty()).min_by_key(|stem| stem.len()).unwrap_or(name)
}

/// Parameter and mechanism of `<parameter>_<mechanism>` where the file does not say where one ends.
pub(crate) fn split_name(name: &str) -> Option<(&str, &str)> {
    let cuts = name.match_indices('_').map(|(at, _)| (&name[..at], &name[at + 1..]));
    cuts.into_iter().find(|(stem, mechanism)| own_parameter(stem, mechanism).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_known_names_lead_back() {
        for (set, mechanism) in [("allen", "NaV"), ("bbp", "NaTs2_t"), ("yao2022", "NaTg")] {
            for (_, ours) in PARAMETERS {
                let theirs = TheirName::of(ours, mechanism, set);
                assert!(theirs.is_known, "{ours}");
                assert_eq!(own_parameter(&theirs.stem, mechanism), Some(ours));
                let whole = format!("{}_{mechanism}", theirs.stem);
                assert_eq!(split_name(&whole), Some((theirs.stem.as_str(), mechanism)));
            }
        }
    }

    #[test]
    fn analytic_other_names_lose_their_unit() {
        let cases =
            [("tau_rise_per_ms", "tau_rise"), ("half_mv", "half"), ("power", "power"), ("_mv", "_mv")];
        for (ours, stem) in cases {
            let expected = TheirName { stem: stem.to_owned(), is_known: false };
            assert_eq!(TheirName::of(ours, "Own", "allen"), expected);
        }
        assert_eq!(split_name("gh_max_TC_ih"), None);
    }
}
