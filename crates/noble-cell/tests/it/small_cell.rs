//! A cell of two sections that fires.

use std::collections::BTreeMap;

use noble_cell::{CablePlan, Error, Integrator, PlanSettings, RunSettings, simulate};
use noble_data::cell_model::{AxonRule, CELL_FORMAT_VERSION, MechanismParameters};
use noble_data::morphology::{Attachment, Point, Section};
use noble_data::{
    CellModel, ChannelModel, Morphology, SectionKind, SectionParameters, Step, Stimulus, Trace,
};

/// Mechanisms of both sections.
pub(crate) type Mechanisms = BTreeMap<String, MechanismParameters>;

pub(crate) fn values(list: &[(&str, f64)]) -> MechanismParameters {
    list.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

/// Soma and dendrite.
fn morphology() -> Morphology {
    let section = |kind, (length_um, diameter_um), parent| {
        let at = |x_um| Point { x_um, y_um: 0.0, z_um: 0.0, diameter_um };
        Section { kind, points: vec![at(0.0), at(length_um)], parent }
    };
    let on_soma = Some(Attachment { section_idx: 0, at_fraction: 1.0 });
    let sections = vec![
        section(SectionKind::Soma, (20.0, 20.0), None),
        section(SectionKind::Dendrite, (100.0, 2.0), on_soma),
    ];
    Morphology { sections }
}

pub(crate) fn plan(
    set: &str,
    mechanisms: &Mechanisms,
    channels: Vec<ChannelModel>,
) -> Result<CablePlan, Error> {
    let parameters = SectionParameters { mechanisms: mechanisms.clone(), ..SectionParameters::default() };
    let cell = CellModel {
        format_version: CELL_FORMAT_VERSION,
        name: "small".to_owned(),
        mechanism_set: set.to_owned(),
        axon_rule: AxonRule::Keep,
        temperature_celsius: 16.0,
        initial_voltage_mv: -65.0,
        sections: SectionKind::ALL.into_iter().map(|kind| (kind, parameters.clone())).collect(),
    };
    CablePlan::new(&morphology(), &cell, &PlanSettings { channels, ..PlanSettings::default() })
}

/// Voltages of the soma under a step of current.
pub(crate) fn sweep(plan: &CablePlan, amplitude_na: f64) -> Trace {
    let step = Step { delay_ms: 5.0, duration_ms: 50.0, amplitude_na };
    let settings =
        RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms: 60.0, integrator: Integrator::Neuron };
    simulate(plan, &Stimulus::step(step).unwrap(), &settings).unwrap()
}

pub(crate) fn n_spikes(trace: &Trace) -> usize {
    trace.v_mv().windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count()
}

pub(crate) fn largest_difference_mv(a: &Trace, b: &Trace) -> f64 {
    assert_eq!(a.v_mv().len(), b.v_mv().len());
    let pairs = a.v_mv().iter().zip(b.v_mv());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}
