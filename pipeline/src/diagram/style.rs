//! The colours of kinds and marks: one list for all forms.

use super::{Mark, NodeKind};

/// A colour for a light and for a dark ground.
#[derive(Clone, Copy)]
pub(super) struct Colour {
    /// On white.
    pub(super) light: &'static str,
    /// On black.
    pub(super) dark: &'static str,
}

/// The colour of a kind's edge. Those who do not see all colours have its word.
pub(super) fn kind(kind: NodeKind) -> Colour {
    match kind {
        NodeKind::Stream => Colour { light: "#0969da", dark: "#58a6ff" },
        NodeKind::Transform => Colour { light: "#8250df", dark: "#bc8cff" },
        NodeKind::Function => Colour { light: "#bf3989", dark: "#f778ba" },
        NodeKind::Delivery => Colour { light: "#1b7c83", dark: "#39c5cf" },
        NodeKind::Bucket => Colour { light: "#9a6700", dark: "#d29922" },
        NodeKind::Reader => Colour { light: "#57606a", dark: "#8b949e" },
        NodeKind::Outside => Colour { light: "#8c959f", dark: "#6e7681" },
    }
}

/// The colour of what a plan does.
pub(super) fn mark(mark: Mark) -> Colour {
    match mark {
        Mark::Unchanged => Colour { light: "#afb8c1", dark: "#484f58" },
        Mark::Create => Colour { light: "#1a7f37", dark: "#3fb950" },
        Mark::Update | Mark::Release => Colour { light: "#bf8700", dark: "#e3b341" },
        Mark::Replace | Mark::Delete => Colour { light: "#cf222e", dark: "#f85149" },
    }
}
