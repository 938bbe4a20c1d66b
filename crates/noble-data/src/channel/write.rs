//! A model to its channel file.

use std::fmt::{self, Display, Formatter};

use super::check::has_unit;
use super::display::write_number;
use super::expression::Expression;
use super::model::{
    ChannelModel, ConcentrationSpec, CurrentKind, CurrentSpec, GateKind, GateSpec, ParameterSpec, SchemeSpec,
    TemperatureFactor,
};
use super::range::Range;

/// A channel as the text of its file.
struct File<'a>(&'a ChannelModel);

/// A number as TOML and formulas write it.
struct Number(f64);

/// A string in quotes.
struct Quoted<'a>(&'a str);

impl ChannelModel {
    /// The channel file, which [`ChannelModel::read`] reads to an equal model.
    #[must_use]
    pub fn to_toml(&self) -> String {
        File(self).to_string()
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_number(f, self.0)
    }
}

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                c if c.is_control() => write!(f, "\\u{:04X}", u32::from(c))?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

fn text(f: &mut Formatter<'_>, key: &str, value: &str) -> fmt::Result {
    writeln!(f, "{key} = {}", Quoted(value))
}

fn formula(f: &mut Formatter<'_>, key: &str, formula: &Expression) -> fmt::Result {
    writeln!(f, "{key} = \"{formula}\"")
}

fn number(f: &mut Formatter<'_>, key: &str, number: f64) -> fmt::Result {
    writeln!(f, "{key} = {}", Number(number))
}

impl Display for File<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(channel) = self;
        writeln!(f, "format_version = {}", channel.format_version)?;
        text(f, "name", &channel.name)?;
        text(f, "summary", &channel.summary)?;
        text(f, "source", &channel.source)?;
        channel.temperature.iter().try_for_each(|one| write_temperature(f, one))?;
        channel.parameters.iter().try_for_each(|one| write_parameter(f, one))?;
        if !channel.lets.is_empty() {
            f.write_str("\n[lets]\n")?;
        }
        channel.lets.iter().try_for_each(|one| formula(f, &one.name, &one.value))?;
        channel.gates.iter().try_for_each(|one| write_gate(f, one))?;
        channel.scheme.iter().try_for_each(|one| write_scheme(f, one))?;
        channel.concentration.iter().try_for_each(|one| write_concentration(f, one))?;
        channel.currents.iter().try_for_each(|one| write_current(f, one))
    }
}

fn write_temperature(f: &mut Formatter<'_>, temperature: &TemperatureFactor) -> fmt::Result {
    f.write_str("\n[temperature]\n")?;
    number(f, "q10", temperature.q10)?;
    number(f, "reference_celsius", temperature.reference_celsius)?;
    temperature.at_celsius.map_or(Ok(()), |celsius| number(f, "at_celsius", celsius))
}

fn write_parameter(f: &mut Formatter<'_>, parameter: &ParameterSpec) -> fmt::Result {
    writeln!(f, "\n[parameters.{}]", parameter.name)?;
    if !has_unit(&parameter.name) {
        text(f, "unit", "none")?;
    }
    parameter.default.map_or(Ok(()), |default| number(f, "default", default))?;
    f.write_str(match parameter.range {
        Range::Any => "",
        Range::NotNegative => "at_least = 0\n",
        Range::Positive => "above = 0\n",
    })
}

fn write_gate(f: &mut Formatter<'_>, gate: &GateSpec) -> fmt::Result {
    writeln!(f, "\n[gates.{}]", gate.name)?;
    match &gate.kind {
        GateKind::Rates { alpha_per_ms, beta_per_ms } => {
            formula(f, "alpha_per_ms", alpha_per_ms)?;
            formula(f, "beta_per_ms", beta_per_ms)
        }
        GateKind::Relaxation { steady, tau_ms } => {
            formula(f, "steady", steady)?;
            formula(f, "tau_ms", tau_ms)
        }
    }
}

fn write_scheme(f: &mut Formatter<'_>, scheme: &SchemeSpec) -> fmt::Result {
    let states: Vec<String> = scheme.states.iter().map(|state| Quoted(state).to_string()).collect();
    writeln!(f, "\n[scheme]\nstates = [{}]", states.join(", "))?;
    for transition in &scheme.transitions {
        f.write_str("\n[[scheme.transitions]]\n")?;
        text(f, "from", &transition.from)?;
        text(f, "to", &transition.to)?;
        formula(f, "forward_per_ms", &transition.forward_per_ms)?;
        formula(f, "backward_per_ms", &transition.backward_per_ms)?;
    }
    let Some(start) = &scheme.published_start else { return Ok(()) };
    f.write_str("\n[scheme.published_start]\n")?;
    text(f, "balance_replaced_by_sum", &start.balance_replaced_by_sum)?;
    for inflow in &start.inflows {
        f.write_str("\n[[scheme.published_start.inflows]]\n")?;
        text(f, "balance", &inflow.balance)?;
        text(f, "from", &inflow.from)?;
        formula(f, "rate_per_ms", &inflow.rate_per_ms)?;
    }
    Ok(())
}

fn write_concentration(f: &mut Formatter<'_>, concentration: &ConcentrationSpec) -> fmt::Result {
    f.write_str("\n[concentration]\n")?;
    text(f, "ion", concentration.ion.name())?;
    formula(f, "steady_millimolar", &concentration.steady_millimolar)?;
    formula(f, "tau_ms", &concentration.tau_ms)?;
    let start = concentration.start_millimolar.as_ref();
    start.map_or(Ok(()), |start| formula(f, "start_millimolar", start))
}

fn write_current(f: &mut Formatter<'_>, current: &CurrentSpec) -> fmt::Result {
    f.write_str("\n[[currents]]\n")?;
    current.ion.map_or(Ok(()), |ion| text(f, "ion", ion.name()))?;
    match &current.kind {
        CurrentKind::Conductance { conductance_s_per_cm2, reversal_mv } => {
            formula(f, "conductance_s_per_cm2", conductance_s_per_cm2)?;
            reversal_mv.as_ref().map_or(Ok(()), |reversal_mv| formula(f, "reversal_mv", reversal_mv))
        }
        CurrentKind::Current { current_ma_per_cm2 } => formula(f, "current_ma_per_cm2", current_ma_per_cm2),
    }
}
