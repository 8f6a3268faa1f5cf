//! How an object's bytes are compressed, and what that says in its key and its headers.
//!
//! Extensions and encodings are those of objects AWS wrote. In two places they differ from its guide: `Snappy` is the
//! stream format of snappy-java and not Snappy's own framing, and `HADOOP_SNAPPY` ends in `.snappy`, not in `.hsnappy`.

mod snappy;

use std::io::{Cursor, Write as _};

use bytes::Bytes;
use flate2::Compression as Level;
use flate2::write::GzEncoder;
use uuid::Uuid;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::error::FirehoseError;

/// A compression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Compression {
    /// As it is.
    #[default]
    Uncompressed,
    /// One gzip member.
    Gzip,
    /// An archive of one deflated entry.
    Zip,
    /// Blocks in the stream format of snappy-java.
    Snappy,
    /// Blocks as Hadoop's codec frames them.
    HadoopSnappy,
}

impl Compression {
    /// Reads `CompressionFormat`, found at `member`.
    pub(crate) fn parse(member: &str, format: &str) -> Result<Self, FirehoseError> {
        match format {
            "UNCOMPRESSED" => Ok(Self::Uncompressed),
            "GZIP" => Ok(Self::Gzip),
            "ZIP" => Ok(Self::Zip),
            "Snappy" => Ok(Self::Snappy),
            "HADOOP_SNAPPY" => Ok(Self::HadoopSnappy),
            other => Err(FirehoseError::constraint(
                member,
                other,
                "Member must satisfy enum value set: [HADOOP_SNAPPY, UNCOMPRESSED, Snappy, ZIP, GZIP]",
            )),
        }
    }

    /// What the object's name ends with unless the user chose something else.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Uncompressed => "",
            Self::Gzip => ".gz",
            Self::Zip => ".zip",
            Self::Snappy | Self::HadoopSnappy => ".snappy",
        }
    }

    /// The `Content-Encoding` of the object.
    pub(crate) fn content_encoding(self) -> Option<&'static str> {
        match self {
            Self::Uncompressed => None,
            Self::Gzip => Some("gzip"),
            Self::Zip => Some("zip"),
            Self::Snappy => Some("snappy-java"),
            Self::HadoopSnappy => Some("hadoop-snappy"),
        }
    }

    /// Compresses a whole object; an archive's only entry is called `entry`. Takes about 20 ms a MiB for gzip: not for
    /// an async worker thread.
    pub(crate) fn compress(self, body: Bytes, entry: Uuid) -> std::io::Result<Bytes> {
        match self {
            Self::Uncompressed => Ok(body),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Level::fast());
                encoder.write_all(&body)?;
                Ok(Bytes::from(encoder.finish()?))
            }
            Self::Zip => zipped(&body, entry),
            Self::Snappy => snappy::java(&body),
            Self::HadoopSnappy => snappy::hadoop(&body),
        }
    }
}

/// An archive whose only entry is named by a UUID that is told nowhere else.
fn zipped(body: &[u8], entry: Uuid) -> std::io::Result<Bytes> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::with_capacity(body.len() / 4)));
    archive.start_file(entry.to_string(), SimpleFileOptions::default())?;
    archive.write_all(body)?;
    Ok(Bytes::from(archive.finish()?.into_inner()))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn body() -> Bytes {
        Bytes::from("one line\n".repeat(10_000))
    }

    #[test]
    fn gzip_unpacks_to_what_went_in() {
        let packed = Compression::Gzip.compress(body(), Uuid::nil()).unwrap();
        assert!(packed.len() < body().len() / 10);
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, body());
    }

    #[test]
    fn a_zip_holds_one_entry() {
        let packed = Compression::Zip.compress(body(), Uuid::nil()).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
        assert_eq!(archive.len(), 1);
        let mut entry = archive.by_index(0).unwrap();
        let name = entry.name().unwrap().into_owned();
        assert!(Uuid::parse_str(&name).is_ok(), "{name}");
        let mut unpacked = Vec::new();
        entry.read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, body());
    }

    #[test]
    fn uncompressed_bytes_are_not_copied() {
        let body = Bytes::from("as it is");
        assert_eq!(
            Compression::Uncompressed.compress(body.clone(), Uuid::nil()).unwrap().as_ptr(),
            body.as_ptr()
        );
    }

    #[test]
    fn formats_are_told_by_extension_and_encoding() {
        let told = |format| {
            let compression = Compression::parse("compressionFormat", format).unwrap();
            (compression.extension(), compression.content_encoding())
        };
        assert_eq!(told("UNCOMPRESSED"), ("", None));
        assert_eq!(told("GZIP"), (".gz", Some("gzip")));
        assert_eq!(told("ZIP"), (".zip", Some("zip")));
        assert_eq!(told("Snappy"), (".snappy", Some("snappy-java")));
        assert_eq!(told("HADOOP_SNAPPY"), (".snappy", Some("hadoop-snappy")));
        let refused = Compression::parse("compressionFormat", "SNAPPY").unwrap_err();
        assert_eq!(refused.code(), "ValidationException");
    }
}
