//! Whatever failures, reshards, other readers, restarts and changes of settings come: the state of a window tells of
//! each record that was processed in it, once, and every window that holds something is ended.

use std::collections::{BTreeMap, BTreeSet};

use pipectl_shards::{HashKey, ShardId};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::work::Work;
use super::sim::{Sim, failed, returned, state, texts, throttled};
use crate::Limits;

#[derive(Clone, Debug)]
enum Step {
    Put { key: u8 },
    Split { shard: usize },
    Wait { millis: i64 },
    Turn,
    Land { flight: usize, how: How },
    Windows { seconds: i64 },
    OthersRead { shard: usize, megabytes: usize },
    Restart,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Done,
    /// With a state that is larger than is carried on.
    TooMuch,
    Failed,
    Throttled,
    ItemFailed(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let how = prop_oneof![
        6 => Just(How::Done),
        1 => Just(How::TooMuch),
        3 => Just(How::Failed),
        1 => Just(How::Throttled),
        2 => (0_usize..8).prop_map(How::ItemFailed),
    ];
    let step = prop_oneof![
        8 => (0_u8..6).prop_map(|key| Step::Put { key }),
        1 => (0_usize..8).prop_map(|shard| Step::Split { shard }),
        3 => (0_i64..20_000).prop_map(|millis| Step::Wait { millis }),
        5 => Just(Step::Turn),
        8 => (0_usize..6, how).prop_map(|(flight, how)| Step::Land { flight, how }),
        1 => prop_oneof![Just(0_i64), Just(10), Just(60)].prop_map(|seconds| Step::Windows { seconds }),
        1 => (0_usize..8, 1_usize..30).prop_map(|(shard, megabytes)| Step::OthersRead { shard, megabytes }),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..120)
}

type Bounds = (i64, i64);

/// The simulated mapping, and what must hold.
struct Checked {
    sim: Sim,
    put: BTreeSet<String>,
    /// Processed or given up.
    ended: BTreeSet<String>,
    /// What the state of each shard's open window must tell.
    open: BTreeMap<ShardId, (Bounds, Vec<String>)>,
    seen: (usize, usize),
}

impl Checked {
    fn step(&mut self, step: &Step) {
        let shard = |number: usize, sim: &Sim| {
            let open = sim.stream.open_shards(sim.timestamp());
            open[number % open.len()].clone()
        };
        match step {
            Step::Put { key } => {
                let data = format!("{key}:{}", self.put.len());
                self.sim.put(&format!("k{key}"), &[&data]);
                self.put.insert(data);
            }
            Step::Split { shard: number } => {
                let shard = shard(*number, &self.sim);
                let middle = shard.range.start().0 + (shard.range.end().0 - shard.range.start().0) / 2;
                // Refused where a shard is too small to be split, or was split too often.
                let _ = self.sim.stream.split(shard.id, HashKey(middle), self.sim.timestamp());
            }
            Step::Wait { millis } => self.sim.now += millis,
            Step::Turn => self.turn(),
            Step::Land { flight, how } => self.land(*flight, *how),
            Step::Windows { seconds } => {
                self.sim.settings.tumbling_ms = (*seconds > 0).then_some(seconds * 1000);
            }
            Step::OthersRead { shard: number, megabytes } => {
                self.sim.others_read(shard(*number, &self.sim).id, megabytes << 20);
            }
            Step::Restart => self.sim.restart(),
        }
    }

    fn turn(&mut self) {
        self.sim.turn();
        // Of one shard, what is given up comes before what is begun.
        self.note_discarded();
        for at in self.seen.0..self.sim.history.invoked.len() {
            self.is_told_rightly(self.sim.history.shards.0[at], &self.sim.history.invoked[at].1);
        }
        self.seen.0 = self.sim.history.invoked.len();
    }

