//! Prints `bindings/python/python/noble/commands.py`: one Python function per command, with the command line's names, units,
//! defaults and help.
//!
//! ```sh
//! cargo run --package noble --example python_commands > bindings/python/python/noble/commands.py
//! ```

use std::io::Write;
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, Command, value_parser};
use noble::cli;

/// Commands that Python has, what each returns, and its options that have no meaning there.
const COMMANDS: [(&str, &str, &str, &[&str]); 11] = [
    (
        "simulate",
        "Sweeps",
        "voltages of the soma and what was recorded, one row per model and current",
        &["out", "figure", "shard", "resume"],
    ),
    ("predict", "Sweeps", "voltages of the members, one row per member and current", &["out", "map"]),
    ("extract", "list[dict[str, Any]]", "one dictionary per sweep, its features by name", &["list"]),
    ("fi", "list[dict[str, Any]]", "one dictionary per curve", &[]),
    ("fit", "dict[str, Any]", "the hall of fame that was written", &["shard", "write_case"]),
    ("generate", "Path", "the folder of the dataset", &["shard"]),
    ("train", "Operator", "the operator with the lowest validation loss", &["plot"]),
    (
        "evaluate",
        "dict[str, Any] | list[dict[str, Any]]",
        "errors over the held-out traces, or beside the recording",
        &[],
    ),
    ("interpolate", "Path", "the folder with the comparison", &[]),
    ("reproduce", "Path", "the folder with the report and everything it was made of", &[]),
    ("convert", "Path", "the file that was written", &[]),
];
/// Commands whose work an executor may share.
const MAPPED: [&str; 2] = ["simulate", "fit"];
/// Commands whose functions return what the command writes and prints.
const QUIET: [&str; 2] = ["simulate", "predict"];
/// Options that Python asks for where the command line has a default.
const ASKED: [(&str, &str); 1] = [("fit", "out")];
/// Options whose file may be an operator in memory.
const OPERATORS: [&str; 2] = ["operator", "from"];
/// Options that no function has.
const NEVER: [&str; 4] = ["mpi", "format", "help", "version"];

const HEADER: &str = r#""""Commands of the `noble` program as functions.

Written by `cargo run --package noble --example python_commands`; not by hand. Names, units, defaults and checks are the command
line's. Every function is keyword-only; `None` stands for the default in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from ._call import call
from .operators import Operator
from .sweeps import Sweeps

__all__ = [NAMES]
"#;

fn main() -> std::io::Result<()> {
    let mut all = cli::command();
    all.build();
    let names: Vec<String> = COMMANDS.iter().map(|(name, ..)| format!("\"{name}\"")).collect();
    let mut page = HEADER.replace("NAMES", &names.join(", "));
    for (name, returns, what, left_out) in COMMANDS {
        let command = all.find_subcommand(name).expect("a command of this name");
        page += &function(command, (returns, what), left_out);
    }
    std::io::stdout().write_all(page.as_bytes())
}

