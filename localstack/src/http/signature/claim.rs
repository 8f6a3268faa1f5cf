//! What a request says about its own signature.

use http::header::{AUTHORIZATION, DATE};
use http::request::Parts;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::canonical::{decode, header};
use super::{Kind, Refusal, form};

/// A signature, and what is needed to make it again.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) kind: Kind,
    pub(super) access_key: String,
    pub(super) date: String,
    pub(super) region: String,
    pub(super) service: String,
    pub(super) terminator: String,
    /// In the order they were named.
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
    /// `20260102T030405Z`.
    pub(super) time: String,
    /// For how many seconds a presigned request is good.
    pub(super) lives: Option<i64>,
    pub(super) token: Option<String>,
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// A presigned request lives a week at most.
const LONGEST_LIFE: i64 = 604_800;
const TOO_LONG: &str = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be \
                        less than 604800 seconds";

impl Claim {
    /// From the `Authorization` header, else from the query.
    pub(super) fn of(parts: &Parts) -> Result<Self, Refusal> {
        match form::check(parts)? {
            Kind::Header => Self::of_header(parts),
            Kind::Query => Self::of_query(parts),
        }
    }

    fn of_query(parts: &Parts) -> Result<Self, Refusal> {
        let query: Vec<(String, String)> = pairs(parts).collect();
        let get = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let need = |name: &str| get(name).unwrap_or_default();
        if need("X-Amz-Algorithm") != ALGORITHM {
            return Err(Refusal::Algorithm(need("X-Amz-Algorithm")));
        }
        Ok(Self {
            kind: Kind::Query,
            signature: need("X-Amz-Signature"),
            time: need("X-Amz-Date"),
            lives: get("X-Amz-Expires").map(|text| life(&text)).transpose()?,
            token: get("X-Amz-Security-Token"),
            ..Self::scoped(&need("X-Amz-Credential"), &need("X-Amz-SignedHeaders"))?
        })
    }

    fn of_header(parts: &Parts) -> Result<Self, Refusal> {
        let text = header(parts, AUTHORIZATION.as_str()).unwrap_or_default();
        let (algorithm, rest) = text.split_once(' ').unwrap_or((&text, ""));
        if algorithm != ALGORITHM {
            return Err(Refusal::Algorithm(algorithm.to_owned()));
        }
        let field = |name: &str| {
            let mut fields = rest.split([',', ' ']);
            let found = fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or_default().to_owned()
        };
        let date = || header(parts, DATE.as_str()).map(|date| http_date(&date).unwrap_or(date));
        Ok(Self {
            signature: field("Signature"),
            time: header(parts, "x-amz-date").or_else(date).unwrap_or_default(),
            token: header(parts, "x-amz-security-token"),
            ..Self::scoped(&field("Credential"), &field("SignedHeaders"))?
        })
    }

    fn scoped(credential: &str, signed_headers: &str) -> Result<Self, Refusal> {
        let fields: Vec<&str> = credential.split('/').collect();
        let [access_key, date, region, service, terminator] = fields.as_slice() else {
            return Err(Refusal::Credential(credential.to_owned()));
        };
        let signed_headers: Vec<String> = signed_headers.split(';').map(str::to_owned).collect();
        if !signed_headers.iter().any(|name| name == "host" || name == ":authority") {
            return Err(Refusal::HeaderNotSigned("host".to_owned()));
        }
        Ok(Self {
            kind: Kind::Header,
            access_key: (*access_key).to_owned(),
            date: (*date).to_owned(),
            region: (*region).to_owned(),
            service: (*service).to_owned(),
            terminator: (*terminator).to_owned(),
            signed_headers,
            signature: String::new(),
            time: String::new(),
            lives: None,
            token: None,
        })
    }

    /// When it was signed.
    pub(super) fn timestamp(&self) -> Option<Timestamp> {
        let time = DateTime::strptime("%Y%m%dT%H%M%SZ", &self.time).ok()?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
    }

    /// `20260102/eu-west-1/kinesis/aws4_request`
    pub(super) fn scope(&self) -> String {
        format!("{}/{}/{}/{}", self.date, self.region, self.service, self.terminator)
    }

    /// What the signature is of.
    pub(super) fn string_to_sign(&self, request: &str) -> String {
        let hash = hex::encode(Sha256::digest(request));
        format!("{ALGORITHM}\n{}\n{}\n{hash}", self.time, self.scope())
    }
}

/// For how many seconds a presigned request says it is good.
fn life(text: &str) -> Result<i64, Refusal> {
    match text.parse::<i64>() {
        Err(_) => Err(Refusal::Life("X-Amz-Expires should be a number")),
        Ok(seconds) if seconds < 0 => Err(Refusal::Life("X-Amz-Expires must be non-negative")),
        Ok(seconds) if seconds > LONGEST_LIFE => Err(Refusal::Life(TOO_LONG)),
        Ok(seconds) => Ok(seconds),
    }
}

/// The query's names and values, decoded.
fn pairs(parts: &Parts) -> impl Iterator<Item = (String, String)> {
    let pairs = parts.uri.query().unwrap_or_default().split('&');
    let text = |encoded: &str| String::from_utf8_lossy(&decode(encoded)).into_owned();
    pairs.map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (text(name), text(value))
    })
}

/// `Fri, 02 Jan 2026 03:04:05 GMT`, as SigV4 writes it.
fn http_date(text: &str) -> Option<String> {
    let time = DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text).ok()?;
    Some(time.strftime("%Y%m%dT%H%M%SZ").to_string())
}
