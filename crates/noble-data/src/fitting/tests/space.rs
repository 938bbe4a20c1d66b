use std::collections::BTreeMap;

use super::assert_says;
use crate::cell_model::{AxonRule, CELL_FORMAT_VERSION, CellModel, SectionKind, SectionParameters};
use crate::fitting::{FreeParameter, ParameterSpace, ParameterTarget, Scale};

fn target(text: &str) -> ParameterTarget {
    text.parse().unwrap()
}

fn space() -> ParameterSpace {
    let soma = SectionParameters { sodium_reversal_mv: 53.0, ..SectionParameters::default() };
    let base = CellModel {
        format_version: CELL_FORMAT_VERSION,
        name: "cell".to_owned(),
        mechanism_set: "allen".to_owned(),
        axon_rule: AxonRule::Stub1,
        temperature_celsius: 34.0,
        initial_voltage_mv: -80.0,
        sections: BTreeMap::from([(SectionKind::Soma, soma)]),
    };
    let (soma, apical) = ([SectionKind::Soma], [SectionKind::ApicalDendrite]);
    let free = vec![
        FreeParameter {
            scale: Scale::Log,
            ..FreeParameter::new(&soma, target("NaV.gbar_s_per_cm2"), [1e-7, 0.05])
        },
        FreeParameter::new(&SectionKind::ALL, target("pas.g_s_per_cm2"), [1e-7, 1e-3]),
        FreeParameter::new(&soma, target("capacitance_uf_per_cm2"), [0.5, 3.0]),
        FreeParameter {
            distribution: Some("value * exp(0.003 * distance_um)".parse().unwrap()),
            ..FreeParameter::new(&apical, target("Ih.gbar_s_per_cm2"), [0.0, 1e-3])
        },
    ];
    ParameterSpace { format_version: 1, base, free }
}

#[test]
fn invariant_spaces_come_back_as_written() {
    let space = space();
    space.check().unwrap();
    let text = serde_json::to_string(&space).unwrap();
    assert_says(
        &text,
        "\"name\":\"soma.NaV.gbar_s_per_cm2\",\"kinds\":[\"soma\"],\"target\":\"NaV.gbar_s_per_cm2\"",
    );
    assert_says(&text, "\"name\":\"all.pas.g_s_per_cm2\"");
    assert_eq!(ParameterSpace::read(text.as_bytes()).unwrap(), space);
}

#[test]
fn invariant_values_come_back_from_the_cell() {
    let space = space();
    let values = [0.1 / 7.0, 1e-5 / 3.0, 1.1, 5e-5];
    let model = space.apply(&values);
    let found = space.values_of(&model).unwrap();
    assert_eq!(found.map_bits(), values.to_vec().map_bits());
    let soma = &model.sections[&SectionKind::Soma];
    assert!((soma.sodium_reversal_mv - 53.0).abs() < 1e-15, "{soma:?}");
    let apical = &model.sections[&SectionKind::ApicalDendrite];
    let far = apical.parameter_at("Ih", "gbar_s_per_cm2", 100.0).unwrap();
    assert!((far - 5e-5 * f64::exp(0.3)).abs() < 1e-15, "{far}");
}

trait Bits {
    fn map_bits(&self) -> Vec<u64>;
}

impl Bits for Vec<f64> {
    fn map_bits(&self) -> Vec<u64> {
        self.iter().map(|value| value.to_bits()).collect()
    }
}

#[test]
fn analytic_a_cell_beyond_the_space_has_no_values() {
    let space = space();
    assert_eq!(space.values_of(&space.base), None);
    let changes: [fn(&mut SectionParameters); 3] = [
        |own| own.distributions.clear(),
        |own| _ = own.mechanisms.get_mut("pas").unwrap().insert("g_s_per_cm2".to_owned(), 1.0),
        |own| _ = own.mechanisms.remove("Ih"),
    ];
    for change in changes {
        let mut model = space.apply(&[0.01, 1e-5, 1.0, 1e-4]);
        change(model.sections.get_mut(&SectionKind::ApicalDendrite).unwrap());
        assert_eq!(space.values_of(&model), None);
    }
}

#[test]
#[should_panic(expected = "1 values for 4 free parameters")]
fn analytic_a_wrong_number_of_values_panics() {
    let _ = space().apply(&[1.0]);
}

