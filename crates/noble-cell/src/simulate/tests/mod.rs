use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::ops::ControlFlow;

use noble_data::cell_model::{AxonRule, CELL_FORMAT_VERSION};
use noble_data::morphology::{Attachment, Morphology, Point, Section};
use noble_data::{CellModel, SectionKind, SectionParameters, Step, Stimulus};
use proptest::prelude::*;

use super::*;
use crate::{CompartmentId, CurrentClamp, Instructions, PlanSettings};

mod convergence;
mod probes;

const LEAK_S_PER_CM2: f64 = 1e-4;
const RESISTIVITY_OHM_CM: f64 = 100.0;
const REST_MV: f64 = -65.0;

fn cylinder(kind: SectionKind, length_um: f64, diameter_um: f64, parent: Option<(usize, f64)>) -> Section {
    let at = |x_um| Point { x_um, y_um: 0.0, z_um: 0.0, diameter_um };
    let parent = parent.map(|(section_idx, at_fraction)| Attachment { section_idx, at_fraction });
    Section { kind, points: vec![at(0.0), at(length_um)], parent }
}

/// A cell with the same mechanisms everywhere.
fn cell(mechanisms: &[(&str, &[(&str, f64)])]) -> CellModel {
    let values =
        |values: &[(&str, f64)]| values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let parameters = SectionParameters {
        axial_resistivity_ohm_cm: RESISTIVITY_OHM_CM,
        capacitance_uf_per_cm2: 1.0,
        mechanisms: mechanisms.iter().map(|(name, own)| ((*name).to_owned(), values(own))).collect(),
        ..SectionParameters::default()
    };
    CellModel {
        format_version: CELL_FORMAT_VERSION,
        name: "test".to_owned(),
        mechanism_set: "allen".to_owned(),
        axon_rule: AxonRule::Keep,
        temperature_celsius: 6.3,
        initial_voltage_mv: REST_MV,
        sections: SectionKind::ALL.into_iter().map(|kind| (kind, parameters.clone())).collect(),
    }
}

fn passive() -> CellModel {
    cell(&[("pas", &[("g_s_per_cm2", LEAK_S_PER_CM2), ("e_mv", REST_MV)])])
}

fn plan(sections: Vec<Section>, cell: &CellModel, max_segment_um: f64) -> CablePlan {
    let settings = PlanSettings { max_segment_um, ..PlanSettings::default() };
    CablePlan::new(&Morphology { sections }, cell, &settings).unwrap()
}

fn step(delay_ms: f64, duration_ms: f64, amplitude_na: f64) -> Stimulus {
    Stimulus::step(Step { delay_ms, duration_ms, amplitude_na }).unwrap()
}

/// Voltages above rest at a place, at every sample.
fn depolarization(
    plan: &CablePlan,
    (electrode, place): (CompartmentId, CompartmentId),
    stimulus: &Stimulus,
    settings: &RunSettings,
) -> Vec<f64> {
    let clamp = CurrentClamp { compartment: Some(electrode), stimulus };
    let mut v_mv = Vec::new();
    run(plan, &[clamp.into()], settings, &mut CableState::new(plan), |moment| {
        v_mv.push(moment.state.v_mv(place) - REST_MV);
        ControlFlow::Continue(())
    })
    .unwrap();
    v_mv
}

/// Charging curve of a membrane patch, `V = I R (1 - exp(-t/τ))`, at the end of the run.
fn patch_error_mv(dt_ms: f64) -> f64 {
    let plan = plan(vec![cylinder(SectionKind::Soma, 20.0, 20.0, None)], &passive(), 40.0);
    let stimulus = step(0.0, 100.0, 0.01);
    let settings = RunSettings { settle_ms: 0.0, dt_ms, total_ms: 8.0, integrator: Integrator::Neuron };
    let v_mv = depolarization(&plan, (plan.soma(), plan.soma()), &stimulus, &settings);
    let resistance_megaohm = 1.0 / (LEAK_S_PER_CM2 * PI * 400.0 * 1e-2);
    let tau_ms = 1e-3 / LEAK_S_PER_CM2;
    let expected = 0.01 * resistance_megaohm * (1.0 - (-8.0 / tau_ms).exp());
    (v_mv[v_mv.len() - 1] - expected).abs()
}

