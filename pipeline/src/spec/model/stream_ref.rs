//! Which stream a delivery or a function reads: one of its own pipeline, or of another.

use std::fmt;

/// A stream that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamRef {
    /// A stream of the same file, by its logical name.
    Own(String),
    /// A stream of another pipeline.
    Other(OtherStream),
}

/// A stream of another pipeline, in the same account and region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherStream {
    /// The pipeline's name.
    pub pipeline: String,
    /// The stream's logical name there.
    pub stream: String,
    /// What is known of it; `None` until its file, or the ledger, was asked.
    pub found: Option<FoundStream>,
}

/// What has to be known of another pipeline's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundStream {
    /// Its name on AWS.
    pub name: String,
    /// The KMS key that encrypts it.
    pub encryption: Option<String>,
}

impl StreamRef {
    /// What the file calls it: `events`, or `clicks/events`.
    #[must_use]
    pub fn of(reference: &str) -> Self {
        match reference.split_once('/') {
            None => Self::Own(reference.to_owned()),
            Some((pipeline, stream)) => Self::Other(OtherStream {
                pipeline: pipeline.to_owned(),
                stream: stream.to_owned(),
                found: None,
            }),
        }
    }

    /// Its logical name, when it is of the same pipeline.
    #[must_use]
    pub fn own(&self) -> Option<&str> {
        match self {
            Self::Own(logical) => Some(logical),
            Self::Other(_) => None,
        }
    }

    /// The other pipeline's stream, when it is one.
    #[must_use]
    pub fn other(&self) -> Option<&OtherStream> {
        match self {
            Self::Own(_) => None,
            Self::Other(other) => Some(other),
        }
    }
}

impl From<&str> for StreamRef {
    fn from(reference: &str) -> Self {
        Self::of(reference)
    }
}

impl fmt::Display for StreamRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(logical) => f.pad(logical),
            Self::Other(other) => write!(f, "{}/{}", other.pipeline, other.stream),
        }
    }
}
