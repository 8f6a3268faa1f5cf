//! An HTTP endpoint that a delivery sends its records to.

use std::collections::BTreeMap;
use std::fmt;

use super::{Buffer, Compression};

/// An HTTP endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpDestination {
    /// Its address: `https`, or `http` on this machine.
    pub url: String,
    /// What it is called in consoles; `None` is nothing.
    pub name: Option<String>,
    /// What it knows the sender by.
    pub key: AccessKey,
    /// Whether bodies are gzipped.
    pub gzip: bool,
    /// Sent along with every request, by name; at most 50.
    pub attributes: BTreeMap<String, String>,
    /// When a request is sent; 1 to 64 MiB.
    pub buffer: Buffer,
    /// How long a request that failed is sent again, 0 to 7200 seconds.
    pub retry_seconds: u32,
    /// The bucket for what could not be delivered, or for everything.
    pub backup: HttpBackup,
}

/// What an endpoint knows the sender by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessKey {
    /// Nothing.
    None,
    /// A key that stands in the file.
    Literal(KeyText),
    /// The ARN of a secret in Secrets Manager, which holds `{"api_key": …}`.
    Secret(String),
}

/// The bucket beside an HTTP endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpBackup {
    /// The bucket, the pipeline's.
    pub bucket: String,
    /// Whether it gets every record, and not only what failed.
    pub all: bool,
    /// Firehose prefix expression; `None` means AWS's own `YYYY/MM/dd/HH/`.
    pub prefix: Option<String>,
    /// Firehose error output prefix expression.
    pub errors: Option<String>,
    /// When an object is written.
    pub buffer: Buffer,
    /// How an object is compressed.
    pub compression: Compression,
}

/// Text that is not shown: it has no `Display`, and its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(String);

impl KeyText {
    /// Hides a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whoever sends it to where it belongs.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(…)")
    }
}
