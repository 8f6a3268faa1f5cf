//! Kinesis data streams. Never recreated for a shard change: the count moves by the doublings and halvings
//! that `UpdateShardCount` allows, and under `autoscale` it is the autoscaler's and no drift.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::tags::TagMap;
use super::{Difference, Facts, Properties, Readiness};

/// The largest record that Kinesis takes when nothing is said, in KiB.
const DEFAULT_MAX_RECORD_KIB: u32 = 1024;
/// How long Kinesis keeps records when nothing is said, in hours.
const DEFAULT_RETENTION_HOURS: u32 = 24;

/// What is wanted of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamSpec {
    /// Who sizes it, and how.
    pub capacity: StreamCapacity,
    /// How long records stay readable.
    pub retention_hours: u32,
    /// A KMS key id, alias or ARN; `None` is unencrypted.
    pub encryption: Option<String>,
    /// Metrics published for every shard; `None` leaves them to whoever else sets them.
    pub shard_metrics: Option<BTreeSet<String>>,
    /// The largest record, in KiB.
    pub max_record_kib: u32,
    /// What an on-demand stream is kept ready for, in MiB/s; `None` leaves that as it is.
    pub warm_mibps: Option<u32>,
}

/// How a stream is sized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamCapacity {
    /// This many open shards, kept so.
    Fixed(u32),
    /// This many open shards at first; from then on the autoscaler's.
    Autoscaled(u32),
    /// AWS's.
    OnDemand,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamState {
    /// CREATING, ACTIVE, UPDATING or DELETING.
    pub status: String,
    /// Whether AWS sizes it.
    pub on_demand: bool,
    /// Open shards; closed ones that are still readable do not count.
    pub open_shards: u32,
    /// How long records stay readable.
    pub retention_hours: u32,
    /// The KMS key, as it was given; `None` is unencrypted.
    pub encryption: Option<String>,
    /// Metrics published for every shard.
    pub shard_metrics: BTreeSet<String>,
    /// The largest record, in KiB.
    pub max_record_kib: u32,
    /// What it is to be kept ready for, in MiB/s.
    pub warm_mibps: Option<u32>,
    /// Registered enhanced fan-out consumers, whoever registered them.
    pub consumers: u32,
    /// When it was made: another stream of its name is none of its readers' business. `None` is not known.
    pub created: Option<Timestamp>,
}

/// One mutation of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamChange {
    /// `UpdateStreamMode` to on-demand (true) or provisioned.
    OnDemand(bool),
    /// `UpdateShardCount` to this many open shards.
    Shards(u32),
    /// Keeps records longer, for this many hours.
    LengthenRetention(u32),
    /// Keeps records for fewer hours, this many.
    ShortenRetention(u32),
    /// Encrypts with this key from now on.
    Encrypt(String),
    /// Stops encrypting with this key.
    StopEncrypting(String),
    /// Publishes these metrics for every shard.
    PublishMetrics(Vec<String>),
    /// Publishes these metrics for shards no more.
    StopMetrics(Vec<String>),
    /// Takes records of so many KiB.
    MaxRecord(u32),
    /// Keeps it ready for so many MiB/s.
    WarmThroughput(u32),
    /// Deletes it with the consumers that others registered.
    DeleteWithConsumers,
}

impl Properties for StreamSpec {
    type State = StreamState;
    type Change = StreamChange;

    fn created(&self) -> StreamState {
        StreamState {
            status: "ACTIVE".to_owned(),
            on_demand: self.capacity == StreamCapacity::OnDemand,
            open_shards: match self.capacity {
                StreamCapacity::Fixed(shards) | StreamCapacity::Autoscaled(shards) => shards,
                StreamCapacity::OnDemand => 4,
            },
            retention_hours: DEFAULT_RETENTION_HOURS,
            encryption: None,
            shard_metrics: BTreeSet::new(),
            max_record_kib: DEFAULT_MAX_RECORD_KIB,
            warm_mibps: None,
            consumers: 0,
            created: None,
        }
    }

    fn compare(&self, state: &StreamState, _tags: &TagMap) -> Difference<StreamChange> {
        let mut difference = Difference::default();
        self.compare_capacity(state, &mut difference);
        let hours = |hours: &u32| format!("{hours}h");
        if difference.note("retention", Some(state.retention_hours), Some(self.retention_hours), hours) {
            difference.changes.push(if self.retention_hours > state.retention_hours {
                StreamChange::LengthenRetention(self.retention_hours)
            } else {
                StreamChange::ShortenRetention(self.retention_hours)
            });
        }
        self.compare_encryption(state, &mut difference);
        self.compare_limits(state, &mut difference);
        self.compare_metrics(state, &mut difference);
        difference
    }
}

