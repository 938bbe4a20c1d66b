//! A TOML file as tables with known keys, where every value knows its line and its path.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::expression::Expression;
use crate::Error;

/// Largest channel file, in bytes.
const LARGEST_FILE: usize = 1 << 20;

/// Where a key may stand and what it holds.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// Lines of keys by path, and how to turn a place in the text into a line.
#[derive(Default)]
pub(super) struct Lines {
    line_starts: Vec<usize>,
    by_path: BTreeMap<String, usize>,
}

impl Lines {
    fn of_text(text: &str) -> Self {
        let line_starts = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        Self { line_starts, by_path: BTreeMap::new() }
    }

    fn line_at(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at) + 1
    }

    fn note(&mut self, path: &str, at: usize) {
        let line = self.line_at(at);
        self.by_path.entry(path.to_owned()).or_insert(line);
    }

    /// Path with the line of its key, or of the nearest table around it.
    fn place(&self, path: &str) -> String {
        let mut outer = path;
        loop {
            if let Some(line) = self.by_path.get(outer) {
                return format!("line {line}, {path}");
            }
            match outer.rfind(['.', '[']) {
                Some(at) => outer = &outer[..at],
                None => return path.to_owned(),
            }
        }
    }

    /// Adds the line to an error whose place is a path alone.
    pub(super) fn placed(&self, error: Error) -> Error {
        match error {
            Error::Channel { place, what, remedy } => {
                Error::Channel { place: self.place(&place), what, remedy }
            }
            other => other,
        }
    }
}

/// An error at a key path.
pub(super) fn wrong(path: &str, what: impl Into<String>, remedy: impl Into<String>) -> Error {
    Error::Channel { place: path.to_owned(), what: what.into(), remedy: remedy.into() }
}

/// Path of a key within a table, quoted where it is not a plain word.
pub(super) fn path_of(table: &str, key: &str) -> String {
    let is_plain = key.len() <= 64 && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let quoted = || format!("{:?}", key.chars().take(64).collect::<String>());
    let shown = if is_plain { key.to_owned() } else { quoted() };
    if table.is_empty() { shown } else { format!("{table}.{shown}") }
}

/// Parses the file and gives its outermost table, with the lines of its text.
pub(super) fn parse(bytes: &[u8]) -> Result<(Spanned<DeTable<'_>>, Lines), Error> {
    if bytes.len() > LARGEST_FILE {
        let what = format!("{} bytes are too many", bytes.len());
        return Err(wrong("file", what, format!("stay within {LARGEST_FILE} bytes")));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        wrong(&format!("line {line}"), "the text is not UTF-8", "store the file as UTF-8")
    })?;
    let lines = Lines::of_text(text);
    let table = DeTable::parse(text).map_err(|error| {
        let place =
            error.span().map_or("file".to_owned(), |span| format!("line {}", lines.line_at(span.start)));
        wrong(&place, error.message(), "write TOML: `key = \"value\"` below `[table]`")
    })?;
    Ok((table, lines))
}

/// One table and its path.
pub(super) struct Fields<'d, 't> {
    table: &'d DeTable<'t>,
    path: String,
}

impl<'d, 't> Fields<'d, 't> {
    /// A table all of whose keys are known.
    pub(super) fn known(
        table: &'d DeTable<'t>,
        path: &str,
        known: &[&str],
        lines: &mut Lines,
    ) -> Result<Self, Error> {
        let fields = Self::any(table, path, lines);
        match table.keys().find(|key| !known.contains(&key.get_ref().as_ref())) {
            None => Ok(fields),
            Some(key) => {
                let remedy = format!("use {}", known.join(", "));
                Err(wrong(&fields.path_of(key.get_ref()), "key is unknown", remedy))
            }
        }
    }

