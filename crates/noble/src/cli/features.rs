//! `noble features`.

use clap::{Args, ValueEnum};
use noble_features::{Feature, SUBJECTS, feature};
use serde_json::{Value, json};

use super::terminal::data;
use crate::Error;

/// List electrophysiology features, or say how one is defined
///
/// Without a name: every feature by subject, with its unit and a sentence. With names: also the formula, what it is
/// made of, and how precise mode differs. The names are eFEL's, as `noble extract --features` takes them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble features\n  \
    noble features AP1_width AHP_depth\n  \
    noble features --format json")]
pub(super) struct FeaturesArgs {
    /// Features by eFEL's names [default: a list of all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A line per feature, or the entries of the features named
    Table,
    /// One list of entries
    Json,
}

pub(super) fn run(args: &FeaturesArgs) -> Result<(), Error> {
    let named = args.names.iter().map(|name| feature(name)).collect::<Result<Vec<&Feature>, _>>()?;
    let is_listed =
        |feature: &Feature| named.is_empty() || named.iter().any(|named| named.name == feature.name);
    match args.format {
        Format::Json => {
            let listed =
                SUBJECTS.iter().flat_map(|subject| subject.features.iter().map(|f| (subject.title, f)));
            let objects: Value = listed.filter(|(_, feature)| is_listed(feature)).map(object).collect();
            data(&format!("{objects:#}\n"))
        }
        Format::Table if named.is_empty() => data(&list()),
        Format::Table => data(&named.into_iter().map(entry).collect::<Vec<_>>().join("\n")),
    }
}

/// A block per subject, columns aligned over all.
fn list() -> String {
    let features = || SUBJECTS.iter().flat_map(|subject| subject.features);
    let name_width = features().map(|feature| feature.name.len()).max().unwrap_or(0);
    let unit_width = features().map(|feature| feature.unit().chars().count()).max().unwrap_or(0);
    let line = |feature: &Feature| {
        format!("  {:name_width$}  {:unit_width$}  {}\n", feature.name, feature.unit(), feature.sentence)
    };
    let block = |title: &str, features: &[Feature]| {
        format!("{title}\n{}", features.iter().map(line).collect::<String>())
    };
    let blocks = SUBJECTS.iter().map(|subject| block(subject.title, subject.features));
    blocks.collect::<Vec<_>>().join("\n")
}

fn entry(feature: &Feature) -> String {
    let number = if feature.is_list() { "list" } else { "one value" };
    let unit = if feature.unit().is_empty() { "no unit" } else { feature.unit() };
    let needs = feature.needs.split_whitespace().collect::<Vec<_>>().join(", ");
    let needs = if needs.is_empty() { String::new() } else { format!("  made of       {needs}\n") };
    format!(
        "{}  ({unit}, {number})\n  {}\n  formula       {}\n{needs}  precise mode  {}\n  source        {}\n",
        feature.name,
        feature.sentence,
        feature.formula,
        feature.in_precise_mode(),
        source(feature),
    )
}

fn source(feature: &Feature) -> String {
    format!("eFEL 5.7.34 {}", feature.name)
}

fn object((subject, feature): (&str, &Feature)) -> Value {
    json!({
        "name": feature.name,
        "column": feature.column(),
        "subject": subject,
        "unit": feature.unit(),
        "is_list": feature.is_list(),
        "sentence": feature.sentence,
        "formula": feature.formula,
        "made_of": feature.needs.split_whitespace().collect::<Vec<_>>(),
        "precise_mode": feature.in_precise_mode(),
        "source": source(feature),
    })
}
