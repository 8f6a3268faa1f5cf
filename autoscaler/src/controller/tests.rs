//! Steps of the whole loop against ports in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Controller, Managed, Problem, Stepped};
use crate::execute::tests::fake::{FakeStream, MemoryLedger, Time};
use crate::execute::{Act, Actor, CallError, CallErrorKind, StreamName, look};
use crate::policy::Limits;
use crate::signals::{ACTION, Measure, Metrics, Query, Series, Window};

/// Metrics of a stream whose demand is so many shards from a time on.
struct FakeMetrics {
    stream: Arc<FakeStream>,
    demand: Mutex<Vec<(Timestamp, f64)>>,
    error: Mutex<Option<CallErrorKind>>,
    calls: Mutex<Vec<usize>>,
}

impl FakeMetrics {
    fn demand(&self, at: Timestamp) -> f64 {
        let demand = self.demand.lock().unwrap();
        demand.iter().rev().find(|(from, _)| *from <= at).map_or(0.0, |(_, demand)| *demand)
    }
}

#[async_trait]
impl Metrics for FakeMetrics {
    async fn read(&self, queries: &[Query], window: Window) -> Result<Vec<Series>, CallError> {
        self.calls.lock().unwrap().push(queries.len());
        if let Some(kind) = *self.error.lock().unwrap() {
            return Err(CallError { kind, action: ACTION, message: "not authorized".to_owned() });
        }
        let open = f64::from(u32::try_from(self.stream.open().len()).unwrap());
        let first = window.from.as_second().div_euclid(60) * 60;
        let minutes: Vec<Timestamp> = (first..window.to.as_second())
            .step_by(60)
            .map(|second| Timestamp::from_second(second).unwrap())
            .filter(|at| self.demand(*at) > 0.0)
            .collect();
        let value = |measure: &Measure, demand: f64| {
            let accepted = demand.min(open);
            match measure {
                Measure::IncomingBytes => Some(accepted * 60.0 * 1_048_576.0),
                Measure::IncomingRecords => Some(accepted * 60.0 * 500.0),
                Measure::WriteThrottles => Some((demand - accepted) * 60.0 * 500.0),
                _ => None,
            }
        };
        let series = |query: &Query| {
            let point = |at: &Timestamp| Some((*at, value(&query.measure, self.demand(*at))?));
            minutes.iter().filter_map(point).collect()
        };
        Ok(queries.iter().map(series).collect())
    }
}

struct World {
    time: Arc<Time>,
    stream: Arc<FakeStream>,
    metrics: Arc<FakeMetrics>,
    ledger: Arc<MemoryLedger>,
    streams: Vec<Managed>,
}

impl World {
    fn new(shards: u32, demand: f64) -> Self {
        let time = Arc::new(Time::new());
        let stream = Arc::new(FakeStream::new(Arc::clone(&time), shards));
        let metrics = Arc::new(FakeMetrics {
            stream: Arc::clone(&stream),
            demand: Mutex::new(vec![(time.now(), demand)]),
            error: Mutex::new(None),
            calls: Mutex::default(),
        });
        let limits = Limits::new(1, 40).unwrap();
        let streams = vec![Managed { stream: StreamName::new("events"), limits }];
        Self { time, stream, metrics, ledger: Arc::new(MemoryLedger::default()), streams }
    }

    fn controller(&self, name: &str) -> Controller {
        let actor = Actor { id: name.to_owned(), name: name.to_owned() };
        let (control, metrics) = (Arc::clone(&self.stream), Arc::clone(&self.metrics));
        Controller::new(control, metrics, Arc::<MemoryLedger>::clone(&self.ledger), actor)
    }

    fn demand(&self, demand: f64) {
        self.metrics.demand.lock().unwrap().push((self.time.now(), demand));
    }

    async fn step(&self, controller: &mut Controller) -> Stepped {
        let mut told = controller.step(&self.streams, self.time.now()).await;
        assert_eq!(told.len(), 1);
        told.remove(0)
    }

    /// Steps as often as each asks for, for so long.
    async fn run(&self, controller: &mut Controller, minutes: u64) -> Vec<Stepped> {
        let mut told = Vec::new();
        let until = self.time.now() + jiff::SignedDuration::from_mins(minutes.try_into().unwrap());
        while self.time.now() < until {
            let stepped = self.step(controller).await;
            self.time.pass(stepped.look_again);
            told.push(stepped);
        }
        told
    }
}

