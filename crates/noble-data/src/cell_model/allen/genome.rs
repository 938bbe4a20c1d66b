//! `genome`: one assignment per entry.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::mechanism_names::{LEAK, known_parameters, own_parameter};
use super::Reader;
use crate::{Error, SectionKind};

/// An entry of `genome`.
struct Assignment<'v> {
    path: String,
    kind: SectionKind,
    name: &'v str,
    mechanism: &'v str,
    /// Our name, where the file gives it.
    own: Option<&'v str>,
    value: f64,
}

impl Reader<'_> {
    /// Applies the entries in order; of several that set the same thing the last holds.
    pub(super) fn read_genome(&mut self, object: &Map<String, Value>) -> Result<(), Error> {
        let genome = object.get("genome").and_then(Value::as_array);
        let genome = genome.ok_or_else(|| self.wrong("genome", "is not a list", ""))?;
        let assignments = (genome.iter().enumerate())
            .map(|(idx, entry)| self.assignment(format!("genome[{idx}]"), entry))
            .collect::<Result<Vec<_>, Error>>()?;
        let last: BTreeMap<(SectionKind, &str), usize> =
            assignments.iter().enumerate().map(|(idx, own)| ((own.kind, own.name), idx)).collect();
        for (idx, assignment) in assignments.iter().enumerate() {
            let line = format!("{}: {} of {}", assignment.path, assignment.name, assignment.kind.name());
            self.set(assignment)?;
            match last.get(&(assignment.kind, assignment.name)) {
                Some(last_idx) if *last_idx > idx => {
                    self.report.ignored.push(format!("{line}: overridden by genome[{last_idx}]"));
                }
                _ => self.report.used.push(line),
            }
        }
        Ok(())
    }

    fn assignment<'v>(&self, path: String, entry: &'v Value) -> Result<Assignment<'v>, Error> {
        let kind = self.kind(&path, entry)?;
        let (name, mechanism) = self.name_and_mechanism(&path, entry)?;
        let value = self.number(&path, entry.get("value").unwrap_or(&Value::Null))?;
        Ok(Assignment { path, kind, name, mechanism, own: own_key(entry), value })
    }

    pub(super) fn name_and_mechanism<'v>(
        &self,
        path: &str,
        entry: &'v Value,
    ) -> Result<(&'v str, &'v str), Error> {
        let name = entry.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| self.wrong(path, "has no name", "name the parameter"))?;
        Ok((name, entry.get("mechanism").and_then(Value::as_str).unwrap_or_default()))
    }

    fn set(&mut self, assignment: &Assignment<'_>) -> Result<(), Error> {
        let Assignment { path, kind, name, mechanism, own, value } = assignment;
        match (*name, *mechanism) {
            ("cm", "") => self.section(*kind).capacitance_uf_per_cm2 = *value,
            ("Ra", "") => self.section(*kind).axial_resistivity_ohm_cm = *value,
            ("g_pas", "" | LEAK) => self.set_parameter(*kind, LEAK, ("g_s_per_cm2", *value)),
            ("e_pas", "" | LEAK) => self.set_parameter(*kind, LEAK, ("e_mv", *value)),
            _ => {
                let parameter = self.own_name(path, (name, mechanism), *own)?;
                self.set_parameter(*kind, mechanism, (parameter, *value));
            }
        }
        Ok(())
    }

    pub(super) fn set_parameter(&mut self, kind: SectionKind, mechanism: &str, (name, value): (&str, f64)) {
        let mechanisms = &mut self.section(kind).mechanisms;
        mechanisms.entry(mechanism.to_owned()).or_default().insert(name.to_owned(), value);
    }

    /// Our name of `<parameter>_<mechanism>`, the given one where the file has it.
    pub(super) fn own_name<'v>(
        &self,
        path: &str,
        (name, mechanism): (&str, &str),
        given: Option<&'v str>,
    ) -> Result<&'v str, Error> {
        let stem = name.strip_suffix(mechanism).and_then(|stem| stem.strip_suffix('_'));
        let stem = stem.filter(|_| !mechanism.is_empty()).ok_or_else(|| {
            let what = format!("{name} does not end in the name of mechanism {mechanism:?}");
            self.wrong(path, &what, "write <parameter>_<mechanism>")
        })?;
        given.or_else(|| own_parameter(stem, mechanism)).ok_or_else(|| {
            let remedy = format!("use one of {}", known_parameters(mechanism));
            self.wrong(path, &format!("parameter {stem:?} of {mechanism} is unknown"), &remedy)
        })
    }
}

/// The key `parameter`, our name of what published files have no name for.
pub(super) fn own_key(entry: &Value) -> Option<&str> {
    entry.get("parameter").and_then(Value::as_str)
}
