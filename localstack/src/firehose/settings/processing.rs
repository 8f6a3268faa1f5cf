//! Processors: which are offered, and the parameters of the Lambda processor with AWS's defaults.

use std::time::Duration;

use super::super::error::FirehoseError;
use super::super::transform::batch::BatchLimits;
use super::destination::LambdaProcessor;
use super::wire::{ProcessingConfiguration, Processor, ProcessorParameter};

/// `NumberOfRetries` when it is left out.
const DEFAULT_RETRIES: u32 = 3;
/// `BufferSizeInMBs` when it is left out.
const DEFAULT_SIZE: &str = "1";
/// `BufferIntervalInSeconds` when it is left out.
const DEFAULT_INTERVAL: u64 = 60;
/// Most retries: a function that always fails must not hold up a delivery for ever.
const MOST_RETRIES: u32 = 300;

/// What the processors do to a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Processing {
    /// The transform.
    pub(super) lambda: Option<LambdaProcessor>,
    /// Whether a line feed stands between records.
    pub(super) delimiter: bool,
}

/// Fills in what AWS fills in and describes: `Enabled`, and all parameters of a Lambda processor.
pub(super) fn normalized(configuration: ProcessingConfiguration, role_arn: &str) -> ProcessingConfiguration {
    let processors = configuration.processors.unwrap_or_default().into_iter();
    ProcessingConfiguration {
        enabled: Some(configuration.enabled.unwrap_or(false)),
        processors: Some(processors.map(|processor| normalized_processor(processor, role_arn)).collect()),
    }
}

fn normalized_processor(processor: Processor, role_arn: &str) -> Processor {
    if processor.kind != "Lambda" {
        return processor;
    }
    let mut parameters = processor.parameters.unwrap_or_default();
    let defaults = [
        ("NumberOfRetries", DEFAULT_RETRIES.to_string()),
        ("RoleArn", role_arn.to_owned()),
        ("BufferSizeInMBs", DEFAULT_SIZE.to_owned()),
        ("BufferIntervalInSeconds", DEFAULT_INTERVAL.to_string()),
    ];
    for (name, value) in defaults {
        if !parameters.iter().any(|parameter| parameter.name == name) {
            parameters.push(ProcessorParameter { name: name.to_owned(), value });
        }
    }
    Processor { parameters: Some(parameters), ..processor }
}

/// Reads a configuration; one that is switched off is checked all the same.
pub(super) fn read(configuration: &ProcessingConfiguration) -> Result<Processing, FirehoseError> {
    let processors = configuration.processors.as_deref().unwrap_or_default();
    let enabled = configuration.enabled == Some(true);
    if enabled && !(1..=5).contains(&processors.len()) {
        return Err(FirehoseError::InvalidArgument(
            "A maximum of 5 and a minimum of 1 processor needs to be supplied when processing is enabled."
                .to_owned(),
        ));
    }
    let mut processing = Processing::default();
    for processor in processors {
        match processor.kind.as_str() {
            "Lambda" if processing.lambda.is_some() => {
                return Err(FirehoseError::InvalidArgument(
                    "Cannot have more than 1 Lambda processor".to_owned(),
                ));
            }
            "Lambda" => processing.lambda = Some(lambda(processor)?),
            "AppendDelimiterToRecord" => processing.delimiter = true,
            known @ ("RecordDeAggregation"
            | "Decompression"
            | "CloudWatchLogProcessing"
            | "MetadataExtraction") => {
                return Err(FirehoseError::InvalidArgument(format!(
                    "Processor type {known} is not offered by this endpoint yet; use Lambda or \
                     AppendDelimiterToRecord"
                )));
            }
            other => {
                return Err(FirehoseError::constraint(
                    "processingConfiguration.processors.member.type",
                    other,
                    "Member must satisfy enum value set: [RecordDeAggregation, CloudWatchLogProcessing, Lambda, \
                     Decompression, MetadataExtraction, AppendDelimiterToRecord]",
                ));
            }
        }
    }
    Ok(if enabled { processing } else { Processing::default() })
}

fn lambda(processor: &Processor) -> Result<LambdaProcessor, FirehoseError> {
    let parameters = processor.parameters.as_deref().unwrap_or_default();
    let find = |name: &str| {
        parameters.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.value.trim())
    };
    let function_arn = find("LambdaArn").ok_or_else(|| {
        FirehoseError::InvalidArgument("LambdaArn parameter is required for a Lambda processor".to_owned())
    })?;
    if !function_arn.starts_with("arn:")
        || !function_arn.contains(":lambda:")
        || !function_arn.contains(":function:")
    {
        return Err(invalid("LambdaArn", function_arn, "an ARN of a Lambda function"));
    }
    let retries = find("NumberOfRetries").map_or(Ok(DEFAULT_RETRIES), |text| {
        text.parse::<u32>()
            .ok()
            .filter(|retries| *retries <= MOST_RETRIES)
            .ok_or_else(|| invalid("NumberOfRetries", text, "a number between 0 and 300"))
    })?;
    let size = find("BufferSizeInMBs").unwrap_or(DEFAULT_SIZE);
    let interval = find("BufferIntervalInSeconds").map_or(Ok(DEFAULT_INTERVAL), |text| {
        text.parse::<u64>()
            .ok()
            .filter(|seconds| *seconds <= 900)
            .ok_or_else(|| invalid("BufferIntervalInSeconds", text, "a number between 0 and 900"))
    })?;
    Ok(LambdaProcessor {
        function_arn: function_arn.to_owned(),
        attempts: retries + 1,
        limits: BatchLimits { size: size_in_bytes(size)?, interval: Duration::from_secs(interval) },
    })
}

