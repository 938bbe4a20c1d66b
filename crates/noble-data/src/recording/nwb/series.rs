//! One time series of a file: what it is, and its values in our units.

use std::collections::BTreeMap;

use super::decoded::Decoded;
use super::{File, Link, RefusedSweep};
use crate::Error;
use crate::recording::units::{Quantity, quantity};

/// What a series records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    CurrentClamp,
    ZeroCurrent,
    VoltageClamp,
    Other,
}

/// What the values must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Voltage,
    Current,
}

/// Samples that a row of the table of recordings names: first and number.
pub(super) type Rows = Option<(usize, usize)>;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) address: u64,
    pub(super) kind: Kind,
    /// The type's name in the schema.
    pub(super) type_name: String,
    pub(super) sweep_number: Option<u32>,
    /// The sweep's number, or the one in its name.
    pub(super) number: Option<u32>,
    pub(super) electrode: Option<String>,
}

/// The series of a group, and what could not be opened.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) series: Vec<Series>,
    pub(super) refused: Vec<RefusedSweep>,
}

/// Names of electrodes by address.
#[derive(Debug, Default)]
pub(super) struct Electrodes(BTreeMap<u64, String>);

impl Electrodes {
    pub(super) fn read(file: &File<'_>) -> Result<Self, Error> {
        let Some(group) = file.find(file.root(), "general/intracellular_ephys")? else {
            return Ok(Self::default());
        };
        let mut names = BTreeMap::new();
        for (name, link) in file.members(group)? {
            if let Link::Hard(address) = link {
                names.entry(address).or_insert(name);
            }
        }
        Ok(Self(names))
    }

    /// The last name on the way to the electrode of a series, whichever kind of link leads there.
    fn of(&self, file: &File<'_>, address: u64) -> Result<Option<String>, Error> {
        let link = file.members(address)?.into_iter().find(|(name, _)| name == "electrode");
        Ok(match link {
            Some((_, Link::Soft(path))) => path.rsplit('/').next().map(short),
            Some((_, Link::Hard(target))) => self.0.get(&target).cloned(),
            _ => None,
        })
    }
}

/// Every series of a group.
pub(super) fn list(file: &File<'_>, electrodes: &Electrodes, path: &str) -> Result<List, Error> {
    let mut list = List::default();
    let Some(group) = file.find(file.root(), path)? else { return Ok(list) };
    for (name, link) in file.members(group)? {
        match open((file, electrodes), (group, &link), &name) {
            Ok(Some(series)) => list.series.push(series),
            Ok(None) => {}
            Err(error) => {
                list.refused.push(RefusedSweep { name, number: None, reason: super::reason(&error) });
            }
        }
    }
    Ok(list)
}

fn open(
    (file, electrodes): (&File<'_>, &Electrodes),
    (group, link): (u64, &Link),
    name: &str,
) -> Result<Option<Series>, Error> {
    let Some(address) = file.target(group, link)? else { return Ok(None) };
    let type_name = short(&file.text(address, "neurodata_type")?.unwrap_or_default());
    let kind = match type_name.as_str() {
        "CurrentClampSeries" | "CurrentClampStimulusSeries" => Kind::CurrentClamp,
        "IZeroClampSeries" => Kind::ZeroCurrent,
        "VoltageClampSeries" | "VoltageClampStimulusSeries" => Kind::VoltageClamp,
        _ => Kind::Other,
    };
    let sweep_number = file.number(address, "sweep_number")?.and_then(whole);
    let series = Series {
        name: name.to_owned(),
        address,
        kind,
        type_name,
        sweep_number,
        number: sweep_number.or_else(|| super::names::number(name)),
        electrode: electrodes.of(file, address)?,
    };
    Ok(Some(series))
}

/// The beginning of a text that series may share: many copies of a long one would cost memory.
fn short(text: &str) -> String {
    const MOST_CHARS: usize = 200;
    text.chars().take(MOST_CHARS).collect()
}

fn whole(number: f64) -> Option<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole and in range"
    )]
    let is_whole =
        (number >= 0.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0).then_some(number as u32);
    is_whole
}

impl Series {
    pub(super) fn refused(&self, reason: &str) -> RefusedSweep {
        RefusedSweep { name: self.name.clone(), number: self.number, reason: reason.to_owned() }
    }

    /// An error about this series, in which its name need not be said again.
    pub(super) fn wrong(&self, what: impl Into<String>) -> Error {
        Error::Recording {
            format: super::FORMAT,
            place: String::new(),
            what: what.into(),
            remedy: "mend the series where it was written",
        }
    }

    /// The values in mV or nA, with a note where the unit was assumed.
    pub(super) fn values(
        &self,
        (file, decoded): (&File<'_>, &Decoded),
        place: Place,
        rows: Rows,
    ) -> Result<(Vec<f64>, Option<String>), Error> {
        let data = self.member(file, "data")?.ok_or_else(|| self.wrong("has no data"))?;
        let (factor, note) = self.factor(file, data, place)?;
        let conversion = file.number(data, "conversion")?.unwrap_or(1.0);
        let offset = file.number(data, "offset")?.unwrap_or(0.0);
        let values = decoded.numbers(file, data, (place, rows))?;
        let mut values = values.map_err(|what| self.wrong(what))?;
        if values.is_empty() {
            return Err(self.wrong("has no samples"));
        }
        // One factor, so that values stored in our unit come back with the same bits.
        let (scale, shift) = (conversion * factor, offset * factor);
        for value in &mut values {
            *value = *value * scale + shift;
        }
        Ok((values, note))
    }

    fn factor(&self, file: &File<'_>, data: u64, place: Place) -> Result<(f64, Option<String>), Error> {
        let default = if place == Place::Voltage { "volts" } else { "amperes" };
        let stated = file.text(data, "unit")?.filter(|unit| !unit.is_empty());
        let note = stated.is_none().then(|| format!("{}: no unit, {default} are assumed", self.name));
        let unit = stated.unwrap_or_else(|| default.to_owned());
        match (quantity(&unit), place) {
            (Some(Quantity::Voltage(factor)), Place::Voltage)
            | (Some(Quantity::Current(factor)), Place::Current) => Ok((factor, note)),
            _ => Err(self.wrong(format!("unit {unit:?} where {default} are expected"))),
        }
    }

    /// Current that the amplifier adds to the stimulus.
    pub(super) fn bias_na(&self, file: &File<'_>) -> Result<f64, Error> {
        let Some(bias) = self.member(file, "bias_current")? else { return Ok(0.0) };
        let Some(Quantity::Current(na_per_ampere)) = quantity("amperes") else { return Ok(0.0) };
        let bias = file.dataset(bias)?;
        // Tools write NaN for a bias that is not known.
        let bias_na = bias.numbers()?.first().copied().unwrap_or(0.0) * na_per_ampere;
        Ok(if bias_na.is_finite() { bias_na } else { 0.0 })
    }

    /// A member of the series, along links.
    pub(super) fn member(&self, file: &File<'_>, name: &str) -> Result<Option<u64>, Error> {
        file.find(self.address, name)
    }
}