#[test]
fn analytic_patch_charges_exponentially_with_first_order() {
    let errors: Vec<f64> = [0.2, 0.1, 0.05].into_iter().map(patch_error_mv).collect();
    assert!(errors[2] < 1e-2, "{errors:?}");
    for pair in errors.windows(2) {
        let order = (pair[0] / pair[1]).log2();
        assert!((order - 1.0).abs() < 0.2, "order {order}");
    }
}

/// Relative error of the input resistance of a sealed cable, `R coth(L/λ)`, and of the voltage at its far end.
fn cable_errors(max_segment_um: f64) -> (f64, f64) {
    let (length_um, diameter_um) = (1000.0, 2.0);
    let plan =
        plan(vec![cylinder(SectionKind::Soma, length_um, diameter_um, None)], &passive(), max_segment_um);
    let (near, far) =
        (plan.compartment_at("soma[0]", 0.0).unwrap(), plan.compartment_at("soma[0]", 1.0).unwrap());
    let (stimulus, settings) = (
        step(0.0, 1e9, 0.05),
        RunSettings { settle_ms: 0.0, dt_ms: 1e4, total_ms: 2e5, integrator: Integrator::Neuron },
    );
    let last = |place| *depolarization(&plan, (near, place), &stimulus, &settings).last().unwrap();
    let diameter_cm = diameter_um * 1e-4;
    let lambda_um = (diameter_cm / (4.0 * RESISTIVITY_OHM_CM * LEAK_S_PER_CM2)).sqrt() * 1e4;
    let semi_infinite_megaohm =
        2.0 / PI * (RESISTIVITY_OHM_CM / LEAK_S_PER_CM2).sqrt() / diameter_cm.powf(1.5) * 1e-6;
    let near_mv = 0.05 * semi_infinite_megaohm / (length_um / lambda_um).tanh();
    let far_mv = 0.05 * semi_infinite_megaohm / (length_um / lambda_um).sinh();
    ((last(near) / near_mv - 1.0).abs(), (last(far) / far_mv - 1.0).abs())
}

#[test]
fn analytic_sealed_cable_converges_with_second_order_in_space() {
    let errors: Vec<(f64, f64)> = [80.0, 26.0, 8.7].into_iter().map(cable_errors).collect();
    assert!(errors[2].0 < 5e-5 && errors[2].1 < 5e-5, "{errors:?}");
    let counts = [25.0_f64, 77.0, 229.0];
    for idx in 0..2 {
        let refinement = (counts[idx + 1] / counts[idx]).log2();
        let order = (errors[idx].0 / errors[idx + 1].0).log2() / refinement;
        assert!((order - 2.0).abs() < 0.2, "order {order}");
    }
}

#[test]
fn analytic_branches_equal_one_cylinder() {
    let daughter_um = 4.0 * 2.0_f64.powf(-2.0 / 3.0);
    let daughter_length_um = 600.0 * (daughter_um / 4.0).sqrt();
    let trunk = || cylinder(SectionKind::Soma, 400.0, 4.0, None);
    let branch = || cylinder(SectionKind::Dendrite, daughter_length_um, daughter_um, Some((0, 1.0)));
    // Both have 21 segments per section, so they agree to round-off, not only in the limit.
    let branched = plan(vec![trunk(), branch(), branch()], &passive(), 39.0);
    let single =
        plan(vec![trunk(), cylinder(SectionKind::Dendrite, 600.0, 4.0, Some((0, 1.0)))], &passive(), 39.0);
    let (stimulus, settings) = (
        step(1.0, 5.0, 0.5),
        RunSettings { settle_ms: 0.0, dt_ms: 0.05, total_ms: 20.0, integrator: Integrator::Neuron },
    );
    let tip = |plan: &CablePlan, n_segments: usize| {
        let section = &plan.sections()[1];
        assert!(section.n_compartments == n_segments, "{} segments", section.n_compartments);
        let places =
            (plan.compartment_at("soma[0]", 0.0).unwrap(), plan.compartment_at("dend[0]", 1.0).unwrap());
        depolarization(plan, places, &stimulus, &settings)
    };
    let (branched, single) = (tip(&branched, 25), tip(&single, 31));
    let peak_mv = single.iter().fold(0.0_f64, |peak, v| peak.max(*v));
    assert!(peak_mv > 5.0, "{peak_mv}");
    for (x, y) in branched.iter().zip(&single) {
        assert!((x - y).abs() < 2e-3 * peak_mv, "{x} {y}");
    }
}

