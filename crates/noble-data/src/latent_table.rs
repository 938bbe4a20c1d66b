//! Latent features of many models in a table: what an operator from elsewhere needs beside its weights.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Error, ModelId};

const FORMAT: &str = "table of latent features";
/// Sets per seed in the released table; a model's number is `(seed - 1)·20 + hof` there.
const FOREIGN_SETS_PER_SEED: ModelId = 20;
/// Columns of the released table and our names; its slope is per nanoampere, its intercept in nanoamperes.
const FOREIGN_NAMES: [(&str, &str); 2] = [("slope", "s_thr_hz_per_na"), ("intercept", "i_thr_na")];

/// Latent features of models, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct LatentTable {
    /// Numbers of the models, each once.
    pub models: Vec<ModelId>,
    /// Values by name, `[n_models]` each, in the unit that ends the name.
    pub latents: BTreeMap<String, Vec<f64>>,
}

impl LatentTable {
    /// Our name of a latent feature that may be named as in the released table.
    #[must_use]
    pub fn own_name(name: &str) -> &str {
        FOREIGN_NAMES.iter().find(|(foreign, _)| *foreign == name).map_or(name, |(_, own)| own)
    }

    /// Reads the named latent features from CSV text.
    ///
    /// Column `model` holds the number of a model; other columns are named as the latent features. Instead of `model` there
    /// may be `seed` (from 1) and `hof` (from 0), instead of `s_thr_hz_per_na` and `i_thr_na` there may be `slope` and
    /// `intercept`. Columns that nobody asked for are passed over.
    ///
    /// # Errors
    /// [`Error::Array`] with line and column where a column is missing or ambiguous, a field is not a number, a model comes
    /// twice, or there is no model.
    /// # Source
    /// The `e_features` table of the NOBLE repository (commit 1be69c8), and the numbering of its inference notebooks.
    pub fn read_csv(bytes: &[u8], names: &[String]) -> Result<Self, Error> {
        let mut reader =
            csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_reader(bytes);
        let remedy = "give comma-separated text with a line of column names";
        let header = reader.headers().map_err(|error| wrong("line 1", error.to_string(), remedy))?.clone();
        let numbering = Numbering::find(&header)?;
        let columns =
            names.iter().map(|name| Ok((name, column(&header, name)?))).collect::<Result<Vec<_>, Error>>()?;
        let mut table = Self { models: Vec::new(), latents: BTreeMap::new() };
        let mut seen = BTreeSet::new();
        for record in reader.records() {
            let remedy = "give every row one field per column";
            let record = record.map_err(|error| wrong("row", error.to_string(), remedy))?;
            let row = Row { record: &record, header: &header };
            let model = numbering.model(&row)?;
            if !seen.insert(model) {
                let what = format!("model {model} comes twice");
                return Err(wrong(&row.place(0), what, "keep one row per model"));
            }
            table.models.push(model);
            for (name, column) in &columns {
                table.latents.entry((*name).clone()).or_default().push(row.number(*column)?);
            }
        }
        if table.models.is_empty() {
            return Err(wrong("file", "there are no models".to_owned(), "give one row per model"));
        }
        Ok(table)
    }
}

/// Which columns tell the number of a model.
enum Numbering {
    Model(usize),
    SeedAndSet(usize, usize),
}

impl Numbering {
    fn find(header: &csv::StringRecord) -> Result<Self, Error> {
        let place = |name: &str| header.iter().position(|own| own == name);
        match (place("model"), place("seed"), place("hof")) {
            (Some(model), _, _) => Ok(Self::Model(model)),
            (None, Some(seed), Some(hof)) => Ok(Self::SeedAndSet(seed, hof)),
            _ => {
                let what = format!("no column model (nor seed and hof) among {}", listed(header));
                Err(wrong("line 1", what, "number the models in a column named model"))
            }
        }
    }

    fn model(&self, row: &Row<'_>) -> Result<ModelId, Error> {
        match *self {
            Self::Model(column) => row.count(column),
            Self::SeedAndSet(seed, hof) => {
                let (of_seed, set) = (row.count(seed)?, row.count(hof)?);
                let before =
                    of_seed.checked_sub(1).and_then(|seeds| seeds.checked_mul(FOREIGN_SETS_PER_SEED));
                let model = before.filter(|_| set < FOREIGN_SETS_PER_SEED).and_then(|n| n.checked_add(set));
                let what = || format!("seed {of_seed} and hof {set} make no number");
                let remedy = "count seeds from 1 and sets from 0 to 19, or give a column named model";
                model.ok_or_else(|| wrong(&row.place(seed), what(), remedy))
            }
        }
    }
}

