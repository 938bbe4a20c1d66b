//! What is read beside the voltage.

use super::*;
use crate::{ProbeReader, Quantity};

const SETTINGS: RunSettings =
    RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms: 12.0, integrator: Integrator::Neuron };

/// Values of quantities in the soma at every sample of a spike, `[sample][quantity]`.
fn read(plan: &CablePlan, quantities: &[&str], settings: &RunSettings) -> Vec<Vec<f64>> {
    let probe = |text: &&str| plan.probe(plan.soma(), text.parse().unwrap()).unwrap();
    let mut reader = ProbeReader::new(quantities.iter().map(probe).collect(), settings.integrator);
    let (stimulus, mut rows) = (step(1.0, 20.0, 0.4), Vec::new());
    run(plan, &[Electrode::at_soma(&stimulus)], settings, &mut CableState::new(plan), |moment| {
        rows.push(reader.read(moment.state).collect());
        ControlFlow::Continue(())
    })
    .unwrap();
    rows
}

/// Formula by formula against the program of all channels.
#[test]
fn invariant_currents_of_probes_sum_to_those_of_the_step() {
    let plan = &variants(1)[0];
    let parts =
        ["NaV", "Kv3_1", "Ca_HVA", "SK", "Nap", "pas"].map(|name| format!("{name}.current_ma_per_cm2"));
    let mut quantities: Vec<&str> = parts.iter().map(String::as_str).collect();
    quantities.extend([
        "ionic_current_ma_per_cm2",
        "calcium_current_ma_per_cm2",
        "calcium_reversal_mv",
        "v_mv",
    ]);
    let rows = read(plan, &quantities, &SETTINGS);
    let (mut largest, mut step_idx, stimulus) = (0.0_f64, 0, step(1.0, 20.0, 0.4));
    run(plan, &[Electrode::at_soma(&stimulus)], &SETTINGS, &mut CableState::new(plan), |moment| {
        let row = &rows[step_idx];
        let at = moment.state;
        let total: f64 = row[..6].iter().sum();
        let scale = row[..6].iter().fold(1e-3_f64, |scale, current| scale.max(current.abs()));
        assert!((total - row[6]).abs() < 1e-12 * scale, "{total} {}", row[6]);
        assert!((at.calcium_current_ma_per_cm2(plan.soma()) - row[7]).abs() < 1e-12 * scale);
        assert!((row[2] - row[7]).abs() < 1e-15);
        assert!((at.calcium_reversal_mv(plan.soma()) - row[8]).abs() < 1e-9);
        assert!((at.ionic_current_ma_per_cm2(plan.soma()) - row[6]).abs() < 1e-12 * scale, "step {step_idx}");
        assert!((moment.v_mv - row[9]).abs() < f64::MIN_POSITIVE);
        largest = largest.max(row[0].abs());
        step_idx += 1;
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(largest > 0.1, "there is no spike: {largest}");
}

/// Mean states of a run of second order come to those of a fine run by second order, those half a step ahead do not.
#[test]
fn analytic_states_of_second_order_belong_to_their_sample() {
    let plan = squid();
    let at = |dt_ms: f64| {
        let settings =
            RunSettings { settle_ms: 0.0, dt_ms, total_ms: 3.0, integrator: Integrator::SecondOrder };
        read(&plan, &["hh.m", "sodium_current_ma_per_cm2"], &settings).pop().unwrap()
    };
    let exact = at(0.000_625);
    let errors = [0.02, 0.01, 0.005].map(at);
    for quantity_idx in 0..2 {
        let error = |idx: usize| (errors[idx][quantity_idx] - exact[quantity_idx]).abs();
        for idx in 0..2 {
            let order = (error(idx) / error(idx + 1)).log2();
            assert!((order - 2.0).abs() < 0.2, "order {order} of {quantity_idx}");
        }
    }
}

#[test]
fn invariant_probes_name_what_a_place_has() {
    let plan = &variants(1)[0];
    for text in
        ["v_mv", "calcium_millimolar", "ionic_current_ma_per_cm2", "potassium_current_ma_per_cm2", "NaV.O"]
    {
        let quantity: Quantity = text.parse().unwrap();
        assert_eq!(quantity.to_string(), text);
    }
    let error = |text: &str| match text.parse() {
        Ok(quantity) => plan.probe(plan.soma(), quantity).unwrap_err().to_string(),
        Err(error) => Error::to_string(&error),
    };
    assert!(error("NaV.X").contains("NaV.C1"), "{}", error("NaV.X"));
    assert!(error("Kx.m").contains("Kv3_1"), "{}", error("Kx.m"));
    assert!(error("voltage").contains("v_mv"), "{}", error("voltage"));
    let place = |name: &str| plan.place(name).map(|compartment| plan.compartment_name(compartment));
    assert_eq!(place("soma").unwrap(), "soma[0](0.5)");
    assert_eq!(place("dend[1](1)").unwrap(), "dend[1](1)");
    for name in ["dend[7](0.5)", "dend[1](1.5)", "dend[1](x)", "dend[1](", ""] {
        assert!(place(name).is_err(), "{name}");
    }
}
