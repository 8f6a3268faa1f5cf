//! Reads back what a delivery has written, and counts it: the proof that records arrived.
//!
//! A [`Lake`] remembers the objects it has counted, so that asking again costs only what is new. Objects
//! are never held in memory: they are decoded and counted as they come in ([`count`]).

mod count;

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream;

use crate::spec::model::S3Destination;

pub use count::{Counter, Lines};

/// How many objects are read at the same time.
const READERS: usize = 8;

/// An object in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its size as stored, in bytes.
    pub size: u64,
}

/// The objects of one bucket.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Every object, in key order.
    ///
    /// # Errors
    /// The bucket cannot be listed.
    async fn list(&self, bucket: &str) -> Result<Vec<Object>, ReadError>;

    /// Feeds the object's bytes to `counter`, piece by piece.
    ///
    /// # Errors
    /// The object cannot be read to its end, or not decoded.
    async fn read(&self, bucket: &str, key: &str, counter: &mut Counter) -> Result<(), ReadError>;
}

/// Why what was written could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bucket cannot be listed.
    #[error("cannot list the bucket {bucket}: {message}")]
    List {
        /// The bucket.
        bucket: String,
        /// What S3 said.
        message: String,
    },
    /// An object cannot be read.
    #[error("cannot read s3://{bucket}/{key}: {message}")]
    Read {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// What S3 said.
        message: String,
    },
    /// An object is not what its first bytes promise.
    #[error("s3://{bucket}/{key} cannot be decoded")]
    Decode {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// What is wrong with it.
        source: std::io::Error,
    },
}

/// What lies in the bucket of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Records in data objects.
    pub delivered: u64,
    /// Records under the error prefix.
    pub failed: u64,
    /// Objects of both kinds.
    pub objects: u64,
    /// Their size as stored, in bytes.
    pub bytes: u64,
    /// Where a data object lies.
    pub sample_key: Option<String>,
    /// The first record of that object, if it is not too long to show.
    pub sample: Option<String>,
}

/// The bucket of one delivery, and what was counted in it so far.
#[derive(Debug)]
pub struct Lake {
    bucket: String,
    errors: Option<String>,
    counted: BTreeMap<String, (u64, Lines)>,
}

impl Lake {
    /// The lake that a delivery writes to.
    #[must_use]
    pub fn new(destination: &S3Destination) -> Self {
        let fixed = |expression: &str| expression.split("!{").next().unwrap_or_default().to_owned();
        Self {
            bucket: destination.bucket.clone(),
            errors: destination.errors.as_deref().map(fixed).filter(|prefix| !prefix.is_empty()),
            counted: BTreeMap::new(),
        }
    }

    /// The bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Counts what is new, and answers with the account of everything.
    ///
    /// # Errors
    /// The bucket or one of its new objects cannot be read; what was counted before stays.
    pub async fn count(&mut self, objects: &dyn Objects) -> Result<Account, ReadError> {
        let listed = objects.list(&self.bucket).await?;
        let fresh: Vec<Object> =
            listed.into_iter().filter(|object| !self.counted.contains_key(&object.key)).collect();
        let bucket = self.bucket.as_str();
        let reads = stream::iter(fresh.into_iter().map(|object| async move {
            let mut counter = Counter::default();
            objects.read(bucket, &object.key, &mut counter).await?;
            let lines = counter.finish().map_err(|source| ReadError::Decode {
                bucket: bucket.to_owned(),
                key: object.key.clone(),
                source,
            })?;
            Ok::<_, ReadError>((object, lines))
        }));
        let mut reads = reads.buffer_unordered(READERS);
        let mut done = Vec::new();
        while let Some(read) = reads.next().await {
            done.push(read?);
        }
        drop(reads);
        self.counted.extend(done.into_iter().map(|(object, lines)| (object.key, (object.size, lines))));
        Ok(self.account())
    }

    fn account(&self) -> Account {
        let mut account = Account::default();
        for (key, (size, lines)) in &self.counted {
            account.objects += 1;
            account.bytes += size;
            if self.holds_failures(key) {
                account.failed += lines.count;
                continue;
            }
            account.delivered += lines.count;
            if account.sample.is_none() && lines.first.is_some() {
                account.sample_key = Some(key.clone());
                account.sample.clone_from(&lines.first);
            }
        }
        account
    }

    /// Firehose names the kind of failure in the key when no error prefix is given.
    fn holds_failures(&self, key: &str) -> bool {
        match &self.errors {
            Some(prefix) => key.starts_with(prefix),
            None => key.contains("-failed/"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Objects by key, and the keys that were read.
    struct Bucket(Mutex<Vec<(String, Vec<u8>)>>, Mutex<Vec<String>>);

    #[async_trait]
    impl Objects for Bucket {
        async fn list(&self, _bucket: &str) -> Result<Vec<Object>, ReadError> {
            let objects = self.0.lock().unwrap();
            Ok(objects
                .iter()
                .map(|(key, data)| Object { key: key.clone(), size: data.len() as u64 })
                .collect())
        }

        async fn read(&self, _bucket: &str, key: &str, counter: &mut Counter) -> Result<(), ReadError> {
            self.1.lock().unwrap().push(key.to_owned());
            let data = self.0.lock().unwrap().iter().find(|(other, _)| other == key).unwrap().1.clone();
            data.chunks(3).for_each(|piece| counter.feed(piece));
            Ok(())
        }
    }

    fn lake(errors: Option<&str>) -> Lake {
        Lake::new(&S3Destination {
            prefix: Some("clicks/".into()),
            errors: errors.map(Into::into),
            ..S3Destination::new("lake")
        })
    }

    #[tokio::test]
    async fn data_and_failures_are_counted_apart_and_each_object_once() {
        let bucket = Bucket(
            Mutex::new(vec![
                ("clicks/a".into(), b"{\"a\":1}\n{\"a\":2}\n".to_vec()),
                ("errors/processing-failed/b".into(), b"{}\n".to_vec()),
            ]),
            Mutex::default(),
        );
        let mut lake = lake(Some("errors/!{firehose:error-output-type}/"));
        let account = lake.count(&bucket).await.unwrap();
        assert_eq!((account.delivered, account.failed, account.objects, account.bytes), (2, 1, 2, 19));
        assert_eq!(account.sample.as_deref(), Some("{\"a\":1}"));
        assert_eq!(account.sample_key.as_deref(), Some("clicks/a"));

        bucket.0.lock().unwrap().push(("clicks/c".into(), b"{}\n".to_vec()));
        let account = lake.count(&bucket).await.unwrap();
        assert_eq!((account.delivered, account.objects), (3, 3));
        assert_eq!(bucket.1.lock().unwrap().len(), 3, "nothing was read twice");
    }

    #[test]
    fn without_an_error_prefix_the_key_tells() {
        assert!(lake(None).holds_failures("2026/11/21/07/processing-failed/x"));
        assert!(!lake(None).holds_failures("2026/11/21/07/x"));
        assert!(!lake(Some("!{timestamp:yyyy}/")).holds_failures("2026/x"));
    }
}