struct Row<'a> {
    record: &'a csv::StringRecord,
    header: &'a csv::StringRecord,
}

impl Row<'_> {
    fn place(&self, column: usize) -> String {
        let line = self.record.position().map_or(0, csv::Position::line);
        format!("line {line} column {}", &self.header[column])
    }

    fn number(&self, column: usize) -> Result<f64, Error> {
        let text = &self.record[column];
        let value = text.parse().ok().filter(|value: &f64| value.is_finite());
        let what = || format!("{text:?} is not a finite number");
        value.ok_or_else(|| wrong(&self.place(column), what(), "give a number"))
    }

    fn count(&self, column: usize) -> Result<ModelId, Error> {
        let text = &self.record[column];
        let what = || format!("{text:?} is not a whole number");
        text.parse().map_err(|_| wrong(&self.place(column), what(), "number models by whole numbers"))
    }
}

/// The column of a latent feature, by our name or the foreign one.
fn column(header: &csv::StringRecord, name: &str) -> Result<usize, Error> {
    let mut places = header.iter().enumerate().filter(|(_, column)| LatentTable::own_name(column) == name);
    match (places.next(), places.next()) {
        (Some((place, _)), None) => Ok(place),
        (Some((_, first)), Some((_, second))) => {
            let what = format!("columns {first} and {second} both hold {name}");
            Err(wrong("line 1", what, "keep one of them"))
        }
        (None, _) => {
            let what = format!("no column {name} among {}", listed(header));
            Err(wrong("line 1", what, "add it, or name another latent feature in the channel order"))
        }
    }
}

fn listed(header: &csv::StringRecord) -> String {
    header.iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}

fn wrong(place: &str, what: String, remedy: &'static str) -> Error {
    Error::Array { format: FORMAT, place: place.to_owned(), what, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["s_thr_hz_per_na", "i_thr_na"].map(str::to_owned).to_vec()
    }

    #[test]
    fn analytic_foreign_numbers_and_names() {
        let text = ",cell_type,cell_id,seed,hof,slope,intercept\n\
                    200,PVALB,689331391,1,0,756.2,0.0164\n\
                    238,PVALB,689331391,2,18,770.7,0.0163\n";
        let foreign = LatentTable::read_csv(text.as_bytes(), &names()).unwrap();
        assert_eq!(foreign.models, [0, 38]);
        let own = "model,i_thr_na,s_thr_hz_per_na\n0,0.0164,756.2\n38,0.0163,770.7\n";
        assert_eq!(LatentTable::read_csv(own.as_bytes(), &names()).unwrap(), foreign);
        let one = LatentTable::read_csv(own.as_bytes(), &names()[1..]).unwrap();
        assert_eq!(one.latents.len(), 1);
    }

    #[test]
    fn invariant_wrong_tables_are_named() {
        let cases = [
            ("", "no column model"),
            ("model,i_thr_na\n0,0.1\n", "no column s_thr_hz_per_na among model, i_thr_na"),
            ("model,slope,s_thr_hz_per_na,i_thr_na\n", "columns slope and s_thr_hz_per_na both hold"),
            ("model,s_thr_hz_per_na,i_thr_na\n", "there are no models"),
            ("model,s_thr_hz_per_na,i_thr_na\n0,1,2\n0,1,2\n", "line 3 column model: model 0 comes twice"),
            ("model,s_thr_hz_per_na,i_thr_na\n0,1,nan\n", "line 2 column i_thr_na: \"nan\" is not a finite"),
            ("model,s_thr_hz_per_na,i_thr_na\n-1,1,2\n", "\"-1\" is not a whole number"),
            ("model,s_thr_hz_per_na,i_thr_na\n1,1\n", "row"),
            ("seed,hof,slope,intercept\n0,1,1,1\n", "seed 0 and hof 1 make no number"),
            ("seed,hof,slope,intercept\n1,20,1,1\n", "seed 1 and hof 20 make no number"),
        ];
        for (text, expected) in cases {
            let message = LatentTable::read_csv(text.as_bytes(), &names()).unwrap_err().to_string();
            assert!(message.contains(expected), "{message} lacks {expected}");
        }
    }
}