impl StreamSpec {
    fn compare_capacity(&self, state: &StreamState, difference: &mut Difference<StreamChange>) {
        let on_demand = self.capacity == StreamCapacity::OnDemand;
        let mode = |on_demand: &bool| if *on_demand { "on-demand" } else { "provisioned" }.to_owned();
        if difference.note("mode", Some(state.on_demand), Some(on_demand), mode) {
            difference.changes.push(StreamChange::OnDemand(on_demand));
        }
        if let StreamCapacity::Fixed(shards) = self.capacity
            && difference.note("shards", Some(state.open_shards), Some(shards), u32::to_string)
        {
            difference.changes.extend(reshard_steps(state.open_shards, shards).map(StreamChange::Shards));
        }
    }

    fn compare_encryption(&self, state: &StreamState, difference: &mut Difference<StreamChange>) {
        match (&state.encryption, &self.encryption) {
            (Some(there), Some(wanted)) if same_key(there, wanted) => {}
            (there, wanted) => {
                if !difference.note("encryption", there.clone(), wanted.clone(), String::clone) {
                    return;
                }
                match (there, wanted) {
                    (_, Some(key)) => difference.changes.push(StreamChange::Encrypt(key.clone())),
                    (Some(key), None) => difference.changes.push(StreamChange::StopEncrypting(key.clone())),
                    (None, None) => {}
                }
            }
        }
    }
}

impl StreamSpec {
    fn compare_limits(&self, state: &StreamState, difference: &mut Difference<StreamChange>) {
        let kib = |kib: &u32| format!("{kib}KiB");
        if difference.note("max-record", Some(state.max_record_kib), Some(self.max_record_kib), kib) {
            difference.changes.push(StreamChange::MaxRecord(self.max_record_kib));
        }
        let mibps = |mibps: &u32| format!("{mibps}MiB/s");
        if let Some(wanted) = self.warm_mibps
            && difference.note("warm-throughput", state.warm_mibps, Some(wanted), mibps)
        {
            difference.changes.push(StreamChange::WarmThroughput(wanted));
        }
    }

    fn compare_metrics(&self, state: &StreamState, difference: &mut Difference<StreamChange>) {
        let Some(wanted) = &self.shard_metrics else { return };
        let some = |metrics: &BTreeSet<String>| (!metrics.is_empty()).then(|| metrics.clone());
        let listed =
            |metrics: &BTreeSet<String>| metrics.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        difference.note("shard-metrics", some(&state.shard_metrics), some(wanted), listed);
        let beyond = |one: &BTreeSet<String>, other: &BTreeSet<String>| -> Vec<String> {
            one.difference(other).cloned().collect()
        };
        let (missing, extra) = (beyond(wanted, &state.shard_metrics), beyond(&state.shard_metrics, wanted));
        if !missing.is_empty() {
            difference.changes.push(StreamChange::PublishMetrics(missing));
        }
        if !extra.is_empty() {
            difference.changes.push(StreamChange::StopMetrics(extra));
        }
    }
}

/// The counts that `UpdateShardCount` has to be given, one after the other, to get from `open` to `wanted`:
/// never more than double and never less than half of what is open.
pub fn reshard_steps(open: u32, wanted: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(open), move |&now| {
        (now != wanted).then(|| {
            if wanted > now { wanted.min(now.saturating_mul(2).max(1)) } else { wanted.max(now.div_ceil(2)) }
        })
    })
    .skip(1)
}

/// Whether two ways of writing a KMS key mean the same one, as far as that shows: an ARN ends with what an
/// id or alias says by itself.
fn same_key(one: &str, other: &str) -> bool {
    let tail = |key: &str| -> String {
        match key.strip_prefix("arn:").and_then(|rest| rest.splitn(5, ':').nth(4)) {
            Some(resource) => resource.strip_prefix("key/").unwrap_or(resource).to_owned(),
            None => key.to_owned(),
        }
    };
    tail(one) == tail(other)
}

