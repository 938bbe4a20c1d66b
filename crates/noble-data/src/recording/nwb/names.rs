//! Numbers and roles in the names of series.

use super::series::Series;

/// Parts of names that only say which side of the amplifier a series is; a number behind the first four is that of an
/// input or output.
const ROLES: [&str; 29] = [
    "ad",
    "da",
    "adc",
    "dac",
    "a",
    "s",
    "v",
    "i",
    "voltage",
    "current",
    "command",
    "cmd",
    "membrane",
    "ic",
    "ics",
    "vc",
    "vcs",
    "cc",
    "ccs",
    "ccss",
    "acquisition",
    "response",
    "resp",
    "stimulus",
    "stim",
    "currentclampseries",
    "currentclampstimulusseries",
    "presentation",
    "icephys",
];

/// One part of a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

/// Letters and digits of a name in turn; everything else parts them.
fn parts(name: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let is_same = |c: char| c.is_ascii_digit() == first.is_ascii_digit() && c.is_alphanumeric();
        let n_bytes = if first.is_alphanumeric() {
            rest.find(|c: char| !is_same(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (part, after) = rest.split_at(n_bytes);
        if first.is_ascii_digit() {
            parts.push(Part::Number(part.parse().unwrap_or(u64::MAX)));
        } else if first.is_alphanumeric() {
            parts.push(Part::Word(part.to_lowercase()));
        }
        rest = after;
    }
    parts
}

/// What is left of a name without words for response and stimulus, and without numbers of inputs and outputs.
pub(super) fn key(name: &str) -> Vec<String> {
    let parts = parts(name);
    let is_left = |idx: &usize| match &parts[*idx] {
        Part::Word(word) => !ROLES.contains(&word.as_str()),
        Part::Number(_) => !follows(&parts, *idx, &ROLES[..N_CONVERTERS]),
    };
    let left = (0..parts.len()).filter(is_left);
    left.map(|idx| match &parts[idx] {
        Part::Number(number) => number.to_string(),
        Part::Word(word) => word.clone(),
    })
    .collect()
}

/// Words of [`ROLES`] for inputs and outputs of the converter.
const N_CONVERTERS: usize = 4;

/// Whether a part comes right behind one of some words.
fn follows(parts: &[Part], idx: usize, words: &[&str]) -> bool {
    let before = idx.checked_sub(1).map(|before| &parts[before]);
    matches!(before, Some(Part::Word(word)) if words.contains(&word.as_str()))
}

/// The number of the input in a name such as `data_00000_AD3`.
pub(super) fn input(name: &str) -> Option<u64> {
    let parts = parts(name);
    let number = |idx: usize| match parts[idx] {
        Part::Number(number) if follows(&parts, idx, &["ad", "adc"]) => Some(number),
        _ => None,
    };
    (0..parts.len()).find_map(number)
}

/// The sweep's number in a name: its last one, or the one before where the last is that of a channel.
pub(super) fn number(name: &str) -> Option<u32> {
    const CHANNELS: [&str; 7] = ["ad", "da", "adc", "dac", "ch", "channel", "electrode"];
    let parts = parts(name);
    let of_channel = |idx: usize| follows(&parts, idx, &CHANNELS);
    let number = parts.iter().enumerate().rev().find_map(|(idx, part)| match part {
        Part::Number(number) if !of_channel(idx) => Some(*number),
        _ => None,
    });
    number.and_then(|number| u32::try_from(number).ok())
}

/// By sweep number where every series has one, else by name, numbers compared as numbers.
pub(super) fn sort(series: &mut [Series]) {
    let has_numbers = series.iter().all(|series| series.sweep_number.is_some());
    series.sort_by_cached_key(|series| {
        (series.sweep_number.filter(|_| has_numbers), parts(&series.name), series.name.clone())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_names_of_response_and_stimulus_are_one() {
        let same = [
            ("ic__Step__3", "ics__Step__3"),
            ("data_00004_AD0", "data_00004_DA1"),
            ("voltage_sweep_3", "current_sweep_3"),
            ("v_cell_2", "cmd_cell_2"),
            ("acquisition_007_x", "stimulus_7_x"),
            ("sweep_1_a", "sweep_1_s"),
            ("CurrentClampSeries_12", "CurrentClampStimulusSeries_12"),
        ];
        for (response, stimulus) in same {
            assert_eq!(key(response), key(stimulus), "{response}");
        }
        assert_ne!(key("ic__Step__3"), key("ics__Step__13"));
        assert_ne!(key("ic__Step__3"), key("ics__Ramp__3"));
    }

    #[test]
    fn analytic_numbers_of_sweeps() {
        assert_eq!(number("ic__Step__13"), Some(13));
        assert_eq!(number("data_00004_AD0"), Some(4));
        assert_eq!(number("sweep_1_ch0"), Some(1));
        assert_eq!(["data_00004_AD3", "ic__Step__13"].map(input), [Some(3), None]);
        assert_eq!(number("voltage"), None);
    }
}
