//! A channel file to its model.

use toml::de::DeTable;

use super::document::{Fields, Lines, as_table, parse, wrong};
use super::lets;
use super::model::{
    CHANNEL_FORMAT_VERSION, ChannelModel, ConcentrationSpec, CurrentKind, CurrentSpec, GateKind, GateSpec,
    InflowOverride, Ion, Let, ParameterSpec, PublishedStart, SchemeSpec, TemperatureFactor, Transition,
};
use super::range::Range;
use crate::Error;

const FILE_KEYS: [&str; 11] = [
    "format_version",
    "name",
    "summary",
    "source",
    "temperature",
    "parameters",
    "lets",
    "gates",
    "scheme",
    "concentration",
    "currents",
];

impl ChannelModel {
    /// Reads a channel file, TOML.
    ///
    /// # Errors
    /// [`Error::Channel`] with line and key path when the bytes are not such a file, or when
    /// [`ChannelModel::check`] refuses what it says.
    ///
    /// # Example
    /// ```
    /// let file = r#"
    /// format_version = 1
    /// name = "leak"
    /// summary = "Leak"
    /// source = "none"
    /// [parameters.g_s_per_cm2]
    /// at_least = 0
    /// [[currents]]
    /// conductance_s_per_cm2 = "g_s_per_cm2"
    /// reversal_mv = -70
    /// "#;
    /// let leak = noble_data::ChannelModel::read(file.as_bytes())?;
    /// assert_eq!(leak.parameters[0].name, "g_s_per_cm2");
    /// # Ok::<(), noble_data::Error>(())
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let (table, mut lines) = parse(bytes)?;
        let model = read_file(table.get_ref(), &mut lines);
        let checked = model.and_then(|model| model.check().map(|()| model));
        checked.map_err(|error| lines.placed(error))
    }
}

fn read_file(table: &DeTable<'_>, lines: &mut Lines) -> Result<ChannelModel, Error> {
    let fields = Fields::any(table, "", lines);
    let format_version = read_version(&fields)?;
    let fields = Fields::known(table, "", &FILE_KEYS, lines)?;
    Ok(ChannelModel {
        format_version,
        name: fields.required_text("name", "\"Ca_HVA\"")?,
        summary: fields.required_text("summary", "\"what it is\"")?,
        source: fields.required_text("source", "\"authors, year, journal volume:page\"")?,
        temperature: fields.table("temperature")?.map(|table| read_temperature(table, lines)).transpose()?,
        parameters: read_each(&fields, "parameters", lines, read_parameter)?,
        lets: read_lets(&fields, lines)?,
        gates: read_each(&fields, "gates", lines, read_gate)?,
        scheme: fields.table("scheme")?.map(|table| read_scheme(table, lines)).transpose()?,
        concentration: fields
            .table("concentration")?
            .map(|table| read_concentration(table, lines))
            .transpose()?,
        currents: read_list(&fields, "currents", lines, read_current)?,
    })
}

/// The version comes first: a file of another version may have other keys.
fn read_version(fields: &Fields<'_, '_>) -> Result<u32, Error> {
    let version = fields.number("format_version")?;
    let remedy = format!("write format_version = {CHANNEL_FORMAT_VERSION}");
    match version {
        Some(version) if version.to_bits() == f64::from(CHANNEL_FORMAT_VERSION).to_bits() => {
            Ok(CHANNEL_FORMAT_VERSION)
        }
        Some(version) => {
            Err(wrong("format_version", format!("this release does not read version {version}"), remedy))
        }
        None => Err(wrong("format_version", "is missing", remedy)),
    }
}

