//! Whatever splits, merges, failures, restarts and changes of settings come: no record is lost, and none overtakes
//! another of its key.

use std::collections::{BTreeMap, BTreeSet};

use pipectl_shards::{HashKey, Shard};
use proptest::prelude::*;

use super::super::ports::Outcome;
use super::sim::{Sim, done, failed, items_failed, texts, throttled};
use crate::Limits;

#[derive(Clone, Debug)]
enum Step {
    Put { key: u8 },
    Split { shard: usize },
    Merge { shard: usize },
    Wait { millis: i64 },
    Turn,
    Land { flight: usize, how: How },
    Lanes { count: usize },
    OthersRead { shard: usize, megabytes: usize },
    Restart,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Done,
    Failed,
    Throttled,
    ItemFailed(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let how = prop_oneof![
        4 => Just(How::Done),
        3 => Just(How::Failed),
        1 => Just(How::Throttled),
        2 => (0_usize..8).prop_map(How::ItemFailed),
    ];
    let step = prop_oneof![
        8 => (0_u8..6).prop_map(|key| Step::Put { key }),
        1 => (0_usize..8).prop_map(|shard| Step::Split { shard }),
        1 => (0_usize..8).prop_map(|shard| Step::Merge { shard }),
        3 => (0_i64..3000).prop_map(|millis| Step::Wait { millis }),
        5 => Just(Step::Turn),
        6 => (0_usize..6, how).prop_map(|(flight, how)| Step::Land { flight, how }),
        1 => (1_usize..5).prop_map(|count| Step::Lanes { count }),
        1 => (0_usize..8, 1_usize..30).prop_map(|(shard, megabytes)| Step::OthersRead { shard, megabytes }),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..120)
}

/// The simulated mapping, and what must hold.
struct Checked {
    sim: Sim,
    put: BTreeMap<u8, Vec<String>>,
    ended: BTreeSet<String>,
    seen: (usize, usize),
    /// Whether there was a restart while some keys of a shard were ahead of others: records that are done may come again.
    may_repeat: bool,
    had_lanes: bool,
    limited: bool,
}

impl Checked {
    fn new(sim: Sim, limited: bool) -> Self {
        Self {
            sim,
            limited,
            put: BTreeMap::new(),
            ended: BTreeSet::new(),
            seen: (0, 0),
            may_repeat: false,
            had_lanes: false,
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Put { key } => {
                let records = self.put.entry(*key).or_default();
                let data = format!("{key}:{}", records.len());
                records.push(data.clone());
                self.sim.put(&format!("k{key}"), &[&data]);
            }
            Step::Split { shard } => {
                let open = self.sim.stream.open_shards(self.sim.timestamp());
                let shard = &open[shard % open.len()];
                let middle = shard.range.start().0 + (shard.range.end().0 - shard.range.start().0) / 2;
                // Refused where a shard is too small to be split.
                let _ = self.sim.stream.split(shard.id, HashKey(middle), self.sim.timestamp());
            }
            Step::Merge { shard } => {
                let mut open = self.sim.stream.open_shards(self.sim.timestamp());
                open.sort_by_key(|shard: &Shard| shard.range.start());
                if open.len() > 1 {
                    let left = shard % (open.len() - 1);
                    // Refused where the limits are on and the day's reshards are spent.
                    let merged =
                        self.sim.stream.merge(open[left].id, open[left + 1].id, self.sim.timestamp());
                    assert!(merged.is_ok() || self.limited, "{merged:?}");
                }
            }
            Step::Wait { millis } => self.sim.now += millis,
            Step::Turn => self.turn(),
            Step::Land { flight, how } => self.land(*flight, *how),
            Step::Lanes { count } => {
                self.sim.settings.parallelization = *count;
                self.had_lanes |= *count > 1;
            }
            Step::OthersRead { shard, megabytes } => {
                let open = self.sim.stream.open_shards(self.sim.timestamp());
                self.sim.others_read(open[shard % open.len()].id, megabytes << 20);
            }
            Step::Restart => {
                self.may_repeat |= self.had_lanes;
                self.sim.restart();
            }
        }
    }

    fn turn(&mut self) {
        self.sim.turn();
        self.note_discarded();
        let (seen, _) = self.seen;
        for at in seen..self.sim.history.invoked.len() {
            let mut batch = BTreeSet::new();
            for data in texts(&self.sim.history.invoked[at].1) {
                self.assert_is_next(&data, &batch);
                batch.insert(data);
            }
        }
        self.seen.0 = self.sim.history.invoked.len();
    }

    /// Every earlier record of the key has ended, or comes before it in the same batch.
    fn assert_is_next(&self, data: &str, batch: &BTreeSet<String>) {
        let (key, _) = data.split_once(':').unwrap();
        let records = &self.put[&key.parse().unwrap()];
        for earlier in records.iter().take_while(|other| *other != data) {
            assert!(self.ended.contains(earlier) || batch.contains(earlier), "{data} before {earlier}");
        }
        assert!(self.may_repeat || !self.ended.contains(data), "{data} again");
    }

    fn land(&mut self, flight: usize, how: How) {
        if self.sim.flights.is_empty() {
            return;
        }
        let flight = flight % self.sim.flights.len();
        let work = self.sim.flights[flight].1.clone();
        let data = texts(&work);
        let (outcome, ended): (Outcome, usize) = match how {
            How::Done => (done(), data.len()),
            How::Failed => (failed(), 0),
            How::Throttled => (throttled(), 0),
            How::ItemFailed(item) => {
                let item = item % data.len();
                (items_failed(&work, &[&data[item]]), item)
            }
        };
        self.sim.land(flight, outcome);
        self.ended.extend(data.into_iter().take(ended));
        self.note_discarded();
    }

    fn note_discarded(&mut self) {
        let (_, seen) = self.seen;
        for discarded in &self.sim.history.discarded[seen..] {
            for data in texts(&discarded.work) {
                let is_new = self.ended.insert(data.clone());
                assert!(is_new || self.may_repeat, "{data} was given up after its end");
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
            } else if self.ended.len() == self.put.values().map(Vec::len).sum::<usize>() {
                return;
            }
        }
        panic!("it does not come to an end");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn no_record_is_lost_and_none_overtakes_another_of_its_key(
        steps in steps(),
        shards in 1_u32..4,
        batch_size in 1_usize..5,
        bisect: bool,
        retries in proptest::option::of(0_u32..3),
        age in proptest::option::of(Just(60_u32)),
        window in 0_u32..3,
        limited: bool,
    ) {
        let limits = if limited { Limits::On } else { Limits::Off };
        let sim = Sim::with(limits, shards, |settings| {
            settings.batch_size = batch_size;
            settings.bisect = bisect;
            settings.max_retries = retries;
            settings.max_age_s = age;
            settings.batching_window_s = window;
            settings.report_failures = true;
        });
        let mut checked = Checked::new(sim, limited);
        for step in &steps {
            checked.step(step);
        }
        checked.drain();
        let all: BTreeSet<String> = checked.put.values().flatten().cloned().collect();
        prop_assert_eq!(checked.ended, all);
    }
}
