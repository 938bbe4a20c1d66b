//! Order of convergence in time, against a run with a finer step.

use super::*;

/// Samples at every 0.1 ms of a step of current into the soma.
fn samples_mv(plan: &CablePlan, current_na: f64, (dt_ms, integrator): (f64, Integrator)) -> Vec<f64> {
    let settings = RunSettings { settle_ms: 0.0, dt_ms, total_ms: 8.0, integrator };
    let trace = simulate(plan, &step(1.0, 20.0, current_na), &settings).unwrap();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
    let every = (0.1 / dt_ms).round() as usize;
    trace.v_mv().iter().step_by(every).copied().collect()
}

/// Orders by which the error falls from each time step to half of it.
fn orders(plan: &CablePlan, current_na: f64, integrator: Integrator) -> Vec<f64> {
    let exact = samples_mv(plan, current_na, (0.1 / 320.0, Integrator::SecondOrder));
    let error_mv = |dt_ms: f64| {
        let samples = samples_mv(plan, current_na, (dt_ms, integrator));
        let squares = samples.iter().zip(&exact).map(|(a, b)| (a - b).powi(2));
        (squares.sum::<f64>() / exact.len() as f64).sqrt()
    };
    let errors: Vec<f64> = [0.02, 0.01, 0.005].into_iter().map(error_mv).collect();
    errors.windows(2).map(|pair| (pair[0] / pair[1]).log2()).collect()
}

fn assert_order(plan: &CablePlan, current_na: f64) {
    for (integrator, expected) in [(Integrator::Neuron, 1.0), (Integrator::SecondOrder, 2.0)] {
        let orders = orders(plan, current_na, integrator);
        assert!(orders.iter().all(|order| (order - expected).abs() < 0.2), "{integrator:?}: {orders:?}");
    }
}

#[test]
fn analytic_squid_patch_converges_with_its_order() {
    assert_order(&squid(), 0.05);
}

/// A spike of a cell with a kinetic scheme, gates, and a potassium current by the calcium of its pool.
#[test]
fn analytic_cell_with_scheme_and_calcium_converges_with_its_order() {
    assert_order(&variants(1)[0], 0.4);
}

/// A voltage that is held reaches the command but for the drop over the series resistance.
#[test]
fn analytic_voltage_clamp_is_a_divider() {
    use noble_data::stimulus::{VoltageProtocol, VoltageStep};

    let plan = plan(vec![cylinder(SectionKind::Soma, 20.0, 20.0, None)], &passive(), 40.0);
    let steps = vec![VoltageStep { duration_ms: 200.0, command_mv: -20.0, ramp_to_mv: None }];
    let protocol = VoltageProtocol::new(5.0, steps).unwrap();
    let clamp = crate::VoltageClamp { compartment: None, protocol: &protocol };
    let leak_usiemens = LEAK_S_PER_CM2 * PI * 400.0 * 1e-2;
    let expected_mv = (-20.0 / 5.0 + REST_MV * leak_usiemens) / (1.0 / 5.0 + leak_usiemens);
    for integrator in [Integrator::Neuron, Integrator::SecondOrder] {
        let settings = RunSettings { settle_ms: 0.0, dt_ms: 0.1, total_ms: 150.0, integrator };
        let mut v_mv = 0.0;
        run(&plan, &[clamp.into()], &settings, &mut CableState::new(&plan), |moment| {
            v_mv = moment.v_mv;
            ControlFlow::Continue(())
        })
        .unwrap();
        assert!((v_mv - expected_mv).abs() < 1e-9, "{integrator:?}: {v_mv} {expected_mv}");
    }
}

/// Charge through the electrode of a clamp that steps and ramps, by order of the integrator; the membrane is a leak.
#[test]
fn analytic_voltage_clamp_passes_the_charge_that_it_must() {
    use noble_data::stimulus::{VoltageProtocol, VoltageStep};

    let plan = plan(vec![cylinder(SectionKind::Soma, 20.0, 20.0, None)], &passive(), 40.0);
    let hold = |duration_ms: f64, command_mv: f64| VoltageStep { duration_ms, command_mv, ramp_to_mv: None };
    let steps =
        vec![hold(1.0, -80.0), VoltageStep { ramp_to_mv: Some(-80.0), ..hold(4.0, -20.0) }, hold(5.0, -80.0)];
    let protocol = VoltageProtocol::new(0.01, steps).unwrap();
    let clamp = crate::VoltageClamp { compartment: None, protocol: &protocol };
    let (area_cm2, capacitance_nf) = (PI * 400.0 * 1e-8, plan.capacitance_nf[plan.soma().index()]);
    for integrator in [Integrator::Neuron, Integrator::SecondOrder] {
        let settings = RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms: 6.0, integrator };
        let (mut charge_pc, mut ramp_na) = (0.0, 0.0);
        run(&plan, &[clamp.into()], &settings, &mut CableState::new(&plan), |moment| {
            if moment.step_idx > 5 {
                charge_pc += moment.electrode_na[0] * settings.dt_ms;
            }
            if (moment.t_ms - 3.0).abs() < 1e-6 {
                ramp_na = moment.electrode_na[0];
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        // The membrane is back at -80 mV, so only the leak has passed charge, and the ramp carries C dV/dt beside it.
        let leak_na = |v_mv: f64| LEAK_S_PER_CM2 * area_cm2 * (v_mv - REST_MV) * 1e6;
        let expected_pc = leak_na(-80.0) * (0.9 + 1.0) + leak_na(-50.0) * 4.0;
        assert!((charge_pc - expected_pc).abs() < 2e-3, "{integrator:?}: {charge_pc} {expected_pc}");
        let expected_na = leak_na(-50.0) - capacitance_nf * 15.0; // [nF mV/ms]
        assert!((ramp_na - expected_na).abs() < 1e-3, "{integrator:?}: {ramp_na} {expected_na}");
    }
}
