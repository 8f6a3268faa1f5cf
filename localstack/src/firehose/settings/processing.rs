//! Processors: their parameters, with AWS's defaults, and what they do to a record.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::super::error::FirehoseError;
use super::super::processors::jq::Query;
use super::super::processors::split::SubRecords;
use super::super::transform::batch::BatchLimits;
use super::blocks::{ProcessingConfiguration, Processor, ProcessorParameter};

/// `NumberOfRetries` when it is left out.
const DEFAULT_RETRIES: u32 = 3;
/// `BufferSizeInMBs` when it is left out.
const DEFAULT_SIZE: &str = "1";
/// `BufferIntervalInSeconds` when it is left out.
const DEFAULT_INTERVAL: u64 = 60;
/// Most retries: a function that always fails must not hold up a delivery for ever.
const MOST_RETRIES: u32 = 300;
/// The only engine.
const ENGINE: &str = "JQ-1.6";

/// What the processors do to a record, in the order in which they do it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Processing {
    /// Whether a record is decompressed, and whether its messages are taken out then.
    pub(crate) unpack: Option<Unpack>,
    /// How the records within one are told apart.
    pub(crate) split: Option<SubRecords>,
    /// The transform.
    pub(crate) lambda: Option<LambdaProcessor>,
    /// What gives the partition keys.
    pub(crate) query: Option<Query>,
    /// What stands between records.
    pub(crate) delimiter: Option<u8>,
}

/// What is taken out of a record that CloudWatch Logs sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unpack {
    /// The document.
    Document,
    /// The messages in it.
    Messages,
}

/// The function every record runs through.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LambdaProcessor {
    /// Its ARN.
    pub(crate) function_arn: String,
    /// Invocations of a batch before it is given up: the retries and one.
    pub(crate) attempts: u32,
    /// When a batch is sent.
    pub(crate) limits: BatchLimits,
}

/// Fills in what AWS fills in and describes: `Enabled`, and the parameters that have defaults.
pub(super) fn normalized(configuration: ProcessingConfiguration, role_arn: &str) -> ProcessingConfiguration {
    let processors = configuration.processors.unwrap_or_default().into_iter();
    ProcessingConfiguration {
        enabled: Some(configuration.enabled.unwrap_or(false)),
        processors: Some(processors.map(|processor| normalized_processor(processor, role_arn)).collect()),
    }
}

fn normalized_processor(processor: Processor, role_arn: &str) -> Processor {
    let defaults = match processor.kind.as_str() {
        "Lambda" => vec![
            ("NumberOfRetries", DEFAULT_RETRIES.to_string()),
            ("RoleArn", role_arn.to_owned()),
            ("BufferSizeInMBs", DEFAULT_SIZE.to_owned()),
            ("BufferIntervalInSeconds", DEFAULT_INTERVAL.to_string()),
        ],
        "Decompression" => vec![("CompressionFormat", "GZIP".to_owned())],
        // Whatever is said of the delimiter, it is a line feed.
        "AppendDelimiterToRecord" => return Processor { parameters: Some(Vec::new()), ..processor },
        _ => Vec::new(),
    };
    let mut parameters = processor.parameters.unwrap_or_default();
    // One hint without the other is refused, so neither is filled in beside the other.
    let hinted = parameters.iter().any(|parameter| parameter.name.starts_with("Buffer"));
    for (name, value) in defaults {
        let given = parameters.iter().any(|parameter| parameter.name == name);
        let beside = hinted && name.starts_with("Buffer");
        if !given && !beside {
            parameters.push(ProcessorParameter { name: name.to_owned(), value });
        }
    }
    for parameter in &mut parameters {
        if parameter.name == "DataMessageExtraction" {
            parameter.value = parameter.value.to_ascii_lowercase();
        }
    }
    Processor { parameters: Some(parameters), ..processor }
}

/// Reads the configuration of the destination at `path`; one that is switched off is checked all the same.
pub(super) fn read(
    path: &str,
    configuration: Option<&ProcessingConfiguration>,
) -> Result<Processing, FirehoseError> {
    let Some(configuration) = configuration else { return Ok(Processing::default()) };
    let processors = configuration.processors.as_deref().unwrap_or_default();
    let enabled = configuration.enabled == Some(true);
    if enabled && !(1..=5).contains(&processors.len()) {
        return refused(
            "A maximum of 5 and a minimum of 1 processor needs to be supplied when processing is enabled.",
        );
    }
    let mut processing = Processing::default();
    for (index, processor) in processors.iter().enumerate() {
        let member = format!("{path}.processingConfiguration.processors.{}.member", index + 1);
        check_parameters(&member, processor)?;
        add(&mut processing, &member, processor)?;
    }
    check_extraction(processors)?;
    Ok(if enabled { processing } else { Processing::default() })
}

