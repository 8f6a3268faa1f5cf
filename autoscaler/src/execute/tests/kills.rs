//! Steps that are killed, refused, unanswered or overtaken at any place still get there, one actor at a time.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::timeout;

use super::fake::{FakeStream, Fate, MemoryLedger, Time, ranges};
use super::routes::target;
use crate::execute::{
    Act, ActError, Actor, CallErrorKind, Hold, HoldError, SKEW, ShardMap, Situation, StreamName, TERM,
    Target, act, observe,
};

struct World {
    time: Arc<Time>,
    stream: FakeStream,
    ledger: MemoryLedger,
    name: StreamName,
}

/// What one step came to.
#[derive(Debug)]
enum Step {
    Acted(Act),
    StandsBy,
    Died,
}

impl World {
    fn new(shards: u32) -> Self {
        let time = Arc::new(Time::new());
        let stream = FakeStream::new(Arc::clone(&time), shards);
        Self { time, stream, ledger: MemoryLedger::default(), name: StreamName::new("events") }
    }

    /// A step of this actor, as a process that ends with it does it. A step that its process does not survive gives
    /// nothing back and frees nothing.
    async fn step(&self, actor: &str, target: &Target) -> Step {
        let actor = Actor { id: actor.to_owned(), name: actor.to_owned() };
        let step = async {
            let now = self.time.now();
            let mut hold = match Hold::take(&self.ledger, &self.name, &actor, now).await {
                Ok(hold) => hold,
                Err(HoldError::Held { .. }) => return Ok(None),
                Err(error) => return Err(ActError::Hold(error)),
            };
            let seen = observe(&self.stream, &self.name).await?;
            let acted = act(&self.stream, &mut hold, &seen, target, (&self.stream.terms, now)).await?;
            hold.save(now).await?;
            Ok(Some(acted))
        };
        // The clock of the runtime is paused: what waits for ever times out at once.
        match timeout(Duration::from_secs(1), step).await {
            Ok(Ok(Some(acted))) => Step::Acted(acted),
            Ok(Ok(None)) => Step::StandsBy,
            Ok(Err(error)) => panic!("{error}"),
            Err(_) => {
                assert!(self.stream.has_died());
                Step::Died
            }
        }
    }

    fn is_there(&self, target: &Target) -> bool {
        let map = ShardMap::new(self.stream.open()).unwrap();
        let updated_to = self.stream.made().last().and_then(|call| match call {
            crate::execute::Call::UpdateShardCount(count) => Some(count.get()),
            _ => None,
        });
        target.is_reached(&Situation { map: &map, updates_left: 10, room: 0, updated_to })
    }
}

fn shards(count: u32) -> Target {
    target(count, None)
}

/// Steps of actors in turn until the target is reached; a dead one is replaced by one of another name.
async fn run(world: &World, target: &Target, actors: usize) -> usize {
    let mut names: Vec<String> = (0..actors).map(|n| format!("actor {n}")).collect();
    let mut deaths = 0;
    for round in 0..5_000 {
        let turn = round % names.len();
        match world.step(&names[turn], target).await {
            Step::Acted(Act::Reached) => {
                assert!(world.is_there(target));
                return deaths;
            }
            Step::Died => {
                deaths += 1;
                names[turn] = format!("actor {turn}, life {deaths}");
            }
            Step::Acted(_) | Step::StandsBy => {}
        }
        world.time.pass(Duration::from_secs(10));
    }
    panic!("not there after 5,000 steps: {} shards", world.stream.open().len());
}

