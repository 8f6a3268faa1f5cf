//! The parameters of each processor: defaults, ranges and refusals.

use serde_json::{Value, json};

use super::*;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:parse";

fn configuration(processors: Value) -> ProcessingConfiguration {
    serde_json::from_value(json!({"Enabled": true, "Processors": processors})).unwrap()
}

fn processor(kind: &str, parameters: &[(&str, &str)]) -> Value {
    let parameters: Vec<Value> = parameters
        .iter()
        .map(|(name, value)| json!({"ParameterName": name, "ParameterValue": value}))
        .collect();
    json!({"Type": kind, "Parameters": parameters})
}

fn read_all(processors: Value) -> Result<Processing, FirehoseError> {
    read("s3", Some(&configuration(processors)))
}

fn with(kind: &str, parameters: &[(&str, &str)]) -> Result<Processing, FirehoseError> {
    read_all(json!([processor(kind, parameters)]))
}

fn pairs(processor: &Processor) -> Vec<(&str, &str)> {
    let parameters = processor.parameters.iter().flatten();
    parameters.map(|parameter| (parameter.name.as_str(), parameter.value.as_str())).collect()
}

#[test]
fn the_defaults_are_those_of_aws() {
    let lambda = with("Lambda", &[("LambdaArn", ARN)]).unwrap().lambda.unwrap();
    assert_eq!(lambda.function_arn, ARN);
    assert_eq!(lambda.attempts, 4);
    assert_eq!(lambda.limits, BatchLimits { size: 1 << 20, interval: Duration::from_secs(60) });
}

#[test]
fn the_defaults_are_described() {
    let processors = json!([
        processor("Lambda", &[("LambdaArn", ARN), ("NumberOfRetries", "1")]),
        processor("Decompression", &[]),
        processor("CloudWatchLogProcessing", &[("DataMessageExtraction", "True")]),
        processor("AppendDelimiterToRecord", &[("Delimiter", "\\n")]),
    ]);
    let described = normalized(configuration(processors), "arn:role").processors.unwrap();
    assert_eq!(
        pairs(&described[0]),
        [
            ("LambdaArn", ARN),
            ("NumberOfRetries", "1"),
            ("RoleArn", "arn:role"),
            ("BufferSizeInMBs", "1"),
            ("BufferIntervalInSeconds", "60"),
        ]
    );
    assert_eq!(pairs(&described[1]), [("CompressionFormat", "GZIP")]);
    assert_eq!(pairs(&described[2]), [("DataMessageExtraction", "true")]);
    assert_eq!(pairs(&described[3]), []);
}

#[test]
fn sizes_are_decimals() {
    let size = |text| {
        let parameters = [("LambdaArn", ARN), ("BufferSizeInMBs", text), ("BufferIntervalInSeconds", "60")];
        with("Lambda", &parameters).map(|read| read.lambda.unwrap().limits.size)
    };
    assert_eq!(size("3"), Ok(3 << 20));
    assert_eq!(size("0.5"), Ok(512 << 10));
    assert_eq!(size("1.0"), Ok(1 << 20));
    assert_eq!(size("0.2"), Ok(204 << 10));
    for wrong in ["0.1", "3.1", "NaN", "big"] {
        let refused = size(wrong).unwrap_err().to_string();
        assert_eq!(refused, "BufferSizeInMBs for lambda processor must be between 0.2 and 3.");
    }
}

