//! The page that describes every feature: the registry in words, so that it cannot fall behind the code.

use std::fmt::Write;

use crate::{Feature, SettingName, Settings, Subject, feature, subjects};

const INTRODUCTION: &str = "\
# Features

What `noble extract` computes of a voltage trace, under the names and by the definitions of
[eFEL](https://github.com/openbraininstitute/eFEL) 5.7.34. `noble features NAME` prints one of these entries in a terminal.

This page is written by `cargo run -p noble-features --example features_page`.

## Two modes

**eFEL mode**, the default, gives eFEL's numbers. Like eFEL it first resamples every trace to a step of 0.1 ms
(`interp_step`) by straight lines, and every place is a sample of that grid. So times lie 0.1 ms apart, a peak that
falls between two samples is cut off, and a spike of one sample can be missed.

**Precise mode** applies the same definitions to the recorded samples, without a grid. On a smooth trace its errors in the
voltage, time, width and slope of spikes fall at least with the square of the step: at 0.1 ms the peak of a spike of 0.5 ms half
width is found to 0.4 mV and 2 µs, where eFEL mode is up to 3 mV and 50 µs off.

- A peak or minimum is the vertex of the parabola through the sample and its two neighbors. Where the trace has a corner there
  (the reset of an integrate-and-fire model, a spike of one or two samples, a clipped top, noise) it is the sample itself.
- A level is crossed where the line between two samples meets it. The onset and the end of a spike lie where the slope between
  two samples equals its threshold.
- What eFEL counts in samples is counted in time: three samples of its grid are 0.2 ms from the first to the last.
- A mean is taken over time, so that it does not depend on how close together the samples are. The line from the last
  sample before the stimulus changes to the first one after is left out.
- Onset, peak, fast AHP and end of one spike belong together. eFEL pairs lists by position, so that one spike without an onset
  shifts all that follow it.
- Where eFEL takes a time as absolute (the base window, 0.9 to 1 times `stim_start`), times are counted from the first
  sample: nothing depends on where time is zero.

The entries below say for each feature how precise mode differs from eFEL mode. \"As\" names the features that it is made of
and that differ; \"the same\" means that nothing differs but the samples.

## Missing values

A feature that is not defined for a trace is missing: `None`, an empty cell or `null`. It is never NaN, never infinite and
never an empty list. eFEL has other conventions, which `noble extract --missing efel` and `Feature::efel_values` keep:

| where | eFEL | here |
|---|---|---|
| a mean of no samples, such as `steady_state_voltage` of a trace that ends with the stimulus | NaN | missing |
| a time constant of a constant voltage, a rate at no time | infinity or NaN | missing |
| `ISI_values` of two spikes, whose one interval is left out | empty list | missing |
| `mean_frequency` where all spikes lie outside the stimulus | -0 | 0 |

Three features are missing, or a number, by eFEL's design: `depol_block` is missing where firing **is** blocked,
`trace_check` where a spike lies outside the stimulus, `is_not_stuck` where none comes late.

## Lists

A feature with one value per spike, interval or burst is a list. Where one number is wanted, as in the columns of
`noble extract` and in the comparison of models, it is the arithmetic mean of the list.
";

const FAILURES: &str = "\
## Where eFEL fails

| what | eFEL | here |
|---|---|---|
| NaN or infinite samples | computes on, and the answer depends on what was asked before | error with the place of the first |
| times that go backwards, lists of different lengths | computes on | error with the place |
| a stimulus that ends before it starts | exception | error |
| `depol_block` where the stimulus ends after the trace | exception | the stimulus ends at the last sample |
| `time_constant` where the stimulus lies outside the trace | the process ends | missing |
| features of lists that are shorter than the list they are paired with (`AP_fall_indices`, `AP_rise_time`) | reads memory that is not its own | missing, or 0 for the one index |
| features of very short traces | exception | missing |

## Left out

`activation_time_constant`, `deactivation_time_constant` and `inactivation_time_constant` are fits to the currents of single
channels under voltage clamp, not features of a voltage. Their value in eFEL depends on what was asked before and on the linear
algebra of the machine, so there is no number to agree with.
";

/// The page on the features, in Markdown: `docs/features.md` of the repository.
#[must_use]
pub fn features_page() -> String {
    let mut page = INTRODUCTION.to_owned();
    page += &settings_table();
    page += "\n";
    page += FAILURES;
    subjects::ALL.iter().for_each(|subject| page += &section(subject));
    page
}

impl Feature {
    /// How precise mode differs: in its own words, else through the features that it is made of.
    #[must_use]
    pub fn in_precise_mode(&self) -> String {
        if !self.precise.is_empty() {
            return self.precise.to_owned();
        }
        let mut differing = Vec::new();
        collect_differing(self, &mut differing);
        if differing.is_empty() { "the same".to_owned() } else { format!("as {}", differing.join(", ")) }
    }

    /// Its unit as it is printed, such as `mV/ms`; empty without one.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        unit_of(self.unit_suffix)
    }
}

