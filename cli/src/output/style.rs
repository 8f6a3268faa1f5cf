//! The colours, by meaning. Text is always built with them; the streams strip what the reader cannot show.

use anstyle::{AnsiColor, Style};

/// Something that comes, or went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Something that changes, or wants attention.
pub(crate) const CHANGE: Style = AnsiColor::Yellow.on_default();
/// Something that goes, or went wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// A name or a command the eye should find.
pub(crate) const NAME: Style = AnsiColor::Cyan.on_default();
/// A heading, or the one line that matters.
pub(crate) const STRONG: Style = Style::new().bold();
/// Detail that may be skipped.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// `text` in `style`.
pub(crate) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The styles of `--help`, in the same colours.
pub(crate) fn help() -> clap::builder::Styles {
    clap::builder::Styles::styled()
        .header(STRONG)
        .usage(STRONG)
        .literal(NAME)
        .placeholder(FAINT)
        .error(BAD.bold())
        .valid(GOOD)
        .invalid(CHANGE)
}
