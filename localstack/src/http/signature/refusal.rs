//! Why a signature is not accepted, in each service's words.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use crate::http::AwsError;

/// What is wrong with a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is none.
    Missing,
    /// There is one in the header and one in the query.
    Twice,
    /// Parts of it are missing, as this says.
    Incomplete(String),
    /// The same, of a presigned query.
    IncompleteQuery(String),
    /// It is of another kind than SigV4.
    Algorithm(String),
    /// Its credential is none.
    Credential(String),
    /// Its time is none.
    Date(String),
    /// A presigned request lives too long, or no time that could be told.
    Life(&'static str),
    /// A header is there, or has to be, that it does not cover.
    HeaderNotSigned(String),
    /// Its scope does not end as it has to.
    Terminator(String),
    /// It is for another service than this.
    OtherService(&'static str),
    /// Its scope names another day than its time.
    OtherDay { scope: String, time: String },
    /// Nobody has this access key, or not without a token.
    UnknownKey,
    /// The token is not the one that belongs to the access key.
    OtherToken,
    /// The session is over.
    ExpiredToken,
    /// A presigned request is past its time.
    Expired,
    /// It was signed too long ago.
    TooOld { signed: Timestamp, now: Timestamp, minutes: i64 },
    /// It is from the future.
    TooNew { signed: Timestamp, now: Timestamp, minutes: i64 },
    /// It is not the signature of this request.
    Mismatch { request: String, text: String, access_key: String, signature: String },
    /// The body is not the one whose hash was signed.
    BodyChanged,
    /// A request to S3 does not say how its body is signed.
    NoPayloadHash,
    /// It says so in a way that is none.
    PayloadHash(String),
}

/// Whose words a refusal is put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// JSON and CBOR: `…Exception`, 400.
    Json,
    /// Lambda: the same, 403.
    Rest,
    /// The query protocol.
    Query,
    /// S3.
    S3,
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";
const S3_MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your \
                           key and signing method.";
const UNKNOWN_KEY: &str = "The security token included in the request is invalid.";
const S3_TWICE: &str = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query \
                        string parameter or the Authorization header should be specified";
const S3_PAYLOAD: &str = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
                          STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, \
                          STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER \
                          or a valid sha256 value.";
const S3_QUERY: &str = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                        X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";

impl Refusal {
    /// The error a client of this service gets.
    pub(crate) fn error(&self, dialect: Dialect) -> AwsError {
        if dialect == Dialect::S3 {
            return self.of_s3();
        }
        let (json, query) = self.codes();
        let code = if dialect == Dialect::Query { query } else { json };
        // Which of them are 403 in JSON services could not be told for all (?).
        let status = match (dialect, code) {
            (Dialect::Query, "IncompleteSignature" | "RequestExpired") | (Dialect::Json, _) => {
                StatusCode::BAD_REQUEST
            }
            _ => StatusCode::FORBIDDEN,
        };
        AwsError::new(status, code, self.message())
    }

    fn codes(&self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
            Self::Incomplete(_)
            | Self::IncompleteQuery(_)
            | Self::Algorithm(_)
            | Self::Credential(_)
            | Self::Date(_)
            | Self::Life(_) => ("IncompleteSignatureException", "IncompleteSignature"),
            Self::UnknownKey | Self::OtherToken => ("UnrecognizedClientException", "InvalidClientTokenId"),
            Self::ExpiredToken => ("ExpiredTokenException", "ExpiredToken"),
            Self::Expired => ("InvalidSignatureException", "RequestExpired"),
            _ => ("InvalidSignatureException", "SignatureDoesNotMatch"),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Missing => "Missing Authentication Token".to_owned(),
            Self::Twice => {
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
                    .to_owned()
            }
            Self::Incomplete(message) | Self::IncompleteQuery(message) => message.clone(),
            Self::Algorithm(found) => format!("Unsupported AWS 'algorithm': '{found}'."),
            Self::Credential(found) => format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
                 '{found}'."
            ),
            Self::Date(found) => format!(
                "Date must be in ISO-8601 'basic format'. Got '{found}'. See http://en.wikipedia.org/wiki/ISO_8601"
            ),
            Self::Life(message) => (*message).to_owned(),
            Self::UnknownKey | Self::OtherToken => UNKNOWN_KEY.to_owned(),
            Self::ExpiredToken => "The security token included in the request is expired".to_owned(),
            Self::Expired => "Request has expired.".to_owned(),
            Self::Mismatch { request, text, .. } => format!(
                "{MISMATCH}\n\nThe Canonical String for this request should have been\n'{request}'\n\nThe \
                 String-to-Sign should have been\n'{text}'\n"
            ),
            Self::BodyChanged => MISMATCH.to_owned(),
            _ => self.scope_message(),
        }
    }

    /// What is wrong with where and when it is good.
    fn scope_message(&self) -> String {
        match self {
            Self::HeaderNotSigned(name) if name == "host" => {
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned()
            }
            Self::HeaderNotSigned(name) => {
                format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")
            }
            Self::Terminator(found) => {
                format!("Credential should be scoped with a valid terminator: 'aws4_request', not '{found}'.")
            }
            Self::OtherService(service) => {
                format!("Credential should be scoped to correct service: '{service}'.")
            }
            Self::OtherDay { scope, time } => format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' \
                 != '{}', from '{time}'.",
                time.get(..8).unwrap_or_default()
            ),
            Self::TooOld { signed, now, minutes } => format!(
                "Signature expired: {} is now earlier than {} ({} - {minutes} min.)",
                stamp(*signed),
                stamp(*now - SignedDuration::from_mins(*minutes)),
                stamp(*now)
            ),
            Self::TooNew { signed, now, minutes } => format!(
                "Signature not yet current: {} is still later than {} ({} + {minutes} min.)",
                stamp(*signed),
                stamp(*now + SignedDuration::from_mins(*minutes)),
                stamp(*now)
            ),
            _ => String::new(),
        }
    }

    fn of_s3(&self) -> AwsError {
        let denied = |message: &str| (StatusCode::FORBIDDEN, "AccessDenied", message.to_owned());
        let bad = |code, message: &str| (StatusCode::BAD_REQUEST, code, message.to_owned());
        let (status, code, message) = match self {
            Self::Missing => denied("Access Denied"),
            Self::Twice => bad("InvalidArgument", S3_TWICE),
            Self::Algorithm(_) => bad("InvalidArgument", "Unsupported Authorization Type"),
            Self::IncompleteQuery(_) => bad("AuthorizationQueryParametersError", S3_QUERY),
            Self::Life(message) => bad("AuthorizationQueryParametersError", message),
            Self::Expired => denied("Request has expired"),
            Self::HeaderNotSigned(_) => {
                denied("There were headers present in the request which were not signed")
            }
            Self::UnknownKey => (
                StatusCode::FORBIDDEN,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.".to_owned(),
            ),
            Self::OtherToken => bad("InvalidToken", "The provided token is malformed or otherwise invalid."),
            Self::ExpiredToken => bad("ExpiredToken", "The provided token has expired."),
            Self::NoPayloadHash => {
                bad("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
            }
            Self::PayloadHash(_) => bad("InvalidArgument", S3_PAYLOAD),
            Self::TooOld { .. } | Self::TooNew { .. } => (
                StatusCode::FORBIDDEN,
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.".to_owned(),
            ),
            Self::Mismatch { .. } => (StatusCode::FORBIDDEN, "SignatureDoesNotMatch", S3_MISMATCH.to_owned()),
            Self::BodyChanged => bad(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ),
            _ => bad("AuthorizationHeaderMalformed", &self.message()),
        };
        AwsError::new(status, code, message)
    }

    /// What S3 tells besides code and message, by the names of its elements.
    pub(crate) fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Mismatch { request, text, access_key, signature } => vec![
                ("AWSAccessKeyId", access_key.clone()),
                ("StringToSign", text.clone()),
                ("SignatureProvided", signature.clone()),
                ("StringToSignBytes", octets(text)),
                ("CanonicalRequest", request.clone()),
                ("CanonicalRequestBytes", octets(request)),
            ],
            Self::TooOld { signed, now, minutes } | Self::TooNew { signed, now, minutes } => vec![
                ("RequestTime", stamp(*signed)),
                ("ServerTime", now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
                ("MaxAllowedSkewMilliseconds", (minutes * 60_000).to_string()),
            ],
            Self::PayloadHash(named) => {
                vec![("ArgumentName", "x-amz-content-sha256".to_owned()), ("ArgumentValue", named.clone())]
            }
            _ => Vec::new(),
        }
    }
}

/// `61 62 63`
fn octets(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn stamp(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}
