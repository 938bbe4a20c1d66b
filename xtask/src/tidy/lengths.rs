//! A file fits the mind: at most 600 lines beside its tests. (Lengths of functions are clippy's.)

use super::Finding;
use super::repository::{Repository, Source};

const MOST_LINES: usize = 600;
const MOST_TEST_LINES: usize = 800;

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    repository.sources.iter().filter(|source| source.is_rust()).filter_map(check_file).collect()
}

fn check_file(source: &Source) -> Option<Finding> {
    let is_test = source.file_name() == "tests.rs" || source.path.contains("/tests/");
    let (n_lines, most) = if is_test {
        (source.text.lines().count(), MOST_TEST_LINES)
    } else {
        (n_lines_without_tests(&source.text), MOST_LINES)
    };
    let what = format!("{n_lines} lines, {most} are the limit");
    (n_lines > most).then(|| Finding::new(&source.path, most + 1, what, "split the file by its ideas"))
}

/// Lines outside modules that are marked `#[cfg(test)]`.
fn n_lines_without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let (mut n_lines, mut at) = (0, 0);
    while at < lines.len() {
        let is_module = lines.get(at + 1).is_some_and(|line| line.trim_start().starts_with("mod "));
        if lines[at].trim() != "#[cfg(test)]" || !is_module {
            n_lines += 1;
            at += 1;
            continue;
        }
        at += 2;
        if lines[at - 1].trim_end().ends_with('{') {
            let indent = lines[at - 1].len() - lines[at - 1].trim_start().len();
            let close = format!("{}}}", " ".repeat(indent));
            at += lines[at..].iter().position(|line| *line == close).map_or(lines.len() - at, |idx| idx + 1);
        }
    }
    n_lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_test_modules_do_not_count() {
        let text =
            "a\nb\n#[cfg(test)]\nmod tests {\n    fn x() {\n    }\n}\nc\n#[cfg(test)]\nmod other;\nd\n";
        assert_eq!(n_lines_without_tests(text), 4);
        assert_eq!(n_lines_without_tests("#[cfg(test)]\nfn a() {}\n"), 2);
    }

    #[test]
    fn analytic_limits() {
        let check = |path: &str, n_lines: usize, is_long: bool| {
            let repository = Repository::of(&[(path, &"x\n".repeat(n_lines))]);
            assert_eq!(super::check(&repository).len(), usize::from(is_long), "{path} {n_lines}");
        };
        check("crates/a/src/b.rs", 600, false);
        check("crates/a/src/b.rs", 601, true);
        check("crates/a/src/b/tests.rs", 800, false);
        check("crates/a/tests/it/main.rs", 801, true);
        check("docs/long.md", 5000, false);
    }
}
