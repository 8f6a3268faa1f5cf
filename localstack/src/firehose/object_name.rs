//! The key of an object: `<evaluated prefix><stream>-<version>-yyyy-MM-dd-HH-mm-ss-<uuid><extension>`.

use jiff::Zoned;
use uuid::Uuid;

/// What the name says beyond its prefix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ObjectName<'a> {
    /// The delivery stream.
    pub(crate) stream: &'a str,
    /// The version of its configuration.
    pub(crate) version: u64,
    /// Arrival of the oldest record in the object, in the destination's time zone.
    pub(crate) oldest: &'a Zoned,
    /// Distinguishes objects of one second.
    pub(crate) id: Uuid,
    /// `.gz` and the like; may be empty.
    pub(crate) extension: &'a str,
}

impl ObjectName<'_> {
    /// The whole key.
    pub(crate) fn key(&self, prefix: &str) -> String {
        let Self { stream, version, oldest, id, extension } = self;
        format!(
            "{prefix}{stream}-{version}-{:04}-{:02}-{:02}-{:02}-{:02}-{:02}-{id}{extension}",
            oldest.year(),
            oldest.month(),
            oldest.day(),
            oldest.hour(),
            oldest.minute(),
            oldest.second(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_reads_as_aws_writes_it() {
        let name = ObjectName {
            stream: "clicks",
            version: 3,
            oldest: &"2018-08-07T01:02:03[UTC]".parse().unwrap(),
            id: Uuid::nil(),
            extension: ".gz",
        };
        assert_eq!(
            name.key("2018/08/07/01/"),
            "2018/08/07/01/clicks-3-2018-08-07-01-02-03-00000000-0000-0000-0000-000000000000.gz"
        );
    }

    #[test]
    fn the_time_is_that_of_the_chosen_zone() {
        let name = ObjectName {
            stream: "clicks",
            version: 1,
            oldest: &"2018-08-07T01:02:03[Asia/Tokyo]".parse().unwrap(),
            id: Uuid::nil(),
            extension: "",
        };
        assert!(name.key("").starts_with("clicks-1-2018-08-07-01-02-03-"));
    }
}
