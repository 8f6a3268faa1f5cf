//! `CustomTimeZone`: UTC or one of the zones that Firehose lists.
//!
//! The list is of older names: `Asia/Calcutta` is in it and `Asia/Kolkata` is not.

use jiff::tz::TimeZone;

use super::super::error::FirehoseError;

/// The zones of "Configure Amazon S3 object name format" in the Firehose guide, by area.
const LISTED: &str = include_str!("zones.txt");

/// Reads a zone; UTC when none is named.
pub(super) fn read(name: Option<&str>) -> Result<TimeZone, FirehoseError> {
    match name.filter(|name| !name.is_empty()) {
        None | Some("UTC") => Ok(TimeZone::UTC),
        Some(name) => match TimeZone::get(name) {
            Ok(zone) if listed().any(|(area, city)| name.split_once('/') == Some((area, city))) => Ok(zone),
            _ => Err(FirehoseError::InvalidArgument(
                "Provided custom time zone is not supported. Custom time zones are limited to UTC and non-3-letter \
                 IANA time zones."
                    .to_owned(),
            )),
        },
    }
}

/// Area and city of each zone.
fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    LISTED
        .lines()
        .filter_map(|line| line.split_once(": "))
        .flat_map(|(area, cities)| cities.split(' ').map(move |city| (area, city)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_zone_is_known() {
        assert_eq!(listed().count(), 294);
        for (area, city) in listed() {
            read(Some(&format!("{area}/{city}"))).unwrap();
        }
    }

    #[test]
    fn other_names_are_refused() {
        assert_eq!(read(None).unwrap(), TimeZone::UTC);
        assert_eq!(read(Some("")).unwrap(), TimeZone::UTC);
        for name in ["Mars/Olympus", "Asia/Kolkata", "CET", "Europe"] {
            let error = read(Some(name)).unwrap_err();
            assert!(error.to_string().starts_with("Provided custom time zone is not supported"), "{error}");
        }
    }
}
