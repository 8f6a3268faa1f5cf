//! The lines of the new text, until all of them are known: comments beside values line up, blank lines are single.

/// One line, or one that belongs to the scalar above it.
struct Line {
    text: String,
    comment: Option<String>,
    blank_above: bool,
}

/// The new text.
#[derive(Default)]
pub(super) struct Lines {
    lines: Vec<Line>,
    /// No blank line goes in front of the next one: a block starts there, or a scalar would swallow it.
    tight: bool,
}

impl Lines {
    /// A line with the comment beside it, and whether a blank line is above it.
    pub(super) fn push(&mut self, text: String, comment: Option<String>, blank_above: bool) {
        let blank_above = blank_above && !self.tight && !self.lines.is_empty();
        self.tight = false;
        self.lines.push(Line { text, comment, blank_above });
    }

    /// Lines of a scalar, as they are.
    pub(super) fn extend(&mut self, lines: Vec<String>) {
        self.lines.extend(lines.into_iter().map(|text| Line { text, comment: None, blank_above: false }));
    }

    /// No blank line follows the last one.
    pub(super) fn tighten(&mut self) {
        self.tight = true;
    }

    /// Whether a blank line would be out of place here.
    pub(super) fn is_tight(&self) -> bool {
        self.tight
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Sees to it that a blank line stands somewhere from this line on, or in front of it.
    pub(super) fn part(&mut self, from: usize, to: usize) {
        if from == 0 || self.lines[from..to].iter().any(|line| line.blank_above) {
            return;
        }
        if let Some(line) = self.lines.get_mut(from) {
            line.blank_above = true;
        }
    }

    /// The text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut column = 0;
        for (index, line) in self.lines.iter().enumerate() {
            if line.blank_above {
                text.push('\n');
            }
            if let Some(comment) = &line.comment {
                let goes_on = index > 0 && !line.blank_above && self.lines[index - 1].comment.is_some();
                if !goes_on {
                    column = self.column(index);
                }
                let gap = " ".repeat(column - width(&line.text));
                text.extend([line.text.as_str(), &gap, comment, "\n"]);
            } else {
                text.extend([line.text.as_str(), "\n"]);
            }
        }
        text
    }

    /// Where the comments stand in the run of commented lines that starts here.
    fn column(&self, from: usize) -> usize {
        let run = self.lines[from..].iter().enumerate();
        let run =
            run.take_while(|(offset, line)| line.comment.is_some() && (*offset == 0 || !line.blank_above));
        run.map(|(_, line)| width(&line.text)).max().unwrap_or(0) + 2
    }
}

/// The columns of a text.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}
