//! Blocks of an NMODL file and their declarations.

use super::ast::{Declared, File, Routine, RoutineKind, UnitConstant, UseIon};
use super::lexer::{Lexed, Placed, Word, lex};
use super::problem::Problem;

const MALFORMED: &str = "compare with a file that NEURON accepts";

pub(super) struct Parser<'a> {
    text: &'a str,
    words: Vec<Placed<'a>>,
    at: usize,
    pub(super) file: File,
}

/// Reads all blocks.
pub(super) fn parse(text: &str) -> Result<File, Problem> {
    let Lexed { words, title, source } = lex(text)?;
    let file = File { title, source, ..File::default() };
    let mut parser = Parser { text, words, at: 0, file };
    while parser.word() != Word::End {
        parser.block()?;
    }
    Ok(parser.file)
}

impl<'a> Parser<'a> {
    pub(super) fn word(&self) -> Word<'a> {
        self.words[self.at].word
    }

    pub(super) fn second(&self) -> Word<'a> {
        self.words.get(self.at + 1).map_or(Word::End, |placed| placed.word)
    }

    /// A word further on, with its line.
    pub(super) fn ahead(&self, offset: usize) -> (Word<'a>, usize) {
        let placed = self.words[(self.at + offset).min(self.words.len() - 1)];
        (placed.word, placed.line)
    }

    pub(super) fn line(&self) -> usize {
        self.words[self.at].line
    }

    pub(super) fn take(&mut self) {
        self.at = (self.at + 1).min(self.words.len() - 1);
    }

    pub(super) fn wrong(&self, what: impl Into<String>, remedy: &'static str) -> Problem {
        Problem::new(self.line(), what, remedy)
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Problem {
        let placed = self.words[self.at];
        let found: String = self.text[placed.start..placed.end].chars().take(30).collect();
        let found = if found.is_empty() { "the end".to_owned() } else { format!("`{found}`") };
        self.wrong(format!("{found} where {wanted} belongs"), MALFORMED)
    }

    pub(super) fn expect(&mut self, mark: &'static str) -> Result<(), Problem> {
        if self.word() != Word::Mark(mark) {
            return Err(self.unexpected(&format!("`{mark}`")));
        }
        self.take();
        Ok(())
    }

    /// Takes a word if it is the next.
    pub(super) fn take_name(&mut self, wanted: &str) -> bool {
        let is_next = self.word() == Word::Name(wanted);
        if is_next {
            self.take();
        }
        is_next
    }

    pub(super) fn name(&mut self) -> Result<String, Problem> {
        let Word::Name(name) = self.word() else { return Err(self.unexpected("a name")) };
        self.take();
        Ok(name.to_owned())
    }

    /// Names with commas between them.
    pub(super) fn names(&mut self) -> Result<Vec<String>, Problem> {
        let mut names = vec![self.name()?];
        while self.word() == Word::Mark(",") {
            self.take();
            names.push(self.name()?);
        }
        Ok(names)
    }

    /// The text of a unit in parentheses, where there is one.
    pub(super) fn unit(&mut self) -> Result<Option<String>, Problem> {
        if self.word() != Word::Mark("(") {
            return Ok(None);
        }
        let start = self.words[self.at].end;
        while self.word() != Word::Mark(")") {
            if matches!(self.word(), Word::End | Word::Mark("{" | "}")) {
                return Err(self.unexpected("`)` of a unit"));
            }
            self.take();
        }
        let unit = self.text[start..self.words[self.at].start].trim().to_owned();
        self.take();
        Ok(Some(unit))
    }

    pub(super) fn skip_unit(&mut self) -> Result<(), Problem> {
        self.unit().map(|_| ())
    }

    /// A number with its sign, and the unit behind it.
    fn number(&mut self) -> Result<f64, Problem> {
        let is_negative = self.word() == Word::Mark("-");
        if is_negative {
            self.take();
        }
        let Word::Number(number) = self.word() else { return Err(self.unexpected("a number")) };
        self.take();
        Ok(if is_negative { -number } else { number })
    }

    fn block(&mut self) -> Result<(), Problem> {
        let line = self.line();
        if self.word() == Word::Verbatim {
            self.take();
            let remedy = "write what it does in NMODL";
            self.file.complaints.push((line, "VERBATIM block".to_owned(), remedy));
            return Ok(());
        }
        let keyword = self.name().map_err(|_| self.unexpected("a block"))?;
        match keyword.as_str() {
            "UNITSON" | "UNITSOFF" => Ok(()),
            "NEURON" => self.neuron(),
            "UNITS" => self.units(),
            "PARAMETER" => self.declared().map(|all| self.file.parameters.extend(all)),
            "CONSTANT" => self.declared().map(|all| self.file.constants.extend(all)),
            "ASSIGNED" => self.declared().map(|all| self.file.assigned.extend(all)),
            "STATE" => self.declared().map(|all| self.file.states.extend(all.into_iter().map(|one| one.name))),
            "INDEPENDENT" => self.skip_block(),
            "BREAKPOINT" => self.statements().map(|body| self.file.breakpoint.extend(body)),
            "INITIAL" => self.statements().map(|body| self.file.initial.extend(body)),
            "FUNCTION" => self.routine(RoutineKind::Function),
            "PROCEDURE" => self.routine(RoutineKind::Procedure),
            "DERIVATIVE" => self.routine(RoutineKind::Derivative),
            "KINETIC" => self.routine(RoutineKind::Kinetic),
            "LINEAR" => self.routine(RoutineKind::Linear),
            "CONSTRUCTOR" | "DESTRUCTOR" => {
                self.file.ignored.push((line, format!("{keyword} block: nothing is set up outside a run")));
                self.skip_block()
            }
            _ => self.foreign_block(line, &keyword),
        }
    }

    /// A block whose work cannot be done here.
    fn foreign_block(&mut self, line: usize, keyword: &str) -> Result<(), Problem> {
        let remedy = match keyword {
            "NET_RECEIVE" => "import density mechanisms; events reach synapses",
            "NONLINEAR" | "DISCRETE" | "PARTIAL" | "FUNCTION_TABLE" => "write it as DERIVATIVE or KINETIC",
            "BEFORE" | "AFTER" => "move its statements to BREAKPOINT or INITIAL",
            "INCLUDE" | "DEFINE" => "write out what it stands for",
            _ => MALFORMED,
        };
        self.file.complaints.push((line, format!("block {keyword}"), remedy));
        self.skip_block()
    }

    /// Skips to the end of the next braces.
    fn skip_block(&mut self) -> Result<(), Problem> {
        while !matches!(self.word(), Word::Mark("{") | Word::End) {
            self.take();
        }
        let mut depth = 0_usize;
        loop {
            match self.word() {
                Word::End => return if depth == 0 { Ok(()) } else { Err(self.unexpected("`}`")) },
                Word::Mark("{") => depth += 1,
                Word::Mark("}") if depth <= 1 => {
                    self.take();
                    return Ok(());
                }
                Word::Mark("}") => depth -= 1,
                _ => {}
            }
            self.take();
        }
    }

    fn neuron(&mut self) -> Result<(), Problem> {
        self.expect("{")?;
        while self.word() != Word::Mark("}") {
            let line = self.line();
            let keyword = self.name()?;
            match keyword.as_str() {
                "SUFFIX" => self.file.suffix = Some(self.name()?),
                "USEION" => self.use_ion(line)?,
                "NONSPECIFIC_CURRENT" => {
                    let names = self.names()?;
                    self.file.nonspecific.extend(names);
                }
                "RANGE" => {
                    let names = self.names()?;
                    self.file.ranges.extend(names);
                }
                "GLOBAL" | "EXTERNAL" => drop(self.names()?),
                "THREADSAFE" => {}
                "REPRESENTS" => drop(self.name()?),
                _ => {
                    let remedy = match keyword.as_str() {
                        "POINT_PROCESS" | "ARTIFICIAL_CELL" => "import density mechanisms, with SUFFIX",
                        "ELECTRODE_CURRENT" => "write an outward current as NONSPECIFIC_CURRENT",
                        _ => "delete it, or keep such mechanisms in NEURON",
                    };
                    self.file.complaints.push((line, keyword, remedy));
                    if matches!(self.word(), Word::Name(_)) {
                        self.names()?;
                    }
                }
            }
        }
        self.take();
        Ok(())
    }

    fn use_ion(&mut self, line: usize) -> Result<(), Problem> {
        let mut ion = UseIon { line, name: self.name()?, ..UseIon::default() };
        loop {
            if self.take_name("READ") {
                ion.reads.extend(self.names()?);
            } else if self.take_name("WRITE") {
                ion.writes.extend(self.names()?);
            } else if self.take_name("VALENCE") {
                self.number()?;
            } else if self.take_name("REPRESENTS") {
                self.name()?;
            } else {
                break;
            }
        }
        self.file.ions.push(ion);
        Ok(())
    }

    /// `NAME = (faraday) (coulomb)`, `NAME = 8.3 (unit)`; `(mV) = (millivolt)` only names a unit.
    fn units(&mut self) -> Result<(), Problem> {
        self.expect("{")?;
        while self.word() != Word::Mark("}") {
            if self.word() == Word::Mark("(") {
                self.skip_unit()?;
                self.expect("=")?;
                self.skip_unit()?;
                continue;
            }
            let name = self.name()?;
            self.expect("=")?;
            let constant = match self.unit()? {
                Some(physical) => UnitConstant::Physical(physical, self.unit()?.unwrap_or_default()),
                None => UnitConstant::Number(self.number()?),
            };
            self.skip_unit()?;
            self.file.unit_constants.insert(name, constant);
        }
        self.take();
        Ok(())
    }

    /// `name = 1.5 (unit) <0, 1e9>`, `name FROM 0 TO 1 (unit)`, `name START 0.3`, with or without value.
    fn declared(&mut self) -> Result<Vec<Declared>, Problem> {
        let mut all = Vec::new();
        self.expect("{")?;
        while self.word() != Word::Mark("}") {
            if self.word() == Word::Mark(",") || self.take_name("UNITSOFF") || self.take_name("UNITSON") {
                if self.word() == Word::Mark(",") {
                    self.take();
                }
                continue;
            }
            all.push(self.declaration()?);
        }
        self.take();
        Ok(all)
    }

    fn declaration(&mut self) -> Result<Declared, Problem> {
        let mut one = Declared { name: self.name()?, value: None, unit: None, is_bounded_by_zero: false };
        if self.word() == Word::Mark("[") {
            return Err(self.wrong(format!("array {}", one.name), "write one name for each element"));
        }
        loop {
            match self.word() {
                Word::Mark("=") => {
                    self.take();
                    one.value = Some(self.number()?);
                }
                Word::Mark("(") => one.unit = self.unit()?,
                Word::Mark("<") => {
                    self.take();
                    one.is_bounded_by_zero = self.number()? >= 0.0;
                    self.expect(",")?;
                    self.number()?;
                    self.expect(">")?;
                }
                Word::Name("FROM" | "TO" | "START" | "STEPSIZE") => {
                    self.take();
                    self.number()?;
                }
                _ => return Ok(one),
            }
        }
    }

    fn routine(&mut self, kind: RoutineKind) -> Result<(), Problem> {
        let name = self.name()?;
        let mut arguments = Vec::new();
        if self.word() == Word::Mark("(") {
            self.take();
            while self.word() != Word::Mark(")") {
                arguments.push(self.name()?);
                self.skip_unit()?;
                if self.word() == Word::Mark(",") {
                    self.take();
                } else if self.word() != Word::Mark(")") {
                    return Err(self.unexpected("`,` or `)`"));
                }
            }
            self.take();
            self.skip_unit()?;
        }
        while self.take_name("STEADYSTATE") || self.take_name("SOLVEFOR") {
            self.names()?;
        }
        let body = self.statements()?;
        self.file.routines.insert(name, Routine { kind, arguments, body });
        Ok(())
    }
}
