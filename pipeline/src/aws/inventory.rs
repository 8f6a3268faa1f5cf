//! What there is in an account, and all of it: the names, the whole of a bucket, the code of a function.

use std::sync::Arc;

use async_trait::async_trait;

use super::bucket::Buckets;
use super::error::failed;
use super::{Clients, Identity, download};
use crate::cloud::{CallError, Meaning};
use crate::import::{Inventory, SeenBucket, SeenCode};
use crate::package;

/// Names that are listed of a kind at most; a selection that needs more is too wide to be one pipeline.
const NAMES: usize = 10_000;

/// The account behind these clients.
#[derive(Debug)]
pub(crate) struct AwsInventory {
    clients: Clients,
    identity: Arc<Identity>,
}

impl AwsInventory {
    pub(crate) fn new(clients: &Clients, identity: &Arc<Identity>) -> Self {
        Self { clients: clients.clone(), identity: Arc::clone(identity) }
    }

    fn too_many(call: &'static str) -> CallError {
        let message = format!("there are more than {NAMES}; name them one by one");
        CallError::local(call, Meaning::Invalid, message)
    }
}

#[async_trait]
impl Inventory for AwsInventory {
    async fn streams(&self) -> Result<Vec<String>, CallError> {
        const CALL: &str = "kinesis:ListStreams";
        let (mut names, mut after): (Vec<String>, Option<String>) = (Vec::new(), None);
        loop {
            let request = self.clients.kinesis.list_streams().set_exclusive_start_stream_name(after);
            let page = request.send().await.map_err(|error| failed(CALL, error))?;
            names.extend(page.stream_names);
            after = names.last().cloned();
            match page.has_more_streams {
                true if names.len() >= NAMES => return Err(Self::too_many(CALL)),
                true if after.is_some() => {}
                _ => return Ok(names),
            }
        }
    }

    async fn deliveries(&self) -> Result<Vec<String>, CallError> {
        const CALL: &str = "firehose:ListDeliveryStreams";
        let (mut names, mut after): (Vec<String>, Option<String>) = (Vec::new(), None);
        loop {
            let request = self.clients.firehose.list_delivery_streams();
            let request = request.set_exclusive_start_delivery_stream_name(after);
            let page = request.send().await.map_err(|error| failed(CALL, error))?;
            names.extend(page.delivery_stream_names);
            after = names.last().cloned();
            match page.has_more_delivery_streams {
                true if names.len() >= NAMES => return Err(Self::too_many(CALL)),
                true if after.is_some() => {}
                _ => return Ok(names),
            }
        }
    }

    async fn functions(&self) -> Result<Vec<String>, CallError> {
        const CALL: &str = "lambda:ListFunctions";
        let (mut names, mut marker): (Vec<String>, Option<String>) = (Vec::new(), None);
        loop {
            let request = self.clients.lambda.list_functions().set_marker(marker);
            let page = request.send().await.map_err(|error| failed(CALL, error))?;
            names.extend(page.functions.unwrap_or_default().into_iter().filter_map(|it| it.function_name));
            marker = page.next_marker.filter(|marker| !marker.is_empty());
            match marker {
                Some(_) if names.len() >= NAMES => return Err(Self::too_many(CALL)),
                Some(_) => {}
                None => return Ok(names),
            }
        }
    }

    async fn consumers(&self, stream: &str) -> Result<Vec<String>, CallError> {
        const CALL: &str = "kinesis:ListStreamConsumers";
        let arn = self.identity.place().await?.stream(stream);
        let (mut names, mut token): (Vec<String>, Option<String>) = (Vec::new(), None);
        loop {
            let request = self.clients.kinesis.list_stream_consumers().stream_arn(&arn).set_next_token(token);
            let page = request.send().await.map_err(|error| failed(CALL, error))?;
            names.extend(page.consumers.unwrap_or_default().into_iter().map(|it| it.consumer_name));
            token = page.next_token;
            if token.is_none() || names.len() >= NAMES {
                return Ok(names);
            }
        }
    }

    async fn bucket(&self, name: &str) -> Result<Option<SeenBucket>, CallError> {
        Buckets { client: self.clients.s3.clone() }.whole(name).await
    }

    async fn code(&self, function: &str) -> Result<SeenCode, CallError> {
        const CALL: &str = "lambda:GetFunction";
        let answer = self.clients.lambda.get_function().function_name(function).send().await;
        let answer = answer.map_err(|error| failed(CALL, error))?;
        let Some(location) = answer.code().and_then(|code| code.location()) else {
            return Ok(SeenCode::Unknown("its code is an image, and a file has zips".to_owned()));
        };
        let zip = download::fetch(location, package::UNZIPPED_LIMIT).await?;
        Ok(match package::program(&zip) {
            Some(program) => SeenCode::Vrl(program),
            None => SeenCode::Zip(zip),
        })
    }
}
