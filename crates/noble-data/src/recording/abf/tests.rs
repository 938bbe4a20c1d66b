//! Headers and samples made here: what becomes of channels and where currents come from.

use super::header::{Channel, Clamp, Epoch, Mode, Output, SampleKind, Waveform};
use super::*;
use crate::recording::{RecordedStimulus, StimulusOrigin};

const N_SAMPLES: usize = 640;
const STEP: Waveform = Waveform::Epochs;

fn channel(name: &str, unit: &str, clamp: Option<Clamp>) -> Channel {
    Channel { name: name.to_owned(), unit: unit.to_owned(), gain: 1.0, offset: 0.0, clamp }
}

fn vm() -> Channel {
    channel("Vm", "mV", None)
}

fn im() -> Channel {
    channel("Im", "pA", None)
}

/// An output; with a waveform a step of 100 units on samples 110 to 410.
fn output(unit: &str, holding: f64, waveform: Waveform) -> Output {
    let epoch = |level, n_samples| Epoch {
        kind: 1,
        level,
        level_step: 0.0,
        n_samples,
        n_samples_step: 0,
        pulse_period: 0,
        pulse_width: 0,
    };
    Output {
        name: format!("Cmd {unit}"),
        unit: unit.to_owned(),
        holding,
        waveform,
        keeps_last_level: false,
        epochs: if waveform == Waveform::Off { Vec::new() } else { vec![epoch(0.0, 100), epoch(100.0, 300)] },
        has_user_list: false,
    }
}

/// A step of `level` in pA where the protocol has it.
fn recorded(level: f32) -> impl Fn(usize) -> f32 {
    move |sample| if (110..410).contains(&sample) { level } else { 0.0 }
}

/// One sweep in which voltages rest at -70 mV and currents are those of `current`.
fn read(
    mode: Mode,
    channels: Vec<Channel>,
    outputs: Vec<Output>,
    current: impl Fn(usize) -> f32,
) -> Recording {
    let mut bytes = Vec::new();
    for sample in 0..N_SAMPLES {
        for channel in &channels {
            let value = if channel.unit == "mV" { -70.0 } else { current(sample) };
            bytes.extend_from_slice(&value.to_le_bytes());
        }
    }
    let header = Header {
        version: "2.6".to_owned(),
        mode,
        kind: SampleKind::Float32,
        data_start: 0,
        n_values: N_SAMPLES * channels.len(),
        n_sweeps: 1,
        step_ms: 0.05,
        channels,
        outputs,
        piece_lengths: Vec::new(),
        notes: Vec::new(),
    };
    record(Plan::new(Bytes::new(&bytes, FORMAT), header)).unwrap()
}

fn stimulus(recording: &Recording) -> &RecordedStimulus {
    recording.sweeps[0].stimulus.as_ref().unwrap_or_else(|| panic!("{:?}", recording.sweeps[0].notes))
}

fn notes(recording: &Recording) -> String {
    recording.sweeps[0].notes.join("; ")
}

fn refusals(recording: &Recording) -> Vec<bool> {
    assert!(recording.sweeps.is_empty(), "{:?}", recording.sweeps[0].notes);
    recording.refused.iter().map(|sweep| sweep.reason.contains("wrong clamp mode")).collect()
}

#[test]
fn analytic_a_monitor_tells_what_an_idle_output_does_not() {
    for (mode, word) in [(Mode::GapFree, "gap-free"), (Mode::FixedLength, "waveform is off")] {
        let waveform = if mode == Mode::GapFree { STEP } else { Waveform::Off };
        let outputs = vec![output("pA", 0.0, waveform), output("mV", 0.0, Waveform::Off)];
        let recording = read(mode, vec![vm(), im()], outputs, recorded(200.0));
        let stimulus = stimulus(&recording);
        assert_eq!(stimulus.origin, StimulusOrigin::Recorded { name: "Im".to_owned() });
        assert!((stimulus.current_na[200] - 0.2).abs() < 1e-9);
        let notes = notes(&recording);
        assert!(notes.contains(word) && notes.contains("the recorded current is taken"), "{notes}");
    }
}

