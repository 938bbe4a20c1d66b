//! Statements of NMODL.

use super::ast::{Statement, StatementKind};
use super::lexer::Word;
use super::parse_file::Parser;
use super::parse_formula::DEEPEST;
use super::problem::Problem;

/// Statements that nothing here stands for.
const FOREIGN: [&str; 11] = [
    "FROM",
    "FORALL",
    "WHILE",
    "while",
    "LAG",
    "NET_RECEIVE",
    "MUTEXLOCK",
    "WATCH",
    "FOR_NETCONS",
    "COMPARTMENT",
    "LONGITUDINAL_DIFFUSION",
];

impl Parser<'_> {
    /// Statements in braces.
    pub(super) fn statements(&mut self) -> Result<Vec<Statement>, Problem> {
        self.statements_at(0)
    }

    fn statements_at(&mut self, depth: usize) -> Result<Vec<Statement>, Problem> {
        if depth > DEEPEST {
            return Err(self.wrong("blocks are too deep", "move some to a PROCEDURE"));
        }
        let mut all = Vec::new();
        self.entries(|parser| {
            let line = parser.line();
            let kind = parser.statement(depth)?;
            all.push(Statement { line, kind });
            Ok(())
        })?;
        Ok(all)
    }

    fn statement(&mut self, depth: usize) -> Result<StatementKind, Problem> {
        match self.word() {
            Word::Mark("~") => self.reaction(),
            Word::Verbatim => {
                self.take();
                Ok(StatementKind::Unsupported("VERBATIM block".to_owned(), "write what it does in NMODL"))
            }
            Word::Name(name) => match name {
                "LOCAL" => {
                    self.take();
                    Ok(StatementKind::Local(self.names()?))
                }
                "UNITSON" | "UNITSOFF" => {
                    self.take();
                    Ok(StatementKind::Ignored(""))
                }
                "if" | "IF" => self.choice(depth),
                "SOLVE" => self.solve(),
                "TABLE" => self.table(),
                "CONSERVE" => {
                    self.take();
                    self.equation(true)
                }
                _ if FOREIGN.contains(&name) => self.foreign(name),
                _ => self.assignment_or_call(),
            },
            _ => Err(self.unexpected("a statement")),
        }
    }

    /// Skipped, with its braces.
    fn foreign(&mut self, name: &str) -> Result<StatementKind, Problem> {
        let what = name.to_owned();
        while !matches!(self.word(), Word::Mark("{" | "}") | Word::End) {
            self.take();
        }
        if self.word() == Word::Mark("{") {
            let mut depth = 0_usize;
            loop {
                match self.word() {
                    Word::Mark("{") => depth += 1,
                    Word::Mark("}") => depth -= 1,
                    Word::End => return Err(self.unexpected("`}`")),
                    _ => {}
                }
                self.take();
                if depth == 0 {
                    break;
                }
            }
        }
        Ok(StatementKind::Unsupported(what, "write it as assignments, if, and calls"))
    }

    fn choice(&mut self, depth: usize) -> Result<StatementKind, Problem> {
        if depth > DEEPEST {
            return Err(self.wrong("blocks are too deep", "move some to a PROCEDURE"));
        }
        self.take();
        self.expect("(")?;
        let condition = self.formula()?;
        self.expect(")")?;
        let then = self.statements_at(depth + 1)?;
        let mut otherwise = Vec::new();
        if self.take_name("else") || self.take_name("ELSE") {
            let line = self.line();
            if matches!(self.word(), Word::Name("if" | "IF")) {
                let kind = self.choice(depth + 1)?;
                otherwise.push(Statement { line, kind });
            } else {
                otherwise = self.statements_at(depth + 1)?;
            }
        }
        Ok(StatementKind::If { condition, then, otherwise })
    }

    fn solve(&mut self) -> Result<StatementKind, Problem> {
        self.take();
        let block = self.name()?;
        let (mut method, mut is_steady_state) = (None, false);
        loop {
            if self.take_name("METHOD") || self.take_name("USING") {
                method = Some(self.name()?);
            } else if self.take_name("STEADYSTATE") {
                method = Some(self.name()?);
                is_steady_state = true;
            } else {
                return Ok(StatementKind::Solve { block, method, is_steady_state });
            }
        }
    }

    /// `TABLE a, b DEPEND c FROM -100 TO 100 WITH 200`.
    fn table(&mut self) -> Result<StatementKind, Problem> {
        self.take();
        if !matches!(self.word(), Word::Name("DEPEND" | "FROM")) {
            self.names()?;
        }
        if self.take_name("DEPEND") {
            self.names()?;
        }
        for keyword in ["FROM", "TO", "WITH"] {
            if self.take_name(keyword) {
                self.formula()?;
            }
        }
        Ok(StatementKind::Ignored("TABLE: formulas are evaluated at every step"))
    }

    /// `A <-> B (f, b)`, or an equation of a LINEAR block.
    fn reaction(&mut self) -> Result<StatementKind, Problem> {
        self.take();
        let is_reaction = matches!(self.word(), Word::Name(_)) && self.second() == Word::Mark("<->");
        if !is_reaction {
            return self.other_reaction();
        }
        let from = self.name()?;
        self.take();
        let to = match (self.word(), self.second()) {
            (Word::Name(_), Word::Mark("(")) => self.name()?,
            _ => return self.skip_reaction(),
        };
        let rates: Result<[_; 2], _> = self.arguments(0)?.try_into();
        let [forward, backward] =
            rates.map_err(|_| self.wrong("a reaction without two rates", "write (forward, backward)"))?;
        Ok(StatementKind::Reaction { from, to, forward, backward })
    }

    /// An equation, or a reaction of several partners or of one direction.
    fn other_reaction(&mut self) -> Result<StatementKind, Problem> {
        let mut at_offset = 0;
        let line = self.line();
        let is_equation = loop {
            match self.ahead(at_offset) {
                (Word::Mark("="), _) => break true,
                (Word::Mark("<->" | "->" | "<<" | "~" | "}") | Word::End, _) => break false,
                (_, word_line) if word_line > line + 20 => break false,
                _ => at_offset += 1,
            }
        };
        if is_equation { self.equation(false) } else { self.skip_reaction() }
    }

    fn skip_reaction(&mut self) -> Result<StatementKind, Problem> {
        let line = self.line();
        while self.line() == line && !matches!(self.word(), Word::Mark("}") | Word::End) {
            self.take();
        }
        let what = "a reaction other than A <-> B".to_owned();
        Ok(StatementKind::Unsupported(what, "write ~ A <-> B (forward, backward), each A and B a state"))
    }

    fn equation(&mut self, is_conserve: bool) -> Result<StatementKind, Problem> {
        let left = self.formula()?;
        self.expect("=")?;
        let right = self.formula()?;
        Ok(StatementKind::Equation { left, right, is_conserve })
    }

    fn assignment_or_call(&mut self) -> Result<StatementKind, Problem> {
        let name = self.name()?;
        match self.word() {
            Word::Mark("=") => {
                self.take();
                Ok(StatementKind::Assign { name, value: self.formula()? })
            }
            Word::Mark("'") => {
                self.take();
                if self.word() == Word::Mark("'") {
                    return Err(self.wrong("a second derivative", "write two first-order equations"));
                }
                self.expect("=")?;
                Ok(StatementKind::Derivative { state: name, value: self.formula()? })
            }
            Word::Mark("(") => Ok(StatementKind::Call { name, arguments: self.arguments(0)? }),
            Word::Mark("[") => Err(self.array(&name)),
            _ => Err(self.unexpected("`=` or `(`")),
        }
    }
}
