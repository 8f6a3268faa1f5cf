//! Plans and applies against the fake, as the engine does against AWS.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::fake::Fake;
use crate::apply::{Event, Report};
use crate::engine::ApplyOptions;
use crate::engine::execute::execute;
use crate::engine::observe::{Look, Seen, see};
use crate::ledger::{Ledger, LedgerError, Owner};
use crate::plan::{BucketData, Inputs, Plan, PlanError, RemovalInputs, Selection, build, build_removal};
use crate::resources::function::{PackageContent, PackageSource};
use crate::resources::names::Place;
use crate::resources::{self, CodeSource, Context, ResourceId};
use crate::spec::model::{
    Buffer, Capacity, Code, Compression, Delivery, Destination, FunctionSettings, Pipeline, S3Destination,
    Stream, Transform,
};

pub(super) fn stream(shards: u32) -> Stream {
    Stream { capacity: Capacity::Provisioned(shards), ..Stream::default() }
}

pub(super) fn transform(program: &str) -> Transform {
    Transform { name: None, code: Code::Vrl(program.to_owned()), settings: FunctionSettings::default() }
}

pub(super) fn delivery(bucket: &str) -> Delivery {
    Delivery {
        name: None,
        from: Some("events".into()),
        transform: Some("parse".to_owned()),
        to: Destination::S3(S3Destination {
            bucket: bucket.to_owned(),
            prefix: None,
            errors: None,
            buffer: Buffer { size_mib: 5, interval: Duration::from_secs(60) },
            compression: Compression::Gzip,
            newline: false,
            partition: None,
            backup: None,
        }),
        encryption: None,
    }
}

/// One stream, one transform, one delivery: eight resources.
pub(super) fn pipeline() -> Pipeline {
    Pipeline {
        name: "p".to_owned(),
        streams: [("events".to_owned(), stream(2))].into_iter().collect(),
        transforms: [("parse".to_owned(), transform(".a = 1"))].into_iter().collect(),
        deliveries: [("lake".to_owned(), delivery("the-lake"))].into_iter().collect(),
        ..Pipeline::default()
    }
}

/// An owner that the next one takes for dead: as after a kill.
pub(super) fn mortal() -> Owner {
    Owner { started: Some(1), ..Owner::this_process("ada@laptop") }
}

pub(super) fn place() -> Place {
    Place::new("eu-west-1", "000000000000")
}

pub(super) fn context(pipeline: &Pipeline) -> Context {
    let code = pipeline.code().map(|(logical, code, ..)| {
        let Code::Vrl(program) = code else { unreachable!("tests use programs") };
        let content = PackageContent::Vrl { program: program.clone() };
        let package = PackageSource { fingerprint: format!("hash of {program}"), content };
        (logical.clone(), CodeSource { package, architecture: "x86_64".to_owned() })
    });
    Context { place: place(), code: code.collect() }
}

#[derive(Clone)]
pub(super) struct Harness {
    pub(super) fake: Fake,
    pub(super) events: Arc<Mutex<Vec<Event>>>,
    pub(super) options: ApplyOptions,
    pub(super) selection: Selection,
    pub(super) look: Look,
}

impl Default for Harness {
    fn default() -> Self {
        Self {
            fake: Fake::default(),
            events: Arc::default(),
            options: ApplyOptions::default(),
            selection: Selection::default(),
            look: Look::Whole,
        }
    }
}

impl Harness {
    pub(super) fn ledger(&self) -> Ledger {
        Ledger::new(Arc::new(self.fake.clone()))
    }

    pub(super) async fn seen(&self, pipeline: &Pipeline, destroying: bool) -> Seen {
        let how = if destroying { Look::Whole } else { self.look };
        let outline = resources::outline(pipeline);
        let ids: Vec<ResourceId> = outline.into_iter().map(|outline| outline.id).collect();
        let seen = see(&self.fake.cloud(), &self.ledger(), &pipeline.name, &ids, how, |_| destroying).await;
        seen.expect("the fake can be seen")
    }

    pub(super) async fn plan(&self, pipeline: &Pipeline) -> Result<Plan, PlanError> {
        let mut seen = self.seen(pipeline, false).await;
        let plan = self.build(pipeline, &seen)?;
        if seen.read_tags(&self.fake.cloud(), &plan).await.expect("the fake can be seen") {
            return self.build(pipeline, &seen);
        }
        Ok(plan)
    }

    fn build(&self, pipeline: &Pipeline, seen: &Seen) -> Result<Plan, PlanError> {
        build(&Inputs {
            pipeline: &pipeline.name,
            source: "the file",
            place: &place(),
            graph: &resources::desired(pipeline, &context(pipeline)),
            observed: &seen.observed,
            remembered: seen.remembered(),
            based_on: seen.revision(),
            bucket_data: BucketData::Refuse,
            delete_consumers: false,
            selection: &self.selection,
            returns_to: None,
        })?
        .checked()
    }

    pub(super) async fn removal(&self, pipeline: &Pipeline, data: BucketData) -> Result<Plan, PlanError> {
        let seen = self.seen(pipeline, true).await;
        build_removal(&RemovalInputs {
            pipeline: &pipeline.name,
            source: "the file",
            place: &place(),
            outline: &resources::outline(pipeline),
            observed: &seen.observed,
            remembered: seen.remembered(),
            based_on: seen.revision(),
            bucket_data: data,
            delete_consumers: false,
        })
        .checked()
    }

    pub(super) async fn execute(&self, plan: &Plan) -> Result<Report, LedgerError> {
        let hear = |event| self.events.lock().expect("not poisoned").push(event);
        execute(&self.fake.cloud(), &self.ledger(), plan, &self.options, &mortal(), &hear).await
    }

    pub(super) async fn apply(&self, pipeline: &Pipeline) -> Report {
        let plan = self.plan(pipeline).await.expect("a plan");
        self.execute(&plan).await.expect("it runs")
    }

    pub(super) async fn destroy(&self, pipeline: &Pipeline) -> Report {
        let plan = self.removal(pipeline, BucketData::Refuse).await.expect("a plan");
        self.execute(&plan).await.expect("it runs")
    }

    /// Runs until it is done, or the process dies; says whether it was done.
    pub(super) async fn until_death(&self, fuse: usize, work: impl Future<Output = Report>) -> bool {
        self.fake.with(|world| world.fuse = Some(fuse));
        let survived = tokio::select! {
            biased;
            () = self.fake.died.notified() => false,
            _ = work => true,
        };
        self.fake.with(|world| world.fuse = None);
        survived
    }

    /// What a fresh apply of the same file makes.
    pub(super) async fn assert_is_as_if_new(&self, pipeline: &Pipeline) {
        let fresh = Harness::default();
        fresh.apply(pipeline).await;
        let (there, hidden) = self.fake.with(|world| (world.resources.clone(), world.hidden.clone()));
        fresh.fake.with(|world| {
            pretty(&there, &world.resources);
            assert_eq!(hidden, world.hidden);
        });
        let again = self.plan(pipeline).await.expect("a plan");
        assert!(!again.has_changes(), "{again:#?}");
    }

    pub(super) fn mutations(&self) -> Vec<String> {
        self.fake.with(|world| world.mutations.clone())
    }
}

fn pretty<T: PartialEq + std::fmt::Debug>(left: &T, right: &T) {
    assert!(left == right, "there: {left:#?}\nwanted: {right:#?}");
}
