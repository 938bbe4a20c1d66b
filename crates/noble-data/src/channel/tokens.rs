//! Numbers, names and marks of a formula.

use crate::Error;

const REMEDY: &str = "use numbers, names, functions, + - * / ^ ( ) , < <= > >=";

/// The marks of a formula; longer ones first.
const MARKS: [&str; 12] = ["<=", ">=", "<", ">", "+", "-", "*", "/", "^", "(", ")", ","];

/// One word of a formula.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    /// A number, finite.
    Number(f64),
    /// Letters, digits and `_`, not beginning with a digit.
    Name(&'a str),
    /// One of [`MARKS`].
    Mark(&'static str),
    /// Nothing is left.
    End,
}

#[derive(Debug, Clone, Copy)]
struct Placed<'a> {
    token: Token<'a>,
    at: usize,
    text: &'a str,
}

/// All tokens of a text and a place among them.
pub(super) struct Tokens<'a> {
    text: &'a str,
    placed: Vec<Placed<'a>>,
    next_idx: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, Error> {
        let mut tokens = Self { text, placed: Vec::new(), next_idx: 0 };
        let mut at = 0;
        while let Some(first) = text[at..].chars().next() {
            if first.is_whitespace() {
                at += first.len_utf8();
                continue;
            }
            let (token, len) = tokens.read(at, first)?;
            tokens.placed.push(Placed { token, at, text: &text[at..at + len] });
            at += len;
        }
        tokens.placed.push(Placed { token: Token::End, at: text.len(), text: "" });
        Ok(tokens)
    }

    /// The token at a place, and its length in bytes.
    fn read(&self, at: usize, first: char) -> Result<(Token<'a>, usize), Error> {
        let rest = &self.text[at..];
        if first.is_ascii_digit() || first == '.' {
            return self.read_number(at, rest);
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            return Ok((Token::Name(&rest[..len]), len));
        }
        let mark = MARKS.into_iter().find(|mark| rest.starts_with(mark));
        let mark = mark.ok_or_else(|| self.wrong(at, format!("`{first}` has no meaning"), REMEDY))?;
        Ok((Token::Mark(mark), mark.len()))
    }

    fn read_number(&self, at: usize, rest: &'a str) -> Result<(Token<'a>, usize), Error> {
        let len = number_len(rest.as_bytes());
        let number: Option<f64> = rest[..len].parse().ok();
        let number = number.filter(|number| number.is_finite()).ok_or_else(|| {
            let what = format!("`{}` is not a finite number", shortened(&rest[..len.max(1)]));
            self.wrong(at, what, "write a number such as 0.5 or 1e-4")
        })?;
        if rest[len..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
            let what = format!("`{}` runs into what follows", shortened(&rest[..len]));
            return Err(self.wrong(at, what, "write an operator between them"));
        }
        Ok((Token::Number(number), len))
    }

    fn wrong(&self, at: usize, what: String, remedy: &str) -> Error {
        Error::Expression { column: column_of(self.text, at), what, remedy: remedy.to_owned() }
    }

    /// The next token, left where it is.
    pub(super) fn peek(&self) -> Token<'a> {
        self.placed[self.next_idx].token
    }

    /// The token after the next.
    pub(super) fn peek_second(&self) -> Token<'a> {
        self.placed.get(self.next_idx + 1).map_or(Token::End, |placed| placed.token)
    }

    /// Steps over the next token; the end stays.
    pub(super) fn take(&mut self) {
        self.next_idx = (self.next_idx + 1).min(self.placed.len() - 1);
    }

    /// Column of the next token, from 1.
    pub(super) fn column(&self) -> usize {
        column_of(self.text, self.placed[self.next_idx].at)
    }

    /// The next token for a message.
    pub(super) fn shown(&self) -> String {
        match self.peek() {
            Token::End => "the end".to_owned(),
            _ => format!("`{}`", shortened(self.placed[self.next_idx].text)),
        }
    }
}

fn column_of(text: &str, at: usize) -> usize {
    text[..at].chars().count() + 1
}

/// Length of `12`, `1.5`, `.5`, `1.`, `1e-4` at the beginning of a text.
fn number_len(bytes: &[u8]) -> usize {
    let digits_from =
        |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count() + from;
    let mut len = digits_from(0);
    if bytes.get(len) == Some(&b'.') {
        len = digits_from(len + 1);
    }
    if matches!(bytes.get(len), Some(b'e' | b'E')) {
        let sign_len = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
        let from = (len + 1 + sign_len).min(bytes.len());
        let end = digits_from(from);
        if end > from {
            len = end;
        }
    }
    len
}

/// A word that fits a message.
fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}
