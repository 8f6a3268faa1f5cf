//! Who calls, from where, and the id of the call.

use std::fmt;

use http::header::AUTHORIZATION;
use http::request::Parts;
use uuid::Uuid;

use super::error::AwsError;
use super::signature::{Dialect, form};
use crate::dice::Dice;
use crate::world::World;

/// The id AWS gives each request; it is in the answer's headers and in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId(Uuid);

impl RequestId {
    /// The next one.
    pub(crate) fn next(dice: &Dice) -> Self {
        Self(dice.uuid("request", ""))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What every operation may want to know about its caller.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The region the request was signed for, the endpoint's own without a signature.
    pub(crate) region: String,
    /// The account that things belong to.
    pub(crate) account: String,
    /// The access key id of the signature.
    pub(crate) access_key: Option<String>,
    /// This request's id.
    pub(crate) request_id: RequestId,
    /// What is wrong with the form of its signature. Services that insist on one refuse it with this.
    pub(crate) unsigned: Option<AwsError>,
}

impl Context {
    /// Read from a request's head.
    pub(crate) fn of(parts: &Parts, world: &World, request_id: RequestId) -> Self {
        let scope = Scope::of(parts);
        Self {
            region: scope.as_ref().map_or_else(|| world.region.clone(), |s| s.region.clone()),
            account: world.account.clone(),
            access_key: scope.map(|s| s.access_key),
            request_id,
            unsigned: form::check(parts).err().map(|refusal| refusal.error(Dialect::Json)),
        }
    }
}

/// The credential scope of a SigV4 signature: `KEY/20260102/eu-west-1/kinesis/aws4_request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) access_key: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

impl Scope {
    /// From the `Authorization` header, or from the query of a presigned request.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        if let Some(header) = parts.headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()) {
            let (_, after) = header.split_once("Credential=")?;
            return Self::parse(after.split([',', ' ']).next()?);
        }
        let query = parts.uri.query()?;
        let (_, after) = query.split_once("X-Amz-Credential=")?;
        Self::parse(&after.split('&').next()?.replace("%2F", "/").replace("%2f", "/"))
    }

    fn parse(credential: &str) -> Option<Self> {
        // Access keys never hold a slash, but read from the right all the same: region names never do either.
        let mut fields = credential.rsplitn(5, '/');
        let _terminator = fields.next()?;
        let service = fields.next()?.to_owned();
        let region = fields.next().filter(|r| !r.is_empty())?.to_owned();
        let _date = fields.next()?;
        let access_key = fields.next()?.to_owned();
        Some(Self { access_key, region, service })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(builder: http::request::Builder) -> Parts {
        builder.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_signature_names_key_region_and_service() {
        let signed = parts(http::Request::builder().header(
            AUTHORIZATION,
            "AWS4-HMAC-SHA256 Credential=AKID/20260102/eu-west-1/kinesis/aws4_request, SignedHeaders=host, Signature=0",
        ));
        let scope = Scope::of(&signed).unwrap();
        assert_eq!((scope.access_key.as_str(), scope.region.as_str()), ("AKID", "eu-west-1"));
        assert_eq!(scope.service, "kinesis");
    }

    #[test]
    fn a_presigned_request_names_them_in_its_query() {
        let signed = parts(
            http::Request::builder()
                .uri("/?X-Amz-Credential=AKID%2F20260102%2Fus-east-2%2Fsts%2Faws4_request&a=b"),
        );
        assert_eq!(Scope::of(&signed).unwrap().service, "sts");
    }

    #[test]
    fn a_broken_signature_is_no_signature() {
        for text in ["", "AWS4-HMAC-SHA256 Credential=", "Credential=a/b", "Basic Zm9v"] {
            let signed = parts(http::Request::builder().header(AUTHORIZATION, text));
            assert_eq!(Scope::of(&signed), None, "{text}");
        }
    }
}
