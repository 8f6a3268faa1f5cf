//! Checksums that SDKs send with bodies: verified, kept, returned.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest as _, Md5};
use s3s::checksum::ChecksumHasher;
use s3s::crypto::Checksum as _;
use s3s::{S3Error, crypto};

use super::translate::error;

/// What a request says about its body: each in base64.
#[derive(Debug, Default)]
pub(super) struct Claimed {
    pub(super) md5: Option<String>,
    pub(super) crc32: Option<String>,
    pub(super) crc32c: Option<String>,
    pub(super) crc64nvme: Option<String>,
    pub(super) sha1: Option<String>,
    pub(super) sha256: Option<String>,
}

/// Reads the claims of an input: `PutObject` and `UploadPart` have the same members.
macro_rules! claimed {
    ($input:expr) => {
        $crate::s3::wire::checksums::Claimed {
            md5: $input.content_md5.take(),
            crc32: $input.checksum_crc32.take(),
            crc32c: $input.checksum_crc32c.take(),
            crc64nvme: $input.checksum_crc64nvme.take(),
            sha1: $input.checksum_sha1.take(),
            sha256: $input.checksum_sha256.take(),
        }
    };
}
pub(super) use claimed;

/// Writes a checksum into an output that has a member for each algorithm.
macro_rules! show_checksum {
    ($output:expr, $checksum:expr) => {
        if let Some((algorithm, value)) = $checksum {
            let value = Some(value.clone());
            match algorithm.as_str() {
                "crc32" => $output.checksum_crc32 = value,
                "crc32c" => $output.checksum_crc32c = value,
                "crc64nvme" => $output.checksum_crc64nvme = value,
                "sha1" => $output.checksum_sha1 = value,
                _ => $output.checksum_sha256 = value,
            }
        }
    };
}
pub(super) use show_checksum;

impl Claimed {
    /// Compares the claims with the bytes and answers the checksum to keep.
    ///
    /// # Errors
    /// `BadDigest`, `InvalidDigest`, or `InvalidRequest` for more than one checksum.
    pub(super) fn verify(self, body: &[u8]) -> Result<Option<(String, String)>, S3Error> {
        if let Some(claimed) = &self.md5 {
            if BASE64.decode(claimed).map_or(0, |digest| digest.len()) != 16 {
                return Err(error("InvalidDigest", "The Content-MD5 you specified was invalid."));
            }
            if BASE64.encode(Md5::digest(body)) != *claimed {
                return Err(error(
                    "BadDigest",
                    "The Content-MD5 you specified did not match what we received.",
                ));
            }
        }
        let mut hasher = ChecksumHasher {
            crc32: self.crc32.is_some().then(crypto::Crc32::new),
            crc32c: self.crc32c.is_some().then(crypto::Crc32c::new),
            crc64nvme: self.crc64nvme.is_some().then(crypto::Crc64Nvme::new),
            sha1: self.sha1.is_some().then(crypto::Sha1::new),
            sha256: self.sha256.is_some().then(crypto::Sha256::new),
        };
        hasher.update(body);
        let actual = hasher.finalize();
        let pairs = [
            ("crc32", self.crc32, actual.checksum_crc32),
            ("crc32c", self.crc32c, actual.checksum_crc32c),
            ("crc64nvme", self.crc64nvme, actual.checksum_crc64nvme),
            ("sha1", self.sha1, actual.checksum_sha1),
            ("sha256", self.sha256, actual.checksum_sha256),
        ];
        let mut kept = None;
        for (algorithm, claimed, actual) in pairs {
            let (Some(claimed), Some(actual)) = (claimed, actual) else { continue };
            if claimed != actual {
                let name = algorithm.to_uppercase();
                return Err(error(
                    "BadDigest",
                    format!("The {name} you specified did not match the calculated checksum."),
                ));
            }
            if kept.is_some() {
                return Err(error("InvalidRequest", "Expecting a single x-amz-checksum- header"));
            }
            kept = Some((algorithm.to_owned(), actual));
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_that_matches_is_kept_and_one_that_does_not_is_refused() {
        let claimed = Claimed { crc32: Some("NhCmhg==".to_owned()), ..Claimed::default() };
        assert_eq!(claimed.verify(b"hello").unwrap(), Some(("crc32".to_owned(), "NhCmhg==".to_owned())));
        let claimed = Claimed { crc32: Some("AAAAAA==".to_owned()), ..Claimed::default() };
        assert_eq!(claimed.verify(b"hello").unwrap_err().code().as_str(), "BadDigest");
    }

    #[test]
    fn md5_is_checked_by_form_and_value() {
        let claim = |md5: &str| Claimed { md5: Some(md5.to_owned()), ..Claimed::default() };
        assert!(claim("XUFAKrxLKna5cZ2REBfFkg==").verify(b"hello").is_ok());
        assert_eq!(
            claim("AAAAAAAAAAAAAAAAAAAAAA==").verify(b"hello").unwrap_err().code().as_str(),
            "BadDigest"
        );
        assert_eq!(claim("x").verify(b"hello").unwrap_err().code().as_str(), "InvalidDigest");
    }
}
