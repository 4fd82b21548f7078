//! Reads a lookup's CSV file.

use crate::diagnostic::{Diagnostic, Sink, code};
use crate::ir::Name;
use crate::source::Span;

/// Columns and rows of a CSV text. Rows that are too short are filled with empty cells, further cells of rows that are
/// too long are dropped; both are reported, at the place of the lookup file that names the CSV.
///
/// # Errors
/// The reason why there is no table.
pub(super) fn read(
    text: &str,
    csv_file: &str,
    at: Span,
    sink: &mut Sink,
) -> Result<(Vec<Name>, Vec<Vec<String>>), String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = match records.next() {
        Some(Ok(header)) => header,
        Some(Err(error)) => return Err(format!("its CSV file `{csv_file}` can't be read: {error}")),
        None => return Err(format!("its CSV file `{csv_file}` is empty")),
    };
    let columns: Vec<Name> = header.iter().map(|c| Name::from(c.trim())).collect();
    let mut rows = Vec::new();
    // Number of such rows, and the line of the first.
    let (mut short, mut long) = ((0_u32, 0_u64), (0_u32, 0_u64));
    for record in records {
        let record = record.map_err(|error| format!("its CSV file `{csv_file}` can't be read: {error}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut row: Vec<String> = record.iter().map(str::to_owned).collect();
        let ragged = if row.len() < columns.len() { &mut short } else { &mut long };
        if row.len() != columns.len() {
            ragged.0 += 1;
            if ragged.0 == 1 {
                ragged.1 = line;
            }
        }
        row.resize(columns.len(), String::new());
        rows.push(row);
    }
    let mut warn = |(count, line): (u32, u64), what: &str, help: &str| {
        if count > 0 {
            let rows = if count == 1 { "a row".to_owned() } else { format!("{count} rows") };
            let message = format!("`{csv_file}` has {rows} with {what} cells than columns, first in line {line}");
            sink.push(Diagnostic::new(&code::INVALID_CONTENT, message).at(at).help(help));
        }
    };
    warn(short, "fewer", "the missing cells are taken as empty");
    warn(long, "more", "the cells without a column are not used; text with a comma belongs in double quotes");
    Ok((columns, rows))
}
