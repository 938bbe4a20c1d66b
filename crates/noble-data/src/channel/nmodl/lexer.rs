//! Words of an NMODL file with their lines; comments are left out.

use super::problem::Problem;

/// Largest NMODL file, in bytes.
pub(super) const LARGEST_FILE: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Word<'a> {
    Name(&'a str),
    Number(f64),
    Mark(&'static str),
    /// A character that only a unit could hold.
    Other(char),
    /// A VERBATIM block.
    Verbatim,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed<'a> {
    pub(super) word: Word<'a>,
    pub(super) line: usize,
    /// Place in the text where it begins and ends.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The words, and what comments and the title say.
pub(super) struct Lexed<'a> {
    pub(super) words: Vec<Placed<'a>>,
    pub(super) title: Option<String>,
    pub(super) source: Option<String>,
    /// A block whose end is missing.
    pub(super) problem: Option<Problem>,
}

const MARKS: [&str; 29] = [
    "<->", "<<", "->", "<=", ">=", "==", "!=", "&&", "||", "<", ">", "=", "!", "+", "-", "*", "/", "^", "(",
    ")", "{", "}", "[", "]", ",", "'", "~", "%", "&",
];

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    lexed: Lexed<'a>,
}

/// All words of a text.
pub(super) fn lex(text: &str) -> Lexed<'_> {
    let lexed = Lexed { words: Vec::new(), title: None, source: None, problem: None };
    let mut lexer = Lexer { text, at: 0, line: 1, lexed };
    while lexer.step() {}
    let end = Placed { word: Word::End, line: lexer.line, start: text.len(), end: text.len() };
    lexer.lexed.words.push(end);
    lexer.lexed
}

impl<'a> Lexer<'a> {
    /// Reads one word, blank or comment; false at the end.
    fn step(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else { return false };
        if first.is_whitespace() {
            self.skip(first.len_utf8());
        } else if first == ':' || first == '?' {
            self.comment(rest.lines().next().unwrap_or_default());
        } else if first.is_ascii_alphabetic() || first == '_' {
            self.name(rest);
        } else if first.is_ascii_digit()
            || first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            self.number(rest);
        } else if let Some(mark) = MARKS.into_iter().find(|mark| rest.starts_with(mark)) {
            self.push(Word::Mark(mark), mark.len());
        } else {
            self.push(Word::Other(first), first.len_utf8());
        }
        true
    }

    fn skip(&mut self, len: usize) {
        self.line += self.text[self.at..self.at + len].matches('\n').count();
        self.at += len;
    }

    fn push(&mut self, word: Word<'a>, len: usize) {
        self.lexed.words.push(Placed { word, line: self.line, start: self.at, end: self.at + len });
        self.skip(len);
    }

    /// Keeps the first comment that names a year as the source.
    fn comment(&mut self, comment: &str) {
        self.note_source(comment);
        self.skip(comment.len());
    }

    fn note_source(&mut self, comment: &str) {
        if self.lexed.source.is_none()
            && let Some(line) = comment.lines().find(|line| has_year(line))
        {
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            let is_mark = |c: char| c == ':' || c == '?' || c == ' ';
            let mut cited = line.trim_matches(is_mark);
            for word in ["Comment", "Reference"] {
                cited = cited.strip_prefix(word).unwrap_or(cited).trim_start_matches(is_mark);
            }
            self.lexed.source = Some(cited.chars().take(300).collect());
        }
    }

    fn name(&mut self, rest: &'a str) {
        let len = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        match &rest[..len] {
            "TITLE" => {
                let line = rest.lines().next().unwrap_or_default();
                self.lexed.title = Some(line["TITLE".len()..].trim().chars().take(300).collect());
                self.skip(line.len());
            }
            "COMMENT" => {
                let end = self.end_of(rest, "ENDCOMMENT");
                self.note_source(&rest[..end]);
                self.skip(end);
            }
            "VERBATIM" => {
                let end = self.end_of(rest, "ENDVERBATIM");
                self.push(Word::Verbatim, end);
            }
            name => self.push(Word::Name(name), len),
        }
    }

    /// Length up to the end of a block; the rest of the text where it has none.
    fn end_of(&mut self, rest: &str, end: &'static str) -> usize {
        rest.find(end).map(|at| at + end.len()).unwrap_or_else(|| {
            let what = format!("{} has no end", &end[3..]);
            self.lexed.problem = Some(Problem::new(self.line, what, format!("close it with {end}")));
            rest.len()
        })
    }

    fn number(&mut self, rest: &str) {
        let bytes = rest.as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut len = digits(0);
        if bytes.get(len) == Some(&b'.') {
            len += 1 + digits(len + 1);
        }
        if matches!(bytes.get(len), Some(b'e' | b'E')) {
            let from = len + 1 + usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
            let n_digits = digits(from.min(bytes.len()));
            if n_digits > 0 {
                len = from + n_digits;
            }
        }
        let number = rest[..len].parse().unwrap_or(f64::INFINITY);
        self.push(Word::Number(number), len);
    }
}

/// A number from 1900 to 2099 stands in the line.
fn has_year(line: &str) -> bool {
    let mut words = line.split(|c: char| !c.is_ascii_digit());
    words.any(|word| word.len() == 4 && (word.starts_with("19") || word.starts_with("20")))
}