#[test]
fn analytic_a_monitor_that_contradicts_the_protocol_is_named() {
    let read = |level: f32| {
        // A repeatable scatter of about 1 pA.
        let noise = |sample: usize| ((sample * 7919 % 101) as f32 / 101.0 - 0.5) * 2.0;
        let current = move |sample| recorded(level)(sample) + noise(sample);
        read(Mode::FixedLength, vec![vm(), im()], vec![output("pA", 0.0, STEP)], current)
    };
    for (level, is_other) in [(100.0, false), (98.0, false), (60.0, true), (0.0, true)] {
        let recording = read(level);
        assert!((stimulus(&recording).current_na[200] - 0.1).abs() < 1e-9);
        assert_eq!(notes(&recording).contains("differs from the protocol"), is_other, "{level}");
    }
}

#[test]
fn analytic_clamp_modes_follow_the_output_of_the_cell() {
    let off = |unit| output(unit, 0.0, Waveform::Off);
    // Held by the amplifier, with an idle command of voltage.
    let held = read(Mode::GapFree, vec![im(), vm()], vec![off("mV"), off("mV")], recorded(200.0));
    assert_eq!(refusals(&held), [true, true]);
    // An output that no one uses was left at -70 mV.
    let left = vec![off("pA"), output("mV", -70.0, Waveform::Off)];
    let left = read(Mode::GapFree, vec![vm(), im()], left, recorded(200.0));
    assert!((stimulus(&left).current_na[200] - 0.2).abs() < 1e-9);
    // A voltage alone, with a command of voltage.
    let alone = read(Mode::FixedLength, vec![vm()], vec![output("mV", -70.0, STEP)], recorded(0.0));
    assert_eq!(refusals(&alone), [true]);
    // The first cell in current clamp, the second in voltage clamp.
    let two = vec![output("pA", 0.0, STEP), output("mV", -70.0, STEP)];
    let two = read(Mode::FixedLength, vec![vm(), im()], two, recorded(200.0));
    assert_eq!((two.sweeps.len(), two.refused.len()), (1, 1), "{two:?}");
    // Outputs that take turns leave the clamp mode as it is.
    let turns = |unit| {
        read(Mode::FixedLength, vec![vm()], vec![output(unit, 0.0, Waveform::Alternating)], recorded(0.0))
    };
    assert!(notes(&turns("pA")).contains("no stimulus: outputs alternate"));
    assert_eq!(refusals(&turns("mV")), [true]);
}

#[test]
fn analytic_telegraphed_clamp_modes_decide() {
    let told = |unit, clamp| channel("told", unit, Some(clamp));
    let read =
        |channels, unit| read(Mode::FixedLength, channels, vec![output(unit, 0.0, STEP)], recorded(100.0));
    let is_held = read(vec![told("pA", Clamp::Voltage), told("mV", Clamp::Voltage)], "pA");
    assert_eq!(refusals(&is_held), [true, true]);
    let is_free = read(vec![told("mV", Clamp::Current)], "mV");
    assert!(notes(&is_free).contains("no stimulus: output 0 is in \"mV\""));
    let is_zero = read(vec![told("mV", Clamp::ZeroCurrent)], "pA");
    assert_eq!(notes(&is_zero), "no stimulus: no current is injected (I = 0)");
    assert_eq!([0, 1, 2].map(|mode| Clamp::new(15, mode).is_some()), [false, true, true]);
    assert_eq!(Clamp::new(24, 0), Some(Clamp::Voltage));
}

#[test]
fn analytic_an_output_that_may_be_another_cells_is_not_taken() {
    let outputs = || vec![output("pA", 0.0, STEP), output("pA", 0.0, STEP), output("pA", 0.0, Waveform::Off)];
    let three = read(Mode::FixedLength, vec![vm(), im(), vm()], outputs(), recorded(100.0));
    assert!((stimulus(&three).current_na[200] - 0.1).abs() < 1e-9);
    assert!(three.sweeps[1].stimulus.is_none());
    assert!(three.sweeps[1].notes[0].contains("not certain which output"), "{:?}", three.sweeps[1].notes);
    let indices: Vec<u32> = three.sweeps.iter().map(|sweep| sweep.channel_idx).collect();
    assert_eq!(indices, [0, 2]);
    let one = read(Mode::FixedLength, vec![im(), vm()], vec![output("pA", 0.0, STEP)], recorded(100.0));
    assert!(notes(&one).contains("the only one that drives a current"));
}