#[test]
fn wrong_parameters_are_told_in_the_words_of_aws() {
    let query = ("MetadataExtractionQuery", "{a: .a}");
    let long = "x".repeat(5121);
    for (kind, parameters, words) in [
        ("Lambda", vec![], "LambdaArn is required when Lambda processor is used."),
        ("Lambda", vec![("LambdaArn", "parse")], "'parse'"),
        ("Lambda", vec![("LambdaArn", ARN), ("NumberOfRetries", "301")], "must be between 0 and 300."),
        ("Lambda", vec![("LambdaArn", ARN), ("NumberOfRetries", "-1")], "must be between 0 and 300."),
        ("Lambda", vec![("LambdaArn", ARN), ("BufferSizeInMBs", "1")], "Both BufferSizeInMBs and"),
        (
            "Lambda",
            vec![("LambdaArn", ARN), ("BufferSizeInMBs", "1"), ("BufferIntervalInSeconds", "901")],
            "BufferIntervalInSeconds for lambda processor must be between 0 and 900.",
        ),
        ("Lambda", vec![("LambdaArn", ARN), ("Color", "red")], "parameters.2.member.parameterName"),
        ("Lambda", vec![("LambdaArn", "  ")], r"pattern: ^(?!\s*$).+"),
        ("Lambda", vec![("LambdaArn", &long)], "less than or equal to 5120"),
        ("RecordDeAggregation", vec![], "SubRecordType has to be one of JSON, DELIMITED"),
        (
            "RecordDeAggregation",
            vec![("SubRecordType", "CSV")],
            "SubRecordType has to be one of JSON, DELIMITED",
        ),
        (
            "RecordDeAggregation",
            vec![("SubRecordType", "DELIMITED")],
            "Delimiter should be present for DELIMITED",
        ),
        ("RecordDeAggregation", vec![("SubRecordType", "DELIMITED"), ("Delimiter", "###")], "base64"),
        ("MetadataExtraction", vec![query], "JSON Parsing Engine has to be one of JQ-1.6"),
        ("MetadataExtraction", vec![query, ("JsonParsingEngine", "JQ-1.7")], "has to be one of JQ-1.6"),
        ("MetadataExtraction", vec![("JsonParsingEngine", "JQ-1.6")], "JQ Query is required"),
        (
            "MetadataExtraction",
            vec![("MetadataExtractionQuery", "{"), ("JsonParsingEngine", "JQ-1.6")],
            "not a valid JQ expression",
        ),
        ("Decompression", vec![("CompressionFormat", "gzip")], "has to be one of GZIP"),
        (
            "CloudWatchLogProcessing",
            vec![("DataMessageExtraction", "yes")],
            "Allowed values are True and False.",
        ),
        (
            "CloudWatchLogProcessing",
            vec![("DataMessageExtraction", "true")],
            "CloudWatchLogProcessingProcessor can only be enabled with DecompressionProcessor",
        ),
        ("Magic", vec![], "Member must satisfy enum value set: [RecordDeAggregation, "),
    ] {
        let message = with(kind, &parameters).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn each_processor_does_its_part_whatever_their_order() {
    let processing = read_all(json!([
        processor("AppendDelimiterToRecord", &[]),
        processor(
            "MetadataExtraction",
            &[("MetadataExtractionQuery", "{a: .a}"), ("JsonParsingEngine", "JQ-1.6")]
        ),
        processor("RecordDeAggregation", &[("SubRecordType", "DELIMITED"), ("Delimiter", "IyMjIw==")]),
        processor("CloudWatchLogProcessing", &[("DataMessageExtraction", "true")]),
        processor("Decompression", &[("CompressionFormat", "GZIP")]),
    ]))
    .unwrap();
    assert_eq!(processing.delimiter, Some(b'\n'));
    assert_eq!(processing.query.unwrap().keys(), Some(&["a".to_owned()][..]));
    assert_eq!(processing.split, Some(SubRecords::Delimited(Bytes::from_static(b"####"))));
    assert_eq!(processing.unpack, Some(Unpack::Messages));
    let document = read_all(json!([
        processor("Decompression", &[]),
        processor("CloudWatchLogProcessing", &[("DataMessageExtraction", "False")]),
    ]));
    assert_eq!(document.unwrap().unpack, Some(Unpack::Document));
}

#[test]
fn processors_are_counted() {
    assert!(read_all(json!([])).unwrap_err().to_string().contains("minimum of 1"));
    let delimiter = processor("AppendDelimiterToRecord", &[]);
    assert!(read_all(json!(vec![&delimiter; 6])).unwrap_err().to_string().contains("maximum of 5"));
    read_all(json!(vec![&delimiter; 5])).unwrap();
    let lambda = processor("Lambda", &[("LambdaArn", ARN)]);
    let refused = read_all(json!([lambda, lambda])).unwrap_err().to_string();
    assert_eq!(refused, "Cannot have more than 1 Lambda processor.");
}

#[test]
fn disabled_processors_do_nothing() {
    let mut off = configuration(json!([processor("Lambda", &[("LambdaArn", ARN)])]));
    off.enabled = Some(false);
    assert_eq!(read("s3", Some(&off)).unwrap(), Processing::default());
    assert_eq!(read("s3", None).unwrap(), Processing::default());
}

#[test]
fn decompression_comes_to_what_was_processed_before() {
    let decompression = configuration(json!([processor("Decompression", &[])]));
    let lambda = configuration(json!([processor("Lambda", &[("LambdaArn", ARN)])]));
    check_update(Some(&lambda), Some(&decompression)).unwrap();
    check_update(Some(&decompression), Some(&decompression)).unwrap();
    check_update(Some(&decompression), None).unwrap();
    assert!(check_update(None, Some(&decompression)).is_err());
    let off = ProcessingConfiguration { enabled: Some(false), ..lambda };
    assert!(check_update(Some(&off), Some(&decompression)).is_err());
}
