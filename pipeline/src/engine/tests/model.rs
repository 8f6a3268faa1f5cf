//! Any sequence of edits, changes by others, kills and restarts ends in the state of the last file: nothing twice,
//! nothing orphaned, nothing touched that is not ours.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::harness::{Harness, delivery, pipeline, stream, transform};
use crate::apply::Outcome;
use crate::engine::observe::Look;
use crate::resources::bucket::BucketState;
use crate::resources::tags::{PIPELINE, TagMap};
use crate::resources::{Kind, Observed, ResourceId, State};
use crate::spec::model::{Destination, Pipeline};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Deed {
    /// The file says another number of shards.
    Shards(u32),
    /// The file keeps records for so many days.
    Days(u32),
    /// The transform runs another program.
    Program(u8),
    /// The transform is in the file, or is not.
    Transform(bool),
    /// A second delivery is in the file, or is not.
    Second(bool),
    /// The delivery reads no stream, or does again.
    Direct(bool),
    /// The delivery gathers so many MiB.
    Buffer(u32),
    /// The stream, the transform, the delivery is called so on AWS: by one of a few names, or by none.
    Name(u8, Option<u8>),
    /// Everything has the user's tag, or has not.
    Tag(bool),
    /// Somebody deletes a resource of ours.
    Delete(usize),
    /// Somebody reshards the stream.
    Reshard(u32),
    /// Somebody sets the function's memory.
    Memory(u32),
    /// Somebody puts a tag of their own on a resource of ours.
    ForeignTag(usize),
    /// An apply that dies at this step.
    Killed(usize, bool),
    /// An apply that nothing disturbs.
    Applied(bool),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (1_u32..40).prop_map(Deed::Shards),
        (1_u32..5).prop_map(Deed::Days),
        any::<u8>().prop_map(Deed::Program),
        any::<bool>().prop_map(Deed::Transform),
        any::<bool>().prop_map(Deed::Second),
        any::<bool>().prop_map(Deed::Direct),
        (1_u32..128).prop_map(Deed::Buffer),
        (0_u8..3, prop::option::of(0_u8..3)).prop_map(|(entry, name)| Deed::Name(entry, name)),
        any::<bool>().prop_map(Deed::Tag),
        (0_usize..20).prop_map(Deed::Delete),
        (1_u32..20).prop_map(Deed::Reshard),
        (128_u32..1024).prop_map(Deed::Memory),
        (0_usize..20).prop_map(Deed::ForeignTag),
        (0_usize..120, any::<bool>()).prop_map(|(fuse, trust)| Deed::Killed(fuse, trust)),
        (0_usize..120, any::<bool>()).prop_map(|(fuse, trust)| Deed::Killed(fuse, trust)),
        any::<bool>().prop_map(Deed::Applied),
    ]
}

fn edited(mut file: Pipeline, deed: &Deed) -> Pipeline {
    match deed {
        Deed::Shards(count) => file.streams["events"].capacity = stream(*count).capacity,
        Deed::Days(days) => file.streams["events"].retention_hours = days * 24,
        Deed::Program(number) => {
            if let Some(parse) = file.transforms.get_mut("parse") {
                parse.code = transform(&format!(".a = {number}")).code;
            }
        }
        Deed::Transform(true) => {
            file.transforms.entry("parse".into()).or_insert_with(|| transform(".a = 1"));
            file.deliveries["lake"].transform = Some("parse".into());
        }
        Deed::Transform(false) => {
            file.transforms.clear();
            file.deliveries.values_mut().for_each(|delivery| delivery.transform = None);
        }
        Deed::Second(true) => {
            let mut second = delivery("second-lake");
            second.transform = None;
            if file.deliveries["lake"].name.as_deref() == Some("p-raw") {
                second.name = Some("p-lake".into());
            }
            file.deliveries.insert("raw".into(), second);
        }
        Deed::Second(false) => drop(file.deliveries.shift_remove("raw")),
        Deed::Direct(direct) => file.deliveries["lake"].from = (!direct).then(|| "events".into()),
        Deed::Buffer(mib) => {
            let Destination::S3(s3) = &mut file.deliveries["lake"].to else { panic!("it goes to S3") };
            s3.buffer.size_mib = *mib;
        }
        Deed::Name(entry, name) => {
            // One of them is what the second delivery would be called.
            let name = name.map(|name| ["Orders", "OTHER.name", "p-raw"][usize::from(name)].to_owned());
            match entry {
                0 => file.streams["events"].name = name,
                1 => {
                    let name = name.filter(|name| !name.contains('.'));
                    file.transforms.values_mut().for_each(|parse| parse.name.clone_from(&name));
                }
                _ => {
                    let before = file.deliveries["lake"].name.take();
                    file.deliveries["lake"].name = name;
                    if file.deliveries.contains_key("raw")
                        && file.delivery_name("raw") == file.delivery_name("lake")
                    {
                        file.deliveries["lake"].name = before;
                    }
                }
            }
        }
        Deed::Tag(true) => drop(file.tags.insert("team".into(), "growth".into())),
        Deed::Tag(false) => file.tags.clear(),
        _ => {}
    }
    file
}