fn squid() -> CablePlan {
    plan(vec![cylinder(SectionKind::Soma, 17.8, 17.8, None)], &cell(&[("hh", &[])]), 40.0)
}

#[test]
fn invariant_observer_stops_a_run() {
    let (plan, stimulus) = (squid(), step(1.0, 20.0, 0.1));
    let electrode = Electrode::at_soma(&stimulus);
    let settings =
        RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms: 50.0, integrator: Integrator::Neuron };
    let outcome = run(&plan, &[electrode], &settings, &mut CableState::new(&plan), |moment| {
        if moment.v_mv > 0.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(outcome.unwrap(), RunOutcome::Stopped { t_ms } if t_ms > 1.0 && t_ms < 10.0));
}

/// A run that settles before zero is a longer run whose clock starts later.
#[test]
fn invariant_settling_is_the_start_of_a_longer_run() {
    let plan = squid();
    let settings = |settle_ms, total_ms| RunSettings {
        settle_ms,
        dt_ms: 0.025,
        total_ms,
        integrator: Integrator::Neuron,
    };
    let settled = simulate(&plan, &step(1.0, 20.0, 0.1), &settings(5.0, 30.0)).unwrap();
    let longer = simulate(&plan, &step(6.0, 20.0, 0.1), &settings(0.0, 35.0)).unwrap();
    assert_eq!(settled.v_mv(), longer.v_mv());
    assert_eq!((settled.grid().start_ms(), settled.grid().time_ms(200)), (-5.0, 0.0));
    for settle_ms in [-1.0, f64::NAN, f64::INFINITY] {
        let refused = settings(settle_ms, 30.0).grid();
        assert!(matches!(refused, Err(Error::SettleTime { .. })), "{settle_ms}");
    }
}

#[test]
fn invariant_a_used_state_gives_the_same_bits() {
    let (plan, stimulus) = (squid(), step(1.0, 20.0, 0.1));
    let electrode = Electrode::at_soma(&stimulus);
    let settings =
        RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms: 10.0, integrator: Integrator::Neuron };
    let mut state = CableState::new(&plan);
    let mut bits = || {
        let mut bits = Vec::new();
        run(&plan, &[electrode], &settings, &mut state, |moment| {
            bits.push(moment.v_mv.to_bits());
            ControlFlow::Continue(())
        })
        .unwrap();
        bits
    };
    assert_eq!(bits(), bits());
}

/// Cells of one structure that differ in conductances and leak.
fn variants(n: usize) -> Vec<CablePlan> {
    let variant = |idx: usize| {
        let scale = 1.0 + 0.05 * idx as f64;
        let cell = cell(&[
            ("NaV", &[("gbar_s_per_cm2", 0.05 * scale)]),
            ("Kv3_1", &[("gbar_s_per_cm2", 0.2)]),
            ("Ca_HVA", &[("gbar_s_per_cm2", 1e-4 * scale)]),
            ("SK", &[("gbar_s_per_cm2", 1e-3)]),
            ("Nap", &[("gbar_s_per_cm2", 1e-5)]),
            ("CaDynamics", &[("gamma", 5e-4), ("decay_ms", 100.0 * scale)]),
            ("pas", &[("g_s_per_cm2", 1e-4 * scale), ("e_mv", -80.0)]),
        ]);
        let sections = vec![
            cylinder(SectionKind::Soma, 20.0, 20.0, None),
            cylinder(SectionKind::Dendrite, 150.0, 1.5, Some((0, 1.0))),
            cylinder(SectionKind::Dendrite, 90.0, 2.0, Some((0, 0.5))),
        ];
        plan(sections, &CellModel { temperature_celsius: 34.0, ..cell }, 40.0)
    };
    (0..n).map(variant).collect()
}

