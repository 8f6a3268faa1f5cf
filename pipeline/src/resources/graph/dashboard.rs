//! The dashboard of a pipeline: a row for each stream, function and delivery, in the order records pass them.

use serde_json::{Value, json};

use super::Builder;
use crate::resources::dashboard::DashboardSpec;
use crate::resources::{Address, Spec};
use crate::spec::model::Destination;

/// CloudWatch's grid is 24 wide.
const WIDTH: usize = 8;
const HEIGHT: usize = 6;

/// A metric of a graph: its name, its statistic, its words in the legend.
type Line<'a> = (&'a str, &'a str, &'a str);

/// A graph: its title and its lines.
type Graph = (&'static str, Vec<Line<'static>>);

/// Whose metrics a row shows.
struct Source<'a> {
    namespace: &'a str,
    dimension: &'a str,
    name: String,
}

impl Builder<'_> {
    pub(super) fn dashboard(&mut self) {
        let mut widgets = Vec::new();
        for (row, (source, graphs)) in self.rows().into_iter().enumerate() {
            for (column, (title, lines)) in graphs.iter().enumerate() {
                widgets.push(self.graph_of(&source, title, lines, (column * WIDTH, row * HEIGHT)));
            }
        }
        let name = self.pipeline.name.clone();
        let body = json!({ "widgets": widgets });
        self.add(Address::dashboard(), name, Spec::Dashboard(DashboardSpec { body }), Vec::new());
    }

    fn rows(&self) -> Vec<(Source<'static>, Vec<Graph>)> {
        let pipeline = self.pipeline;
        let source = |namespace, dimension, name| Source { namespace, dimension, name };
        let streams = pipeline.streams.keys().map(|logical| {
            (source("AWS/Kinesis", "StreamName", pipeline.stream_name(logical)), stream_graphs())
        });
        let functions = pipeline.code().map(|(logical, ..)| {
            (source("AWS/Lambda", "FunctionName", pipeline.function_name(logical)), function_graphs())
        });
        let deliveries = pipeline.deliveries.iter().map(|(logical, it)| {
            let name = pipeline.delivery_name(logical);
            (source("AWS/Firehose", "DeliveryStreamName", name), delivery_graphs(&it.to))
        });
        // By name, so that a file that only lists them in another order has the same dashboard.
        let mut rows: Vec<_> = streams.chain(functions).chain(deliveries).collect();
        rows.sort_by(|(one, _), (other, _)| (rank(one), &one.name).cmp(&(rank(other), &other.name)));
        rows
    }

    fn graph_of(
        &self,
        source: &Source<'_>,
        title: &str,
        lines: &[Line<'_>],
        (x, y): (usize, usize),
    ) -> Value {
        let metric = |(metric, statistic, label): &Line<'_>| {
            json!([
                source.namespace, metric, source.dimension, source.name,
                { "stat": statistic, "label": label }
            ])
        };
        json!({
            "type": "metric",
            "x": x,
            "y": y,
            "width": WIDTH,
            "height": HEIGHT,
            "properties": {
                "title": format!("{}: {title}", source.name),
                "region": self.context.place.region,
                "view": "timeSeries",
                "period": 60,
                "metrics": lines.iter().map(metric).collect::<Vec<_>>(),
            },
        })
    }
}

/// Streams first, then what works on their records, then where they go.
fn rank(source: &Source<'_>) -> usize {
    ["AWS/Kinesis", "AWS/Lambda", "AWS/Firehose"].iter().take_while(|it| **it != source.namespace).count()
}

fn stream_graphs() -> Vec<Graph> {
    vec![
        ("in and out", vec![("IncomingBytes", "Sum", "bytes in"), ("GetRecords.Bytes", "Sum", "bytes out")]),
        (
            "throttled",
            vec![
                ("WriteProvisionedThroughputExceeded", "Sum", "writes"),
                ("ReadProvisionedThroughputExceeded", "Sum", "reads"),
            ],
        ),
        ("behind", vec![("GetRecords.IteratorAgeMilliseconds", "Maximum", "iterator age, ms")]),
    ]
}

fn function_graphs() -> Vec<Graph> {
    vec![
        ("calls", vec![("Invocations", "Sum", "calls"), ("ConcurrentExecutions", "Maximum", "at a time")]),
        ("failed", vec![("Errors", "Sum", "errors"), ("Throttles", "Sum", "throttles")]),
        ("duration", vec![("Duration", "p50", "p50, ms"), ("Duration", "p99", "p99, ms")]),
    ]
}

fn delivery_graphs(to: &Destination) -> Vec<Graph> {
    let (bytes, records, fresh) = match to {
        Destination::S3(_) => ("DeliveryToS3.Bytes", "DeliveryToS3.Records", "DeliveryToS3.DataFreshness"),
        Destination::Http(_) => (
            "DeliveryToHttpEndpoint.Bytes",
            "DeliveryToHttpEndpoint.Records",
            "DeliveryToHttpEndpoint.DataFreshness",
        ),
    };
    vec![
        ("delivered", vec![(bytes, "Sum", "bytes"), (records, "Sum", "records")]),
        ("late", vec![(fresh, "Maximum", "oldest record, s")]),
        (
            "transform",
            vec![
                ("SucceedProcessing.Records", "Sum", "transformed"),
                ("ExecuteProcessing.Success", "Average", "calls that succeed"),
            ],
        ),
    ]
}
