//! `http` of a delivery, as editors see it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Buffer, Compression};

/// An HTTP endpoint that takes records as Firehose sends them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Http {
    /// Its address. AWS takes `https` alone; an endpoint on this machine may be reached by `http`.
    #[schemars(length(max = 1000), regex(pattern = r"^https?://"), example = &"https://collector.example.com/in")]
    pub url: String,
    /// What it is called in the console.
    #[schemars(length(min = 1, max = 256), example = &"collector")]
    pub name: Option<String>,
    /// The key that is sent with every request. It is in no plan and in no ledger, but in this file: `secret` keeps
    /// it out of here, too.
    #[schemars(length(max = 4096))]
    pub access_key: Option<String>,
    /// The ARN of a secret in Secrets Manager that holds the key as `{"api_key": "…"}`, in place of `access-key`.
    #[schemars(regex(pattern = r"^arn:aws[a-z-]*:secretsmanager:"), example = &"arn:aws:secretsmanager:eu-west-1:123456789012:secret:collector-AbCdEf")]
    pub secret: Option<String>,
    /// How bodies are encoded.
    #[schemars(extend("default" = "none"))]
    pub encoding: Option<Encoding>,
    /// Names and values that are sent along with every request. At most 50.
    #[schemars(extend("maxProperties" = 50, "examples" = [{"stage": "prod"}]))]
    pub attributes: Option<IndexMap<String, String>>,
    /// When a request is sent: at the size, `1MiB` to `64MiB`, or at the interval, whichever comes first.
    pub buffer: Option<Buffer>,
    /// How long a request that failed is sent again, `0s` to `7200s`; then its records go to the backup.
    #[schemars(regex(pattern = r"^[0-9]+(s|m|h|d)$"), extend("default" = "300s"))]
    pub retry: Option<String>,
    /// The bucket for records that could not be delivered, or for all of them.
    pub backup: HttpBackup,
}

/// The bucket beside an HTTP endpoint.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpBackup {
    /// The bucket. The pipeline creates and owns it; bucket names are unique in all of AWS.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"), example = &"clickstream-failed")]
    pub bucket: String,
    /// Which records it gets.
    #[schemars(extend("default" = "failed"))]
    pub records: Option<Records>,
    /// What object names begin with, as an S3 destination's but without keys.
    #[schemars(length(max = 1024), example = &"failed/")]
    pub prefix: Option<String>,
    /// What the names of objects begin with that hold what failed.
    #[schemars(length(max = 1024), extend("default" = "errors/!{firehose:error-output-type}/"))]
    pub errors: Option<String>,
    /// When an object is written: at the size or at the interval, whichever comes first.
    pub buffer: Option<Buffer>,
    /// How objects are compressed.
    #[schemars(extend("default" = "gzip"))]
    pub compression: Option<Compression>,
}

/// Which records.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Records {
    /// Those that the endpoint did not take.
    Failed,
    /// All of them.
    All,
}

/// How bodies are encoded.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Encoding {
    /// As they are.
    None,
    /// Gzipped.
    Gzip,
}