fn function(command: &Command, (returns, what): (&str, &str), left_out: &[&str]) -> String {
    let is_shown = |arg: &&Arg| {
        let id = arg.get_id().as_str();
        !NEVER.contains(&id) && !left_out.contains(&id)
    };
    let args: Vec<&Arg> = command.get_arguments().filter(is_shown).collect();
    let (required, optional): (Vec<&Arg>, Vec<&Arg>) = args.iter().partition(|arg| {
        arg.is_required_set() || ASKED.contains(&(command.get_name(), arg.get_id().as_str()))
    });
    let mut text = format!("\n\ndef {}(\n    *,\n", command.get_name());
    for arg in &required {
        text += &format!("    {}: {},\n", python_name(arg), python_type(arg));
    }
    for arg in &optional {
        let default = if is_flag(arg) {
            "bool = False".to_owned()
        } else {
            format!("{} | None = None", python_type(arg))
        };
        text += &format!("    {}: {default},\n", python_name(arg));
    }
    if MAPPED.contains(&command.get_name()) {
        text += "    map: Callable[..., Iterable[Any]] | None = None,\n";
    }
    text += "    progress: Callable[[str, int, int, str], object] | None = None,\n";
    text += &format!(") -> {returns}:\n    \"\"\"{}.\n\n", styled(command.get_about()));
    if let Some(long) = command.get_long_about() {
        let long = long.to_string();
        let body = long.split_once("\n\n").map_or("", |(_, body)| body);
        let is_told =
            |sentence: &&str| !(QUIET.contains(&command.get_name()) && sentence.starts_with("Writes "));
        let body: Vec<&str> = body.split_inclusive(". ").filter(is_told).collect();
        if !body.is_empty() {
            text += &format!("{}\n\n", wrapped(&python_words(body.concat().trim_end()), 4));
        }
    }
    text += "    Parameters\n    ----------\n";
    for arg in required.iter().chain(&optional) {
        text += &format!("    {}\n{}\n", python_name(arg), wrapped(&help(arg), 8));
    }
    if MAPPED.contains(&command.get_name()) {
        text += "    map\n        `map` of an executor (concurrent.futures, Dask, Ray) whose workers share the work, one thread each;\n        \
            they must see the same files. Results do not depend on it.\n";
    }
    text += "    progress\n        Called with stage, items done, items in all and a text, some times a second.\n";
    text += &format!(
        "\n    Returns\n    -------\n    {returns}\n{}\n    \"\"\"\n",
        wrapped(&format!("{what}."), 8)
    );
    text +=
        &format!("    result: {returns} = call(\"{}\", locals())\n    return result\n", command.get_name());
    text
}

fn styled(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

/// Options as Python spells them.
fn python_words(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.strip_prefix("--") {
        Some(option) => option.replace('-', "_"),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ").replace('\\', "\\\\")
}

fn python_name(arg: &Arg) -> String {
    let name = arg.get_long().map_or_else(|| arg.get_id().as_str().to_owned(), |long| long.replace('-', "_"));
    if name == "from" { "from_".to_owned() } else { name }
}

fn is_flag(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

fn python_type(arg: &Arg) -> String {
    let is = |parser: ValueParser| arg.get_value_parser().type_id() == parser.type_id();
    let integers: [ValueParser; 3] =
        [value_parser!(u32).into(), value_parser!(u64).into(), value_parser!(usize).into()];
    let choices: Vec<String> =
        arg.get_possible_values().iter().map(|value| format!("\"{}\"", value.get_name())).collect();
    let one = if !choices.is_empty() {
        format!("Literal[{}]", choices.join(", "))
    } else if is(value_parser!(f64).into()) {
        "float".to_owned()
    } else if integers.into_iter().any(is) {
        "int".to_owned()
    } else if is(value_parser!(PathBuf)) && OPERATORS.contains(&arg.get_id().as_str()) {
        "Operator | str | PathLike[str]".to_owned()
    } else if is(value_parser!(PathBuf)) {
        "str | PathLike[str]".to_owned()
    } else {
        "str".to_owned()
    };
    let is_pairs = arg.get_value_names().is_some_and(|names| names.iter().any(|name| name.contains('=')));
    let is_many = arg.get_value_delimiter().is_some() || matches!(arg.get_action(), ArgAction::Append);
    match (is_pairs, is_many) {
        (true, _) => "Mapping[str, object]".to_owned(),
        (false, true) => format!("{one} | Sequence[{one}]"),
        (false, false)
            if arg.get_num_args().is_some_and(|n| n.min_values() == 0 && n.max_values() == 1)
                && !is_flag(arg) =>
        {
            format!("{one} | Literal[True]")
        }
        (false, false) => one,
    }
}

/// Help with the default, where clap knows it.
fn help(arg: &Arg) -> String {
    let long = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut text = python_words(&long.split("\n\n").collect::<Vec<_>>().join(" "));
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if !is_flag(arg) && !defaults.is_empty() {
        text += &format!(" [default: {}]", defaults.join(","));
    }
    if !text.ends_with(['.', ']', ')']) {
        text.push('.');
    }
    text
}

/// Lines of at most 100 characters.
fn wrapped(text: &str, indent: usize) -> String {
    let (mut lines, mut line) = (Vec::new(), " ".repeat(indent));
    for word in text.split_whitespace() {
        if line.len() + word.len() > 99 && !line.trim().is_empty() {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        }
        if !line.trim().is_empty() {
            line.push(' ');
        }
        line += word;
    }
    lines.push(line);
    lines.join("\n")
}