#[tokio::test(start_paused = true)]
async fn two_actors_one_killed_at_every_call_in_turn_get_there_by_legal_calls_one_at_a_time() {
    for fate in [Fate::DiesBefore, Fate::DiesAfter] {
        let whole = World::new(3);
        run(&whole, &shards(11), 2).await;
        let calls = whole.stream.made().len();
        assert!(calls >= 3, "{calls} calls to be killed at");
        for killed_at in 0..calls {
            let world = World::new(3);
            let fates = std::iter::repeat_n(Fate::Done, killed_at).chain([fate]);
            world.stream.fates(fates);
            assert_eq!(run(&world, &shards(11), 2).await, 1, "{fate:?} at call {killed_at}");
            assert_eq!(world.stream.illegal(), Vec::<String>::new());
            assert_eq!(world.stream.made().len(), calls, "nothing is done twice");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn while_one_acts_the_other_stands_by_and_takes_over_when_the_lease_has_ended() {
    let world = World::new(4);
    assert!(matches!(world.step("a", &shards(8)).await, Step::Acted(Act::Called { .. })));
    for _ in 0..23 {
        assert!(matches!(world.step("b", &shards(8)).await, Step::StandsBy));
        world.time.pass(Duration::from_secs(10));
    }
    world.time.pass(Duration::from_secs(10));
    assert_eq!(TERM + SKEW, Duration::from_secs(240));
    assert!(matches!(world.step("b", &shards(8)).await, Step::Acted(_)));
    assert!(matches!(world.step("a", &shards(8)).await, Step::StandsBy));
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_was_held_up_past_its_lease_finds_out_before_it_calls() {
    let world = World::new(4);
    let (a, b) = (Actor { id: "a".into(), name: "a".into() }, Actor { id: "b".into(), name: "b".into() });
    let began = world.time.now();
    let mut hold = Hold::take(&world.ledger, &world.name, &a, began).await.unwrap();
    let seen = observe(&world.stream, &world.name).await.unwrap();
    world.time.pass(TERM + SKEW);
    let _ = Hold::take(&world.ledger, &world.name, &b, world.time.now()).await.unwrap();
    // Its own clock stood still: the write tells.
    let told = act(&world.stream, &mut hold, &seen, &shards(8), (&world.stream.terms, began)).await;
    assert!(matches!(told, Err(ActError::Hold(HoldError::Lost(_)))), "{told:?}");
    // Its own clock went on: it does not even write.
    let mut hold = Hold::take(&world.ledger, &world.name, &b, world.time.now()).await.unwrap();
    tokio::time::sleep(TERM).await;
    let told = act(&world.stream, &mut hold, &seen, &shards(8), (&world.stream.terms, began)).await;
    assert!(matches!(told, Err(ActError::Hold(HoldError::Lost(_)))), "{told:?}");
    assert_eq!(world.stream.made(), []);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_who_reshards_meanwhile_is_waited_for_and_its_work_taken_into_account() {
    let world = World::new(2);
    let goal = shards(24);
    for round in 0.. {
        assert!(round < 1_000);
        if let Step::Acted(Act::Reached) = world.step("a", &goal).await {
            break;
        }
        if round % 7 == 3 && round < 40 {
            world.stream.meddle(|lineage| {
                let widest =
                    lineage.open().max_by_key(|shard| shard.range.end().0 - shard.range.start().0).unwrap();
                let (id, at) = (widest.id, widest.range.midpoint().unwrap());
                lineage.split(id, at).unwrap();
            });
        }
        world.time.pass(Duration::from_secs(10));
    }
    assert_eq!(ranges(&world.stream.open()).len(), 24);
}

#[tokio::test(start_paused = true)]
async fn the_days_calls_spent_by_others_lead_round_by_splits() {
    let world = World::new(8);
    let fates = std::iter::repeat_n(Fate::Refused(CallErrorKind::DaySpent), 1);
    world.stream.fates(fates);
    run(&world, &shards(48), 1).await;
    let updates = world
        .stream
        .made()
        .iter()
        .filter(|call| matches!(call, crate::execute::Call::UpdateShardCount(_)))
        .count();
    assert_eq!(updates, 0, "{:?}", world.stream.made());
}

fn fate() -> impl Strategy<Value = Fate> {
    use CallErrorKind as Kind;
    let kinds = vec![Kind::Busy, Kind::DaySpent, Kind::Throttled, Kind::Refused, Kind::Quota];
    prop_oneof![
        6 => Just(Fate::Done),
        1 => Just(Fate::Unanswered),
        1 => Just(Fate::DiesBefore),
        1 => Just(Fate::DiesAfter),
        2 => proptest::sample::select(kinds).prop_map(Fate::Refused),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_becomes_of_each_call_the_target_is_reached_and_nothing_illegal_called(
        start in 1_u32..14,
        to in 1_u32..24,
        cuts in proptest::option::of(proptest::collection::vec(any::<u128>(), 0..9)),
        fates in proptest::collection::vec(fate(), 0..30),
        actors in 1_usize..3,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let world = World::new(start);
            world.stream.fates(fates);
            run(&world, &target(to, cuts), actors).await;
            assert_eq!(world.stream.illegal(), Vec::<String>::new());
        });
    }
}
