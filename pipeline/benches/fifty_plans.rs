//! What observing costs against an endpoint that is 50 ms away: fifty pipelines of ten resources planned side by
//! side, none of which has changed; and an apply beside the longest chain of its own steps.

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use jiff::Timestamp;
use pipectl_localstack::layers::{Call, Faults, Verdict};
use pipectl_localstack::{Endpoint, Limits, Options};
use pipectl_pipeline::spec::{self, Pipeline, TakeEveryTransform};
use pipectl_pipeline::{ApplyOptions, ConnectOptions, Engine, PlanOptions};

const LATENCY: Duration = Duration::from_millis(50);
const PIPELINES: usize = 50;
/// What the plans may take together, in seconds.
const BUDGET: f64 = 3.0;
const RUNS: usize = 5;

/// Far away once it is switched on.
#[derive(Debug, Default)]
struct Far(AtomicBool);

impl Faults for Far {
    fn verdict(&self, _call: &Call, _now: Timestamp) -> Verdict {
        if self.0.load(Ordering::Relaxed) { Verdict::Slow(LATENCY) } else { Verdict::Proceed }
    }
}

fn pipeline(number: usize) -> Pipeline {
    let text = format!(
        "apiVersion: pipectl/v1\nkind: Pipeline\nname: p{number}\n\
         streams:\n  events: {{ shards: 1 }}\n  orders: {{ shards: 1 }}\n  audit: {{ shards: 1 }}\n\
         transforms:\n  parse: {{ vrl: '.a = 1' }}\n\
         deliveries:\n  lake: {{ from: events, transform: parse, to: {{ s3: {{ bucket: p{number}-lake }} }} }}\n"
    );
    spec::parse(Path::new("bench"), text.as_bytes(), &TakeEveryTransform).expect("it holds").pipeline
}

async fn engine(url: &str, folder: &Path) -> Engine {
    let options = ConnectOptions {
        endpoint_url: Some(url.to_owned()),
        region: Some("eu-west-1".into()),
        lambda_bootstrap: Some(folder.join("bootstrap")),
        sandbox: true,
        ..ConnectOptions::default()
    };
    Engine::connect(options).await.expect("connected")
}

async fn apply(engine: &Engine, file: &Pipeline) -> (f64, f64) {
    let plan = engine.plan(file, &PlanOptions::default()).await.expect("a plan");
    let report = engine.apply(&plan, &ApplyOptions::default(), &|_| {}).await.expect("it runs");
    assert!(report.failures.is_empty(), "{report:#?}");
    (report.seconds, report.critical_path.seconds)
}

/// Plans every pipeline with an engine of its own, as so many commands would.
async fn plan_all(url: &str, folder: &Path, files: &[Pipeline]) -> f64 {
    let engines = join_all(files.iter().map(|_| engine(url, folder))).await;
    let options = PlanOptions { trust_tags: true, ..PlanOptions::default() };
    let began = Instant::now();
    let plans = join_all(engines.iter().zip(files).map(|(engine, file)| engine.plan(file, &options))).await;
    let took = began.elapsed().as_secs_f64();
    assert!(plans.into_iter().all(|plan| !plan.expect("a plan").has_changes()));
    took
}

#[tokio::main]
async fn main() {
    let far = Arc::new(Far::default());
    let faults: Arc<dyn Faults> = Arc::clone(&far) as _;
    let bind = "127.0.0.1:0".parse().expect("an address");
    let options = Options { bind, faults: Some(faults), limits: Limits::Off, ..Options::default() };
    let endpoint = Endpoint::start(options).await.expect("it starts");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("bootstrap"), "#!/bin/sh\n").expect("written");
    let (url, folder) = (endpoint.url(), folder.path());
    let files: Vec<Pipeline> = (0..PIPELINES).map(pipeline).collect();
    let near = engine(&url, folder).await;
    for file in &files {
        apply(&near, file).await;
    }
    far.0.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for _ in 0..RUNS {
        times.push(plan_all(&url, folder, &files).await);
    }
    times.sort_by(f64::total_cmp);
    let median = times[RUNS / 2];
    println!("figure fifty_plans_at_50ms {median:.3} s ratio={:.3} baseline=three_seconds", median / BUDGET);
    let (took, chain) = apply(&engine(&url, folder).await, &pipeline(PIPELINES)).await;
    println!("figure apply_at_50ms {took:.3} s ratio={:.3} baseline=critical_path", took / chain);
    endpoint.shutdown().await;
}
