//! Asking, telling, storing and going on.

use noble_evolve::{Bounds, Candidate, Evolution, EvolveSettings, Individual, Method, Variation};
use proptest::prelude::*;
use serde_json::{Value, json};

const METHODS: [fn() -> Method; 4] = [Method::ibea, Method::nsga2, Method::nsga3, Method::cma_es];

fn bounds() -> Bounds {
    Bounds::new(vec![-1.0, 0.0, 1e-9, 10.0], vec![1.0, 1e-3, 1e-6, 70.0]).unwrap()
}

fn settings(method: Method, seed: u64) -> EvolveSettings {
    EvolveSettings { method, population_size: 7, offspring_size: 9, variation: Variation::default(), seed }
}

fn evolution(method: Method, seed: u64) -> Evolution {
    Evolution::new(bounds(), 3, settings(method, seed), &[]).unwrap()
}

fn scores(candidates: &[Candidate]) -> Vec<(u64, Vec<f64>)> {
    let score = |candidate: &Candidate| {
        let p = &candidate.parameters;
        let scores =
            vec![p[0] * p[0] + p[1] * 1e3, (p[0] - 0.7).powi(2) + p[2] * 1e6, (p[3] - 33.3).abs() / p[3]];
        (candidate.id, scores)
    };
    candidates.iter().map(score).collect()
}

fn go_on(evolution: &mut Evolution, n_generations: u32) {
    for _ in 0..n_generations {
        let told = scores(&evolution.ask());
        evolution.tell(&told).unwrap();
    }
}

fn stored(evolution: &Evolution) -> Evolution {
    serde_json::from_str(&serde_json::to_string(evolution).unwrap()).unwrap()
}

#[test]
fn invariant_same_seed_gives_the_same_bits() {
    for method in METHODS {
        let (mut one, mut same, mut other) =
            (evolution(method(), 5), evolution(method(), 5), evolution(method(), 6));
        for evolution in [&mut one, &mut same, &mut other] {
            go_on(evolution, 12);
        }
        assert_eq!(one, same);
        assert_ne!(one.population(), other.population());
        assert_eq!(
            (one.generation(), one.n_evaluations(), one.n_objectives()),
            (12, first(&one) + 11 * 9, 3)
        );
    }
}

fn first(evolution: &Evolution) -> u64 {
    evolution.settings().first_size() as u64
}

#[test]
fn invariant_asking_again_gives_the_same() {
    for method in METHODS {
        let mut evolution = evolution(method(), 1);
        go_on(&mut evolution, 3);
        let asked = evolution.ask();
        assert_eq!(asked, evolution.ask());
        let told: Vec<u64> = evolution.population().iter().map(|individual| individual.id).collect();
        assert!(told.iter().all(|id| *id < asked[0].id));
    }
}

/// Compared by the bits of every number, since all of them are compared and none is NaN.
#[test]
fn invariant_stored_state_goes_on_to_the_same_bits() {
    for method in METHODS {
        for n_before in [0, 1, 6] {
            for is_asked in [false, true] {
                let mut whole = evolution(method(), 3);
                go_on(&mut whole, n_before);
                if is_asked {
                    whole.ask();
                }
                let mut resumed = stored(&whole);
                assert_eq!(resumed, whole);
                go_on(&mut whole, 8);
                go_on(&mut resumed, 8);
                assert_eq!(resumed, whole, "{method:?} after {n_before}");
                let texts = [&resumed, &whole].map(|evolution| serde_json::to_string(evolution).unwrap());
                assert_eq!(texts[0], texts[1]);
            }
        }
    }
}

#[test]
fn invariant_order_of_telling_is_irrelevant() {
    for method in METHODS {
        let (mut forward, mut backward) = (evolution(method(), 2), evolution(method(), 2));
        for _ in 0..6 {
            let mut told = scores(&forward.ask());
            forward.tell(&told).unwrap();
            told.reverse();
            backward.ask();
            backward.tell(&told).unwrap();
        }
        assert_eq!(forward, backward);
    }
}

#[test]
fn analytic_starts_are_in_the_first_generation() {
    let starts = vec![vec![0.0, 0.0, 1e-6, 70.0], vec![0.5, 1e-4, 1e-7, 20.0]];
    for method in METHODS {
        let mut evolution = Evolution::new(bounds(), 3, settings(method(), 1), &starts).unwrap();
        let asked = evolution.ask();
        assert_eq!(asked.len(), evolution.settings().first_size());
        assert!(asked.iter().zip(&starts).all(|(candidate, start)| candidate.parameters == *start));
    }
}

