//! The ledger in a bucket of its own, `pipectl-<account>-<region>`, made at the first write.
//!
//! The account is part of the name, so someone else could have taken it: every call says whose the bucket has
//! to be.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::PublicAccessBlockConfiguration;

use super::error::failed;
use super::{Clients, Identity, bucket};
use crate::cloud::{CallError, Meaning};
use crate::ledger::{Store, StoreError, Version};
use crate::resources::names::Place;

/// A ledger's store in a bucket.
pub(crate) struct LedgerBucket {
    client: Client,
    identity: Arc<Identity>,
    region: String,
}

impl LedgerBucket {
    pub(crate) fn new(clients: &Clients, identity: &Arc<Identity>, region: &str) -> Self {
        Self { client: clients.s3.clone(), identity: Arc::clone(identity), region: region.to_owned() }
    }

    /// The bucket, and the account it has to belong to.
    async fn bucket(&self) -> Result<(String, &str), CallError> {
        let place = self.identity.place().await?;
        Ok((name(place), &place.account))
    }

    async fn block_public_access(&self, bucket: &str, account: &str) -> Result<(), CallError> {
        let all = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .block_public_policy(true)
            .ignore_public_acls(true)
            .restrict_public_buckets(true)
            .build();
        let request = self.client.put_public_access_block().bucket(bucket).expected_bucket_owner(account);
        let sent = request.public_access_block_configuration(all).send().await;
        match sent.map_err(|error| failed("s3:PutPublicAccessBlock", error)) {
            // Blocked by default since 2023; an endpoint that does not know the call has no public either.
            Err(error) if error.meaning != Meaning::Unsupported => Err(error),
            _ => Ok(()),
        }
    }
}

fn name(place: &Place) -> String {
    format!("pipectl-{}-{}", place.account, place.region)
}

fn store(error: CallError) -> StoreError {
    if error.meaning == Meaning::Conflict { StoreError::Conflict } else { StoreError::Call(error) }
}

/// A condition on what is there.
enum Only<'a> {
    IfAbsent,
    IfUnchanged(&'a Version),
    Always,
}

impl LedgerBucket {
    async fn put(&self, key: &str, content: &[u8], only: Only<'_>) -> Result<Version, StoreError> {
        let (bucket, account) = self.bucket().await?;
        let mut request = self
            .client
            .put_object()
            .bucket(bucket)
            .expected_bucket_owner(account)
            .key(key)
            .content_type("application/json")
            .body(ByteStream::from(content.to_vec()));
        request = match only {
            Only::IfAbsent => request.if_none_match("*"),
            Only::IfUnchanged(version) => request.if_match(&version.0),
            Only::Always => request,
        };
        let missing_is_conflict = matches!(only, Only::IfUnchanged(_));
        match request.send().await.map_err(|error| failed("s3:PutObject", error)) {
            Ok(answer) => Ok(Version(answer.e_tag().unwrap_or_default().to_owned())),
            // A replacement of what has been deleted.
            Err(error) if missing_is_conflict && error.meaning == Meaning::NotFound => {
                Err(StoreError::Conflict)
            }
            Err(error) => Err(store(error)),
        }
    }
}

#[async_trait]
impl Store for LedgerBucket {
    fn describe(&self) -> String {
        format!("s3://pipectl-{}-{}", self.identity.account().unwrap_or("<account>"), self.region)
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        let (bucket, account) = self.bucket().await?;
        let head = self.client.head_bucket().bucket(&bucket).expected_bucket_owner(account).send().await;
        match head.map_err(|error| failed("s3:HeadBucket", error)) {
            Ok(_) => return Ok(()),
            Err(error) if error.meaning == Meaning::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        match bucket::create(&self.client, &bucket, &self.region).await {
            Err(error) if error.code.as_deref() != Some("BucketAlreadyOwnedByYou") => {
                return Err(error.into());
            }
            _ => {}
        }
        Ok(self.block_public_access(&bucket, account).await?)
    }

    async fn read(&self, key: &str) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        let (bucket, account) = self.bucket().await?;
        let request = self.client.get_object().bucket(bucket).expected_bucket_owner(account).key(key);
        match request.send().await.map_err(|error| failed("s3:GetObject", error)) {
            Ok(answer) => {
                let version = Version(answer.e_tag().unwrap_or_default().to_owned());
                let content = answer.body.collect().await;
                let broken = |why: String| CallError::local("s3:GetObject", Meaning::Unknown, why);
                let content = content.map_err(|error| broken(error.to_string()))?;
                Ok(Some((content.to_vec(), version)))
            }
            Err(error) if error.meaning == Meaning::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn create(&self, key: &str, content: &[u8]) -> Result<Version, StoreError> {
        self.put(key, content, Only::IfAbsent).await
    }

    async fn replace(&self, key: &str, content: &[u8], version: &Version) -> Result<Version, StoreError> {
        self.put(key, content, Only::IfUnchanged(version)).await
    }

    async fn write(&self, key: &str, content: &[u8]) -> Result<(), StoreError> {
        self.put(key, content, Only::Always).await.map(drop)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let (bucket, account) = self.bucket().await?;
        let request = self.client.delete_object().bucket(bucket).expected_bucket_owner(account).key(key);
        match request.send().await.map_err(|error| failed("s3:DeleteObject", error)) {
            Err(error) if error.meaning != Meaning::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let (bucket, account) = self.bucket().await?;
        let mut keys = Vec::new();
        let mut next = None;
        loop {
            let request = self.client.list_objects_v2().bucket(&bucket).expected_bucket_owner(account);
            let page = request.prefix(prefix).set_continuation_token(next).send().await;
            let page = match page.map_err(|error| failed("s3:ListObjectsV2", error)) {
                Ok(page) => page,
                Err(error) if error.meaning == Meaning::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
            };
            keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
            // Keys come in order, and only the newest are asked for.
            keys.drain(..keys.len().saturating_sub(1000));
            next = page.next_continuation_token().map(str::to_owned);
            if next.is_none() {
                return Ok(keys);
            }
        }
    }

    async fn folders(&self) -> Result<Vec<String>, StoreError> {
        let (bucket, account) = self.bucket().await?;
        let request = self.client.list_objects_v2().bucket(bucket).expected_bucket_owner(account);
        match request.delimiter("/").send().await.map_err(|error| failed("s3:ListObjectsV2", error)) {
            Ok(page) => {
                let folders = page.common_prefixes().iter().filter_map(|common| common.prefix());
                Ok(folders.map(|folder| folder.trim_end_matches('/').to_owned()).collect())
            }
            Err(error) if error.meaning == Meaning::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    async fn remove_if_empty(&self) -> Result<bool, StoreError> {
        let (bucket, account) = self.bucket().await?;
        let request = self.client.delete_bucket().bucket(bucket).expected_bucket_owner(account);
        match request.send().await.map_err(|error| failed("s3:DeleteBucket", error)) {
            Ok(_) => Ok(true),
            Err(error) if error.meaning == Meaning::NotFound => Ok(true),
            Err(error) if error.meaning == Meaning::NotEmpty => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
