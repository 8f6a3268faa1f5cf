//! SigV4, verified: who signed a request, and whether it is as it was signed.
//!
//! The form of a signature (`form.rs`) is what Kinesis always asks for. The rest happens only where the endpoint was told
//! to (`Options::verify_signatures`; `gate.rs`): a claim is read from the `Authorization` header or from a presigned query
//! (`claim.rs`), the request is written down as the client must have seen it (`canonical.rs`), and the two signatures are
//! compared. What does not fit is refused in the words of the service (`refusal.rs`). A client of S3 says how its body is
//! signed (`payload.rs`), and may sign the parts of a streamed one one by one (`chunks.rs`).

mod canonical;
mod chunks;
mod claim;
pub(crate) mod form;
mod gate;
mod payload;
mod refusal;

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::route::Service;

pub(crate) use chunks::ChunkSeal;
use claim::Claim;
pub(crate) use gate::{object, whole};
use payload::Signed;
pub(crate) use refusal::{Dialect, Refusal};

/// Where a signature was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Header,
    Query,
}

/// The access key that everybody has, and its secret.
const USUAL: (&str, &str) = ("test", "test");
/// The token that functions have with it, as theirs always come with one.
const TOKEN_OF_FUNCTIONS: &str = "test";

/// A secret, and the token that has to come with it where it belongs to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Secret {
    pub(crate) key: String,
    pub(crate) token: Option<String>,
    pub(crate) expires: Option<Timestamp>,
}

/// The access keys of this endpoint, by id.
#[derive(Clone, Debug)]
pub(crate) struct Keys(BTreeMap<String, String>);

impl Keys {
    /// `test` with the secret `test`, and these.
    pub(crate) fn new(further: Vec<(String, String)>) -> Self {
        let (id, secret) = USUAL;
        Self(std::iter::once((id.to_owned(), secret.to_owned())).chain(further).collect())
    }

    /// The secret of an access key that was configured.
    pub(crate) fn secret(&self, id: &str) -> Option<Secret> {
        let key = self.0.get(id)?.clone();
        Some(Secret { key, token: None, expires: None })
    }
}

/// What a verified head says about the body, whose bytes are yet to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    /// It is not signed.
    Unsigned,
    /// Its SHA-256, in hexadecimal.
    Hash(String),
    /// Each of its chunks has a signature.
    Chunks(ChunkSeal),
}

/// What a request is verified against.
struct Verifier<'a> {
    /// Finds the secret of an access key.
    secret: &'a dyn Fn(&str) -> Option<Secret>,
    now: Timestamp,
    /// What the request has to be signed for, where that is known.
    service: Option<Service>,
}