/// Reads each table of a table of tables, by name.
fn read_each<T>(
    fields: &Fields<'_, '_>,
    key: &str,
    lines: &mut Lines,
    read: fn(&str, &DeTable<'_>, &str, &mut Lines) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let Some(table) = fields.table(key)? else { return Ok(Vec::new()) };
    let inner = Fields::any(table, key, lines);
    let mut all = Vec::new();
    for (name, value) in inner.entries() {
        let path = inner.path_of(name);
        all.push(read(name, as_table(value, &path)?, &path, lines)?);
    }
    Ok(all)
}

/// Reads each table of a list of tables.
fn read_list<T>(
    fields: &Fields<'_, '_>,
    key: &str,
    lines: &mut Lines,
    read: fn(&DeTable<'_>, &str, &mut Lines) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let tables = fields.tables(key, lines)?;
    tables.into_iter().map(|(path, table)| read(table, &path, lines)).collect()
}

fn read_temperature(table: &DeTable<'_>, lines: &mut Lines) -> Result<TemperatureFactor, Error> {
    let known = ["q10", "reference_celsius", "at_celsius"];
    let fields = Fields::known(table, "temperature", &known, lines)?;
    Ok(TemperatureFactor {
        q10: fields.required_number("q10")?,
        reference_celsius: fields.required_number("reference_celsius")?,
        at_celsius: fields.number("at_celsius")?,
    })
}

fn read_parameter(
    name: &str,
    table: &DeTable<'_>,
    path: &str,
    lines: &mut Lines,
) -> Result<ParameterSpec, Error> {
    let fields = Fields::known(table, path, &["default", "at_least", "above", "unit"], lines)?;
    let is_pure = match fields.text("unit")?.as_deref() {
        None => false,
        Some("none") => true,
        Some(other) => {
            let what = format!("{other:?} is not known");
            let remedy = "end the name in its unit, or write unit = \"none\" for a pure number";
            return Err(wrong(&fields.path_of("unit"), what, remedy));
        }
    };
    super::check::unit_of_name(name, is_pure, path)?;
    Ok(ParameterSpec {
        name: name.to_owned(),
        default: fields.number("default")?,
        range: read_range(&fields)?,
    })
}

fn read_range(fields: &Fields<'_, '_>) -> Result<Range, Error> {
    for key in ["at_least", "above"] {
        if fields.number(key)?.is_some_and(|bound| bound.abs() > 0.0) {
            return Err(wrong(&fields.path_of(key), "only zero can be a bound", format!("write {key} = 0")));
        }
    }
    match (fields.has("at_least"), fields.has("above")) {
        (false, false) => Ok(Range::Any),
        (true, false) => Ok(Range::NotNegative),
        (false, true) => Ok(Range::Positive),
        (true, true) => {
            Err(wrong(fields.path(), "has both at_least and above", "keep one: above = 0 excludes zero"))
        }
    }
}

fn read_lets(fields: &Fields<'_, '_>, lines: &mut Lines) -> Result<Vec<Let>, Error> {
    let Some(table) = fields.table("lets")? else { return Ok(Vec::new()) };
    let inner = Fields::any(table, "lets", lines);
    let mut all = Vec::new();
    for (name, _) in inner.entries() {
        all.push(Let { name: name.to_owned(), value: inner.required_formula(name)? });
    }
    lets::sorted(all)
}

fn read_gate(name: &str, table: &DeTable<'_>, path: &str, lines: &mut Lines) -> Result<GateSpec, Error> {
    let known = ["alpha_per_ms", "beta_per_ms", "steady", "tau_ms"];
    let fields = Fields::known(table, path, &known, lines)?;
    let has_rates = fields.has("alpha_per_ms") || fields.has("beta_per_ms");
    let has_relaxation = fields.has("steady") || fields.has("tau_ms");
    let kind = match (has_rates, has_relaxation) {
        (true, false) => GateKind::Rates {
            alpha_per_ms: fields.required_formula("alpha_per_ms")?,
            beta_per_ms: fields.required_formula("beta_per_ms")?,
        },
        (false, true) => GateKind::Relaxation {
            steady: fields.required_formula("steady")?,
            tau_ms: fields.required_formula("tau_ms")?,
        },
        _ => {
            let what = if has_rates { "has rates and a steady state" } else { "says nothing" };
            let remedy = "write alpha_per_ms and beta_per_ms, or steady and tau_ms";
            return Err(wrong(path, what, remedy));
        }
    };
    Ok(GateSpec { name: name.to_owned(), kind })
}

fn read_scheme(table: &DeTable<'_>, lines: &mut Lines) -> Result<SchemeSpec, Error> {
    let fields = Fields::known(table, "scheme", &["states", "transitions", "published_start"], lines)?;
    let states = fields.texts("states")?;
    let transitions = read_list(&fields, "transitions", lines, read_transition)?;
    let last = states.last().cloned().unwrap_or_default();
    let start = fields.table("published_start")?;
    let published_start = start.map(|table| read_start(table, last, lines)).transpose()?;
    Ok(SchemeSpec { states, transitions, published_start })
}

fn read_transition(table: &DeTable<'_>, path: &str, lines: &mut Lines) -> Result<Transition, Error> {
    let known = ["from", "to", "forward_per_ms", "backward_per_ms"];
    let fields = Fields::known(table, path, &known, lines)?;
    Ok(Transition {
        from: fields.required_text("from", "\"C\"")?,
        to: fields.required_text("to", "\"O\"")?,
        forward_per_ms: fields.required_formula("forward_per_ms")?,
        backward_per_ms: fields.required_formula("backward_per_ms")?,
    })
}

fn read_start(table: &DeTable<'_>, last: String, lines: &mut Lines) -> Result<PublishedStart, Error> {
    let known = ["balance_replaced_by_sum", "inflows"];
    let fields = Fields::known(table, "scheme.published_start", &known, lines)?;
    Ok(PublishedStart {
        balance_replaced_by_sum: fields.text("balance_replaced_by_sum")?.unwrap_or(last),
        inflows: read_list(&fields, "inflows", lines, read_inflow)?,
    })
}

fn read_inflow(table: &DeTable<'_>, path: &str, lines: &mut Lines) -> Result<InflowOverride, Error> {
    let fields = Fields::known(table, path, &["balance", "from", "rate_per_ms"], lines)?;
    Ok(InflowOverride {
        balance: fields.required_text("balance", "\"C\"")?,
        from: fields.required_text("from", "\"O\"")?,
        rate_per_ms: fields.required_formula("rate_per_ms")?,
    })
}

fn read_concentration(table: &DeTable<'_>, lines: &mut Lines) -> Result<ConcentrationSpec, Error> {
    let known = ["ion", "steady_millimolar", "tau_ms", "start_millimolar"];
    let fields = Fields::known(table, "concentration", &known, lines)?;
    let ion = read_ion(&fields)?
        .ok_or_else(|| wrong("concentration.ion", "is missing", "write ion = \"calcium\""))?;
    Ok(ConcentrationSpec {
        ion,
        steady_millimolar: fields.required_formula("steady_millimolar")?,
        tau_ms: fields.required_formula("tau_ms")?,
        start_millimolar: fields.formula("start_millimolar")?,
    })
}

fn read_ion(fields: &Fields<'_, '_>) -> Result<Option<Ion>, Error> {
    let Some(name) = fields.text("ion")? else { return Ok(None) };
    let ion = Ion::from_name(&name).ok_or_else(|| {
        let what = format!("ion {name:?} is unknown");
        wrong(&fields.path_of("ion"), what, "write sodium, potassium or calcium; leave it out for a mixture")
    })?;
    Ok(Some(ion))
}

fn read_current(table: &DeTable<'_>, path: &str, lines: &mut Lines) -> Result<CurrentSpec, Error> {
    let known = ["ion", "conductance_s_per_cm2", "reversal_mv", "current_ma_per_cm2"];
    let fields = Fields::known(table, path, &known, lines)?;
    let ion = read_ion(&fields)?;
    let has_conductance = fields.has("conductance_s_per_cm2") || fields.has("reversal_mv");
    let kind = match (has_conductance, fields.formula("current_ma_per_cm2")?) {
        (false, Some(current_ma_per_cm2)) => CurrentKind::Current { current_ma_per_cm2 },
        (true, None) => CurrentKind::Conductance {
            conductance_s_per_cm2: fields.required_formula("conductance_s_per_cm2")?,
            reversal_mv: fields.formula("reversal_mv")?,
        },
        (has_conductance, _) => {
            let what = if has_conductance { "has a conductance and a current" } else { "says nothing" };
            return Err(wrong(path, what, "write conductance_s_per_cm2, or current_ma_per_cm2"));
        }
    };
    Ok(CurrentSpec { ion, kind })
}