/// The nearest features on each way down that have words of their own.
fn collect_differing(of: &Feature, found: &mut Vec<&'static str>) {
    for need in of.needs.split_whitespace().filter_map(|name| feature(name).ok()) {
        if need.precise.is_empty() {
            collect_differing(need, found);
        } else if !found.contains(&need.name) {
            found.push(need.name);
        }
    }
}

/// Unit at the end of a name of ours, as it is printed; empty without one.
fn unit_of(name: &str) -> &'static str {
    const UNITS: [(&str, &str); 7] = [
        ("mv_per_ms", "mV/ms"),
        ("per_ms", "1/ms"),
        ("megaohm", "MΩ"),
        ("mv", "mV"),
        ("ms", "ms"),
        ("hz", "Hz"),
        ("na", "nA"),
    ];
    let is_end = |suffix: &str| name == suffix || name.ends_with(&format!("_{suffix}"));
    UNITS.iter().find(|(suffix, _)| is_end(suffix)).map_or("", |(_, unit)| unit)
}

fn settings_table() -> String {
    let mut table = "\n## Settings\n\n\
        The numbers that the definitions leave open, with eFEL's defaults. `noble extract --set NAME=VALUE` and `Settings::set` take eFEL's names. Samples are\n\
        those of eFEL's grid, 0.1 ms apart.\n\n\
        | eFEL's name | what it is | default | unit | field of `Settings` |\n|---|---|---|---|---|\n"
        .to_owned();
    for setting in SettingName::ALL {
        let (efel, field, default) = (setting.efel(), setting.field(), setting.text(&Settings::default()));
        let unit = match field {
            "n_max_skipped_spikes" => "spikes",
            _ if field.starts_with("n_") => "samples",
            _ => unit_of(field),
        };
        let _ = writeln!(table, "| `{efel}` | {} | {default} | {unit} | `{field}` |", setting.sentence());
    }
    table
}

fn section(subject: &Subject) -> String {
    let mut text = format!("\n## {}\n", subject.title);
    subject.features.iter().for_each(|feature| text += &entry(feature));
    text
}

fn entry(feature: &Feature) -> String {
    let unit = match feature.unit() {
        "" => "no unit",
        unit => unit,
    };
    let number = if feature.is_list() { "list" } else { "one value" };
    let mut text = format!("\n### {}\n\n{}\n\n", feature.name, feature.sentence);
    let _ = writeln!(text, "- {unit}, {number}; eFEL 5.7.34 `{}`", feature.name);
    let _ = writeln!(text, "- `{}`", feature.formula);
    let needs = feature.needs.split_whitespace().map(|need| format!("[{need}](#{})", need.to_lowercase()));
    let needs: Vec<String> = needs.collect();
    if !needs.is_empty() {
        let _ = writeln!(text, "- made of {}", needs.join(", "));
    }
    let _ = writeln!(text, "- precise mode: {}", feature.in_precise_mode());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_a_feature_differs_through_what_it_is_made_of() {
        let check =
            |name: &str, expected: &str| assert_eq!(feature(name).unwrap().in_precise_mode(), expected);
        check("AP1_peak", "as peak_voltage");
        check("AHP_depth", "as min_AHP_values, voltage_base");
        check("inv_first_ISI", "as peak_time");
        check("time", "recorded times");
    }

    #[test]
    fn analytic_units_are_the_ends_of_names() {
        let units = ["voltage_base_mv", "mv_per_ms", "phase_per_ms", "burst_factor", "ms"].map(unit_of);
        assert_eq!(units, ["mV", "mV/ms", "1/ms", "", "ms"]);
    }
}
