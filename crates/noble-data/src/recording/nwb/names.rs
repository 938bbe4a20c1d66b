//! Numbers and roles in the names of series.

use std::cmp::Ordering;

use super::series::Series;

/// Parts of names that only say which side of the amplifier a series is.
const ROLES: [&str; 22] = [
    "a",
    "s",
    "ad",
    "da",
    "adc",
    "dac",
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

/// What is left of a name without words for response and stimulus.
pub(super) fn key(name: &str) -> Vec<String> {
    let is_role = |part: &Part| matches!(part, Part::Word(word) if ROLES.contains(&word.as_str()));
    let parts = parts(name).into_iter().filter(|part| !is_role(part));
    parts
        .map(|part| match part {
            Part::Number(number) => number.to_string(),
            Part::Word(word) => word,
        })
        .collect()
}

/// The sweep's number in a name: its last one, or the one before where the last is that of a channel.
pub(super) fn number(name: &str) -> Option<u32> {
    const CHANNELS: [&str; 7] = ["ad", "da", "adc", "dac", "ch", "channel", "electrode"];
    let parts = parts(name);
    let of_channel = |idx: usize| {
        let before = idx.checked_sub(1).map(|before| &parts[before]);
        matches!(before, Some(Part::Word(word)) if CHANNELS.contains(&word.as_str()))
    };
    let number = parts.iter().enumerate().rev().find_map(|(idx, part)| match part {
        Part::Number(number) if !of_channel(idx) => Some(*number),
        _ => None,
    });
    number.and_then(|number| u32::try_from(number).ok())
}

/// By sweep number where every series has one, else by name, numbers compared as numbers.
pub(super) fn sort(series: &mut [Series]) {
    let has_numbers = series.iter().all(|series| series.sweep_number.is_some());
    series.sort_by(|left, right| {
        let by_number =
            if has_numbers { left.sweep_number.cmp(&right.sweep_number) } else { Ordering::Equal };
        by_number
            .then_with(|| parts(&left.name).cmp(&parts(&right.name)))
            .then_with(|| left.name.cmp(&right.name))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_names_of_response_and_stimulus_are_one() {
        let same = [
            ("ic__Step__3", "ics__Step__3"),
            ("data_00004_AD0", "data_00004_DA0"),
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
        assert_eq!(number("voltage"), None);
    }
}
