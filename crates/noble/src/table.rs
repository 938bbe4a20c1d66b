//! Tables for a terminal, and the same values as CSV.

/// Rows of text under a header, columns aligned to the right but for the first.
///
/// # Panics
/// When a row has another length than the header.
pub(crate) fn text_table(header: &[String], rows: &[Vec<String>]) -> String {
    rows.iter().for_each(|row| assert!(row.len() == header.len(), "{} cells under {header:?}", row.len()));
    let n_chars = |cell: &String| cell.chars().count();
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            let cells = rows.iter().map(|row| n_chars(&row[column]));
            cells.chain([n_chars(&header[column])]).max().unwrap_or(0)
        })
        .collect();
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let padding = " ".repeat(width - n_chars(cell));
            if column == 0 { format!("{cell}{padding}") } else { format!("{padding}{cell}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let rule = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  ") + "\n";
    line(header) + &rule + &rows.iter().map(|row| line(row)).collect::<String>()
}

/// The same as CSV; cells that hold commas, quotes or line ends are quoted.
pub(crate) fn csv_table(header: &[String], rows: &[Vec<String>]) -> String {
    let cell = |cell: &String| match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    let line = |row: &[String]| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\n";
    line(header) + &rows.iter().map(|row| line(row)).collect::<String>()
}

/// A number for a table: four significant digits, an empty cell where there is none.
pub(crate) fn short(value: Option<f64>) -> String {
    let Some(value) = value else { return "–".to_owned() };
    let magnitude = value.abs();
    let n_decimals = if magnitude >= 1000.0 {
        0
    } else if magnitude >= 100.0 {
        1
    } else if magnitude >= 1.0 {
        2
    } else {
        4
    };
    let text = format!("{value:.n_decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshot_columns_are_aligned() {
        let header = ["name".to_owned(), "v_mv".to_owned()];
        let rows = [vec!["a".to_owned(), short(Some(-70.25))], vec!["long".to_owned(), short(None)]];
        assert_eq!(text_table(&header, &rows), "name    v_mv\n────  ──────\na     -70.25\nlong       –\n");
    }

    #[test]
    fn analytic_cells_with_commas_are_quoted() {
        let rows = [vec!["1".to_owned(), "a, \"b\"".to_owned()]];
        let header = ["n".to_owned(), "words".to_owned()];
        assert_eq!(csv_table(&header, &rows), "n,words\n1,\"a, \"\"b\"\"\"\n");
    }
}
