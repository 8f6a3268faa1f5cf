//! What an account may have.

use async_trait::async_trait;
use aws_sdk_kinesis::Client;

use super::error::failed;
use crate::cloud::{CallError, Quotas};
use crate::plan::ShardQuota;

/// Kinesis's own quotas.
#[derive(Debug)]
pub(crate) struct KinesisQuotas {
    client: Client,
}

impl KinesisQuotas {
    pub(crate) fn new(clients: &super::Clients) -> Self {
        Self { client: clients.kinesis.clone() }
    }
}

#[async_trait]
impl Quotas for KinesisQuotas {
    async fn shards(&self) -> Result<ShardQuota, CallError> {
        let answer = self.client.describe_limits().send().await;
        let answer = answer.map_err(|error| failed("kinesis:DescribeLimits", error))?;
        let count = |number: i32| u32::try_from(number).unwrap_or(0);
        Ok(ShardQuota { limit: count(answer.shard_limit()), open: count(answer.open_shard_count()) })
    }
}