impl Verifier<'_> {
    /// Verifies a request that is all there. Its body is hashed, whatever a header says: only S3 looks at that one.
    fn whole(&self, parts: &Parts, body: &[u8]) -> Result<(), Refusal> {
        let claim = self.claim(parts)?;
        self.check_signature(parts, &claim, &hex::encode(Sha256::digest(body)))?;
        Ok(())
    }

    /// Verifies a request whose body has not been read: S3's, which say in a header how it is signed.
    fn streamed(&self, parts: &Parts) -> Result<Payload, Refusal> {
        let claim = self.claim(parts)?;
        let (named, signed) = payload::of(parts, claim.kind)?;
        let key = self.check_signature(parts, &claim, &named)?;
        Ok(match signed {
            Signed::Not => Payload::Unsigned,
            Signed::Whole => Payload::Hash(named.to_ascii_lowercase()),
            Signed::Chunks => Payload::Chunks(ChunkSeal::new(key, &claim)),
        })
    }

    /// What the request says of its signature, where that could be good.
    fn claim(&self, parts: &Parts) -> Result<Claim, Refusal> {
        let claim = Claim::of(parts)?;
        self.check_scope(&claim)?;
        self.check_time(&claim)?;
        Ok(claim)
    }

    /// The key that signed the request, whose body has this hash or stands for it.
    fn check_signature(&self, parts: &Parts, claim: &Claim, payload: &str) -> Result<Key, Refusal> {
        let secret = (self.secret)(&claim.access_key).ok_or(Refusal::UnknownKey)?;
        self.check_token(&secret, claim)?;
        if let Some(name) = canonical::unsigned_header(parts, claim) {
            return Err(Refusal::HeaderNotSigned(name));
        }
        let request = canonical::request(parts, claim, payload, self.service == Some(Service::S3));
        let text = claim.string_to_sign(&request);
        let key = signing_key(&secret.key, claim);
        if is_signature(&key, text.as_bytes(), &claim.signature) {
            return Ok(key);
        }
        let (access_key, signature) = (claim.access_key.clone(), claim.signature.clone());
        Err(Refusal::Mismatch { request, text, access_key, signature })
    }

    fn check_scope(&self, claim: &Claim) -> Result<(), Refusal> {
        if self.service == Some(Service::S3) && claim.kind == Kind::Query && claim.lives.is_none() {
            return Err(Refusal::IncompleteQuery(String::new()));
        }
        if claim.terminator != "aws4_request" {
            return Err(Refusal::Terminator(claim.terminator.clone()));
        }
        if let Some(service) = self.service.map(Service::name).filter(|name| *name != claim.service) {
            return Err(Refusal::OtherService(service));
        }
        let day = claim.time.get(..8).unwrap_or_default();
        if claim.date != day {
            return Err(Refusal::OtherDay { scope: claim.date.clone(), time: claim.time.clone() });
        }
        Ok(())
    }

    fn check_time(&self, claim: &Claim) -> Result<(), Refusal> {
        let signed = claim.timestamp().ok_or_else(|| Refusal::Date(claim.time.clone()))?;
        let minutes = if self.service == Some(Service::S3) { 15 } else { 5 };
        let skew = SignedDuration::from_mins(minutes);
        let lives = claim.lives.map_or(skew, SignedDuration::from_secs);
        let (early, late) = (self.now.checked_add(skew), self.now.checked_sub(lives));
        if late.is_ok_and(|late| signed < late) {
            return Err(match claim.kind {
                Kind::Query => Refusal::Expired,
                Kind::Header => Refusal::TooOld { signed, now: self.now, minutes },
            });
        }
        if early.is_ok_and(|early| signed > early) {
            return Err(Refusal::TooNew { signed, now: self.now, minutes });
        }
        Ok(())
    }

    fn check_token(&self, secret: &Secret, claim: &Claim) -> Result<(), Refusal> {
        match (&secret.token, &claim.token) {
            (Some(_), None) => return Err(Refusal::UnknownKey),
            (None, Some(token)) if claim.access_key == USUAL.0 && token == TOKEN_OF_FUNCTIONS => {}
            (own, given) if own != given => return Err(Refusal::OtherToken),
            _ => {}
        }
        if secret.expires.is_some_and(|expires| expires <= self.now) {
            return Err(Refusal::ExpiredToken);
        }
        Ok(())
    }
}

type Key = [u8; 32];

fn hmac(key: &[u8], text: &[u8]) -> Key {
    // HMAC takes keys of any length, so this is always one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Key::default() };
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn signing_key(secret: &str, claim: &Claim) -> Key {
    let date = hmac(format!("AWS4{secret}").as_bytes(), claim.date.as_bytes());
    let region = hmac(&date, claim.region.as_bytes());
    hmac(&hmac(&region, claim.service.as_bytes()), b"aws4_request")
}

/// Compared in a time that does not tell how much of it is right.
fn is_signature(key: &Key, text: &[u8], signature: &str) -> bool {
    let given = hex::decode(signature).unwrap_or_default();
    let lower = signature.bytes().all(|byte| !byte.is_ascii_uppercase());
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    mac.update(text);
    lower && mac.verify_slice(&given).is_ok()
}

#[cfg(test)]
mod tests;
