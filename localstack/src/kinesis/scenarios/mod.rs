//! Scenarios in virtual time: calls as clients make them, without sockets, so that hours and days pass at once.

mod growth;
mod memory;
mod quotas;
mod retention;
mod throughput;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::http::{AwsError, Codec, Context, JsonCall, Protocol, RequestId};
use crate::limits::Limits;
use crate::timings::Timings;
use crate::world::{Setting, World};

const PROTOCOL: Protocol =
    Protocol::AwsJson { codec: Codec::Json, content_type: "application/x-amz-json-1.1" };

/// One account's Kinesis in one region.
struct Api {
    world: Arc<World>,
    region: &'static str,
}

impl Api {
    /// As AWS: its limits, its times.
    fn as_aws() -> Self {
        Self::new(Setting { timings: Timings::aws(), ..Setting::default() })
    }

    /// With its limits, and without its times.
    fn limited() -> Self {
        Self::new(Setting { timings: Timings::all(Duration::ZERO), ..Setting::default() })
    }

    /// Without both.
    fn unlimited() -> Self {
        let timings = Timings::all(Duration::ZERO);
        Self::new(Setting { timings, limits: Limits::Off, ..Setting::default() })
    }

    fn new(setting: Setting) -> Self {
        Self { world: World::new(setting), region: "us-east-1" }
    }

    async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        let context = Context {
            region: self.region.to_owned(),
            account: self.world.account.clone(),
            access_key: None,
            request_id: RequestId::next(&self.world.dice),
            unsigned: None,
        };
        let call = JsonCall::new(context, operation.to_owned(), PROTOCOL, input.to_string().into());
        let answer = super::serve(&self.world, &call).await?;
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    async fn create(&self, name: &str, shards: u64) {
        self.call("CreateStream", json!({"StreamName": name, "ShardCount": shards})).await.unwrap();
    }

    async fn summary(&self, name: &str) -> Value {
        // Its own rate is not what is looked at here.
        tokio::time::advance(Duration::from_millis(50)).await;
        let answer = self.call("DescribeStreamSummary", json!({"StreamName": name})).await.unwrap();
        answer["StreamDescriptionSummary"].clone()
    }

    async fn status(&self, name: &str) -> String {
        self.summary(name).await["StreamStatus"].as_str().unwrap().to_owned()
    }

    async fn open_shards(&self, name: &str) -> u64 {
        self.summary(name).await["OpenShardCount"].as_u64().unwrap()
    }

    /// Puts so many records of `size` bytes over all shards; the answer.
    async fn put(&self, name: &str, count: usize, size: usize) -> Value {
        let data = BASE64.encode(vec![b'x'; size]);
        let records = (0..count).map(|n| json!({"Data": data, "PartitionKey": n.to_string()}));
        let input = json!({"StreamName": name, "Records": records.collect::<Vec<_>>()});
        self.call("PutRecords", input).await.unwrap()
    }

    async fn iterator(&self, name: &str, shard: u64) -> Result<String, AwsError> {
        let shard = format!("shardId-{shard:012}");
        let input = json!({"StreamName": name, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
        let answer = self.call("GetShardIterator", input).await?;
        Ok(answer["ShardIterator"].as_str().unwrap().to_owned())
    }

    async fn read(&self, iterator: &str) -> Result<Value, AwsError> {
        self.call("GetRecords", json!({"ShardIterator": iterator})).await
    }
}

fn passed(answer: &Value) -> usize {
    let records = answer["Records"].as_array().unwrap();
    let passed = records.iter().filter(|record| record.get("SequenceNumber").is_some()).count();
    assert_eq!(answer["FailedRecordCount"], records.len() - passed);
    passed
}

fn records(answer: &Value) -> usize {
    answer["Records"].as_array().unwrap().len()
}

async fn wait(time: Duration) {
    tokio::time::advance(time).await;
}

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