fn add(processing: &mut Processing, member: &str, processor: &Processor) -> Result<(), FirehoseError> {
    let parameter = |name: &str| parameter(processor, name);
    match processor.kind.as_str() {
        "Lambda" if processing.lambda.is_some() => {
            return refused("Cannot have more than 1 Lambda processor.");
        }
        "Lambda" => processing.lambda = Some(lambda(processor)?),
        "AppendDelimiterToRecord" => processing.delimiter = Some(b'\n'),
        "RecordDeAggregation" => processing.split = Some(sub_records(processor)?),
        "MetadataExtraction" => processing.query = Some(query(processor)?),
        "Decompression" => {
            if parameter("CompressionFormat").is_some_and(|format| format != "GZIP") {
                // That nothing else is taken was seen; these words are not AWS's (?).
                return refused("CompressionFormat for decompression processor has to be one of GZIP");
            }
            processing.unpack.get_or_insert(Unpack::Document);
        }
        "CloudWatchLogProcessing" => match parameter("DataMessageExtraction").map(str::to_ascii_lowercase) {
            Some(text) if text == "true" => processing.unpack = Some(Unpack::Messages),
            Some(text) if text == "false" => {}
            _ => {
                return refused(
                    "Invalid parameter value for DataMessageExtraction. Allowed values are True and False.",
                );
            }
        },
        other => {
            return Err(FirehoseError::constraint(
                &format!("{member}.type"),
                other,
                "Member must satisfy enum value set: [RecordDeAggregation, CloudWatchLogProcessing, Lambda, \
                 Decompression, MetadataExtraction, AppendDelimiterToRecord]",
            ));
        }
    }
    Ok(())
}

fn check_parameters(member: &str, processor: &Processor) -> Result<(), FirehoseError> {
    const NAMES: [&str; 11] = [
        "LambdaArn",
        "NumberOfRetries",
        "MetadataExtractionQuery",
        "JsonParsingEngine",
        "RoleArn",
        "BufferSizeInMBs",
        "BufferIntervalInSeconds",
        "SubRecordType",
        "Delimiter",
        "CompressionFormat",
        "DataMessageExtraction",
    ];
    for (index, parameter) in processor.parameters.iter().flatten().enumerate() {
        let member = format!("{member}.parameters.{}.member", index + 1);
        if !NAMES.contains(&parameter.name.as_str()) {
            return Err(FirehoseError::constraint(
                &format!("{member}.parameterName"),
                &parameter.name,
                &format!("Member must satisfy enum value set: [{}]", NAMES.join(", ")),
            ));
        }
        let member = format!("{member}.parameterValue");
        super::check::text(&member, &parameter.value, 1, 5120)?;
        if parameter.value.trim().is_empty() {
            return Err(super::check::pattern(&member, &parameter.value, r"^(?!\s*$).+"));
        }
    }
    Ok(())
}

/// Messages are taken out of what was decompressed.
fn check_extraction(processors: &[Processor]) -> Result<(), FirehoseError> {
    let has = |kind: &str| processors.iter().any(|processor| processor.kind == kind);
    if has("CloudWatchLogProcessing") && !has("Decompression") {
        return refused("CloudWatchLogProcessingProcessor can only be enabled with DecompressionProcessor");
    }
    Ok(())
}

/// Checks what an update may not change: decompression comes to a stream that had it, or a function, before. The rule
/// was seen; the words are not AWS's (?).
pub(super) fn check_update(
    old: Option<&ProcessingConfiguration>,
    new: Option<&ProcessingConfiguration>,
) -> Result<(), FirehoseError> {
    let has = |configuration: Option<&ProcessingConfiguration>, kinds: &[&str]| {
        let configuration = configuration.filter(|configuration| configuration.enabled == Some(true));
        let processors = configuration.and_then(|configuration| configuration.processors.as_deref());
        processors.unwrap_or_default().iter().any(|processor| kinds.contains(&processor.kind.as_str()))
    };
    if has(new, &["Decompression"]) && !has(old, &["Decompression", "Lambda"]) {
        return refused(
            "Decompression can only be enabled on a Firehose that has Decompression or Lambda processing enabled.",
        );
    }
    Ok(())
}

