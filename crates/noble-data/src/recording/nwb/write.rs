//! Recordings as NWB 2 files.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::super::hdf5::{Group, Value};
use super::FORMAT;
use crate::Error;
use crate::recording::{RecordedSweep, Recording};
use crate::sweeps::Precision;

const NWB_VERSION: &str = "2.8.0";
const HZ_PER_PER_MS: f64 = 1e3;
const VOLTS_PER_MV: f64 = 1e-3;
const AMPERES_PER_NA: f64 = 1e-9;
/// Texts and names longer than this are cut; a message of HDF5 holds 64 kB.
const MAX_TEXT_BYTES: usize = 4096;
const MAX_SWEEPS: usize = 30_000;

/// What an NWB file says about the session, none of which a recording knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NwbSession {
    /// Unique name of the file.
    pub identifier: String,
    /// What was done, in a sentence.
    pub description: String,
    /// Start of the session, ISO 8601 with time zone, such as `2026-01-31T09:30:00+01:00`.
    pub start_time: String,
    /// When the file is made, in the same form.
    pub created: String,
    /// How samples are stored; double keeps every bit.
    pub precision: Precision,
}

impl Recording {
    /// The bytes of an NWB 2 file with a `CurrentClampSeries` for every sweep and a `CurrentClampStimulusSeries`, of
    /// the same sweep number and electrode, where the current is known.
    ///
    /// [`read_nwb`](super::read_nwb) gives the sweeps back under the same names, with the same bits at double
    /// precision and rounded to float32 at single; a sweep without channel comes back with the electrode
    /// `electrode`. Every channel has an electrode of its own: the second of a name gets `channel_idx` behind it, and the
    /// channels that come back are numbered anew. A number that several sweeps of a channel have is left out. Notes are
    /// written as comments, refused sweeps not at all. The same recording and session give the same bytes.
    ///
    /// # Errors
    /// [`Error::Recording`] when a time is not ISO 8601, two sweeps have the same name, or there are too many.
    /// # Example
    /// ```
    /// use noble_data::recording::{NwbSession, Recording};
    /// use noble_data::sweeps::Precision;
    /// let recording = Recording { format: String::new(), sweeps: vec![], refused: vec![], notes: vec![] };
    /// let session = NwbSession {
    ///     identifier: "cell 7".to_owned(),
    ///     description: "current steps".to_owned(),
    ///     start_time: "2026-01-31T09:30:00+01:00".to_owned(),
    ///     created: "2026-02-01T12:00:00Z".to_owned(),
    ///     precision: Precision::Double,
    /// };
    /// let bytes = recording.to_nwb(&session)?;
    /// assert_eq!(Recording::from_bytes(&bytes)?.format, "nwb 2.8.0");
    /// # Ok::<(), noble_data::Error>(())
    /// ```
    pub fn to_nwb(&self, session: &NwbSession) -> Result<Vec<u8>, Error> {
        for (key, time) in [("start_time", &session.start_time), ("created", &session.created)] {
            if !is_iso_time(time) {
                let what = format!("{time:?} is no time of ISO 8601");
                return Err(wrong(key, what, "write it like 2026-01-31T09:30:00+01:00"));
            }
        }
        if self.sweeps.len() > MAX_SWEEPS {
            let what = format!("{} sweeps", self.sweeps.len());
            return Err(wrong("acquisition", what, "write at most 30000 sweeps to one file"));
        }
        let ids = Ids(&session.identifier);
        let mut acquisition = Group::default();
        let mut presentation = Group::default();
        let electrodes = electrodes(&self.sweeps);
        let numbers = unique_numbers(&self.sweeps);
        for sweep in &self.sweeps {
            let name = link_name(&sweep.name);
            if acquisition.has(&name) {
                return Err(wrong(
                    &name,
                    "two sweeps have this name".to_owned(),
                    "give every sweep its own name",
                ));
            }
            let key = sweep.number.map(|number| (number, channel(sweep)));
            let number = key.filter(|key| numbers.contains(key)).map(|(number, _)| number);
            let electrode = &electrodes[&channel(sweep)];
            let part = Part { sweep, number, electrode, precision: session.precision, ids: &ids };
            acquisition.group(&name, part.response(&name));
            if let Some(stimulus) = part.stimulus(&name) {
                presentation.group(&format!("{name}_stimulus"), stimulus);
            }
        }
        Ok(root(session, &ids, acquisition, presentation, electrodes.values()).into_file())
    }
}

