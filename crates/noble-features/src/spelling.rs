//! The known name that a misspelled one is closest to.

/// The nearest of the known names, of those that hold the given one the shortest; empty when there are none.
pub(crate) fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> &'static str {
    let given = name.to_lowercase();
    let holds = |known: &str| given.len() > 2 && known.to_lowercase().contains(&given);
    known.min_by_key(|known| (!holds(known), edit_distance(name, known))).unwrap_or_default()
}

/// Letters to insert, delete or replace, without regard to case.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[row.len() - 1]
}
