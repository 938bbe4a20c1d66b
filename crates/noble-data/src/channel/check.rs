//! What a channel must be beyond its shape: every name known and allowed where it stands.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{path_of, wrong};
use super::expression::{Expression, Function};
use super::model::{CHANNEL_FORMAT_VERSION, ChannelModel, CurrentKind, GateKind, Ion, ParameterSpec};
use super::names::{BUILT_IN_NAMES, CALCIUM, CALCIUM_CURRENT, Q, UNIT_SUFFIXES, V};
use super::parse::IF;
use super::scheme;
use crate::Error;

/// Longest name.
const LONGEST_NAME: usize = 64;

/// What a name depends on, as far as some places forbid it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Constants, parameters, temperature.
    Fixed,
    Voltage,
    Reversal,
    Calcium,
    CalciumCurrent,
    /// Gates and states.
    State,
}

const N_KINDS: usize = 6;

/// One name of each kind that a formula depends on.
type Reach<'a> = [Option<&'a str>; N_KINDS];

/// A place of formulas: kinds that it forbids, and what to do instead.
struct Place {
    forbidden: &'static [Kind],
    remedy: &'static str,
}

const RATE: Place = Place {
    forbidden: &[Kind::State, Kind::CalciumCurrent],
    remedy: "let a rate depend on v, calcium_millimolar and parameters",
};
const CURRENT: Place =
    Place { forbidden: &[Kind::CalciumCurrent], remedy: "use it in [concentration] alone" };
const CONCENTRATION: Place = Place {
    forbidden: &[Kind::State, Kind::Calcium],
    remedy: "let it depend on calcium_current_ma_per_cm2, v and parameters",
};
const CONCENTRATION_START: Place = Place {
    forbidden: &[Kind::State, Kind::Calcium, Kind::CalciumCurrent, Kind::Voltage, Kind::Reversal],
    remedy: "let it depend on parameters alone",
};

impl ChannelModel {
    /// Refuses what a simulator could not run; [`ChannelModel::read`] has done this already.
    ///
    /// # Errors
    /// [`Error::Channel`] with the key path: a name that is unknown, taken or not allowed where it stands, a
    /// parameter without unit, a default outside its range, a scheme that falls apart, lets that come before what
    /// they use.
    pub fn check(&self) -> Result<(), Error> {
        self.check_head()?;
        self.check_names()?;
        let checker = Checker::new(self)?;
        for gate in &self.gates {
            let path = format!("gates.{}", gate.name);
            match &gate.kind {
                GateKind::Rates { alpha_per_ms, beta_per_ms } => {
                    checker.check(&path, "alpha_per_ms", alpha_per_ms, &RATE)?;
                    checker.check(&path, "beta_per_ms", beta_per_ms, &RATE)?;
                }
                GateKind::Relaxation { steady, tau_ms } => {
                    checker.check(&path, "steady", steady, &RATE)?;
                    checker.check(&path, "tau_ms", tau_ms, &RATE)?;
                }
            }
        }
        self.check_scheme(&checker)?;
        self.check_concentration(&checker)?;
        self.check_currents(&checker)?;
        self.check_temperature_is_used()
    }

    fn check_head(&self) -> Result<(), Error> {
        if self.format_version != CHANNEL_FORMAT_VERSION {
            let what = format!("is {}", self.format_version);
            return Err(wrong("format_version", what, format!("use {CHANNEL_FORMAT_VERSION}")));
        }
        check_word(&self.name, "name")?;
        if self.currents.is_empty() && self.concentration.is_none() {
            return Err(wrong("currents", "are missing", "write [[currents]], or [concentration]"));
        }
        self.parameters.iter().try_for_each(check_parameter)?;
        let Some(temperature) = &self.temperature else { return Ok(()) };
        let others = [temperature.reference_celsius, temperature.at_celsius.unwrap_or_default()];
        if !(temperature.q10 > 0.0 && temperature.q10.is_finite() && others.iter().all(|t| t.is_finite())) {
            let remedy = "give a q10 greater than zero and finite temperatures";
            return Err(wrong("temperature", format!("q10 is {}", temperature.q10), remedy));
        }
        Ok(())
    }

    /// Names that the channel gives, each with its path and what it names.
    fn given_names(&self) -> impl Iterator<Item = (&str, String, &'static str)> {
        let parameters = self.parameters.iter().map(|one| (one.name.as_str(), "parameters", "a parameter"));
        let lets = self.lets.iter().map(|one| (one.name.as_str(), "lets", "a let"));
        let gates = self.gates.iter().map(|one| (one.name.as_str(), "gates", "a gate"));
        let tabled = parameters.chain(lets).chain(gates);
        let tabled = tabled.map(|(name, table, what)| (name, path_of(table, name), what));
        let states = self.scheme.iter().flat_map(|scheme| &scheme.states);
        tabled.chain(states.map(|name| (name.as_str(), "scheme.states".to_owned(), "a state")))
    }