/// What tells channels apart.
type Channel<'a> = (u32, Option<&'a str>);

fn channel(sweep: &RecordedSweep) -> Channel<'_> {
    (sweep.channel_idx, sweep.channel.as_deref())
}

/// The name of every channel's electrode, each its own.
fn electrodes(sweeps: &[RecordedSweep]) -> BTreeMap<Channel<'_>, String> {
    let channels: BTreeSet<Channel<'_>> = sweeps.iter().map(channel).collect();
    let mut taken = BTreeSet::new();
    let mut electrodes = BTreeMap::new();
    for key in channels {
        let (channel_idx, name) = key;
        let first = link_name(name.unwrap_or("electrode"));
        let with_idx = (0..).map(|idx: u32| format!("{first}_{}", channel_idx.saturating_add(idx)));
        let mut names = std::iter::once(first.clone()).chain(with_idx);
        let name = names.find(|name| !taken.contains(name)).unwrap_or(first.clone());
        taken.insert(name.clone());
        electrodes.insert(key, name);
    }
    electrodes
}

/// Numbers that one sweep alone of a channel has: others would pair it with the stimulus of another.
fn unique_numbers(sweeps: &[RecordedSweep]) -> BTreeSet<(u32, Channel<'_>)> {
    let mut seen = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for sweep in sweeps {
        let key = sweep.number.map(|number| (number, channel(sweep)));
        if let Some(key) = key.filter(|key| !seen.insert(*key)) {
            twice.insert(key);
        }
    }
    seen.difference(&twice).copied().collect()
}

fn root<'a>(
    session: &NwbSession,
    ids: &Ids<'_>,
    acquisition: Group,
    presentation: Group,
    electrodes: impl Iterator<Item = &'a String>,
) -> Group {
    let mut devices = Group::default();
    devices.group("amplifier", ids.typed("Device", "amplifier"));
    let mut ephys = Group::default();
    for name in electrodes {
        let mut electrode = ids.typed("IntracellularElectrode", name);
        electrode.array("description", "electrode of the recording");
        electrode.soft_link("device", "/general/devices/amplifier");
        ephys.group(name, electrode);
    }
    let mut general = Group::default();
    general.group("devices", devices).group("intracellular_ephys", ephys);
    let mut stimulus = Group::default();
    stimulus.group("presentation", presentation).group("templates", Group::default());
    let mut root = ids.typed("NWBFile", "root");
    root.attribute("nwb_version", NWB_VERSION);
    root.group("acquisition", acquisition).group("analysis", Group::default());
    root.group("general", general).group("processing", Group::default()).group("stimulus", stimulus);
    root.array("file_create_date", Value::Texts(vec![session.created.clone()]));
    root.array("identifier", cut(&session.identifier));
    root.array("session_description", cut(&session.description));
    root.array("session_start_time", session.start_time.as_str());
    root.array("timestamps_reference_time", session.start_time.as_str());
    root
}

/// One sweep on its way into the file.
struct Part<'a> {
    sweep: &'a RecordedSweep,
    number: Option<u32>,
    electrode: &'a str,
    precision: Precision,
    ids: &'a Ids<'a>,
}

