//! S3 buckets.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, Delete, ObjectIdentifier, Tag, Tagging,
};

use super::bucket_settings::Settings;
use super::error::failed;
use crate::cloud::{BucketControl, CallError, Control, Meaning};
use crate::import::SeenBucket;
use crate::resources::Observed;
use crate::resources::bucket::{BucketChange, BucketSpec, BucketState, Contents, Setting};
use crate::resources::tags::{SETTINGS, TagChange, TagMap};

/// The region whose buckets are created without naming it.
const UNNAMED_REGION: &str = "us-east-1";

pub(super) struct Buckets {
    pub(super) client: Client,
}

/// Creates a bucket in a region.
pub(super) async fn create(client: &Client, name: &str, region: &str) -> Result<(), CallError> {
    let mut request = client.create_bucket().bucket(name);
    if region != UNNAMED_REGION {
        let place = BucketLocationConstraint::from(region);
        let place = CreateBucketConfiguration::builder().location_constraint(place).build();
        request = request.create_bucket_configuration(place);
    }
    request.send().await.map(drop).map_err(|error| failed("s3:CreateBucket", error))
}

impl Buckets {
    /// The bucket's tags; `None` when there is no bucket.
    async fn tags(&self, name: &str) -> Result<Option<TagMap>, CallError> {
        let answer = self.client.get_bucket_tagging().bucket(name).send().await;
        match answer.map_err(|error| failed("s3:GetBucketTagging", error)) {
            Ok(answer) => {
                let pair = |tag: &Tag| (tag.key().to_owned(), tag.value().to_owned());
                Ok(Some(answer.tag_set().iter().map(pair).collect()))
            }
            Err(error) if error.code.as_deref() == Some("NoSuchTagSet") => Ok(Some(TagMap::new())),
            Err(error) if error.meaning == Meaning::NotFound => Ok(None),
            Err(error) if error.code.as_deref() == Some("PermanentRedirect") => {
                let message = format!("the bucket {name} is in another region: give it another name here");
                Err(CallError { meaning: Meaning::Invalid, message, ..error })
            }
            Err(error) => Err(error),
        }
    }

    fn of<'a>(&'a self, bucket: &'a str) -> Settings<'a> {
        Settings { client: &self.client, bucket }
    }

    /// The settings that the bucket's tag says are ours.
    async fn settings(&self, name: &str, tags: &TagMap) -> Result<BucketState, CallError> {
        let listed = tags.get(SETTINGS).map(String::as_str).unwrap_or_default();
        let ours = |it: &Setting| listed.split(' ').any(|name| name == it.name());
        self.look_at(name, Setting::ALL.into_iter().filter(ours).collect()).await
    }

    /// The bucket with every setting, and what others set beside ours.
    pub(super) async fn whole(&self, name: &str) -> Result<Option<SeenBucket>, CallError> {
        let Some(tags) = self.tags(name).await? else { return Ok(None) };
        let settings = self.of(name);
        let (state, others) =
            tokio::try_join!(self.look_at(name, Setting::ALL.into()), settings.of_others())?;
        Ok(Some(SeenBucket { bucket: Observed { id: name.to_owned(), tags, state }, others }))
    }

    /// These settings, side by side.
    async fn look_at(&self, name: &str, known: BTreeSet<Setting>) -> Result<BucketState, CallError> {
        let settings = self.of(name);
        let versioning = wanted(known.contains(&Setting::Versioning), settings.versioning());
        let encryption = wanted(known.contains(&Setting::Encryption), settings.encryption());
        let lifecycle = wanted(known.contains(&Setting::Lifecycle), settings.lifecycle());
        let notifications = wanted(known.contains(&Setting::Notifications), settings.notifications());
        let (versioning, encryption, lifecycle, notifications) =
            tokio::try_join!(versioning, encryption, lifecycle, notifications)?;
        Ok(BucketState { contents: None, known, versioning, encryption, lifecycle, notifications })
    }

    /// Deletes all versions and all delete markers, a page at a time.
    async fn empty(&self, name: &str) -> Result<(), CallError> {
        loop {
            let page = self.client.list_object_versions().bucket(name).send().await;
            let page = page.map_err(|error| failed("s3:ListObjectVersions", error))?;
            let versions = page.versions().iter().map(|object| (object.key(), object.version_id()));
            let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
            let objects: Vec<ObjectIdentifier> =
                versions.chain(markers).filter_map(|(key, version)| identifier(key?, version)).collect();
            if objects.is_empty() {
                return Ok(());
            }
            self.delete_objects(name, objects).await?;
        }
    }

