//! Opaque tokens: what a client gets to hand back, such as a shard iterator, and cannot make or change.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dice::Dice;
use crate::lock::Lock;

/// Seals tokens with a secret of this endpoint's run. MD5 keeps honest clients honest; it guards nothing.
pub(crate) struct Seal {
    secret: Lock<[u8; 16]>,
}

const MARK: usize = 16;

impl Seal {
    pub(crate) fn new(dice: &Dice) -> Self {
        Self { secret: Lock::new(dice.draw("seal", "").to_be_bytes()) }
    }

    /// The secret: who has it opens these tokens.
    pub(crate) fn secret(&self) -> [u8; 16] {
        *self.secret.lock()
    }

    /// Goes on with the secret of an earlier run, whose tokens stay good.
    pub(crate) fn go_on_with(&self, secret: [u8; 16]) {
        *self.secret.lock() = secret;
    }

    /// The token that holds this value.
    pub(crate) fn seal<T: Serialize>(&self, value: &T) -> String {
        let content = serde_json::to_vec(value).unwrap_or_default();
        let mut token = self.mark(&content).to_vec();
        token.extend(content);
        BASE64.encode(token)
    }

    /// The value in a token; nothing if it is not one of ours.
    pub(crate) fn open<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let bytes = BASE64.decode(token).ok()?;
        let (mark, content) = bytes.split_at_checked(MARK)?;
        if mark != self.mark(content) {
            return None;
        }
        serde_json::from_slice(content).ok()
    }

    fn mark(&self, content: &[u8]) -> [u8; MARK] {
        Md5::new().chain_update(self.secret()).chain_update(content).finalize().into()
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_to_what_was_sealed() {
        let seal = Seal::new(&Dice::default());
        assert_eq!(seal.open(&seal.seal(&("stream", 7))), Some(("stream".to_owned(), 7)));
    }

    #[test]
    fn foreign_changed_and_made_up_tokens_do_not_open() {
        let seal = Seal::new(&Dice::default());
        let token = seal.seal(&7);
        assert_eq!(Seal { secret: Lock::new([0; 16]) }.open::<i32>(&token), None);
        let changed = format!("{}A", &token[..token.len() - 1]);
        assert_eq!(seal.open::<i32>(&changed), None);
        assert_eq!(seal.open::<i32>(""), None);
        assert_eq!(seal.open::<i32>("äöü"), None);
    }
}
