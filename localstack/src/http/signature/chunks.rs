//! The signatures within a streamed body: each chunk's depends on the one before, the first on the request's own.

use sha2::{Digest, Sha256};

use super::claim::Claim;
use super::{Key, is_signature};

/// Verifies the chunks of one body, in their order.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ChunkSeal {
    key: Key,
    time: String,
    scope: String,
    previous: String,
}

impl ChunkSeal {
    pub(super) fn new(key: Key, claim: &Claim) -> Self {
        Self { key, time: claim.time.clone(), scope: claim.scope(), previous: claim.signature.clone() }
    }

    /// Whether this is the next chunk's signature. The last chunk is empty.
    pub(crate) fn verifies(&mut self, chunk: &[u8], signature: &str) -> bool {
        let empty = hex::encode(Sha256::digest(b""));
        let text = format!("{empty}\n{}", hex::encode(Sha256::digest(chunk)));
        self.follows("AWS4-HMAC-SHA256-PAYLOAD", &text, signature)
    }

    /// Whether this is the signature of the trailers, each as `name:value\n`.
    pub(crate) fn verifies_trailers(&mut self, trailers: &str, signature: &str) -> bool {
        let text = hex::encode(Sha256::digest(trailers));
        self.follows("AWS4-HMAC-SHA256-TRAILER", &text, signature)
    }

    fn follows(&mut self, kind: &str, what: &str, signature: &str) -> bool {
        let text = format!("{kind}\n{}\n{}\n{}\n{what}", self.time, self.scope, self.previous);
        signature.clone_into(&mut self.previous);
        is_signature(&self.key, text.as_bytes(), signature)
    }
}

impl std::fmt::Debug for ChunkSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChunkSeal")
    }
}