#[tokio::test(start_paused = true)]
async fn demand_beyond_the_capacity_opens_shards_and_its_end_closes_them_with_reasons() {
    let world = World::new(4, 2.0);
    let mut controller = world.controller("a");
    world.run(&mut controller, 10).await;
    world.demand(12.0);
    let told = world.run(&mut controller, 60).await;
    let called = told.iter().filter(|step| matches!(step.act, Some(Act::Called { .. }))).count();
    assert!(called >= 2, "{called}");
    assert!(world.stream.open().len() >= 12, "{}", world.stream.open().len());
    world.demand(1.0);
    world.run(&mut controller, 8 * 60).await;
    assert!(world.stream.open().len() <= 6, "{}", world.stream.open().len());
    assert_eq!(world.stream.illegal(), Vec::<String>::new());
    let entry = look(&*world.ledger, &world.streams[0].stream).await.unwrap().unwrap();
    let outcomes: Vec<_> = entry.decisions.iter().filter(|decided| decided.outcome.is_some()).collect();
    assert!(outcomes.len() >= called, "what was called stands beside what was decided: {outcomes:?}");
    assert!(entry.decisions.iter().all(|decided| !decided.reason.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_starts_every_minute_gets_as_far_as_one_that_stays() {
    let world = World::new(4, 12.0);
    for round in 0..40 {
        let mut controller = world.controller(&format!("cron {round}"));
        world.step(&mut controller).await;
        controller.release(&world.streams, world.time.now()).await;
        world.time.pass(Duration::from_secs(60));
    }
    assert!(world.stream.open().len() >= 12, "{}", world.stream.open().len());
}

#[tokio::test(start_paused = true)]
async fn many_streams_take_one_call_a_minute_once_their_past_is_known() {
    let mut world = World::new(4, 2.0);
    let limits = world.streams[0].limits.clone();
    world.streams = (0..40)
        .map(|n| Managed { stream: StreamName::new(format!("s{n}")), limits: limits.clone() })
        .collect();
    let mut controller = world.controller("a");
    controller.step(&world.streams, world.time.now()).await;
    world.time.pass(Duration::from_secs(120));
    controller.step(&world.streams, world.time.now()).await;
    world.metrics.calls.lock().unwrap().clear();
    world.time.pass(Duration::from_secs(60));
    controller.step(&world.streams, world.time.now()).await;
    assert_eq!(*world.metrics.calls.lock().unwrap(), [440]);
}

#[tokio::test(start_paused = true)]
async fn metrics_that_are_denied_are_a_problem_with_the_action_to_allow_and_nothing_is_called() {
    let world = World::new(4, 12.0);
    *world.metrics.error.lock().unwrap() = Some(CallErrorKind::Denied);
    let stepped = world.step(&mut world.controller("a")).await;
    let problem = stepped.problem.unwrap();
    assert!(problem.is_trouble());
    assert_eq!(problem.hint().unwrap(), "allow these credentials cloudwatch:GetMetricData");
    assert_eq!(world.stream.made(), []);
}

#[tokio::test(start_paused = true)]
async fn the_second_controller_stands_by_and_a_look_says_who_acts() {
    let world = World::new(4, 12.0);
    let (mut first, mut second) = (world.controller("ada"), world.controller("bob"));
    world.time.pass(Duration::from_secs(180));
    assert!(world.step(&mut first).await.problem.is_none());
    let stands_by = world.step(&mut second).await.problem.unwrap();
    assert!(matches!(&stands_by, Problem::StandsBy { owner, .. } if owner == "ada"), "{stands_by}");
    assert!(!stands_by.is_trouble());
    let made = world.stream.made();
    let explained = second.look(&world.streams, world.time.now()).await.remove(0).planned.unwrap();
    assert_eq!(explained.held_by.as_deref(), Some("ada"));
    assert_eq!(explained.open_shards, 4);
    assert!(explained.refused_shards.is_some_and(|refused| refused > 0.0), "{explained:?}");
    assert_eq!(world.stream.made(), made, "a look calls nothing");
}

#[tokio::test(start_paused = true)]
async fn someone_else_who_reshards_is_seen_and_stood_back_from() {
    let world = World::new(4, 12.0);
    let mut controller = world.controller("a");
    world.step(&mut controller).await;
    // Until it is where it wants to be, and has been for a while.
    world.run(&mut controller, 60).await;
    world.time.pass(Duration::from_secs(3_600));
    world.run(&mut controller, 2).await;
    world.stream.meddle(|lineage| {
        let first = lineage.open().next().unwrap();
        let (id, at) = (first.id, first.range.midpoint().unwrap());
        lineage.split(id, at).unwrap();
    });
    world.time.pass(Duration::from_secs(1_200));
    let made = world.stream.made().len();
    let stepped = world.step(&mut controller).await;
    let (action, reason) = stepped.decided.unwrap();
    assert_eq!(action, "hold", "{reason}");
    assert!(reason.to_string().contains("someone else"), "{reason}");
    assert_eq!(world.stream.made().len(), made);
}
