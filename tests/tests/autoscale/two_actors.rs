//! Two actors on the endpoint, one of them killed at every call in turn: at each read and write of the ledger and each
//! call to Kinesis, before it is made and after it was.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pipectl_autoscaler::aws::AwsStreams;
use pipectl_autoscaler::execute::{
    Act, ActError, Actor, Hold, HoldError, StreamName, Target, Terms, act, observe,
};
use pipectl_localstack::{Moment, Observer};
use pipectl_shards::HashKeyRange;
use tokio::time::timeout;

use crate::world::{Fuse, Mortal, MortalLedger, STREAM, World};

/// From two shards to five: calls of both kinds.
const TARGET: u32 = 5;

/// An actor, as a process that steps until it dies.
struct Process<'a> {
    world: &'a World,
    control: Mortal<AwsStreams>,
    ledger: MortalLedger,
    actor: Actor,
}

impl<'a> Process<'a> {
    fn new(world: &'a World, name: &str, fuse: &Arc<Fuse>) -> Self {
        let lambda = aws_sdk_lambda::Client::new(&world.endpoint.sdk_config());
        let control =
            Mortal { inner: AwsStreams::new(world.kinesis.clone(), lambda), fuse: Arc::clone(fuse) };
        let ledger = MortalLedger { inner: Arc::clone(&world.ledger), fuse: Arc::clone(fuse) };
        Self { world, control, ledger, actor: Actor { id: name.to_owned(), name: name.to_owned() } }
    }

    /// A step; nothing where another acts.
    async fn step(&self, target: &Target) -> Result<Option<Act>, ActError> {
        let stream = StreamName::new(STREAM);
        let now = self.world.now();
        let mut hold = match Hold::take(&self.ledger, &stream, &self.actor, now).await {
            Ok(hold) => hold,
            Err(HoldError::Held { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let seen = observe(&self.control, &stream).await?;
        let acted = act(&self.control, &mut hold, &seen, target, (&Terms::default(), now)).await?;
        hold.save(now).await?;
        Ok(Some(acted))
    }
}

/// Whether these are as many equal shards as are wanted.
fn is_even(open: &[HashKeyRange]) -> bool {
    let wanted = f64::from(TARGET);
    open.len() == TARGET as usize && open.iter().all(|range| (range.share() * wanted - 1.0).abs() < 0.01)
}

/// What became of a world: how much was left of the fuse, and the statuses that reshards were answered with.
async fn world(nth: u32) -> (u32, Vec<(String, u16)>) {
    let world = World::new(2).await;
    let answered: Arc<Mutex<Vec<(String, u16)>>> = Arc::default();
    let seen = Arc::clone(&answered);
    let observer: Observer = Arc::new(move |call, moment| {
        let reshards = ["UpdateShardCount", "SplitShard", "MergeShards"].contains(&call.operation.as_str());
        if let (true, Moment::After(status)) = (reshards, moment) {
            seen.lock().unwrap().push((call.operation.clone(), status));
        }
    });
    world.endpoint.observe(observer);
    let (fuse, endless) = (Arc::new(Fuse::new(nth)), Arc::new(Fuse::endless()));
    let mut first = Some(Process::new(&world, "first", &fuse));
    let second = Process::new(&world, "second", &endless);
    let target = Target::Shards(NonZeroU32::new(TARGET).unwrap());
    let mut is_there = false;
    for _ in 0..200 {
        if let Some(process) = &first {
            // What waits for ever is dead: nothing else takes a second here.
            match timeout(Duration::from_secs(1), process.step(&target)).await {
                Ok(step) => is_there = step.unwrap() == Some(Act::Reached),
                Err(_) => first = None,
            }
        }
        is_there |= second.step(&target).await.unwrap() == Some(Act::Reached);
        if is_there {
            break;
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    assert!(is_there, "killed at {nth}: {:?}", world.open().await);
    assert!(is_even(&world.open().await), "killed at {nth}: {:?}", world.open().await);
    let answered = answered.lock().unwrap().clone();
    world.endpoint.shutdown().await;
    (fuse.left(), answered)
}

#[tokio::test(start_paused = true)]
async fn two_actors_one_killed_at_every_call_in_turn_get_there_by_calls_that_are_all_accepted() {
    let (left, whole) = world(u32::MAX).await;
    let moments = u32::MAX - left;
    println!("{moments} moments to die at, {} calls: {whole:?}", whole.len());
    assert!(moments > 30 && whole.len() >= 3, "{moments}, {whole:?}");
    for nth in 1..=moments {
        let (_, answered) = world(nth).await;
        assert!(answered.iter().all(|(_, status)| *status == 200), "killed at {nth}: {answered:?}");
        assert_eq!(answered.len(), whole.len(), "killed at {nth}: nothing is done twice: {answered:?}");
    }
}
