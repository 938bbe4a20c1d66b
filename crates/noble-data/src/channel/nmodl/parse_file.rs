//! Blocks of an NMODL file.

use super::ast::{File, Routine, RoutineKind};
use super::lexer::{Lexed, Placed, Word, lex};
use super::problem::Problem;

pub(super) const MALFORMED: &str = "compare with a file that NEURON accepts";

pub(super) struct Parser<'a> {
    text: &'a str,
    words: Vec<Placed<'a>>,
    pub(super) at: usize,
    pub(super) file: File,
}

/// Reads all blocks; what cannot be read is skipped, as little as possible, and told in the file's problems.
pub(super) fn parse(text: &str) -> File {
    let Lexed { words, title, source, problem } = lex(text);
    let file = File { title, source, problems: problem.into_iter().collect(), ..File::default() };
    let mut parser = Parser { text, words, at: 0, file };
    while parser.word() != Word::End {
        let start = parser.at;
        if let Err(problem) = parser.block() {
            parser.file.problems.push(problem);
            parser.at = start;
            parser.take();
            parser.skip_block();
        }
    }
    parser.file
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

    pub(super) fn array(&self, name: &str) -> Problem {
        self.wrong(format!("array {name}"), "write one name for each element")
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

    /// Steps over what is left of a statement that began at a word: its line and the braces that open there.
    pub(super) fn skip_statement(&mut self, start: usize) {
        let line = self.line();
        let mut depth = 0_usize;
        loop {
            match self.word() {
                Word::End => return,
                Word::Mark("{") => depth += 1,
                Word::Mark("}") if depth == 0 => return,
                Word::Mark("}") => depth -= 1,
                _ if depth == 0 && self.at > start && self.line() > line => return,
                _ => {}
            }
            self.take();
        }
    }

    /// Reads entries up to the closing brace; one that fails is told and skipped.
    pub(super) fn entries(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.expect("{")?;
        while self.word() != Word::Mark("}") {
            let start = self.at;
            match read(self) {
                Ok(()) => {}
                Err(problem) if self.word() == Word::End => return Err(problem),
                Err(problem) => {
                    self.file.problems.push(problem);
                    self.skip_statement(start);
                }
            }
        }
        self.take();
        Ok(())
    }

    fn block(&mut self) -> Result<(), Problem> {
        let line = self.line();
        if self.word() == Word::Verbatim {
            self.take();
            let remedy = "write what it does in NMODL";
            self.file.problems.push(Problem::new(line, "VERBATIM block", remedy));
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
            "STATE" => self.declared().map(|all| self.file.states.extend(all)),
            "LOCAL" => self.names().map(drop),
            "BREAKPOINT" => {
                self.file.breakpoint_line = line;
                self.statements().map(|body| self.file.breakpoint.extend(body))
            }
            "INITIAL" => self.statements().map(|body| self.file.initial.extend(body)),
            "FUNCTION" => self.routine(RoutineKind::Function),
            "PROCEDURE" => self.routine(RoutineKind::Procedure),
            "DERIVATIVE" => self.routine(RoutineKind::Derivative),
            "KINETIC" => self.routine(RoutineKind::Kinetic),
            "LINEAR" => self.routine(RoutineKind::Linear),
            _ => {
                self.foreign_block(line, &keyword);
                Ok(())
            }
        }
    }

    /// A block whose work cannot be done here.
    fn foreign_block(&mut self, line: usize, keyword: &str) {
        let remedy = match keyword {
            "NET_RECEIVE" => "import density mechanisms; events reach synapses",
            "NONLINEAR" | "DISCRETE" | "PARTIAL" | "FUNCTION_TABLE" => "write it as DERIVATIVE or KINETIC",
            "BEFORE" | "AFTER" => "move its statements to BREAKPOINT or INITIAL",
            "INCLUDE" | "DEFINE" => "write out what it stands for",
            "INDEPENDENT" => return self.skip_block(),
            "CONSTRUCTOR" | "DESTRUCTOR" => {
                self.file.notes.push(format!("line {line}: {keyword}: nothing is set up outside a run"));
                return self.skip_block();
            }
            _ => MALFORMED,
        };
        self.file.problems.push(Problem::new(line, keyword, remedy));
        while self.line() == line && !matches!(self.word(), Word::Mark("{") | Word::End) {
            self.take();
        }
        if self.word() == Word::Mark("{") {
            self.skip_block();
        }
    }

    /// Skips to the end of the next braces.
    fn skip_block(&mut self) {
        while !matches!(self.word(), Word::Mark("{") | Word::End) {
            self.take();
        }
        let mut depth = 0_usize;
        loop {
            match self.word() {
                Word::End => return,
                Word::Mark("{") => depth += 1,
                Word::Mark("}") if depth <= 1 => return self.take(),
                Word::Mark("}") => depth -= 1,
                _ => {}
            }
            self.take();
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