    fn is_told_rightly(&self, shard: ShardId, work: &Work) {
        for data in texts(work) {
            assert!(!self.ended.contains(&data), "{data} again");
        }
        let open = self.open.get(&shard);
        let Some(pane) = &work.pane else {
            assert_eq!(open, None, "a window was left without an end");
            return;
        };
        assert!(open.is_none_or(|(bounds, _)| *bounds == pane.bounds), "{open:?} before {pane:?}");
        let (start, end) = pane.bounds;
        assert!(work.entries.iter().all(|entry| (start..end).contains(&entry.arrived)));
        let told = state(work)["seen"].clone();
        let expected = open.map_or(Value::Null, |(_, seen)| json!(seen));
        assert_eq!(told, expected);
        assert_eq!(work.entries.is_empty(), pane.is_final);
    }

    fn land(&mut self, flight: usize, how: How) {
        if self.sim.flights.is_empty() {
            return;
        }
        let flight = flight % self.sim.flights.len();
        let (lane, work) = self.sim.flights[flight].clone();
        let data = texts(&work);
        let done = match how {
            How::Failed | How::Throttled => {
                self.sim.land(flight, if matches!(how, How::Failed) { failed() } else { throttled() });
                return self.note_discarded();
            }
            How::ItemFailed(item) if !data.is_empty() => item % data.len(),
            _ => data.len(),
        };
        let before = self.open.get(&lane.shard).map(|(_, seen)| seen.clone()).unwrap_or_default();
        let seen: Vec<String> = before.into_iter().chain(data[..done].to_vec()).collect();
        let failures: Vec<Value> =
            work.entries[done..].iter().map(|entry| json!({ "itemIdentifier": &*entry.number })).collect();
        let pad = if matches!(how, How::TooMuch) { "x".repeat(1 << 20) } else { String::new() };
        let answer = json!({ "state": { "seen": seen, "pad": pad }, "batchItemFailures": failures });
        self.sim.land(flight, returned(&answer));
        match &work.pane {
            Some(pane) if pane.is_final => {
                self.open.remove(&lane.shard);
            }
            Some(pane) if done > 0 => {
                self.open.insert(lane.shard, (pane.bounds, seen));
            }
            _ => {}
        }
        self.ended.extend(data.into_iter().take(done));
        self.note_discarded();
    }

    fn note_discarded(&mut self) {
        for at in self.seen.1..self.sim.history.discarded.len() {
            let work = &self.sim.history.discarded[at].work;
            if work.pane.as_ref().is_some_and(|pane| pane.is_final) {
                self.open.remove(&self.sim.history.shards.1[at]);
            }
            for data in texts(work) {
                assert!(self.ended.insert(data.clone()), "{data} was given up after its end");
            }
        }
        self.seen.1 = self.sim.history.discarded.len();
    }

    /// Lets everything come to its end.
    fn drain(&mut self) {
        for _ in 0..10_000 {
            self.turn();
            if !self.sim.flights.is_empty() {
                self.land(0, How::Done);
            } else if let Some(wake) = self.sim.wake() {
                self.sim.now = wake;
            } else {
                return;
            }
        }
        panic!("it does not come to an end");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn windows_add_up_and_are_ended(
        steps in steps(),
        shards in 1_u32..3,
        batch_size in 1_usize..5,
        bisect: bool,
        retries in proptest::option::of(0_u32..3),
        age in proptest::option::of(Just(60_u32)),
        gathering in 0_u32..3,
        limited: bool,
    ) {
        let limits = if limited { Limits::On } else { Limits::Off };
        let sim = Sim::with(limits, shards, |settings| {
            settings.tumbling_ms = Some(10_000);
            settings.batch_size = batch_size;
            settings.bisect = bisect;
            settings.max_retries = retries;
            settings.max_age_s = age;
            settings.batching_window_s = gathering;
            settings.report_failures = true;
        });
        let (put, ended, open) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        let mut checked = Checked { sim, put, ended, open, seen: (0, 0) };
        for step in &steps {
            checked.step(step);
        }
        checked.drain();
        prop_assert_eq!(checked.ended, checked.put);
        prop_assert_eq!(checked.open, BTreeMap::new());
    }
}
