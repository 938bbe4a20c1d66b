//! Sweeps of recordings.

use noble_data::recording::{
    NoStep, RecordedStimulus, RecordedSweep, Recording, StepWindow, StimulusOrigin, detect_steps,
};

use super::{FileSweep, SweepFile, SweepTimes};
use crate::Error;

pub(super) fn from_bytes(bytes: &[u8]) -> Result<SweepFile, Error> {
    let mut recording = Recording::from_bytes(bytes)?;
    // Channel by channel, so that the places of the first channel are its sweeps' numbers.
    recording.sweeps.sort_by_key(|sweep| sweep.channel_idx);
    let steps = detect_steps(&recording.sweeps);
    let sweeps = recording.sweeps.into_iter().zip(steps).enumerate();
    let sweeps = sweeps.map(|(sweep_idx, (sweep, step))| file_sweep(sweep_idx, sweep, step)).collect();
    Ok(SweepFile { format: recording.format, sweeps, refused: recording.refused, notes: recording.notes })
}

fn file_sweep(sweep_idx: usize, sweep: RecordedSweep, step: Result<StepWindow, NoStep>) -> FileSweep {
    let mut notes = sweep.notes;
    let (current_na, stimulus) = match sweep.stimulus {
        None => (None, None),
        Some(RecordedStimulus { current_na, origin: StimulusOrigin::Recorded { name } }) => {
            (Some(current_na), Some(format!("recorded as {name}")))
        }
        Some(RecordedStimulus { current_na, origin: StimulusOrigin::Rebuilt { name } }) => {
            notes.push(format!("stimulus rebuilt from the protocol of {name}"));
            (Some(current_na), Some(format!("rebuilt from the protocol of {name}")))
        }
    };
    let mut file_sweep = FileSweep {
        sweep_idx,
        name: sweep.name,
        number: sweep.number,
        channel: sweep.channel,
        channel_idx: sweep.channel_idx,
        model: None,
        times: SweepTimes::Grid(sweep.trace.grid()),
        v_mv: sweep.trace.into_v_mv(),
        current_na,
        stimulus,
        step_na: None,
        holding_na: None,
        window: Err("the stimulus is not known".to_owned()),
        notes,
        window_notes: Vec::new(),
    };
    file_sweep.take_step(step);
    file_sweep
}
