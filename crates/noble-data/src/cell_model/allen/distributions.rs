//! `distributions`: parameters that vary along the tree.

use serde_json::{Map, Value};

use super::super::distribution::{DISTANCE, Distribution};
use super::Reader;
use super::genome::own_key;
use crate::Error;
use crate::channel::Expression;

/// The file's word for the distance from the middle of the soma.
const THEIR_DISTANCE: &str = "x";

impl Reader<'_> {
    /// Each entry gives the number and the formula that carries it to a distance, after `genome`.
    pub(super) fn read_distributions(&mut self, object: &Map<String, Value>) -> Result<(), Error> {
        let Some(entries) = object.get("distributions") else { return Ok(()) };
        for (idx, entry) in
            self.list("distributions", entries, "section, name and formula")?.iter().enumerate()
        {
            let path = format!("distributions[{idx}]");
            let kind = self.kind(&path, entry)?;
            let (name, mechanism) = self.name_and_mechanism(&path, entry)?;
            let parameter = self.own_name(&path, (name, mechanism), own_key(entry))?;
            let value = self.number(&path, entry.get("value").unwrap_or(&Value::Null))?;
            let distribution = self.distribution(&path, entry)?;
            self.set_parameter(kind, mechanism, (parameter, value));
            let distributions = &mut self.section(kind).distributions;
            distributions.entry(mechanism.to_owned()).or_default().insert(parameter.to_owned(), distribution);
            self.report.used.push(format!("{path}: {name} of {}", kind.name()));
        }
        Ok(())
    }

    fn distribution(&self, path: &str, entry: &Value) -> Result<Distribution, Error> {
        let text = entry.get("formula").and_then(Value::as_str);
        let text = text.ok_or_else(|| self.wrong(path, "has no formula", "write one of value and x"))?;
        let read = Expression::parse(text).map(|theirs| in_our_words(&theirs)).and_then(Distribution::new);
        read.map_err(|error| {
            self.wrong(path, &format!("formula {text:?}: {error}"), "write a formula of value and x")
        })
    }
}

fn in_our_words(theirs: &Expression) -> Expression {
    theirs.renamed(&|name| if name == THEIR_DISTANCE { DISTANCE } else { name })
}

/// The formula as [`Reader::read_distributions`] takes it.
pub(in crate::cell_model) fn in_their_words(ours: &Expression) -> Expression {
    ours.renamed(&|name| if name == DISTANCE { THEIR_DISTANCE } else { name })
}