impl Part<'_> {
    fn response(&self, name: &str) -> Group {
        self.series(("CurrentClampSeries", name), self.sweep.trace.v_mv(), ("volts", VOLTS_PER_MV))
    }

    fn stimulus(&self, name: &str) -> Option<Group> {
        let stimulus = self.sweep.stimulus.as_ref()?;
        let kind = ("CurrentClampStimulusSeries", &*format!("{name}_stimulus"));
        Some(self.series(kind, &stimulus.current_na, ("amperes", AMPERES_PER_NA)))
    }

    fn series(&self, (kind, name): (&str, &str), values: &[f64], (unit, conversion): (&str, f64)) -> Group {
        let notes = &self.sweep.notes;
        let comments = if notes.is_empty() { "no comments".to_owned() } else { notes.join("; ") };
        let mut group = self.ids.typed(kind, name);
        group.attribute("comments", cut(&comments));
        group.attribute("description", "no description");
        group.attribute("stimulus_description", "not stated");
        if let Some(number) = self.number {
            group.attribute("sweep_number", Value::U32(number));
        }
        let array = group.array("data", samples(values, self.precision));
        array.attribute("conversion", Value::F64(conversion)).attribute("offset", Value::F64(0.0));
        array.attribute("resolution", Value::F64(-1.0)).attribute("unit", unit);
        let rate_hz = HZ_PER_PER_MS / self.sweep.trace.grid().step_ms();
        let start = group.array("starting_time", Value::F64(0.0));
        start.attribute("rate", Value::F64(rate_hz)).attribute("unit", "seconds");
        group.soft_link("electrode", &format!("/general/intracellular_ephys/{}", self.electrode));
        group
    }
}

fn samples(values: &[f64], precision: Precision) -> Value {
    match precision {
        Precision::Double => Value::F64s(values.to_vec()),
        #[expect(clippy::cast_possible_truncation, reason = "single precision is asked for")]
        Precision::Single => Value::F32s(values.iter().map(|value| *value as f32).collect()),
    }
}

/// Identifiers of objects, made from the file's and the object's name.
struct Ids<'a>(&'a str);

impl Ids<'_> {
    /// A group of a type of the schema.
    fn typed(&self, kind: &str, name: &str) -> Group {
        let mut group = Group::default();
        group.attribute("namespace", "core").attribute("neurodata_type", kind);
        group.attribute("object_id", self.id(&format!("{kind}/{name}")).as_str());
        group
    }

    /// A UUID of version 8, whose bits are up to us.
    fn id(&self, name: &str) -> String {
        let mut hash = Sha256::digest(format!("{}/{name}", self.0)).to_vec();
        hash[6] = hash[6] & 0x0f | 0x80;
        hash[8] = hash[8] & 0x3f | 0x80;
        let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }
}

/// A name that can be a link: no slash, not a dot alone.
fn link_name(name: &str) -> String {
    let Value::Text(name) = cut(name) else { return String::new() };
    let name = name.replace(['/', '\0'], "_");
    if matches!(name.as_str(), "" | "." | "..") { format!("_{name}") } else { name }
}

fn cut(text: &str) -> Value {
    let end = (0..=text.len().min(MAX_TEXT_BYTES)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    Value::Text(text[..end].to_owned())
}

/// `YYYY-MM-DDThh:mm:ss`, perhaps with a fraction, then `Z` or an offset; a day of the calendar, a time of the clock.
fn is_iso_time(time: &str) -> bool {
    let Some((second, rest)) = time.split_at_checked("0000-00-00T00:00:00".len()) else { return false };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            Some(zone).filter(|zone| zone.len() < fraction.len())
        }
        None => Some(rest),
    };
    let is_zone = |zone: &str| {
        let offset = numbers(zone, "+00:00").or_else(|| numbers(zone, "-00:00"));
        zone == "Z" || offset.is_some_and(|offset| matches!(offset[..], [0..=23, 0..=59]))
    };
    let is_second = numbers(second, "0000-00-00T00:00:00").is_some_and(|fields| match fields[..] {
        [year, month, day, 0..=23, 0..=59, 0..=60] => (1..=days(year, month)).contains(&day),
        _ => false,
    });
    is_second && zone.is_some_and(is_zone)
}

/// The numbers in a text of a shape, in which zeros stand for digits.
fn numbers(text: &str, shape: &str) -> Option<Vec<u32>> {
    let fits = |(c, s): (char, char)| if s == '0' { c.is_ascii_digit() } else { c == s };
    let is_shape = text.len() == shape.len() && text.chars().zip(shape.chars()).all(fits);
    let fields = text.split(|c: char| !c.is_ascii_digit()).filter(|field| !field.is_empty());
    is_shape.then(|| fields.map(|field| field.parse().unwrap_or(u32::MAX)).collect())
}

/// Days of a month; none of a month that there is not.
fn days(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

fn wrong(place: &str, what: String, remedy: &'static str) -> Error {
    Error::Recording { format: FORMAT, place: place.to_owned(), what, remedy }
}
