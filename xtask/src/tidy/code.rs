//! Rust text without comments and literals, so that rules see code only.

/// Replaces comments, strings and characters by blanks; lines and columns stay where they are.
pub(super) fn masked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

/// End of the comment or literal that begins at a place; the place itself where none does.
fn literal_end(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    match (chars[at], next) {
        ('/', Some('/')) => position_of(chars, at, '\n'),
        ('/', Some('*')) => block_comment_end(chars, at),
        ('"', _) => string_end(chars, at),
        ('r', _) if !follows_word(chars, at) => raw_string_end(chars, at),
        ('b', Some('r')) if !follows_word(chars, at) && raw_string_end(chars, at + 1) > at + 1 => {
            raw_string_end(chars, at + 1)
        }
        ('\'', Some('\\')) => position_of(chars, at + 3, '\'') + 1,
        ('\'', Some(_)) if chars.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
    .min(chars.len())
}

fn follows_word(chars: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| chars[before]);
    before.is_some_and(|c| is_word(c) && c != 'b')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn position_of(chars: &[char], from: usize, wanted: char) -> usize {
    let from = from.min(chars.len());
    chars[from..].iter().position(|c| *c == wanted).map_or(chars.len(), |offset| from + offset)
}

fn block_comment_end(chars: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => depth += 1,
            ('*', Some('/')) => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_end(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// `r"…"`, `r#"…"#`; anything else that begins with `r` is a word.
fn raw_string_end(chars: &[char], start: usize) -> usize {
    let n_hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    let open = start + 1 + n_hashes;
    if chars.get(open) != Some(&'"') {
        return start;
    }
    let is_close = |at: &usize| {
        let tail = &chars[at + 1..(at + 1 + n_hashes).min(chars.len())];
        chars[*at] == '"' && tail.len() == n_hashes && tail.iter().all(|c| *c == '#')
    };
    (open + 1..chars.len()).find(is_close).map_or(chars.len(), |at| at + 1 + n_hashes)
}

/// A word or a mark of masked code, with its line counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// Words and single marks of masked code; `::`, `->` and `=>` are one mark each.
pub(super) fn tokens(masked: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for (line_idx, line) in masked.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let len = if is_word(first) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else if ["::", "->", "=>"].iter().any(|pair| rest.starts_with(pair)) {
                2
            } else {
                first.len_utf8()
            };
            tokens.push(Token { text: &rest[..len], line: line_idx + 1 });
            rest = rest[len..].trim_start();
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(&masked(text)).into_iter().map(|token| token.text.to_owned()).collect()
    }

    #[test]
    fn analytic_comments_and_literals_vanish() {
        let check = |text: &str, expected: &[&str]| assert_eq!(words(text), expected, "{text}");
        check("a // b\nc", &["a", "c"]);
        check("a /* b /* c */ d */ e", &["a", "e"]);
        check(r#"f("x \" y", 'z', '\'', '\n')"#, &["f", "(", ",", ",", ",", ")"]);
        check("r\"a\" br#\"b \" c\"# r##\"d\"# e\"## g", &["g"]);
        check(
            "fn f<'a>(x: &'a str)",
            &["fn", "f", "<", "'", "a", ">", "(", "x", ":", "&", "'", "a", "str", ")"],
        );
        check("for r in attr {}", &["for", "r", "in", "attr", "{", "}"]);
        check("b'x' u", &["b", "u"]);
        check("\"open", &[]);
    }

    #[test]
    fn invariant_lines_stay() {
        let found = masked("a\n\"b\nc\"\n/* d\n */ e");
        assert_eq!(found.matches('\n').count(), 4);
        assert_eq!(tokens(&found).last().map(|token| (token.text, token.line)), Some(("e", 5)));
    }
}
