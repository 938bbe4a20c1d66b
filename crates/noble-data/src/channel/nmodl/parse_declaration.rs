//! Declarations of an NMODL file: NEURON, UNITS, PARAMETER and the like.

use super::ast::{Declared, UnitConstant, UseIon};
use super::lexer::Word;
use super::parse_file::{MALFORMED, Parser};
use super::problem::Problem;

impl Parser<'_> {
    pub(super) fn neuron(&mut self) -> Result<(), Problem> {
        self.entries(|parser| {
            let line = parser.line();
            let keyword = parser.name()?;
            match keyword.as_str() {
                "SUFFIX" => parser.file.suffix = Some(parser.name()?),
                "USEION" => parser.use_ion(line)?,
                "NONSPECIFIC_CURRENT" => {
                    let names = parser.names()?;
                    parser.file.nonspecific.extend(names);
                }
                "RANGE" => {
                    let names = parser.names()?;
                    parser.file.ranges.extend(names);
                }
                "GLOBAL" => {
                    let names = parser.names()?;
                    parser.file.globals.extend(names);
                }
                "THREADSAFE" => {}
                "REPRESENTS" => parser.skip_statement(parser.at),
                _ => parser.foreign_entry(line, keyword)?,
            }
            Ok(())
        })
    }

    fn foreign_entry(&mut self, line: usize, keyword: String) -> Result<(), Problem> {
        let remedy = match keyword.as_str() {
            "POINT_PROCESS" | "ARTIFICIAL_CELL" => "import density mechanisms, with SUFFIX",
            "ELECTRODE_CURRENT" => "write an outward current as NONSPECIFIC_CURRENT",
            "POINTER" | "BBCOREPOINTER" | "EXTERNAL" => "let the cell's state alone decide",
            _ => MALFORMED,
        };
        self.file.problems.push(Problem::new(line, keyword, remedy));
        if matches!(self.word(), Word::Name(_)) && self.line() == line {
            self.names().map(drop)
        } else {
            Ok(())
        }
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
    pub(super) fn units(&mut self) -> Result<(), Problem> {
        self.entries(|parser| {
            if parser.word() == Word::Mark("(") {
                parser.skip_unit()?;
                parser.expect("=")?;
                return parser.skip_unit();
            }
            let (line, name) = (parser.line(), parser.name()?);
            parser.expect("=")?;
            let constant = match parser.unit()? {
                Some(physical) => UnitConstant::Physical(physical, parser.unit()?.unwrap_or_default()),
                None => {
                    let number = parser.number()?;
                    parser.skip_unit()?;
                    UnitConstant::Number(number)
                }
            };
            parser.file.unit_constants.insert(name, (line, constant));
            Ok(())
        })
    }

    /// `name = 1.5 (unit) <0, 1e9>`, `name FROM 0 TO 1 (unit)`, `name START 0.3`, with or without value.
    pub(super) fn declared(&mut self) -> Result<Vec<Declared>, Problem> {
        let mut all = Vec::new();
        self.entries(|parser| {
            if parser.word() == Word::Mark(",") {
                parser.take();
            } else if !parser.take_name("UNITSOFF") && !parser.take_name("UNITSON") {
                all.push(parser.declaration()?);
            }
            Ok(())
        })?;
        Ok(all)
    }

    fn declaration(&mut self) -> Result<Declared, Problem> {
        let line = self.line();
        let mut one =
            Declared { line, name: self.name()?, value: None, unit: None, is_bounded_by_zero: false };
        if self.word() == Word::Mark("[") {
            return Err(self.array(&one.name));
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
}
