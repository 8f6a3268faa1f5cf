//! Reading objects back from S3.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_smithy_types::error::display::DisplayErrorContext;

use crate::lake::{Counter, Object, Objects, ReadError};

/// The buckets these clients reach.
#[derive(Debug)]
pub(crate) struct S3Objects {
    pub(crate) client: Client,
}

#[async_trait]
impl Objects for S3Objects {
    async fn list(&self, bucket: &str) -> Result<Vec<Object>, ReadError> {
        let mut pages = self.client.list_objects_v2().bucket(bucket).into_paginator().send();
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| ReadError::List {
                bucket: bucket.to_owned(),
                message: DisplayErrorContext(&error).to_string(),
            })?;
            objects.extend(page.contents().iter().filter_map(|object| {
                let size = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
                Some(Object { key: object.key()?.to_owned(), size })
            }));
        }
        Ok(objects)
    }

    async fn read(&self, bucket: &str, key: &str, counter: &mut Counter) -> Result<(), ReadError> {
        let failed =
            |message: String| ReadError::Read { bucket: bucket.to_owned(), key: key.to_owned(), message };
        let answer = self.client.get_object().bucket(bucket).key(key).send().await;
        let mut body = answer.map_err(|error| failed(DisplayErrorContext(&error).to_string()))?.body;
        while let Some(piece) = body.next().await {
            counter.feed(&piece.map_err(|error| failed(error.to_string()))?);
        }
        Ok(())
    }
}