/// Bits of every sample of each lane; `None` where a lane failed.
fn bits_of_lanes(
    plans: &[&CablePlan],
    stimuli: &[Stimulus],
    instructions: Instructions,
) -> Vec<Option<Vec<u64>>> {
    let clamps: Vec<[Electrode<'_>; 1]> =
        stimuli.iter().map(|stimulus| [Electrode::at_soma(stimulus)]).collect();
    let clamps: Vec<&[Electrode<'_>]> = clamps.iter().map(|clamps| clamps.as_slice()).collect();
    let mut state = CableState::of_lanes(plans, instructions).unwrap();
    let mut bits = vec![Vec::new(); plans.len()];
    let settings =
        RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms: 30.0, integrator: Integrator::Neuron };
    let outcomes = run_lanes(plans, &clamps, &settings, &mut state, |moment| {
        bits[moment.lane].push(moment.v_mv.to_bits());
        ControlFlow::Continue(())
    });
    let outcomes = outcomes.unwrap().into_iter().zip(bits);
    outcomes.map(|(outcome, bits)| outcome.is_ok().then_some(bits)).collect()
}

#[test]
fn invariant_lanes_give_the_bits_of_single_runs() {
    let plans = variants(11);
    let plans: Vec<&CablePlan> = plans.iter().collect();
    let stimuli: Vec<Stimulus> = (0..11_u8).map(|lane| step(2.0, 20.0, 0.05 * f64::from(lane))).collect();
    let mut of_sets = Vec::new();
    for instructions in Instructions::available() {
        let together = bits_of_lanes(&plans, &stimuli, instructions);
        for lane in 0..plans.len() {
            let alone = bits_of_lanes(&plans[lane..=lane], &stimuli[lane..=lane], instructions);
            assert_eq!(together[lane], alone[0], "lane {lane}, {instructions:?}");
        }
        of_sets.push((instructions, together));
    }
    let fused: Vec<_> = of_sets.iter().filter(|(set, _)| *set != Instructions::Portable).collect();
    assert!(fused.windows(2).all(|pair| pair[0].1 == pair[1].1), "AVX-512 and AVX2 differ");
}

/// The sweep in lanes against the system solved node by node.
fn assert_the_sweep_solves_the_tree(instructions: Instructions, integrator: Integrator) {
    let plans = variants(3);
    let plans: Vec<&CablePlan> = plans.iter().collect();
    let state = CableState::of_lanes(&plans, instructions).unwrap();
    let settings = RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms: 1.0, integrator };
    let wave = |at: usize, seed: f64| (seed + at as f64).sin();
    for (at, v_mv) in state.nodes.v_mv.iter().enumerate() {
        v_mv.set(-60.0 + 20.0 * wave(at, 0.3));
        state.nodes.current_ma_per_cm2[at].set(0.1 * wave(at, 1.7));
        state.nodes.slope_s_per_cm2[at].set(0.02 + 0.01 * wave(at, 2.9));
    }
    let n_nodes = plans[0].n_nodes();
    let of_lane = |lane: usize| -> Vec<f64> {
        (0..n_nodes).map(|node| state.nodes.v_mv[state.at(node, lane)].get()).collect()
    };
    let before: Vec<Vec<f64>> = (0..3).map(of_lane).collect();
    let solver = crate::solve::Solver::new(&plans, state.width, &settings);
    solver.begin();
    assert!(solver.step(&state));
    for (lane, plan) in plans.iter().enumerate() {
        let change = changes(plan, &settings, &before[lane], |node| {
            let at = state.at(node, lane);
            (state.nodes.current_ma_per_cm2[at].get(), state.nodes.slope_s_per_cm2[at].get())
        });
        for (node, (change, after)) in change.iter().zip(of_lane(lane)).enumerate() {
            let expected = before[lane][node] + change;
            assert!((after - expected).abs() < 1e-10, "lane {lane}, node {node}: {after} {expected}");
        }
    }
}