impl Facts for StreamState {
    fn readiness(&self) -> Readiness {
        match self.status.as_str() {
            "ACTIVE" => Readiness::Ready,
            "DELETING" => Readiness::Leaving,
            "CREATING" => Readiness::Creating("ACTIVE (now CREATING)".to_owned()),
            other => Readiness::Pending(format!("ACTIVE (now {other})")),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mode = if self.on_demand { "on-demand" } else { "provisioned" };
        vec![
            ("open shards", self.open_shards.to_string()),
            ("mode", mode.to_owned()),
            ("retention", format!("{}h", self.retention_hours)),
        ]
        .into_iter()
        .chain((self.consumers > 0).then(|| ("fan-out consumers", self.consumers.to_string())))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spec(capacity: StreamCapacity) -> StreamSpec {
        StreamSpec {
            capacity,
            retention_hours: 24,
            encryption: None,
            shard_metrics: Some(BTreeSet::new()),
            max_record_kib: 1024,
            warm_mibps: None,
        }
    }

    fn changes(spec: &StreamSpec, state: &StreamState) -> Vec<StreamChange> {
        spec.compare(state, &TagMap::new()).changes
    }

    #[test]
    fn two_to_sixteen_shards_goes_by_doubling() {
        assert_eq!(reshard_steps(2, 16).collect::<Vec<_>>(), [4, 8, 16]);
        assert_eq!(reshard_steps(3, 16).collect::<Vec<_>>(), [6, 12, 16]);
        assert_eq!(reshard_steps(9, 2).collect::<Vec<_>>(), [5, 3, 2]);
        assert_eq!(reshard_steps(4, 4).count(), 0);
    }

    proptest! {
        #[test]
        fn every_reshard_step_is_one_that_aws_accepts(open in 1_u32..10_000, wanted in 1_u32..10_000) {
            let mut now = open;
            for next in reshard_steps(open, wanted) {
                prop_assert!(next <= now * 2 && next * 2 >= now && next != now);
                now = next;
            }
            prop_assert_eq!(now, wanted);
        }
    }

    #[test]
    fn a_shard_change_never_replaces_the_stream() {
        let difference =
            spec(StreamCapacity::Fixed(8)).compare(&spec(StreamCapacity::Fixed(2)).created(), &TagMap::new());
        assert_eq!(difference.replace, None);
        assert_eq!(difference.changes, [StreamChange::Shards(4), StreamChange::Shards(8)]);
    }

    #[test]
    fn the_shard_count_under_autoscale_is_no_drift() {
        let mut state = spec(StreamCapacity::Autoscaled(2)).created();
        state.open_shards = 37;
        assert_eq!(changes(&spec(StreamCapacity::Autoscaled(2)), &state), []);
    }

    #[test]
    fn on_demands_own_shards_are_no_drift() {
        let mut state = spec(StreamCapacity::OnDemand).created();
        state.open_shards = 64;
        assert_eq!(changes(&spec(StreamCapacity::OnDemand), &state), []);
    }

    #[test]
    fn leaving_on_demand_switches_the_mode_before_the_count() {
        let state = spec(StreamCapacity::OnDemand).created();
        assert_eq!(
            changes(&spec(StreamCapacity::Fixed(1)), &state),
            [StreamChange::OnDemand(false), StreamChange::Shards(2), StreamChange::Shards(1)]
        );
    }

    #[test]
    fn the_same_retention_is_no_change_and_others_go_the_right_way() {
        let state = spec(StreamCapacity::OnDemand).created();
        let with = |retention_hours| StreamSpec { retention_hours, ..spec(StreamCapacity::OnDemand) };
        assert_eq!(changes(&with(24), &state), []);
        assert_eq!(changes(&with(48), &state), [StreamChange::LengthenRetention(48)]);
        let longer = StreamState { retention_hours: 72, ..state };
        assert_eq!(changes(&with(48), &longer), [StreamChange::ShortenRetention(48)]);
    }

    #[test]
    fn a_key_written_as_its_arn_is_the_same_key() {
        assert!(same_key("arn:aws:kms:eu-west-1:1:key/abc", "abc"));
        assert!(same_key("alias/aws/kinesis", "arn:aws:kms:eu-west-1:1:alias/aws/kinesis"));
        assert!(!same_key("arn:aws:kms:eu-west-1:1:key/abc", "abd"));
    }

    #[test]
    fn metrics_of_shards_are_added_and_taken_away_and_left_alone_when_they_are_others() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let there =
            StreamState { shard_metrics: names(&["a", "b"]), ..spec(StreamCapacity::OnDemand).created() };
        let wanted = StreamSpec { shard_metrics: Some(names(&["b", "c"])), ..spec(StreamCapacity::OnDemand) };
        assert_eq!(
            changes(&wanted, &there),
            [StreamChange::PublishMetrics(vec!["c".into()]), StreamChange::StopMetrics(vec!["a".into()])]
        );
        assert_eq!(changes(&StreamSpec { shard_metrics: None, ..wanted }, &there), []);
    }

    #[test]
    fn the_record_size_and_the_warm_throughput_are_changed_in_place() {
        let plain = spec(StreamCapacity::OnDemand);
        let wanted = StreamSpec { max_record_kib: 2048, warm_mibps: Some(100), ..plain.clone() };
        assert_eq!(
            changes(&wanted, &plain.created()),
            [StreamChange::MaxRecord(2048), StreamChange::WarmThroughput(100)]
        );
        let warm = StreamState { warm_mibps: Some(50), ..plain.created() };
        assert_eq!(changes(&plain, &warm), []);
    }

    #[test]
    fn encryption_is_started_and_stopped_in_place() {
        let plain = spec(StreamCapacity::OnDemand);
        let wanted = StreamSpec { encryption: Some("alias/aws/kinesis".into()), ..plain.clone() };
        assert_eq!(changes(&wanted, &plain.created()), [StreamChange::Encrypt("alias/aws/kinesis".into())]);
        let there = StreamState { encryption: Some("k".into()), ..plain.created() };
        assert_eq!(changes(&plain, &there), [StreamChange::StopEncrypting("k".into())]);
    }
}
