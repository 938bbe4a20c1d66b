//! Ion channels and ion pools by name: one file of `channels/` and one line here per channel.
//!
//! The files are what users write for channels of their own, and go the same way.

use std::sync::{Arc, LazyLock};

use noble_data::channel::ChannelModel;

/// A channel under the name that parameter files of a set use.
#[derive(Debug, Clone, PartialEq)]
pub struct Mechanism {
    /// Name in parameter files.
    pub name: String,
    /// What it does.
    pub model: Arc<ChannelModel>,
}

macro_rules! channels {
    ($($name:literal = $file:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../channels/", $file, ".toml")))),*]
    };
}

/// Every set: its name, and name and text of each channel.
static SETS: [(&str, &[(&str, &str)]); 3] = [
    (
        "allen",
        channels! {
            "CaDynamics" = "CaDynamics", "pas" = "pas", "hh" = "hh", "NaTs" = "NaTs", "NaTa" = "NaTa",
            "NaTa_t" = "NaTa_t", "NaTs2_t" = "NaTs2_t", "NaV" = "NaV", "Nap" = "Nap", "Nap_Et2" = "Nap_Et2",
            "Ca_HVA" = "Ca_HVA", "Ca_LVA" = "Ca_LVA", "Ih" = "Ih", "Im" = "Im", "Im_v2" = "Im_v2", "K_T" = "K_T",
            "K_P" = "K_P", "K_Tst" = "K_Tst", "K_Pst" = "K_Pst", "Kd" = "Kd", "Kv2like" = "Kv2like",
            "Kv3_1" = "Kv3_1", "SK" = "SK",
        },
    ),
    (
        "bbp",
        channels! {
            "CaDynamics_E2" = "CaDynamics_E2", "pas" = "pas", "hh" = "hh", "NaTa_t" = "NaTa_t",
            "NaTs2_t" = "NaTs2_t", "Nap_Et2" = "Nap_Et2", "K_Tst" = "K_Tst", "K_Pst" = "K_Pst", "SKv3_1" = "Kv3_1",
            "Ca_HVA" = "Ca_HVA", "Ca_LVAst" = "Ca_LVAst", "Ih" = "Ih", "Im" = "Im_34", "SK_E2" = "SK",
        },
    ),
    (
        "yao2022",
        channels! {
            "CaDynamics" = "CaDynamics", "pas" = "pas", "hh" = "hh", "NaTg" = "NaTg", "Nap" = "Nap_Et2",
            "K_P" = "K_Pst", "K_T" = "K_Tst", "Kv3_1" = "Kv3_1", "Im" = "Im_34", "SK" = "SK_threshold",
            "Ca_HVA" = "Ca_HVA", "Ca_LVA" = "Ca_LVAst", "Ih" = "Ih",
        },
    ),
];

static READ: LazyLock<Vec<(&str, Vec<Mechanism>)>> = LazyLock::new(|| {
    let read = |text: &str| {
        ChannelModel::read(text.as_bytes()).expect("every file of the catalog is read by a test")
    };
    let mechanism =
        |(name, text): &(&str, &str)| Mechanism { name: (*name).to_owned(), model: Arc::new(read(text)) };
    SETS.iter().map(|(name, channels)| (*name, channels.iter().map(mechanism).collect())).collect()
});

/// The mechanisms of a set, `None` where the name is not known.
#[must_use]
pub fn find_set(name: &str) -> Option<&'static [Mechanism]> {
    READ.iter().find(|(set_name, _)| *set_name == name).map(|(_, mechanisms)| mechanisms.as_slice())
}

/// The channel file of a mechanism under the name that parameter files of the set use, with its comments.
///
/// One file serves several sets, some of which have another name for it.
///
/// # Example
/// ```
/// let text = noble_cell::catalog::channel_text("bbp", "SKv3_1").expect("the set has it");
/// let channel = noble_data::ChannelModel::read(text.as_bytes())?;
/// assert_eq!(channel.name, "SKv3_1");
/// # Ok::<(), noble_data::Error>(())
/// ```
#[must_use]
pub fn channel_text(set_name: &str, name: &str) -> Option<String> {
    let (_, channels) = SETS.iter().find(|(known, _)| *known == set_name)?;
    let (_, text) = channels.iter().find(|(known, _)| *known == name)?;
    let is_name = |line: &str| line.starts_with("name = ");
    let own = format!("name = \"{name}\"\n");
    Some(text.split_inclusive('\n').map(|line| if is_name(line) { &own } else { line }).collect())
}

/// Names of all sets.
pub fn set_names() -> impl Iterator<Item = &'static str> {
    SETS.iter().map(|(name, _)| *name)
}

/// Every channel file once, with the sets and the names it is found under.
pub(crate) fn channel_files() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let mut files: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
    for (set_name, channels) in &SETS {
        for (name, text) in *channels {
            match files.iter_mut().find(|(known, _)| known == text) {
                Some((_, names)) => names.push((set_name, name)),
                None => files.push((text, vec![(set_name, name)])),
            }
        }
    }
    files
}
