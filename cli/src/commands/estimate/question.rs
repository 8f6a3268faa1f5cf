//! From the options to the workload that is asked about: what is assumed, sampled, recorded or seen, and what goes over
//! any of these.

use std::path::Path;

use pipectl_autoscaler::estimate::live::{self, TrafficSource};
use pipectl_autoscaler::estimate::{Burst, Delivery, Packing, Partitioning, Sizes, Transform, Workload};
use pipectl_autoscaler::simulate::trace::Trace;

use super::Args;
use super::sample;
use crate::error::{CommandError, Kind};
use crate::output::words::counted;
use crate::prices;
use crate::session::Session;
use crate::stream::Stream;

const MIB: f64 = 1024.0 * 1024.0;
/// What Firehose gathers for an invocation unless it is told otherwise.
const TRANSFORM_BATCH: (f64, f64) = (MIB, 60.0);
/// When dynamic partitioning writes an object unless it is told otherwise.
const PARTITION_BUFFER: (f64, f64) = (128.0 * MIB, 300.0);

/// What is asked.
pub(super) struct Question {
    /// About what.
    pub(super) workload: Workload,
    /// Where.
    pub(super) region: Option<String>,
    /// What there is to say of how it came about.
    pub(super) notes: Vec<String>,
}

/// The workload that the options name.
pub(super) async fn ask(args: &Args, session: &Session) -> Result<Question, CommandError> {
    let mut question =
        if args.named.is_given() { seen(args, session).await? } else { assumed(args, session)? };
    let workload = &mut question.workload;
    if let Some(consumers) = args.consumers {
        workload.consumers = consumers;
    } else if args.firehose && !args.named.is_given() {
        workload.consumers = 0;
    }
    workload.fan_out_consumers = args.fan_out.unwrap_or(workload.fan_out_consumers);
    workload.retention_hours = args.retention.unwrap_or(workload.retention_hours);
    workload.target = args.target;
    workload.largest_record = args.max_record_size.or(workload.largest_record);
    workload.delivery = args.delivery();
    workload.transform = args.transform();
    Ok(question)
}

/// From a stream's metrics.
async fn seen(args: &Args, session: &Session) -> Result<Question, CommandError> {
    let stream = Stream::find(session, &args.named).await?;
    let metrics = stream.metrics();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be at most 455 days"
    )]
    let window = (args.over * 3600.0).min(455.0 * 86_400.0) as u32;
    let period = live::period_for(window);
    let asked = async {
        tokio::try_join!(metrics.periods(&stream.name, period, window), metrics.shape(&stream.name))
    };
    let (periods, shape) = asked.await.map_err(|cause| {
        CommandError::wrap(Kind::Aws, format!("cannot see the traffic of {}", stream.name), cause)
            .hint("it takes cloudwatch:GetMetricData and kinesis:DescribeStreamSummary")
    })?;
    let Some(seen) = live::seen(&periods, period, shape) else {
        return Err(CommandError::new(
            Kind::Invalid,
            format!("the metrics of {} show no record in that time", stream.name),
        )
        .hint("--over takes a longer time; or say --record-size and --rate without a stream"));
    };
    let mut workload = seen.workload;
    workload.aggregation = args.aggregation.then(|| args.packing(None));
    Ok(Question { workload, region: stream.region(), notes: seen.notes })
}

/// From what was said, sampled or recorded.
fn assumed(args: &Args, session: &Session) -> Result<Question, CommandError> {
    let mut notes = Vec::new();
    let sample = match &args.sample {
        Some(path) => Some(sample::read(path, args.key_field.as_deref())?),
        None => None,
    };
    let (sizes, framing) = match (&sample, args.record_size) {
        (Some(sample), _) => (Sizes::Measured(sample.sizes.clone()), Some(sample.framing)),
        (None, Some(bytes)) => (Sizes::Assumed(bytes), None),
        (None, None) => {
            return Err(missing("how large are the records?", "--record-size 2KiB, or --sample FILE"));
        }
    };
    if let Some(sample) = &sample {
        let refused = match sample.refused {
            0 => String::new(),
            refused => format!("; {} no stream would take", counted(refused, "record")),
        };
        notes.push(format!(
            "sizes are those of {}{refused}",
            counted(sample.sizes.records(), "sampled record")
        ));
    }
    let (records_per_second, burst) = load(args)?;
    let workload = Workload {
        largest_record: sample.map(|sample| f64::from(sample.sizes.largest())),
        sizes,
        burst: Burst::of(burst),
        aggregation: args.aggregation.then(|| args.packing(framing)),
        ..Workload::steady(1.0, records_per_second)
    };
    Ok(Question { workload, region: prices::region(session), notes })
}

/// Records a second on average, and the peak over them.
fn load(args: &Args) -> Result<(f64, f64), CommandError> {
    match (&args.trace, args.rate) {
        (Some(path), rate) => trace(path, rate),
        (None, Some(rate)) => Ok((rate, args.burst)),
        (None, None) => Err(missing("how many records are there?", "--rate 5000/s, or --trace FILE")),
    }
}

/// The loads of a trace are records a second, or are scaled so that their mean is `rate`.
fn trace(path: &Path, rate: Option<f64>) -> Result<(f64, f64), CommandError> {
    let failed = |kind, cause: Box<dyn std::error::Error + Send + Sync>| {
        CommandError::wrap(kind, format!("cannot use {} as a trace", path.display()), cause)
    };
    let text = std::fs::read_to_string(path).map_err(|cause| failed(Kind::File, cause.into()))?;
    let trace = Trace::parse(&text).map_err(|cause| failed(Kind::Invalid, cause.into()))?;
    let minutes = trace.unscaled();
    #[expect(clippy::cast_precision_loss, reason = "a trace has at most ten years of minutes")]
    let mean = minutes.iter().sum::<f64>() / minutes.len() as f64;
    let peak = minutes.iter().copied().fold(0.0, f64::max);
    if mean > 0.0 {
        Ok((rate.unwrap_or(mean), (peak / mean).max(1.0)))
    } else {
        Err(failed(Kind::Invalid, "no minute of it has any load".into()))
    }
}

fn missing(what: &str, options: &str) -> CommandError {
    CommandError::new(Kind::Usage, what.to_owned())
        .hint(format!("say {options}"))
        .hint("or name a stream, whose metrics say it: `pipectl estimate events`")
}

impl Args {
    fn packing(&self, framing: Option<f64>) -> Packing {
        let wait_seconds = self.aggregation_wait.as_secs_f64();
        Packing { producers: self.producers, wait_seconds, framing, ..Packing::default() }
    }

    fn delivery(&self) -> Option<Delivery> {
        let (buffer_bytes, buffer_seconds) = PARTITION_BUFFER;
        let partitioning =
            |partitions| Partitioning { partitions, buffer_bytes, buffer_seconds, jq_hours: 0.0 };
        self.firehose
            .then(|| Delivery { converts: self.parquet, partitioning: self.partitions.map(partitioning) })
    }

    fn transform(&self) -> Option<Transform> {
        let (batch_bytes, batch_seconds) = TRANSFORM_BATCH;
        self.transform.map(|time| Transform {
            seconds: time.as_secs_f64(),
            memory_mib: self.transform_memory,
            batch_bytes,
            batch_seconds,
            arm64: self.transform_arm64,
        })
    }
}