/// The tag that somebody else puts on resources of ours.
const THEIRS: &str = "cost-centre";

/// What others do to what is ours.
fn done_outside(harness: &Harness, deed: &Deed) {
    let ours = |world: &super::fake::World, at: usize| {
        let mine =
            world.resources.iter().filter(|(_, seen)| seen.tags.get(PIPELINE).is_some_and(|it| it == "p"));
        let ids: Vec<ResourceId> = mine.map(|(id, _)| id.clone()).collect();
        (!ids.is_empty()).then(|| ids[at % ids.len()].clone())
    };
    harness.fake.with(|world| match deed {
        Deed::Delete(at) => {
            if let Some(id) = ours(world, *at) {
                world.resources.remove(&id);
                world.hidden.retain(|(holder, _)| *holder != id.name);
            }
        }
        Deed::ForeignTag(at) => {
            if let Some(id) = ours(world, *at)
                && let Some(seen) = world.resources.get_mut(&id)
            {
                seen.tags.insert(THEIRS.to_owned(), "7".to_owned());
            }
        }
        Deed::Reshard(count) => {
            let seen = world.resources.get_mut(&ResourceId::new(Kind::Stream, "p-events"));
            if let Some(State::Stream(stream)) = seen.map(|seen| &mut seen.state) {
                stream.open_shards = *count;
            }
        }
        Deed::Memory(mib) => {
            let seen = world.resources.get_mut(&ResourceId::new(Kind::Function, "p-parse"));
            if let Some(State::Function(function)) = seen.map(|seen| &mut seen.state) {
                function.memory_mib = *mib;
            }
        }
        _ => {}
    });
}

/// What is there and none of our business.
fn foreign() -> BTreeMap<ResourceId, Observed> {
    let bucket = State::Bucket(BucketState::default());
    let of = |name: &str, tags: &[(&str, &str)]| {
        let tags: TagMap = tags.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let seen = Observed { id: name.to_owned(), tags, state: bucket.clone() };
        (ResourceId::new(Kind::Bucket, name), seen)
    };
    BTreeMap::from([of("p-elsewhere", &[]), of("q-lake", &[(PIPELINE, "q")])])
}

async fn apply(harness: &Harness, file: &Pipeline, trust: bool, fuse: Option<usize>) {
    let look = if trust { Look::TrustTags } else { Look::Whole };
    let harness = Harness { look, ..harness.clone() };
    match fuse {
        Some(fuse) => drop(harness.until_death(fuse, harness.apply(file)).await),
        None => assert_eq!(harness.apply(file).await.outcome, Outcome::Succeeded),
    }
}

fn converges(deeds: &[Deed]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let harness = Harness::default();
        harness.fake.with(|world| world.resources = foreign());
        let mut file = pipeline();
        for deed in deeds {
            file = edited(file, deed);
            done_outside(&harness, deed);
            match deed {
                Deed::Killed(fuse, trust) => apply(&harness, &file, *trust, Some(*fuse)).await,
                Deed::Applied(trust) => apply(&harness, &file, *trust, None).await,
                _ => {}
            }
        }
        apply(&harness, &file, false, None).await;
        harness.fake.with(|world| {
            for (id, seen) in foreign() {
                assert_eq!(world.resources.remove(&id), Some(seen), "{id} is not ours");
                let touched = world.mutations.iter().find(|call| call.ends_with(&format!(" {}", id.name)));
                assert_eq!(touched, None);
            }
            for seen in world.resources.values_mut() {
                seen.tags.remove(THEIRS);
            }
            let born = |kind, name: &str| world.birth(&ResourceId::new(kind, name));
            if file.deliveries["lake"].from.is_some() {
                let (stream, lake) = (
                    born(Kind::Stream, &file.stream_name("events")),
                    born(Kind::Delivery, &file.delivery_name("lake")),
                );
                assert!(lake > stream, "the delivery reads a stream that is gone");
            }
        });
        harness.assert_is_as_if_new(&file).await;
    });
}

/// How many cases to try: `PROPTEST_CASES`, or as many as CI runs.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(500)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn edits_changes_by_others_and_kills_end_in_the_state_of_the_last_file(
        deeds in prop::collection::vec(deed(), 1..14)
    ) {
        converges(&deeds);
    }
}
