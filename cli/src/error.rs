//! The one error type of the command line: what kind it is, what happened, and the way out.
//!
//! Every library error becomes a [`CommandError`] where a command calls the library; `output` prints it
//! once, with the whole chain of causes and the hints last. The kind alone decides the exit code.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

/// What a command ends with when nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or nothing to do.
    Success,
    /// `plan --detailed-exitcode` found changes, `drift --detailed-exitcode` drift, or `fmt --check` an untidy file.
    Changes,
}

impl Exit {
    /// The exit code of [`Exit::Changes`].
    pub(crate) const CHANGES: u8 = 2;
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => ExitCode::SUCCESS,
            Exit::Changes => ExitCode::from(Exit::CHANGES),
        }
    }
}

/// What kind of failure it is: a script branches on this, through the exit code and the `kind` of the
/// JSON error event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "FailureKind")]
pub(crate) enum Kind {
    /// The command line itself makes no sense.
    Usage,
    /// The pipeline file, or another input, is wrong; the details are printed already.
    Invalid,
    /// A file is missing, or cannot be read or written.
    File,
    /// AWS, or what stands in for it, refused or did not answer.
    Aws,
    /// A prompt was needed and nobody could answer, or the answer was no.
    Declined,
    /// Ctrl-C before anything was changed.
    Interrupted,
    /// The local endpoint did not start, or broke.
    Local,
    /// Records were not delivered.
    Undelivered,
    /// An apply or a destroy stopped half way: some changes are made, others are not.
    Halfway,
    /// An apply failed, and what it had done was taken back.
    RolledBack,
}

impl Kind {
    /// 3 when changes were left half made, 4 when records were not delivered, 1 for every other failure.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Kind::Halfway => 3,
            Kind::Undelivered => 4,
            _ => 1,
        }
    }
}

/// A failed command: its kind, its cause, and what the user can do about it.
#[derive(Debug)]
pub(crate) struct CommandError {
    kind: Kind,
    source: Box<dyn Error + Send + Sync>,
    hints: Vec<String>,
}

impl CommandError {
    /// An error of `kind` that `source` explains.
    pub(crate) fn new(kind: Kind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        CommandError { kind, source: source.into(), hints: Vec::new() }
    }

    /// Puts what the command was about in front of the cause: `context: cause`.
    pub(crate) fn wrap(
        kind: Kind,
        context: impl Into<String>,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        CommandError::new(kind, Context { what: context.into(), cause: cause.into() })
    }

    /// Adds a way out, printed after the causes.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same as the cause of something; the ways out stay.
    pub(crate) fn within(self, context: impl Into<String>) -> Self {
        let source = Box::new(Context { what: context.into(), cause: self.source });
        Self { source, ..self }
    }

    /// The same with another kind, where what it led to matters more.
    pub(crate) fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// What kind of failure it is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The ways out, in the order they were added.
    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }

    /// What happened, then each cause; a cause whose words the line before already holds is left out.
    pub(crate) fn chain(&self) -> Vec<String> {
        let mut chain: Vec<String> = vec![self.source.to_string()];
        let mut next = self.source.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !chain.iter().any(|said| said.contains(&text)) {
                chain.push(text);
            }
            next = cause.source();
        }
        chain
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(formatter)
    }
}

/// A sentence of the command line's own with the library's error as its cause.
#[derive(Debug)]
struct Context {
    what: String,
    cause: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)
    }
}

impl Error for Context {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.cause.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_holds_every_cause_once() {
        let inner = CommandError::wrap(Kind::File, "reading `a`", std::io::Error::other("disk on fire"));
        assert_eq!(inner.chain(), ["reading `a`", "disk on fire"]);
        let said = CommandError::wrap(
            Kind::File,
            "reading `a`: disk on fire",
            std::io::Error::other("disk on fire"),
        );
        assert_eq!(said.chain(), ["reading `a`: disk on fire"]);
    }

    #[test]
    fn only_what_a_script_has_to_tell_apart_has_an_exit_code_of_its_own() {
        assert_eq!(Kind::Halfway.exit_code(), 3);
        assert_eq!(Kind::Undelivered.exit_code(), 4);
        assert_eq!(Kind::Usage.exit_code(), 1);
        assert_eq!(Kind::Aws.exit_code(), 1);
    }
}