    fn check_names(&self) -> Result<(), Error> {
        let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
        taken.extend(BUILT_IN_NAMES.iter().map(|(name, _)| (*name, "a built-in name")));
        taken.extend(Function::ALL.iter().map(|function| (function.name(), "a function")));
        taken.insert(IF, "a function");
        for (name, path, what) in self.given_names() {
            check_word(name, &path)?;
            if let Some(other) = taken.insert(name, what) {
                let what = format!("`{name}` is the name of {other} already");
                return Err(wrong(&path, what, "choose another name"));
            }
        }
        Ok(())
    }

    fn check_scheme(&self, checker: &Checker<'_>) -> Result<(), Error> {
        let Some(scheme) = &self.scheme else { return Ok(()) };
        scheme::check(scheme)?;
        for (idx, transition) in scheme.transitions.iter().enumerate() {
            let path = format!("scheme.transitions[{idx}]");
            checker.check(&path, "forward_per_ms", &transition.forward_per_ms, &RATE)?;
            checker.check(&path, "backward_per_ms", &transition.backward_per_ms, &RATE)?;
        }
        let inflows = scheme.published_start.iter().flat_map(|start| &start.inflows);
        for (idx, inflow) in inflows.enumerate() {
            let path = format!("scheme.published_start.inflows[{idx}]");
            checker.check(&path, "rate_per_ms", &inflow.rate_per_ms, &RATE)?;
        }
        Ok(())
    }

    fn check_concentration(&self, checker: &Checker<'_>) -> Result<(), Error> {
        let Some(concentration) = &self.concentration else { return Ok(()) };
        if concentration.ion != Ion::Calcium {
            let what = format!("{} has a fixed concentration", concentration.ion.name());
            return Err(wrong("concentration.ion", what, "write ion = \"calcium\""));
        }
        let path = "concentration";
        checker.check(path, "steady_millimolar", &concentration.steady_millimolar, &CONCENTRATION)?;
        checker.check(path, "tau_ms", &concentration.tau_ms, &CONCENTRATION)?;
        let start = concentration.start_millimolar.as_ref();
        start.map_or(Ok(()), |start| checker.check(path, "start_millimolar", start, &CONCENTRATION_START))
    }

    fn check_currents(&self, checker: &Checker<'_>) -> Result<(), Error> {
        for (idx, current) in self.currents.iter().enumerate() {
            let path = format!("currents[{idx}]");
            match &current.kind {
                CurrentKind::Conductance { conductance_s_per_cm2, reversal_mv } => {
                    checker.check(&path, "conductance_s_per_cm2", conductance_s_per_cm2, &CURRENT)?;
                    match reversal_mv {
                        Some(reversal_mv) => checker.check(&path, "reversal_mv", reversal_mv, &CURRENT)?,
                        None if current.ion.is_none() => {
                            let remedy = "write reversal_mv, or name the ion";
                            return Err(wrong(&path, "has no reversal potential", remedy));
                        }
                        None => {}
                    }
                }
                CurrentKind::Current { current_ma_per_cm2 } => {
                    checker.check(&path, "current_ma_per_cm2", current_ma_per_cm2, &CURRENT)?;
                }
            }
        }
        Ok(())
    }

    /// A factor that no formula uses is most likely forgotten in one.
    fn check_temperature_is_used(&self) -> Result<(), Error> {
        let is_used =
            self.temperature.is_none() || self.formulas().any(|formula| formula.names().contains(Q));
        let remedy = "multiply the rates that it speeds by q, or delete [temperature]";
        if is_used { Ok(()) } else { Err(wrong("temperature", "no formula uses q", remedy)) }
    }

    /// Every formula of the channel.
    pub fn formulas(&self) -> impl Iterator<Item = &Expression> {
        let gates = self.gates.iter().flat_map(|gate| match &gate.kind {
            GateKind::Rates { alpha_per_ms, beta_per_ms } => [alpha_per_ms, beta_per_ms],
            GateKind::Relaxation { steady, tau_ms } => [steady, tau_ms],
        });
        let currents = self.currents.iter().flat_map(|current| match &current.kind {
            CurrentKind::Conductance { conductance_s_per_cm2, reversal_mv } => {
                [Some(conductance_s_per_cm2), reversal_mv.as_ref()]
            }
            CurrentKind::Current { current_ma_per_cm2 } => [Some(current_ma_per_cm2), None],
        });
        let concentration = self
            .concentration
            .iter()
            .flat_map(|one| [Some(&one.steady_millimolar), Some(&one.tau_ms), one.start_millimolar.as_ref()]);
        let lets = self.lets.iter().map(|one| &one.value);
        let scheme = self.scheme.iter().flat_map(scheme::formulas);
        lets.chain(gates).chain(scheme).chain(concentration.flatten()).chain(currents.flatten())
    }
}

