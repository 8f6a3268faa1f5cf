//! Puts records into Kinesis streams and reads them back; every record ends in one typed outcome.

pub mod aggregation;
