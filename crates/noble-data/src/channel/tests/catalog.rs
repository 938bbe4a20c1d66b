use super::{Conditions, at_voltage, catalog, catalog_files};
use crate::ChannelModel;
use crate::channel::{CurrentKind, Expression, Ion};

const RELATIVE_TOLERANCE: f64 = 1e-12;

#[test]
fn invariant_every_catalog_file_is_read_and_named_by_its_file() {
    let files = catalog_files();
    assert_eq!(files.len(), 28);
    for (name, text) in files {
        let channel = ChannelModel::read(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(channel.name, name);
    }
}

fn linoid(s: f64, k: f64) -> f64 {
    s / ((s / k).exp() - 1.0)
}

fn sigmoid(u: f64) -> f64 {
    1.0 / (1.0 + u.exp())
}

/// Steady state and time constant from an opening and a closing rate.
fn from_rates(opening: f64, closing: f64, q: f64) -> (f64, f64) {
    (opening / (opening + closing), 1.0 / (q * (opening + closing)))
}

/// Compares a gate with its closed form away from singular points.
fn check(file: &str, gate: &str, reference_celsius: f64, expected: impl Fn(f64, f64) -> (f64, f64)) {
    let channel = catalog(file);
    for v in [-151.3, -119.3, -118.7, -80.1, -60.05, -55.2, -49.9, -38.3, -20.7, 0.1, 35.5, 60.0] {
        let conditions = at_voltage(v);
        let is_fixed = channel.temperature.is_some_and(|temperature| temperature.at_celsius.is_some());
        let celsius = if is_fixed { 34.0 } else { conditions.celsius };
        let q = 2.3_f64.powf((celsius - reference_celsius) / 10.0);
        let (found, wanted) = (conditions.gate(&channel, gate), expected(v, q));
        for (found, wanted) in [(found.0, wanted.0), (found.1, wanted.1)] {
            let difference = (found - wanted).abs() / wanted.abs();
            assert!(difference < RELATIVE_TOLERANCE, "{file}.{gate} at {v}: {found} is not {wanted}");
        }
    }
}

#[test]
fn analytic_sodium_gates() {
    let transient = |vm: f64, vh: f64| {
        let m = move |v: f64, q| from_rates(0.182 * linoid(-(v + vm), 6.0), 0.124 * linoid(v + vm, 6.0), q);
        let h = move |v: f64, q| from_rates(0.015 * linoid(v + vh, 6.0), 0.015 * linoid(-(v + vh), 6.0), q);
        (m, h)
    };
    let cases = [("NaTs", 23.0, 40.0, 66.0), ("NaTa", 23.0, 48.0, 69.0), ("NaTa_t", 21.0, 38.0, 66.0)];
    for (file, celsius, vm, vh) in
        cases.into_iter().chain([("NaTs2_t", 21.0, 32.0, 60.0), ("NaTg", 21.0, 38.0, 66.0)])
    {
        let (m, h) = transient(vm, vh);
        check(file, "m", celsius, m);
        check(file, "h", celsius, h);
    }
    let slow = |v: f64, q: f64| {
        let rate = 2.88e-6 * linoid(v + 17.0, 4.63) + 6.94e-6 * linoid(-(v + 64.4), 2.63);
        (sigmoid((v + 48.8) / 10.0), 1.0 / (q * rate))
    };
    check("Nap", "h", 21.0, slow);
    check("Nap_Et2", "h", 21.0, slow);
    check("Nap_Et2", "m", 21.0, |v, q| {
        let rate = 0.182 * linoid(-(v + 38.0), 6.0) + 0.124 * linoid(v + 38.0, 6.0);
        (sigmoid(-(v + 52.6) / 4.6), 6.0 / (q * rate))
    });
}

#[test]
fn analytic_calcium_and_cation_gates() {
    check("Ca_HVA", "m", 0.0, |v, _| {
        from_rates(0.055 * linoid(-27.0 - v, 3.8), 0.94 * ((-75.0 - v) / 17.0).exp(), 1.0)
    });
    check("Ca_HVA", "h", 0.0, |v, _| {
        from_rates(4.57e-4 * ((-13.0 - v) / 50.0).exp(), 6.5e-3 * sigmoid((-v - 15.0) / 28.0), 1.0)
    });
    for file in ["Ca_LVA", "Ca_LVAst"] {
        check(file, "m", 21.0, |v, q| {
            (sigmoid(-(v + 40.0) / 6.0), (5.0 + 20.0 * sigmoid((v + 35.0) / 5.0)) / q)
        });
        check(file, "h", 21.0, |v, q| {
            (sigmoid((v + 90.0) / 6.4), (20.0 + 50.0 * sigmoid((v + 50.0) / 7.0)) / q)
        });
    }
    check("Ih", "m", 0.0, |v, _| {
        from_rates(0.00643 * linoid(v + 154.9, 11.9), 0.193 * (v / 33.1).exp(), 1.0)
    });
}

#[test]
fn analytic_potassium_gates() {
    let transient = |v: f64, q: f64| {
        let (m, h) = ((v + 71.0) / 59.0, (v + 73.0) / 23.0);
        ((0.34 + 0.92 * (-m * m).exp()) / q, (8.0 + 49.0 * (-h * h).exp()) / q)
    };
    let persistent = |v: f64, q: f64| {
        let m = if v < -50.0 { 175.03 * (0.026 * v).exp() } else { 13.0 * (-0.026 * v).exp() };
        let width = (v + 75.0) / 48.0;
        ((1.25 + m) / q, (360.0 + (1010.0 + 24.0 * (v + 55.0)) * (-width * width).exp()) / q)
    };
    check("K_T", "m", 21.0, |v, q| (sigmoid(-(v + 47.0) / 29.0), transient(v, q).0));
    check("K_T", "h", 21.0, |v, q| (sigmoid((v + 66.0) / 10.0), transient(v, q).1));
    check("K_Tst", "m", 21.0, |v, q| (sigmoid(-(v + 10.0) / 19.0), transient(v + 10.0, q).0));
    check("K_Tst", "h", 21.0, |v, q| (sigmoid((v + 76.0) / 10.0), transient(v + 10.0, q).1));
    check("K_P", "m", 21.0, |v, q| (sigmoid(-(v + 14.3) / 14.6), persistent(v, q).0));
    check("K_P", "h", 21.0, |v, q| (sigmoid((v + 54.0) / 11.0), persistent(v, q).1));
    check("K_Pst", "m", 21.0, |v, q| (sigmoid(-(v + 11.0) / 12.0), persistent(v + 10.0, q).0));
    check("K_Pst", "h", 21.0, |v, q| (sigmoid((v + 64.0) / 11.0), persistent(v + 10.0, q).1));
    for file in ["Im", "Im_34"] {
        check(file, "m", 21.0, |v, q| {
            let u = 0.1 * (v + 35.0);
            from_rates(0.0033 * u.exp(), 0.0033 * (-u).exp(), q)
        });
    }
    check("Im_v2", "m", 30.0, |v, q| {
        let (a, b) = (0.007 * (2.4 * (v + 48.0) / 26.12).exp(), 0.007 * (-3.6 * (v + 48.0) / 26.12).exp());
        (a / (a + b), (15.0 + 1.0 / (a + b)) / q)
    });
    check("Kv3_1", "m", 0.0, |v, _| (sigmoid(-(v - 18.7) / 9.7), 4.0 * sigmoid(-(v + 46.56) / 44.14)));
    check("Kd", "m", 0.0, |v, _| (1.0 - sigmoid((v + 43.0) / 8.0), 1.0));
    check("Kd", "h", 0.0, |v, _| (sigmoid((v + 67.0) / 7.3), 1500.0));
}

#[test]
fn analytic_kv2like_gates_and_the_guard_of_its_slow_one() {
    check("Kv2like", "m", 21.0, |v, q| {
        let (a, b) = (0.12 * linoid(43.0 - v, 11.0), 0.02 * (-(v + 1.27) / 120.0).exp());
        (a / (a + b), 2.5 / (q * (a + b)))
    });
    check("Kv2like", "h1", 21.0, |v, q| {
        let width = (v + 75.0) / 48.0;
        let tau_ms = (360.0 + (1010.0 + 23.7 * (v + 54.0)) * (-width * width).exp()) / q;
        (sigmoid((v + 58.0) / 11.0), tau_ms)
    });
    check("Kv2like", "h2", 21.0, |v, q| {
        let tau_ms = (2350.0 + 1380.0 * (-0.011 * v).exp() - 210.0 * (-0.03 * v).exp()) / q;
        (sigmoid((v + 58.0) / 11.0), if v < -119.005 { 0.001 } else { tau_ms })
    });
}

#[test]
fn analytic_squid_axon_at_rest() {
    let channel = catalog("hh");
    let conditions = Conditions { celsius: 16.3, ..at_voltage(-65.0) };
    let gate = |name| conditions.gate(&channel, name);
    let expected = [
        ("m", from_rates(0.1 * linoid(25.0, 10.0), 4.0, 3.0)),
        ("h", from_rates(0.07, sigmoid(3.0), 3.0)),
        ("n", from_rates(0.01 * linoid(10.0, 10.0), 0.125, 3.0)),
    ];
    for (name, (steady, tau_ms)) in expected {
        assert!((gate(name).0 - steady).abs() < 1e-12 && (gate(name).1 - tau_ms).abs() < 1e-12, "{name}");
    }
    assert_eq!(
        channel.currents.iter().map(|current| current.ion).collect::<Vec<_>>(),
        [Some(Ion::Sodium), Some(Ion::Potassium), None]
    );
}

#[test]
fn analytic_calcium_activation_and_its_lower_bounds() {
    let formula = |calcium: f64| 1.0 / (1.0 + (4.3e-4 / calcium).powf(4.8));
    let at = |calcium_millimolar| Conditions { calcium_millimolar, ..at_voltage(0.0) };
    let check = |file: &str, calcium: f64, expected: f64| {
        let (found, tau_ms) = at(calcium).gate(&catalog(file), "z");
        assert!((found - expected).abs() <= 1e-13 * expected, "{file} at {calcium}: {found}, not {expected}");
        assert!((tau_ms - 1.0).abs() < 1e-15);
    };
    for calcium in [1e-4, 3e-4, 1e-3, 0.1] {
        check("SK", calcium, formula(calcium));
        check("SK_threshold", calcium, formula(calcium));
    }
    check("SK", 9e-5, formula(9e-5));
    check("SK", 0.0, formula(1e-7));
    check("SK", 9e-8, formula(1.9e-7));
    check("SK_threshold", 9.99e-5, 0.0);
}

#[test]
fn analytic_calcium_pool() {
    let pool = catalog("CaDynamics");
    let concentration = pool.concentration.clone().unwrap();
    let steady = at_voltage(0.0).value(&pool, &concentration.steady_millimolar);
    let expected = 1e-4 + 1e4 * 0.05 * 1e-3 * 80.0 / (2.0 * 96_485.332_123_310_02 * 0.1);
    assert!((steady - expected).abs() < 1e-16, "{steady}");
    let start = at_voltage(0.0).value(&pool, &concentration.start_millimolar.unwrap());
    assert!((start - 1e-4).abs() < 1e-18);
    assert!(catalog("CaDynamics_E2").concentration.unwrap().start_millimolar.is_none());
}

#[test]
fn analytic_persistent_sodium_conductance_follows_the_voltage() {
    let nap = catalog("Nap");
    let CurrentKind::Conductance { conductance_s_per_cm2, .. } = &nap.currents[0].kind else { panic!() };
    let names: Vec<&str> = nap.base_names(conductance_s_per_cm2).into_iter().collect();
    assert_eq!(names, ["gbar_s_per_cm2", "h", "v"]);
    let value_of = |name: &str| {
        [("gbar_s_per_cm2", 2.0), ("h", 0.5), ("v", -52.6)]
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    };
    let found = nap.evaluate(conductance_s_per_cm2, &value_of).unwrap();
    assert!((found - 0.5).abs() < 1e-15);
}

#[test]
fn analytic_markov_sodium_keeps_detailed_balance_of_its_ladders() {
    let nav = catalog("NaV");
    let scheme = nav.scheme.as_ref().unwrap();
    assert_eq!((scheme.states.len(), scheme.transitions.len()), (12, 16));
    let conditions = at_voltage(-41.0);
    let rate = |from: &str, to: &str| -> f64 {
        let found = scheme.transitions.iter().find_map(|one| {
            let forward = (one.from == from && one.to == to).then_some(&one.forward_per_ms);
            forward.or((one.from == to && one.to == from).then_some(&one.backward_per_ms))
        });
        conditions.value(&nav, found.unwrap())
    };
    let q = 2.3_f64.powf(-0.7);
    let (a, b) = (400.0 * q * (-41.0_f64 / 24.0).exp(), 12.0 * q * (41.0_f64 / 24.0).exp());
    for step in 1..=5 {
        let (c, i) = (format!("C{step}"), format!("I{step}"));
        let power = step - 1;
        near(rate(&c, &i), 0.01 * q * 2.51_f64.powi(power));
        near(rate(&i, &c), 40.0 * q / 5.32_f64.powi(power));
        if step == 5 {
            break;
        }
        let (c_next, i_next) = (format!("C{}", step + 1), format!("I{}", step + 1));
        near(rate(&c, &c_next), f64::from(5 - step) * a);
        near(rate(&c_next, &c), f64::from(step) * b);
        near(rate(&i, &i_next), 2.51 * f64::from(5 - step) * a);
        near(rate(&i_next, &i), f64::from(step) * b / 5.32);
        // Around a loop of the two ladders the products of the rates agree.
        let clockwise = rate(&c, &c_next) * rate(&c_next, &i_next) * rate(&i_next, &i) * rate(&i, &c);
        let back = rate(&c, &i) * rate(&i, &i_next) * rate(&i_next, &c_next) * rate(&c_next, &c);
        near(clockwise, back);
    }
    for (from, to, expected) in [("C5", "O", 250.0), ("O", "C5", 60.0), ("O", "I6", 8.0), ("I6", "O", 0.05)] {
        near(rate(from, to), expected * q);
    }
    let start = scheme.published_start.as_ref().unwrap();
    let inflow = &start.inflows[0];
    assert_eq!([&start.balance_replaced_by_sum, &inflow.balance, &inflow.from], ["I6", "I3", "I4"]);
    near(conditions.value(&nav, &inflow.rate_per_ms), rate("I3", "C3"));
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12 * expected.abs(), "{found} is not {expected}");
}

#[test]
fn analytic_ion_of_every_current() {
    let check = |file: &str, ion: Option<Ion>, reversal: Option<&str>| {
        let current = &catalog(file).currents[0];
        let CurrentKind::Conductance { reversal_mv, .. } = &current.kind else { panic!("{file}") };
        let expected = reversal.map(|text| Expression::parse(text).unwrap());
        assert_eq!((current.ion, reversal_mv), (ion, &expected), "{file}");
    };
    for file in ["NaV", "NaTs", "NaTa", "NaTa_t", "NaTs2_t", "NaTg", "Nap", "Nap_Et2"] {
        check(file, Some(Ion::Sodium), None);
    }
    for file in [
        "Im",
        "Im_34",
        "Im_v2",
        "K_T",
        "K_P",
        "K_Tst",
        "K_Pst",
        "Kd",
        "Kv2like",
        "Kv3_1",
        "SK",
        "SK_threshold",
    ] {
        check(file, Some(Ion::Potassium), None);
    }
    for file in ["Ca_HVA", "Ca_LVA", "Ca_LVAst"] {
        check(file, Some(Ion::Calcium), None);
    }
    check("Ih", None, Some("-45"));
    check("pas", None, Some("e_mv"));
}
