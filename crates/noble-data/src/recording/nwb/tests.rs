//! Files made here: pairs, lengths, times, channels, and what is said about them.

use super::super::hdf5::{Group, Value};
use super::read_nwb;
use crate::Recording;
use crate::recording::{NO_CURRENT, RecordedSweep, detect_steps};

const N_SAMPLES: usize = 400;

/// One series on its way into a file.
#[derive(Clone, Copy)]
struct Made<'a> {
    name: &'a str,
    kind: &'a str,
    unit: &'a str,
    number: Option<u32>,
    electrode: Option<&'a str>,
    start_s: f64,
    /// Level of all samples, with a step of 100 units up on samples 100 to 300 in a current.
    level: f64,
    n_samples: usize,
}

const RESPONSE: Made<'_> = Made {
    name: "r",
    kind: "CurrentClampSeries",
    unit: "millivolts",
    number: None,
    electrode: None,
    start_s: 0.0,
    level: -70.0,
    n_samples: N_SAMPLES,
};
const STIMULUS: Made<'_> =
    Made { name: "s", kind: "CurrentClampStimulusSeries", unit: "picoamperes", level: 0.0, ..RESPONSE };

impl Made<'_> {
    fn group(self) -> Group {
        let mut group = Group::default();
        group.attribute("neurodata_type", self.kind);
        if let Some(number) = self.number {
            group.attribute("sweep_number", Value::U32(number));
        }
        let mut values = vec![self.level; self.n_samples];
        if self.unit == STIMULUS.unit {
            values[100..300].fill(self.level + 100.0);
        }
        group.array("data", Value::F64s(values)).attribute("unit", self.unit);
        group.array("starting_time", Value::F64(self.start_s)).attribute("rate", Value::F64(20_000.0));
        if let Some(electrode) = self.electrode {
            group.soft_link("electrode", &format!("/general/intracellular_ephys/{electrode}"));
        }
        group
    }
}

fn group<'a>(members: impl IntoIterator<Item = Made<'a>>) -> Group {
    let mut group = Group::default();
    for made in members {
        group.group(made.name, made.group());
    }
    group
}

fn file(responses: &[Made<'_>], stimuli: &[Made<'_>], templates: &[Made<'_>]) -> Recording {
    let mut stimulus = Group::default();
    stimulus.group("presentation", group(stimuli.iter().copied()));
    stimulus.group("templates", group(templates.iter().copied()));
    let mut root = Group::default();
    root.attribute("nwb_version", "2.4.0");
    root.group("acquisition", group(responses.iter().copied())).group("stimulus", stimulus);
    read_nwb(&root.into_file()).unwrap()
}

/// The stimulus that each response got.
fn paired(recording: &Recording) -> Vec<Option<&str>> {
    recording.sweeps.iter().map(stimulus).collect()
}

fn stimulus(sweep: &RecordedSweep) -> Option<&str> {
    sweep.stimulus.as_ref().map(|stimulus| match &stimulus.origin {
        crate::recording::StimulusOrigin::Recorded { name }
        | crate::recording::StimulusOrigin::Rebuilt { name } => name.as_str(),
    })
}

fn notes(recording: &Recording) -> String {
    recording.sweeps[0].notes.join("; ")
}

#[test]
fn analytic_a_stimulus_of_another_length_leaves_the_voltage() {
    let with = |n_samples| file(&[RESPONSE], &[Made { n_samples, ..STIMULUS }], &[]);
    let short = with(320);
    assert_eq!((paired(&short), short.refused.len()), (vec![None], 0));
    assert!(notes(&short).contains("no stimulus: mixed lengths: 320 currents for 400 voltages"));
    let nearly = with(399);
    assert_eq!(paired(&nearly), [Some("s")]);
    assert!(notes(&nearly).contains("its last value is held"), "{}", notes(&nearly));
    let step = detect_steps(&nearly.sweeps).remove(0).unwrap();
    assert_eq!((step.first_sample, step.end_sample), (100, 300));
}

#[test]
fn analytic_stimuli_start_when_they_say() {
    let at = |start_s, other_s| {
        file(&[Made { start_s, ..RESPONSE }], &[Made { start_s: other_s, ..STIMULUS }], &[])
    };
    let late = at(10.0, 10.001);
    assert!(notes(&late).contains("starts 1.000 ms after the voltage"), "{}", notes(&late));
    assert_eq!(detect_steps(&late.sweeps)[0].as_ref().unwrap().first_sample, 120);
    let apart = at(10.0, 20.0);
    assert_eq!(paired(&apart), [None]);
    assert!(notes(&apart).contains("does not overlap"), "{}", notes(&apart));
}

#[test]
fn analytic_names_do_not_pair_what_numbers_and_electrodes_part() {
    let response = |name, number, electrode| Made { name, number, electrode, ..RESPONSE };
    let stimulus = |name, number, electrode| Made { name, number, electrode, ..STIMULUS };
    let other_number = file(
        &[response("response_1", Some(3), None), response("response_2", Some(4), None)],
        &[stimulus("stimulus_1", Some(7), None), stimulus("stimulus_2", None, None)],
        &[],
    );
    assert_eq!(paired(&other_number), [None, Some("stimulus_2")]);
    let other_electrode = file(&[response("r", None, Some("e0"))], &[stimulus("s", None, Some("e1"))], &[]);
    assert_eq!(paired(&other_electrode), [None]);
    // The number of an output is not that of the input.
    let one = file(&[response("data_4_AD0", None, None)], &[stimulus("data_4_DA2", None, None)], &[]);
    assert_eq!(paired(&one), [Some("data_4_DA2")]);
    let crossed = file(
        &[response("data_4_AD0", Some(4), None), response("data_4_AD1", Some(4), None)],
        &[stimulus("data_4_DA0", Some(4), None), stimulus("data_4_DA1", Some(4), None)],
        &[],
    );
    assert_eq!(paired(&crossed), [None, None]);
    assert_eq!(crossed.sweeps.iter().map(|sweep| sweep.channel_idx).collect::<Vec<_>>(), [0, 1]);
    let words = file(
        &[response("voltage_sweep_3", None, None), response("voltage_sweep_4", None, None)],
        &[stimulus("current_sweep_3", None, None), stimulus("current_sweep_4", None, None)],
        &[],
    );
    assert_eq!(paired(&words), [Some("current_sweep_3"), Some("current_sweep_4")]);
}

#[test]
fn analytic_reasons_are_the_ones_that_count() {
    let two = file(
        &[Made { number: Some(1), ..RESPONSE }],
        &[Made { number: Some(1), name: "s", ..STIMULUS }, Made { number: Some(1), name: "t", ..STIMULUS }],
        &[],
    );
    assert!(notes(&two).contains("several stimuli have its number"), "{}", notes(&two));
    let templates = file(&[RESPONSE], &[], &[STIMULUS]);
    assert!(templates.notes[0].contains("stimulus/templates has 1 series"), "{:?}", templates.notes);
    let zero = file(&[Made { kind: "IZeroClampSeries", ..RESPONSE }], &[], &[]);
    assert_eq!(detect_steps(&zero.sweeps)[0].as_ref().unwrap_err().reason, NO_CURRENT);
    let scaled = file(&[Made { unit: "Volts", ..RESPONSE }], &[STIMULUS], &[]);
    assert!(notes(&scaled).contains("values reach 70000 mV"), "{}", notes(&scaled));
}
