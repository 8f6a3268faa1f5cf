//! Until when a presigned request is good. The signature itself is not checked; its time is, for clients rely on it.

use ::http::Uri;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use s3s::{S3Error, s3_error};

/// Refuses a presigned request whose time is over.
pub(super) fn check(uri: &Uri, now: Timestamp) -> Result<(), S3Error> {
    match ends(uri.query().unwrap_or_default()) {
        Some(end) if end < now => Err(s3_error!(AccessDenied, "Request has expired")),
        _ => Ok(()),
    }
}

/// When a presigned request ends: version 4 names a start and seconds, version 2 the second since the epoch.
fn ends(query: &str) -> Option<Timestamp> {
    let value = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    };
    if value("x-amz-signature").is_some() {
        let start = DateTime::strptime("%Y%m%dT%H%M%SZ", value("x-amz-date")?).ok()?;
        let start = start.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let seconds = value("x-amz-expires")?.parse::<u32>().ok()?;
        return start.checked_add(SignedDuration::from_secs(i64::from(seconds))).ok();
    }
    value("signature")?;
    Timestamp::from_second(value("expires")?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presigned_request_is_good_until_its_time_is_over() {
        let now: Timestamp = "2026-01-02T03:05:05Z".parse().unwrap();
        let v4 = "/b/k?X-Amz-Date=20260102T030405Z&X-Amz-Signature=00&X-Amz-Expires=";
        for (uri, good) in [
            (format!("{v4}60"), true),
            (format!("{v4}59"), false),
            (format!("{v4}soon"), true),
            (format!("/b/k?Signature=s&Expires={}", now.as_second()), true),
            (format!("/b/k?Signature=s&Expires={}", now.as_second() - 1), false),
            ("/b/k?expires=1".to_owned(), true),
            ("/b/k".to_owned(), true),
        ] {
            assert_eq!(check(&uri.parse().unwrap(), now).is_ok(), good, "{uri}");
        }
    }
}