    /// A table whose keys the user chooses.
    pub(super) fn any(table: &'d DeTable<'t>, path: &str, lines: &mut Lines) -> Self {
        let fields = Self { table, path: path.to_owned() };
        for key in table.keys() {
            lines.note(&fields.path_of(key.get_ref()), key.span().start);
        }
        fields
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        path_of(&self.path, key)
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Keys and values in the order of the file.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'d str, &'d Value<'t>)> + use<'d, 't> {
        self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), value))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn missing(&self, key: &str, example: &str) -> Error {
        wrong(&self.path_of(key), "is missing", format!("write {key} = {example}"))
    }

    pub(super) fn required_text(&self, key: &str, example: &str) -> Result<String, Error> {
        self.text(key)?.ok_or_else(|| self.missing(key, example))
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, Error> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        match value.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Ok(Some(text.to_owned())),
            Some(_) => Err(wrong(&self.path_of(key), "is empty", "write some text")),
            None => Err(wrong(&self.path_of(key), is_a(value), "write a string")),
        }
    }

    pub(super) fn required_number(&self, key: &str) -> Result<f64, Error> {
        self.number(key)?.ok_or_else(|| self.missing(key, "a number"))
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<f64>, Error> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let number = number_of(value).filter(|number| number.is_finite());
        let wrong = || wrong(&self.path_of(key), "is not a finite number", "write a number such as 0.5");
        number.map(Some).ok_or_else(wrong)
    }

    pub(super) fn required_formula(&self, key: &str) -> Result<Expression, Error> {
        self.formula(key)?.ok_or_else(|| self.missing(key, "\"a formula\""))
    }

    /// A formula, or a number that stands for one.
    pub(super) fn formula(&self, key: &str) -> Result<Option<Expression>, Error> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let path = self.path_of(key);
        if let Some(number) = number_of(value) {
            let number = Some(number).filter(|number| number.is_finite());
            let number = number.ok_or_else(|| wrong(&path, "is not finite", "write a finite number"))?;
            let size = Expression::Number(number.abs());
            let is_negative = number.is_sign_negative();
            return Ok(Some(if is_negative { Expression::Negate(Box::new(size)) } else { size }));
        }
        let Some(text) = value.get_ref().as_str() else {
            return Err(wrong(&path, is_a(value), "write a formula in quotes"));
        };
        Expression::parse(text).map(Some).map_err(|error| in_formula(&path, text, error))
    }

    pub(super) fn table(&self, key: &str) -> Result<Option<&'d DeTable<'t>>, Error> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        as_table(value, &self.path_of(key)).map(Some)
    }

    /// The tables of a list of tables, with their paths; empty where the key is missing.
    pub(super) fn tables(
        &self,
        key: &str,
        lines: &mut Lines,
    ) -> Result<Vec<(String, &'d DeTable<'t>)>, Error> {
        let Some(value) = self.table.get(key) else { return Ok(Vec::new()) };
        let path = self.path_of(key);
        let list = value.get_ref().as_array();
        let list = list.ok_or_else(|| wrong(&path, is_a(value), format!("write [[{path}]]")))?;
        let with_path = |(idx, value): (usize, &'d Value<'t>)| {
            let path = format!("{path}[{idx}]");
            lines.note(&path, value.span().start);
            Ok((path.clone(), as_table(value, &path)?))
        };
        list.iter().enumerate().map(with_path).collect()
    }

    /// A list of strings.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, Error> {
        let value = self.table.get(key).ok_or_else(|| self.missing(key, "[\"C\", \"O\"]"))?;
        let wrong = || wrong(&self.path_of(key), "is not a list of strings", "write [\"C\", \"O\"]");
        let list = value.get_ref().as_array().ok_or_else(wrong)?;
        list.iter().map(|entry| entry.get_ref().as_str().map(str::to_owned).ok_or_else(wrong)).collect()
    }
}

/// A value as a table.
pub(super) fn as_table<'d, 't>(value: &'d Value<'t>, path: &str) -> Result<&'d DeTable<'t>, Error> {
    value.get_ref().as_table().ok_or_else(|| wrong(path, is_a(value), format!("write [{path}]")))
}

fn is_a(value: &Value<'_>) -> String {
    format!("is of type {}", value.get_ref().type_str())
}

fn number_of(value: &Value<'_>) -> Option<f64> {
    match value.get_ref() {
        DeValue::Float(float) => float.as_str().parse().ok(),
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
        _ => None,
    }
}

/// What is wrong within a formula, at its key.
fn in_formula(path: &str, text: &str, error: Error) -> Error {
    match error {
        Error::Expression { column, what, remedy } => {
            let shown: String = text.chars().take(60).collect();
            wrong(path, format!("column {column} of `{shown}`: {what}"), remedy)
        }
        other => other,
    }
}
