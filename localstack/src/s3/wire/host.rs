//! The bucket in the host name: `bucket.localhost`, `bucket.s3.localhost`, `bucket.s3.REGION.localhost.localstack.cloud`.

use s3s::S3Result;
use s3s::host::{S3Host, VirtualHost};

/// Finds it.
pub(super) struct BucketInHost;

impl S3Host for BucketInHost {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        Ok(match bucket_of(host) {
            Some(bucket) => VirtualHost::new(host).with_bucket(bucket),
            None => VirtualHost::new(host),
        })
    }
}

fn bucket_of(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let labels =
        name.strip_suffix(".localhost.localstack.cloud").or_else(|| name.strip_suffix(".localhost"))?;
    if labels == "s3" || labels.starts_with("s3.") {
        return None;
    }
    // The last `.s3`, with at most a region behind it, ends the bucket.
    let end = labels.strip_suffix(".s3").map(str::len).or_else(|| {
        let (before, region) = labels.rsplit_once('.')?;
        let is_region = region.contains('-') && region.ends_with(|c: char| c.is_ascii_digit());
        before.strip_suffix(".s3").filter(|_| is_region).map(str::len)
    });
    Some(end.map_or(labels, |end| &labels[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_found_in_every_form_of_host() {
        for (host, bucket) in [
            ("lake.localhost:4566", Some("lake")),
            ("my.lake.s3.localhost:4566", Some("my.lake")),
            ("lake.s3.eu-west-1.localhost.localstack.cloud:4566", Some("lake")),
            ("s3.localhost.localstack.cloud:4566", None),
            ("s3.eu-west-1.localhost.localstack.cloud", None),
            ("localhost:4566", None),
            ("example.com", None),
        ] {
            assert_eq!(bucket_of(host), bucket, "{host}");
        }
    }
}
