//! CSV: a column `time_ms`, one column ending in `_mv` per sweep, and none or one column ending in `_na` per sweep.

use std::collections::BTreeMap;

use ndarray::Array2;

use super::{StimulusWindow, Sweeps};
use crate::Error;

const FORMAT: &str = "csv file";
const HEADER_REMEDY: &str =
    "name the columns in the first line: time_ms, then one column ending in _mv per sweep, such as v_mv";

/// Where the columns of one kind stand.
struct Columns {
    time: usize,
    voltages: Vec<usize>,
    currents: Vec<usize>,
}

impl Sweeps {
    /// The text of a CSV file with columns `time_ms, sweep_0_mv, sweep_1_mv, …` and, where the currents are known,
    /// `sweep_0_na, sweep_1_na, …`.
    ///
    /// # Errors
    /// [`Error::Array`] when the text cannot be assembled.
    pub fn to_csv(&self) -> Result<Vec<u8>, Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let packed =
            |result: Result<(), csv::Error>| result.map_err(|error| wrong("file", &error, "try again"));
        let names = |unit: &str| -> Vec<String> {
            (0..self.n_sweeps()).map(|sweep_idx| format!("sweep_{sweep_idx}_{unit}")).collect()
        };
        let current_names = if self.current_na.is_some() { names("na") } else { Vec::new() };
        let header = std::iter::once("time_ms".to_owned()).chain(names("mv")).chain(current_names);
        packed(writer.write_record(header))?;
        for (idx, t_ms) in self.times_ms.iter().enumerate() {
            let currents = self.current_na.iter().flat_map(|current_na| current_na.column(idx));
            let row = std::iter::once(t_ms).chain(self.v_mv.column(idx)).chain(currents).map(f64::to_string);
            packed(writer.write_record(row))?;
        }
        writer.into_inner().map_err(|error| wrong("file", &error, "try again"))
    }

    /// Reads a CSV file of sweeps.
    ///
    /// Where current columns are given, the step of a sweep is its largest current by magnitude, and the window is
    /// the time from the first to the last sample that is not zero in any of them.
    ///
    /// # Errors
    /// [`Error::Array`] with the row and column when a header is missing, a field is not a finite number, rows
    /// differ in length, or times do not increase.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader =
            csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_reader(bytes);
        let header = reader.headers().map_err(|error| wrong("line 1", &error, HEADER_REMEDY))?.clone();
        let columns = columns(&header)?;
        let (mut values, mut record) = (Vec::new(), csv::StringRecord::new());
        let read = |error: csv::Error| wrong("row", &error, "give every row one field per column");
        while reader.read_record(&mut record).map_err(read)? {
            append_numbers(&record, &header, &mut values)?;
        }
        // The reader refuses rows of another length than the header.
        let rows: Vec<&[f64]> = values.chunks_exact(header.len()).collect();
        let times_ms: Vec<f64> = rows.iter().map(|row| row[columns.time]).collect();
        let take = |which: &[usize]| {
            Array2::from_shape_fn((which.len(), rows.len()), |(sweep, sample)| rows[sample][which[sweep]])
        };
        let currents = take(&columns.currents);
        let mut step_na = vec![None; columns.voltages.len()];
        for (sweep_idx, current) in currents.outer_iter().enumerate() {
            step_na[sweep_idx] = current.iter().copied().reduce(|a, b| if b.abs() > a.abs() { b } else { a });
        }
        let window = window(&currents, &times_ms);
        let v_mv = take(&columns.voltages);
        let current_na = (!columns.currents.is_empty()).then_some(currents);
        let latents = BTreeMap::new();
        let sweeps = Self { times_ms, step_na, models: None, v_mv, current_na, latents, window };
        sweeps.check(FORMAT)?;
        Ok(sweeps)
    }
}

fn wrong(place: &str, what: &dyn std::fmt::Display, remedy: &'static str) -> Error {
    Error::Array { format: FORMAT, place: place.to_owned(), what: what.to_string(), remedy }
}

fn columns(header: &csv::StringRecord) -> Result<Columns, Error> {
    let ending = |suffix: &str| -> Vec<usize> {
        (0..header.len()).filter(|idx| header[*idx].ends_with(suffix)).collect()
    };
    let time = header.iter().position(|name| name == "time_ms");
    let time = time.ok_or_else(|| wrong("line 1", &"there is no column time_ms", HEADER_REMEDY))?;
    let (voltages, currents) = (ending("_mv"), ending("_na"));
    if voltages.is_empty() {
        return Err(wrong("line 1", &"there is no column ending in _mv", HEADER_REMEDY));
    }
    if !currents.is_empty() && currents.len() != voltages.len() {
        let what = format!("{} columns end in _na and {} in _mv", currents.len(), voltages.len());
        return Err(wrong("line 1", &what, "give no current, or one current per voltage"));
    }
    Ok(Columns { time, voltages, currents })
}

fn append_numbers(
    record: &csv::StringRecord,
    header: &csv::StringRecord,
    values: &mut Vec<f64>,
) -> Result<(), Error> {
    let line = record.position().map_or(0, csv::Position::line);
    let parse = |(idx, field): (usize, &str)| {
        let value: f64 = field.parse().unwrap_or(f64::NAN);
        if value.is_finite() {
            return Ok(value);
        }
        let place = format!("line {line} column {}", &header[idx]);
        Err(wrong(
            &place,
            &format!("{field:?} is not a finite number"),
            "write a number, with a dot for decimals",
        ))
    };
    for field in record.iter().enumerate() {
        values.push(parse(field)?);
    }
    Ok(())
}

fn window(currents: &Array2<f64>, times_ms: &[f64]) -> Option<StimulusWindow> {
    let is_on = |sample: &usize| currents.column(*sample).iter().any(|current| *current != 0.0);
    let on: Vec<usize> = (0..times_ms.len()).filter(is_on).collect();
    let (first, last) = (*on.first()?, *on.last()?);
    let end_ms = times_ms.get(last + 1).copied().unwrap_or(times_ms[last]);
    Some(StimulusWindow { start_ms: times_ms[first], end_ms })
}