/// Changes of the voltages in a step, number by number.
fn changes(
    plan: &CablePlan,
    settings: &RunSettings,
    v_mv: &[f64],
    current_and_slope: impl Fn(usize) -> (f64, f64),
) -> Vec<f64> {
    let gamma = 1.0 - 0.5_f64.sqrt();
    let stage_ms = if settings.integrator == Integrator::Neuron { 1.0 } else { gamma } * settings.dt_ms;
    let solved = |right: Vec<f64>, is_residual: bool| {
        let diagonal = |node: usize| {
            plan.capacitance_nf[node] / stage_ms + plan.density_factor[node] * current_and_slope(node).1
        };
        let mut diagonal: Vec<f64> = (0..plan.n_nodes()).map(diagonal).collect();
        let (mut right, flat) = (right, vec![0.0; plan.n_nodes()]);
        plan.nodes.tree.add_axial(if is_residual { v_mv } else { &flat }, &mut diagonal, &mut right);
        plan.nodes.tree.solve(&mut diagonal, &mut right);
        right
    };
    let outward = |node: usize| -plan.density_factor[node] * current_and_slope(node).0;
    let first = solved((0..plan.n_nodes()).map(outward).collect(), true);
    if settings.integrator == Integrator::Neuron {
        return first;
    }
    let stored = first.iter().zip(&plan.capacitance_nf).map(|(change, c)| c / stage_ms * change);
    let second = solved(stored.collect(), false);
    first.iter().zip(second).map(|(first, second)| first + (1.0 + 2.0_f64.sqrt()) * second).collect()
}

#[test]
fn invariant_the_sweep_solves_the_system_of_the_tree() {
    for instructions in Instructions::available() {
        for integrator in [Integrator::Neuron, Integrator::SecondOrder] {
            assert_the_sweep_solves_the_tree(instructions, integrator);
        }
    }
}

#[test]
fn invariant_a_state_takes_the_values_of_the_plan_that_runs() {
    let (plans, stimulus) = (variants(2), step(2.0, 20.0, 0.2));
    let electrode = Electrode::at_soma(&stimulus);
    let settings =
        RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms: 10.0, integrator: Integrator::Neuron };
    let last_mv = |state: &mut CableState| {
        let mut last_mv = 0.0;
        run(&plans[1], &[electrode], &settings, state, |moment| {
            last_mv = moment.v_mv;
            ControlFlow::Continue(())
        })
        .unwrap();
        last_mv.to_bits()
    };
    assert_eq!(last_mv(&mut CableState::new(&plans[0])), last_mv(&mut CableState::new(&plans[1])));
}

#[test]
fn invariant_a_diverged_lane_fails_alone() {
    let plans = variants(3);
    let plans: Vec<&CablePlan> = plans.iter().collect();
    let stimuli = [step(2.0, 20.0, 0.1), step(2.0, 20.0, 1e6), step(2.0, 20.0, 0.2)];
    let together = bits_of_lanes(&plans, &stimuli, Instructions::detect());
    assert!(together[1].is_none());
    for lane in [0, 2] {
        let alone = bits_of_lanes(&plans[lane..=lane], &stimuli[lane..=lane], Instructions::detect());
        assert_eq!(together[lane], alone[0]);
    }
}

#[test]
fn invariant_plans_of_other_structure_are_refused() {
    let (many, squid) = (variants(1), squid());
    let error = CableState::of_lanes(&[&many[0], &squid], Instructions::detect()).unwrap_err();
    assert!(matches!(error, Error::UnequalPlans { lane: 1 }), "{error}");
}