fn parameter<'a>(processor: &'a Processor, name: &str) -> Option<&'a str> {
    let parameters = processor.parameters.as_deref().unwrap_or_default();
    parameters.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.value.trim())
}

fn sub_records(processor: &Processor) -> Result<SubRecords, FirehoseError> {
    match parameter(processor, "SubRecordType") {
        Some("JSON") => Ok(SubRecords::Json),
        Some("DELIMITED") => {
            let Some(delimiter) = parameter(processor, "Delimiter") else {
                return refused("Delimiter should be present for DELIMITED");
            };
            match STANDARD.decode(delimiter) {
                Ok(bytes) if !bytes.is_empty() => Ok(SubRecords::Delimited(Bytes::from(bytes))),
                // That it is base64 is documented; these words are not AWS's (?).
                _ => refused("Delimiter has to be base64 encoded"),
            }
        }
        _ => refused("SubRecordType has to be one of JSON, DELIMITED"),
    }
}

fn query(processor: &Processor) -> Result<Query, FirehoseError> {
    if parameter(processor, "JsonParsingEngine") != Some(ENGINE) {
        return refused("MetaDataExtraction JSON Parsing Engine has to be one of JQ-1.6");
    }
    // What AWS says of a query that does not compile is not known (?).
    let compiled = parameter(processor, "MetadataExtractionQuery").map(Query::compile);
    match compiled {
        Some(Some(query)) => Ok(query),
        Some(None) => refused("MetaDataExtraction JQ Query is not a valid JQ expression"),
        None => refused("MetaDataExtraction JQ Query is required when MetadataExtraction processor is used."),
    }
}

fn lambda(processor: &Processor) -> Result<LambdaProcessor, FirehoseError> {
    let find = |name: &str| parameter(processor, name);
    let Some(function_arn) = find("LambdaArn") else {
        return refused("LambdaArn is required when Lambda processor is used.");
    };
    if !function_arn.starts_with("arn:")
        || !function_arn.contains(":lambda:")
        || !function_arn.contains(":function:")
    {
        return refused(&format!(
            "Invalid parameter value for LambdaArn: '{function_arn}'. It must be an ARN of a Lambda function."
        ));
    }
    let retries = find("NumberOfRetries").map_or(Some(DEFAULT_RETRIES), |text| text.parse::<u32>().ok());
    let Some(retries) = retries.filter(|retries| *retries <= MOST_RETRIES) else {
        return refused("Number of retries for lambda must be between 0 and 300.");
    };
    if find("BufferSizeInMBs").is_some() != find("BufferIntervalInSeconds").is_some() {
        return refused(
            "Both BufferSizeInMBs and BufferIntervalInSeconds are required to configure buffering for lambda processor.",
        );
    }
    let Some(size) = size_in_bytes(find("BufferSizeInMBs").unwrap_or(DEFAULT_SIZE)) else {
        return refused("BufferSizeInMBs for lambda processor must be between 0.2 and 3.");
    };
    let interval =
        find("BufferIntervalInSeconds").map_or(Some(DEFAULT_INTERVAL), |text| text.parse::<u64>().ok());
    let Some(interval) = interval.filter(|seconds| *seconds <= 900) else {
        return refused("BufferIntervalInSeconds for lambda processor must be between 0 and 900.");
    };
    Ok(LambdaProcessor {
        function_arn: function_arn.to_owned(),
        attempts: retries + 1,
        limits: BatchLimits { size, interval: Duration::from_secs(interval) },
    })
}

/// `BufferSizeInMBs` is a decimal: 0.2 to 3.
fn size_in_bytes(text: &str) -> Option<usize> {
    let megabytes = text.parse::<f64>().ok().filter(|size| (0.2..=3.0).contains(size))?;
    // Whole kibibytes are exact enough for a hint, and fit any integer.
    let kibibytes = (1..=3 * 1024_u32).rev().find(|kib| f64::from(*kib) <= megabytes * 1024.0)?;
    usize::try_from(kibibytes * 1024).ok()
}

fn refused<T>(words: &str) -> Result<T, FirehoseError> {
    Err(FirehoseError::InvalidArgument(words.to_owned()))
}

#[cfg(test)]
#[path = "processing_tests.rs"]
mod tests;