/// `BufferSizeInMBs` is a decimal: 0.2 to 3.
fn size_in_bytes(text: &str) -> Result<usize, FirehoseError> {
    let refused = || invalid("BufferSizeInMBs", text, "a number between 0.2 and 3");
    let megabytes = text.parse::<f64>().ok().filter(|size| (0.2..=3.0).contains(size)).ok_or_else(refused)?;
    // Whole kibibytes are exact enough for a hint, and fit any integer.
    let kibibytes =
        (1..=3 * 1024_u32).rev().find(|kib| f64::from(*kib) <= megabytes * 1024.0).ok_or_else(refused)?;
    usize::try_from(kibibytes * 1024).map_err(|_| refused())
}

fn invalid(parameter: &str, value: &str, expected: &str) -> FirehoseError {
    FirehoseError::InvalidArgument(format!(
        "Invalid parameter value for {parameter}: '{value}'. It must be {expected}."
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:parse";

    fn configuration(processors: Value) -> ProcessingConfiguration {
        serde_json::from_value(json!({"Enabled": true, "Processors": processors})).unwrap()
    }

    fn with(parameters: &[(&str, &str)]) -> ProcessingConfiguration {
        let parameters: Vec<Value> = parameters
            .iter()
            .map(|(name, value)| json!({"ParameterName": name, "ParameterValue": value}))
            .collect();
        configuration(json!([{"Type": "Lambda", "Parameters": parameters}]))
    }

    #[test]
    fn the_defaults_are_those_of_aws() {
        let lambda = read(&with(&[("LambdaArn", ARN)])).unwrap().lambda.unwrap();
        assert_eq!(lambda.function_arn, ARN);
        assert_eq!(lambda.attempts, 4);
        assert_eq!(lambda.limits, BatchLimits { size: 1 << 20, interval: Duration::from_secs(60) });
    }

    #[test]
    fn the_defaults_are_described() {
        let described = normalized(with(&[("LambdaArn", ARN), ("NumberOfRetries", "1")]), "arn:role");
        let parameters = described.processors.unwrap().remove(0).parameters.unwrap();
        let pairs: Vec<(&str, &str)> =
            parameters.iter().map(|parameter| (parameter.name.as_str(), parameter.value.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("LambdaArn", ARN),
                ("NumberOfRetries", "1"),
                ("RoleArn", "arn:role"),
                ("BufferSizeInMBs", "1"),
                ("BufferIntervalInSeconds", "60"),
            ]
        );
    }

    #[test]
    fn sizes_are_decimals() {
        let size = |text| {
            read(&with(&[("LambdaArn", ARN), ("BufferSizeInMBs", text)]))
                .map(|read| read.lambda.unwrap().limits.size)
        };
        assert_eq!(size("3"), Ok(3 << 20));
        assert_eq!(size("0.5"), Ok(512 << 10));
        assert_eq!(size("1.0"), Ok(1 << 20));
        assert_eq!(size("0.2"), Ok(204 << 10));
        for wrong in ["0.1", "3.1", "NaN", "big"] {
            assert!(size(wrong).unwrap_err().to_string().contains("between 0.2 and 3"));
        }
    }

    #[test]
    fn wrong_parameters_are_named() {
        let refused = |parameters: &[(&str, &str)]| read(&with(parameters)).unwrap_err().to_string();
        assert!(refused(&[]).contains("LambdaArn"));
        assert!(refused(&[("LambdaArn", "parse")]).contains("'parse'"));
        for number in ["-1", "301", "few"] {
            assert!(refused(&[("LambdaArn", ARN), ("NumberOfRetries", number)]).contains("0 and 300"));
        }
        assert!(refused(&[("LambdaArn", ARN), ("BufferIntervalInSeconds", "901")]).contains("0 and 900"));
    }

    #[test]
    fn processors_are_counted() {
        let none = read(&configuration(json!([]))).unwrap_err().to_string();
        assert!(none.contains("minimum of 1"));
        let lambda =
            json!({"Type": "Lambda", "Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": ARN}]});
        assert!(
            read(&configuration(json!([lambda, lambda]))).unwrap_err().to_string().contains("more than 1")
        );
    }

    #[test]
    fn a_processor_not_offered_is_refused_with_what_is() {
        let refused = |kind: &str| read(&configuration(json!([{"Type": kind}]))).unwrap_err();
        assert!(refused("MetadataExtraction").to_string().contains("not offered"));
        assert_eq!(refused("Magic").code(), "ValidationException");
    }

    #[test]
    fn disabled_processors_do_nothing() {
        let mut off = with(&[("LambdaArn", ARN)]);
        off.enabled = Some(false);
        assert_eq!(read(&off).unwrap(), Processing::default());
    }
}