#[test]
fn analytic_wrong_starts_are_named() {
    let check = |starts: &[Vec<f64>], expected: &str| {
        for method in METHODS {
            let error = Evolution::new(bounds(), 3, settings(method(), 1), starts).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    };
    let inside = vec![0.0, 0.0, 1e-7, 20.0];
    check(
        &[inside.clone(), vec![0.0; 4]],
        "start 1: parameter 2 is 0, its bounds 0.000000001 to 0.000001; give",
    );
    check(&[vec![0.0; 3]], "start 0: 3 parameters within 4 bounds");
    check(&[vec![f64::NAN, 0.0, 1e-7, 20.0]], "start 0: parameter 0 is NaN");
    check(&vec![inside; 10], "10 starts for a first generation of");
}

#[test]
fn analytic_wrong_scores_are_named_and_change_nothing() {
    type Edit = fn(&mut Vec<(u64, Vec<f64>)>);
    let edits: [(Edit, &str); 8] = [
        (|told| told[2].1[1] = f64::NAN, "candidate 2: score 1 is NaN; give a number"),
        (|told| told[2].1[0] = f64::INFINITY, "candidate 2: score 0 is inf; give a number"),
        (|told| told[0].1[0] = -1.1e100, "candidate 0: score 0 is -11"),
        (|told| told[3].1.push(0.0), "candidate 3: 4 scores for 3 objectives"),
        (|told| told[3].0 = 40, "scores of candidate 40, which is not among those asked"),
        (|told| told[3].0 = 4, "scores of candidate 4 are given twice"),
        (|told| drop(told.remove(1)), "no scores of candidate 1"),
        (Vec::clear, "no scores of candidate 0"),
    ];
    for (edit, expected) in edits {
        let mut evolution = evolution(Method::ibea(), 1);
        let before = evolution.clone();
        let mut told = scores(&evolution.ask());
        edit(&mut told);
        let error = evolution.tell(&told).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        assert_eq!(evolution, before);
    }
    let mut evolution = evolution(Method::ibea(), 1);
    go_on(&mut evolution, 1);
    let error = evolution.tell(&[]).unwrap_err();
    assert!(error.to_string().starts_with("no candidate is waiting"), "{error}");
}

/// A place of the stored state, what is written there, and how the error begins.
const EDITS: [(&str, &str, &str); 20] = [
    ("/format_version", "2", "state: format version 2"),
    ("/bounds/upper/1", "-1.0", "parameter 1: bounds 0 to -1"),
    ("/n_objectives", "0", "number of objectives is 0"),
    ("/n_objectives", "2", "state: individual"),
    ("/settings/population_size", "3", "state: 7 of 3 individuals"),
    ("/settings/offspring_size", "100000", "offspring_size is 100000"),
    ("/settings/offspring_size", "8", "state: 9 candidates are asked in a generation of 8"),
    ("/settings/method", r#"{"ibea":{"kappa":-1.0}}"#, "setting kappa is -1"),
    ("/settings/method", r#""magic""#, "unknown variant"),
    ("/settings/variation/crossover_eta", "1e9", "setting crossover_eta"),
    ("/rng/s", "[0,0,0,0]", "state: the generator"),
    ("/generation", "0", "state: 7 of 7 individuals in generation 0"),
    ("/generation", "1", "state: individual"),
    ("/next_id", "3", "state: individual"),
    ("/next_id", "18446744073709551615", "state: next id"),
    ("/population/0/parameters/0", "2.0", "individual"),
    ("/population/0/scores/0", "1e101", "state: individual"),
    ("/population/1/id", "0", "state: individuals are not in order"),
    ("/asked/0/id", "0", "state: the asked candidates are not numbered"),
    ("/asked/0/parameters", "[]", "candidate"),
];

#[test]
fn analytic_edited_states_are_refused() {
    let check = |method: Method, (place, text, expected): (&str, &str, &str)| {
        let mut evolution = evolution(method, 1);
        go_on(&mut evolution, 4);
        evolution.ask();
        let mut state: Value = serde_json::to_value(&evolution).unwrap();
        let edited = state.pointer_mut(place).unwrap_or_else(|| panic!("no place {place}"));
        *edited = serde_json::from_str(text).unwrap();
        let error = serde_json::from_value::<Evolution>(state).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{place}: {error}");
    };
    for edit in EDITS {
        check(Method::nsga2(), edit);
    }
    for edit in [
        ("/distribution", "null", "state: the distribution is missing"),
        ("/distribution/mean", "[0.5]", "state: the distribution does not have 4 parameters"),
        ("/distribution/waiting/0", "[0.5]", "state: the distribution does not have 4 parameters"),
        ("/distribution/waiting", "[]", "state: 0 steps wait for 9 candidates"),
        ("/distribution/covariance/1", "7.0", "state: the covariance is not symmetric"),
        ("/distribution/mean/0", "1e200", "state: the distribution holds a value"),
        ("/distribution/step", "0.0", "state: the step of the distribution is 0"),
        ("/settings/method", r#""nsga2""#, "state: the method has no distribution"),
    ] {
        check(Method::cma_es(), edit);
    }
    check(Method::nsga3(), ("/ideal", "[1.0]", "state: the smallest scores"));
}

#[test]
fn analytic_unknown_keys_are_refused() {
    let mut state = serde_json::to_value(evolution(Method::ibea(), 1)).unwrap();
    state["speed"] = json!(1);
    let error = serde_json::from_value::<Evolution>(state).unwrap_err();
    assert!(error.to_string().starts_with("unknown field `speed`"), "{error}");
}

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![
        (0.01..1.0).prop_map(|kappa| Method::Ibea { kappa }),
        Just(Method::Nsga2),
        (1..5_usize).prop_map(|divisions| Method::Nsga3 { divisions }),
        (0.01..=1.0).prop_map(|initial_step| Method::CmaEs { initial_step }),
    ]
}

/// Few different scores, of which some are as large as can be: ties, equal points and overflow.
fn rough_score() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(1e100),
        Just(-1e100),
        (-3..3_i8).prop_map(f64::from),
        -1.0..1.0_f64
    ]
}

proptest! {
    #[test]
    fn invariant_any_scores_leave_a_sound_state(
        method in method(), sizes in (1..12_usize, 4..12_usize), n_objectives in 1..4_usize, seed: u64,
        rough in prop::collection::vec(rough_score(), 64),
    ) {
        let settings = EvolveSettings {
            population_size: sizes.0, offspring_size: sizes.1, ..settings(method, seed)
        };
        let mut evolution = Evolution::new(bounds(), n_objectives, settings, &[]).unwrap();
        let mut scores = rough.iter().copied().cycle();
        for _ in 0..6 {
            let asked = evolution.ask();
            for candidate in &asked {
                prop_assert!(evolution.bounds().check(&candidate.parameters, "candidate").is_ok());
            }
            let told: Vec<(u64, Vec<f64>)> = asked
                .iter()
                .map(|candidate| (candidate.id, scores.by_ref().take(n_objectives).collect()))
                .collect();
            evolution.tell(&told).unwrap();
            let population = evolution.population();
            prop_assert!(population.len() <= sizes.0 && population.is_sorted_by(|a, b| a.id < b.id));
            prop_assert_eq!(&stored(&evolution), &evolution);
        }
    }

    /// With one objective the best ever told is never lost, whatever the method.
    #[test]
    fn invariant_best_of_one_objective_survives(
        method in method(), seed: u64, rough in prop::collection::vec(-1.0..1.0_f64, 100),
    ) {
        let mut evolution = Evolution::new(bounds(), 1, settings(method, seed), &[]).unwrap();
        let mut scores = rough.iter().copied();
        let mut best = f64::INFINITY;
        for _ in 0..8 {
            let told: Vec<(u64, Vec<f64>)> = evolution
                .ask()
                .iter()
                .map(|candidate| (candidate.id, vec![scores.next().unwrap()]))
                .collect();
            best = told.iter().fold(best, |best, (_, scores)| best.min(scores[0]));
            evolution.tell(&told).unwrap();
            let kept = evolution.population().iter().map(Individual::total).fold(f64::INFINITY, f64::min);
            prop_assert_eq!(kept.to_bits(), best.to_bits());
        }
    }
}