#[test]
fn analytic_impossible_parameters_are_named() {
    let check = |change: fn(&mut Vec<FreeParameter>), expected: &str| {
        let mut space = space();
        change(&mut space.free);
        assert_says(&space.check().unwrap_err().to_string(), expected);
    };
    check(|free| free[2].lower = 4.0, "free[2] (soma.capacitance_uf_per_cm2): bounds 4 and 3 are reversed");
    check(|free| free[2].lower = 3.0, "bounds are equal, 3; freeze it");
    check(|free| free[2].upper = f64::INFINITY, "bounds 0.5 and inf are not finite");
    check(|free| free[2].lower = f64::NAN, "are not finite");
    check(|free| free[2].lower = 0.0, "bound 0 is not possible for a capacitance");
    check(|free| free[1].lower = -1e-9, "bound -0.000000001 is not possible for a conductance");
    check(|free| free[0].lower = 0.0, "lower bound 0 has no logarithm");
    check(|free| free[1].kinds.clear(), "names no kind of section");
    check(|free| free[1].name.clear(), "has no name");
    check(
        |free| free[1].name = free[0].name.clone(),
        "free[1] (soma.NaV.gbar_s_per_cm2): the name occurs twice",
    );
    check(
        |free| free[3].target = free[1].target.clone(),
        "pas.g_s_per_cm2 of apic is set by all.pas.g_s_per_cm2 too",
    );
    check(|free| free[2].kinds.push(SectionKind::Soma), "is set by soma.capacitance_uf_per_cm2 too");
    check(|free| free[3].target = target("sodium_reversal_mv"), "sodium_reversal_mv has a distribution");
    for (name, lower, upper, expected) in [
        ("axial_resistivity_ohm_cm", 0.0, 1.0, "bound 0 is not possible for an axial resistivity"),
        ("axial_resistivity_ohm_cm", 50.0, 2e4, "bound 20000 is not possible for an axial resistivity"),
        ("sodium_reversal_mv", 50.0, 200.5, "bound 200.5 is not possible for a reversal potential"),
        ("potassium_reversal_mv", -201.0, -90.0, "give at least -200, in mV"),
        ("pas.e_mv", -300.0, 0.0, "bound -300 is not possible for a reversal potential"),
        ("hh.el_mv", -60.0, 5000.0, "give at most 200, in mV"),
        ("hh.gnabar_s_per_cm2", 0.05, 120.0, "bound 120 is not possible for a conductance"),
        ("hh.gnabar_s_per_cm2", 50.0, 120.0, "give at most 20, in S/cm2, not mS/cm2"),
        ("capacitance_uf_per_cm2", 0.5, 1e6, "bound 1000000 is not possible for a capacitance"),
        ("CaDynamics.gamma", 0.0, 5.0, "bound 5 is not possible for a fraction; give at most 1"),
        ("CaDynamics.gamma", -0.1, 0.5, "give at least 0, not in percent"),
        ("CaDynamics.decay_ms", 0.0, 9.0, "not possible for a time constant; give one greater than zero"),
        ("CaDynamics.decay_ms", 20.0, 2e5, "bound 200000 is not possible for a time constant"),
        ("CaDynamics.depth_um", 0.0, 9.0, "not possible for a length"),
        ("CaDynamics.minimum_calcium_millimolar", -1.0, 9.0, "not possible for a concentration"),
    ] {
        let mut space = space();
        space.free = vec![FreeParameter::new(&[SectionKind::Soma], target(name), [lower, upper])];
        assert_says(&space.check().unwrap_err().to_string(), expected);
    }
}

/// Far beyond published fits, within physics: nobody who is right is refused.
#[test]
fn analytic_wide_bounds_are_possible() {
    for (name, lower, upper) in [
        ("NaTa_t.gbar_s_per_cm2", 0.0, 10.0),
        ("pas.e_mv", -110.0, 0.0),
        ("capacitance_uf_per_cm2", 0.1, 20.0),
        ("axial_resistivity_ohm_cm", 0.5, 1000.0),
        ("CaDynamics.gamma", 0.0, 1.0),
        ("CaDynamics.decay_ms", 0.1, 5000.0),
        ("Own.recovery_ms", 1.0, 1e6),
        ("Own.rate_per_ms", -3.0, 1e3),
        ("Own.power", -5.0, 500.0),
    ] {
        let mut space = space();
        space.free = vec![FreeParameter::new(&[SectionKind::Soma], target(name), [lower, upper])];
        space.check().unwrap();
    }
}

#[test]
fn analytic_an_impossible_base_is_named() {
    let check = |change: fn(&mut CellModel), expected: &str| {
        let mut space = space();
        change(&mut space.base);
        assert_says(&space.check().unwrap_err().to_string(), expected);
    };
    check(
        |base| base.temperature_celsius = 310.0,
        "base.temperature_celsius: 310 is not possible for a temperature; give at most 50, in °C, not K",
    );
    check(|base| base.temperature_celsius = -1.0, "give at least 0, in °C");
    check(|base| base.temperature_celsius = f64::NAN, "base.temperature_celsius: NaN is not possible");
    check(
        |base| base.initial_voltage_mv = 7000.0,
        "base.initial_voltage_mv: 7000 is not possible for a voltage; give at most 200, in mV",
    );
    check(|base| base.initial_voltage_mv = -65_000.0, "give at least -200, in mV");
}

#[test]
fn analytic_wrong_files_are_named() {
    let text = serde_json::to_string(&space()).unwrap();
    let check = |from: &str, to: &str, expected: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert_says(&ParameterSpace::read(changed.as_bytes()).unwrap_err().to_string(), expected);
    };
    check("\"format_version\":1", "\"format_version\":2", "fit space: format_version: version 2 is not 1");
    check(
        "{\"format_version\":1,\"name\"",
        "{\"format_version\":7,\"name\"",
        "base.format_version: version 7 is not 1",
    );
    check("\"scale\":\"log\"", "\"scale\":\"log\",\"step\":1", "unknown field `step`");
    check(
        "\"target\":\"capacitance_uf_per_cm2\"",
        "\"target\":\"capacitance\"",
        "parameter \"capacitance\" is not known",
    );
    check(
        "\"mechanisms\":{",
        "\"distributions\":{\"Im\":{\"gbar_s_per_cm2\":\"value\"}},\"mechanisms\":{",
        "base.sections.soma.distributions.Im.gbar_s_per_cm2: has no number",
    );
    check("[", "", "fit space: file: ");
}