#[test]
fn invariant_samples_cover_the_run() {
    let trace = simulate(
        &squid(),
        &step(0.0, 0.0, 0.0),
        &RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms: 515.0, integrator: Integrator::Neuron },
    )
    .unwrap();
    assert_eq!(trace.v_mv().len(), 25_751);
    assert!((trace.grid().time_ms(25_750) - 515.0).abs() < 1e-9);
    assert!((trace.v_mv()[0] - REST_MV).abs() < 1e-12);
}

#[test]
fn invariant_bad_settings_are_refused() {
    let (plan, stimulus) = (squid(), step(0.0, 1.0, 0.0));
    for dt_ms in [0.0, -0.02, f64::NAN, f64::INFINITY] {
        let settings = RunSettings { settle_ms: 0.0, dt_ms, total_ms: 10.0, integrator: Integrator::Neuron };
        assert!(matches!(simulate(&plan, &stimulus, &settings), Err(Error::TimeStep { .. })), "{dt_ms}");
    }
    for total_ms in [0.0, 0.01, -1.0, f64::NAN, f64::INFINITY] {
        let settings = RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms, integrator: Integrator::Neuron };
        assert!(matches!(simulate(&plan, &stimulus, &settings), Err(Error::TotalTime { .. })), "{total_ms}");
    }
}

#[test]
fn invariant_endless_runs_are_refused() {
    let grid = |n_steps: u32| {
        RunSettings {
            settle_ms: 0.0,
            dt_ms: 0.5,
            total_ms: 0.5 * f64::from(n_steps),
            integrator: Integrator::Neuron,
        }
        .grid()
    };
    assert_eq!(grid(MAX_STEPS).unwrap().n_samples(), (1 << 27) + 1);
    let message = grid(MAX_STEPS + 1).unwrap_err().to_string();
    assert!(message.contains("at most 134217728 steps"), "{message}");
}

#[test]
fn invariant_divergence_names_time_and_place() {
    let settings =
        RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms: 10.0, integrator: Integrator::Neuron };
    let error = simulate(&squid(), &step(1.0, 5.0, 1e7), &settings).unwrap_err().to_string();
    assert!(error.contains("soma[0](") && error.contains("at 1.02"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Without a leak, all charge that enters stays on the membrane.
    #[test]
    fn invariant_charge_is_conserved(
        branches in prop::collection::vec((0_usize..8, 5.0..200.0_f64, 0.3..4.0_f64, 0_u8..3), 1..8),
        current_na in -0.5..0.5_f64,
    ) {
        let mut sections = vec![cylinder(SectionKind::Soma, 15.0, 15.0, None)];
        for (pick, length_um, diameter_um, end) in branches {
            let parent = (pick % sections.len(), f64::from(end) * 0.5);
            sections.push(cylinder(SectionKind::Dendrite, length_um, diameter_um, Some(parent)));
        }
        let insulated = CellModel {
            sections: BTreeMap::from(SectionKind::ALL.map(|kind| {
                (kind, SectionParameters { mechanisms: BTreeMap::new(), ..SectionParameters::default() })
            })),
            ..passive()
        };
        let plan = plan(sections, &insulated, 40.0);
        let stimulus = step(0.0, 100.0, current_na);
        let electrode = Electrode::at_soma(&stimulus);
        let mut state = CableState::new(&plan);
        run(&plan, &[electrode], &RunSettings { settle_ms: 0.0, dt_ms: 0.1, total_ms: 2.0, integrator: Integrator::Neuron }, &mut state, |_| ControlFlow::Continue(())).unwrap();
        let charge = |(node, c): (usize, &f64)| (state.lane(0).v_mv(CompartmentId(node)) - REST_MV) * c;
        let charges = plan.capacitance_nf.iter().enumerate().map(charge);
        let charge: f64 = charges.sum(); // [pC]
        prop_assert!((charge - 2.0 * current_na).abs() < 1e-9, "{charge}");
    }
}