/// What each name depends on.
struct Checker<'a> {
    reach: BTreeMap<&'a str, Reach<'a>>,
}

impl<'a> Checker<'a> {
    /// Lets are taken in their order: one that uses a later one is refused.
    fn new(model: &'a ChannelModel) -> Result<Self, Error> {
        let mut checker = Self { reach: BTreeMap::new() };
        for (name, _) in BUILT_IN_NAMES.iter().filter(|(name, _)| *name != Q || model.temperature.is_some()) {
            checker.insert(name, built_in_kind(name));
        }
        model.parameters.iter().for_each(|one| checker.insert(&one.name, Kind::Fixed));
        model.gates.iter().for_each(|one| checker.insert(&one.name, Kind::State));
        let states = model.scheme.iter().flat_map(|scheme| &scheme.states);
        states.for_each(|name| checker.insert(name, Kind::State));
        for one in &model.lets {
            let path = format!("lets.{}", one.name);
            let reach = checker.reach_of(&path, &one.value)?;
            checker.reach.insert(&one.name, reach);
        }
        Ok(checker)
    }

    fn insert(&mut self, name: &'a str, kind: Kind) {
        let mut reach = [None; N_KINDS];
        reach[kind as usize] = Some(name);
        self.reach.insert(name, reach);
    }

    fn reach_of(&self, path: &str, formula: &'a Expression) -> Result<Reach<'a>, Error> {
        let mut reach = [None; N_KINDS];
        for name in formula.names() {
            let inner = self.reach.get(name).ok_or_else(|| self.unknown(path, name))?;
            for (own, inner) in reach.iter_mut().zip(inner) {
                *own = own.or(*inner);
            }
        }
        Ok(reach)
    }

    fn unknown(&self, path: &str, name: &str) -> Error {
        if name == Q {
            return wrong(path, "`q` has no meaning", "write [temperature] with q10 and reference_celsius");
        }
        let known: Vec<&str> = self.reach.keys().copied().take(60).collect();
        wrong(path, format!("name `{name}` is unknown"), format!("use one of {}", known.join(", ")))
    }

    fn check(&self, table: &str, key: &str, formula: &'a Expression, place: &Place) -> Result<(), Error> {
        let path = format!("{table}.{key}");
        let reach = self.reach_of(&path, formula)?;
        match place.forbidden.iter().find_map(|kind| reach[*kind as usize]) {
            None => Ok(()),
            Some(name) if formula.names().contains(name) => {
                Err(wrong(&path, format!("`{name}` cannot be used here"), place.remedy))
            }
            Some(name) => {
                Err(wrong(&path, format!("`{name}`, behind a let, cannot be used here"), place.remedy))
            }
        }
    }
}

fn built_in_kind(name: &str) -> Kind {
    match name {
        V => Kind::Voltage,
        CALCIUM | "calcium_reversal_mv" => Kind::Calcium,
        CALCIUM_CURRENT => Kind::CalciumCurrent,
        _ if name.ends_with("_reversal_mv") => Kind::Reversal,
        _ => Kind::Fixed,
    }
}

fn check_word(name: &str, path: &str) -> Result<(), Error> {
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_word && name.len() <= LONGEST_NAME {
        return Ok(());
    }
    let shown: String = name.chars().take(LONGEST_NAME).collect();
    let remedy = format!("use letters, digits and _, a letter first, at most {LONGEST_NAME}");
    Err(wrong(path, format!("{shown:?} is not a name"), remedy))
}

fn check_parameter(parameter: &ParameterSpec) -> Result<(), Error> {
    let path = path_of("parameters", &parameter.name);
    match parameter.default {
        Some(default) if !parameter.range.holds(default) => {
            let what = format!("default {default} is not {}", parameter.range.words());
            Err(wrong(&path, what, "mend the default or the range"))
        }
        _ => Ok(()),
    }
}

/// Whether a name ends in a unit.
pub(super) fn has_unit(name: &str) -> bool {
    UNIT_SUFFIXES.iter().any(|suffix| name.len() > suffix.len() && name.ends_with(suffix))
}

/// A name ends in its unit, or is declared to be a pure number.
pub(super) fn unit_of_name(name: &str, is_pure: bool, path: &str) -> Result<(), Error> {
    match (has_unit(name), is_pure) {
        (false, false) => {
            let units: BTreeSet<&str> = UNIT_SUFFIXES.into_iter().collect();
            let units: Vec<&str> = units.into_iter().collect();
            let remedy = format!("end it in one of {}, or write unit = \"none\"", units.join(", "));
            Err(wrong(path, format!("`{name}` does not say its unit"), remedy))
        }
        (true, true) => {
            Err(wrong(path, format!("`{name}` has a unit and has none"), "rename it, or delete unit"))
        }
        _ => Ok(()),
    }
}
