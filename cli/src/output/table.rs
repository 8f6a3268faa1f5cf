//! Plain tables: a heading line, aligned columns, no frames, so that they read as well in a pipe.

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Table, Width, presets,
};

/// What a cell says, and how loudly.
pub(crate) enum Field {
    /// As it is.
    Plain(String),
    /// It is well.
    Good(String),
    /// It is on its way, or wants attention.
    Change(String),
    /// It is wrong.
    Bad(String),
    /// Detail.
    Faint(String),
    /// A number, which stands at the right.
    Number(String),
}

impl Field {
    /// The columns it takes on a terminal.
    fn width(&self) -> usize {
        let (Field::Plain(text)
        | Field::Good(text)
        | Field::Change(text)
        | Field::Bad(text)
        | Field::Faint(text)
        | Field::Number(text)) = self;
        let plain = anstream::adapter::strip_str(text).to_string();
        plain.lines().map(textwrap::core::display_width).max().unwrap_or(0)
    }

    fn cell(self) -> Cell {
        match self {
            Field::Plain(text) => Cell::new(text),
            // A styled nothing would keep the line from ending where its text ends.
            Field::Good(text) | Field::Change(text) | Field::Bad(text) | Field::Faint(text)
                if text.is_empty() =>
            {
                Cell::new(text)
            }
            Field::Good(text) => Cell::new(text).fg(Color::DarkGreen),
            Field::Change(text) => Cell::new(text).fg(Color::DarkYellow),
            Field::Bad(text) => Cell::new(text).fg(Color::DarkRed),
            Field::Faint(text) => Cell::new(text).add_attribute(Attribute::Dim),
            Field::Number(text) => Cell::new(text).set_alignment(CellAlignment::Right),
        }
    }
}

/// Rows under a heading; lines end where their text ends.
pub(crate) fn render(heading: &[&str], rows: impl IntoIterator<Item = Vec<Field>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).enforce_styling();
    table.style_text_only();
    let rows: Vec<Vec<Field>> = rows.into_iter().collect();
    table.set_header(heading.iter().enumerate().map(|(column, title)| {
        let numbers = rows.iter().any(|row| matches!(row.get(column), Some(Field::Number(_))));
        let cell = Cell::new(title);
        let cell = if title.is_empty() { cell } else { cell.add_attribute(Attribute::Bold) };
        if numbers { cell.set_alignment(CellAlignment::Right) } else { cell }
    }));
    arrange(&mut table, &rows);
    table.add_rows(rows.into_iter().map(|row| row.into_iter().map(Field::cell)));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// Only the last column wraps, to what the others leave of the terminal behind stdout: names and numbers are never
/// broken. Where too little is left, and into a pipe, a row is a line, however long.
fn arrange(table: &mut Table, rows: &[Vec<Field>]) {
    const LEAST: usize = 20;
    let Some(last) = rows.iter().map(Vec::len).max().and_then(|columns| columns.checked_sub(1)) else {
        return;
    };
    let width =
        |column| rows.iter().filter_map(|row| row.get(column)).map(Field::width).max().unwrap_or(0) + 2;
    let taken: usize = (0..last).map(width).sum();
    if table.width().is_some_and(|all| taken + LEAST <= usize::from(all)) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_constraints(
            (0..last)
                .map(|_| ColumnConstraint::ContentWidth)
                .chain([ColumnConstraint::LowerBoundary(Width::Fixed(20))]),
        );
    } else {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
}

/// The columns of the terminal behind stdout, a hundred at most, which is a good line to read; 100 where there is none.
pub(crate) fn stdout_width() -> usize {
    Table::new().width().map_or(100, usize::from).min(100)
}

/// The columns of the terminal behind stdout, or 140 where there is none.
pub(crate) fn stdout_columns() -> usize {
    Table::new().width().map_or(140, usize::from)
}

/// The columns of the terminal behind stderr, or 140 where there is none.
pub(crate) fn stderr_width() -> usize {
    Table::new().use_stderr().width().map_or(140, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_without_frames() {
        let text = render(
            &["RESOURCE", "SHARDS", "STATE"],
            [
                vec![
                    Field::Plain("stream events".into()),
                    Field::Number("2".into()),
                    Field::Good("ACTIVE".into()),
                ],
                vec![
                    Field::Plain("delivery lake".into()),
                    Field::Number(String::new()),
                    Field::Bad("CREATING_FAILED".into()),
                ],
            ],
        );
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string());
    }
}