    async fn delete_objects(&self, name: &str, objects: Vec<ObjectIdentifier>) -> Result<(), CallError> {
        const CALL: &str = "s3:DeleteObjects";
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
        let delete = delete.map_err(|error| CallError::local(CALL, Meaning::Invalid, error.to_string()))?;
        let answer = self.client.delete_objects().bucket(name).delete(delete).send().await;
        let answer = answer.map_err(|error| failed(CALL, error))?;
        match answer.errors().first() {
            None => Ok(()),
            Some(error) => {
                let (key, why) = (error.key().unwrap_or_default(), error.message().unwrap_or_default());
                let kept = format!("{key} could not be deleted: {why}");
                Err(CallError {
                    code: error.code().map(str::to_owned),
                    ..CallError::local(CALL, Meaning::Denied, kept)
                })
            }
        }
    }
}

/// What a look brings, or what S3 has by itself when nobody is to look.
async fn wanted<T: Default>(
    look: bool,
    looking: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    if look { looking.await } else { Ok(T::default()) }
}

fn identifier(key: &str, version: Option<&str>) -> Option<ObjectIdentifier> {
    // An object from before versioning has the version "null", which may be named too.
    ObjectIdentifier::builder().key(key).set_version_id(version.map(str::to_owned)).build().ok()
}

#[async_trait]
impl Control<BucketSpec> for Buckets {
    async fn observe(&self, name: &str) -> Result<Option<Observed<BucketState>>, CallError> {
        let Some(tags) = self.tags(name).await? else { return Ok(None) };
        let state = self.settings(name, &tags).await?;
        Ok(Some(Observed { id: name.to_owned(), tags, state }))
    }

    async fn create(&self, name: &str, spec: &BucketSpec, _tags: &TagMap) -> Result<(), CallError> {
        // A second try inside the client would hide that the first may have made it: buckets are born without
        // tags, so whoever calls has to know.
        let config = self.client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        create(&Client::from_conf(config), name, &spec.region).await
    }

    async fn change(&self, name: &str, change: &BucketChange) -> Result<(), CallError> {
        match change {
            BucketChange::Empty => self.empty(name).await,
            BucketChange::Versioning(keep) => self.of(name).keep_versions(*keep).await,
            BucketChange::Encryption(key) => self.of(name).encrypt(key.as_deref()).await,
            BucketChange::Lifecycle(rules) => self.of(name).set_lifecycle(rules).await,
            BucketChange::Notifications(wanted) => self.of(name).notify(wanted).await,
        }
    }

    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError> {
        // S3 replaces all tags at once: those of others are read and written back.
        let mut tags = self.tags(name).await?.unwrap_or_default();
        tags.extend(change.set.clone());
        tags.retain(|key, _| !change.remove.contains(key));
        if tags.is_empty() {
            let sent = self.client.delete_bucket_tagging().bucket(name).send().await;
            return sent.map(drop).map_err(|error| failed("s3:DeleteBucketTagging", error));
        }
        let invalid = |error: String| CallError::local("s3:PutBucketTagging", Meaning::Invalid, error);
        let tag = |(key, value)| Tag::builder().key(key).value(value).build();
        let tags: Result<Vec<Tag>, _> = tags.into_iter().map(tag).collect();
        let tags = tags.map_err(|error| invalid(error.to_string()))?;
        let tagging = Tagging::builder().set_tag_set(Some(tags)).build();
        let tagging = tagging.map_err(|error| invalid(error.to_string()))?;
        let sent = self.client.put_bucket_tagging().bucket(name).tagging(tagging).send().await;
        sent.map(drop).map_err(|error| failed("s3:PutBucketTagging", error))
    }

    async fn delete(&self, name: &str) -> Result<(), CallError> {
        let sent = self.client.delete_bucket().bucket(name).send().await;
        sent.map(drop).map_err(|error| failed("s3:DeleteBucket", error))
    }
}

#[async_trait]
impl BucketControl for Buckets {
    async fn contents(&self, name: &str) -> Result<Contents, CallError> {
        let page = self.client.list_object_versions().bucket(name).send().await;
        let page = match page.map_err(|error| failed("s3:ListObjectVersions", error)) {
            Ok(page) => page,
            Err(error) if error.meaning == Meaning::NotFound => return Ok(Contents::default()),
            Err(error) => return Err(error),
        };
        let sizes = page.versions().iter().filter_map(|version| u64::try_from(version.size()?).ok());
        let objects = page.versions().len() + page.delete_markers().len();
        Ok(Contents {
            objects: u64::try_from(objects).unwrap_or(u64::MAX),
            bytes: sizes.fold(0, u64::saturating_add),
            more: page.is_truncated() == Some(true),
        })
    }
}
