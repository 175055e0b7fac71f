//! What commands say. Results go to standard output; everything else, logs too, to standard error.
//!
//! A reader that went away (`countersign org list | head -1`) is no error, so failures to write are passed over.

use std::error::Error;
use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal, Write};

/// A line of the result.
pub fn line(text: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// A text of the result that has its own line ends.
pub fn text(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// A remark that is not the result.
pub fn note(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A question, answered on the same line.
pub fn prompt(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{text}");
    let _ = stderr.flush();
}

/// Progress in one line that is written over; silent unless a person is watching.
pub fn progress(text: impl Display) {
    let mut stderr = io::stderr().lock();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\x1b[K{text}");
        let _ = stderr.flush();
    }
}

/// Columns as wide as their content.
pub fn table<const COLUMNS: usize>(head: [&str; COLUMNS], rows: &[[String; COLUMNS]]) {
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].as_str()).chain([head[column]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    });
    let head = head.map(str::to_uppercase);
    for row in std::iter::once(&head).chain(rows) {
        let mut text = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(text, "{cell:width$}  ");
        }
        line(text.trim_end());
    }
}

/// The error with its causes.
pub fn error(error: &dyn Error) {
    note(format_args!("error: {}", with_causes(error)));
}

/// An error and its causes in one text; a cause that the error quotes already is left out.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            let _ = write!(text, ": {words}");
        }
        cause = error.source();
    }
    text
}
