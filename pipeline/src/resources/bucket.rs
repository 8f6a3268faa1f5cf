//! S3 buckets: where deliveries put their objects. Public access is blocked and objects are encrypted by
//! S3's own defaults; a bucket is never replaced, and never deleted while it holds objects unless told so.
//!
//! Settings are looked at only where we set them, which a tag on the bucket names ([`tags::SETTINGS`]): each takes a
//! call. Rules and notifications of others are left alone; ours are known by their ids.
//!
//! [`tags::SETTINGS`]: super::tags::SETTINGS

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::names::grouped;
use super::tags::TagMap;
use super::{Difference, Facts, Properties, Readiness};

/// What the ids of our lifecycle rules and notifications begin with.
pub const OUR_IDS: &str = "pipectl-";

/// What is wanted of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketSpec {
    /// The region to create it in.
    pub region: String,
    /// Whether versions are kept; `None` leaves that alone.
    pub versioning: Option<bool>,
    /// The KMS key that encrypts objects; `None` is S3's own.
    pub encryption: Option<String>,
    /// What becomes of objects with time.
    pub lifecycle: Vec<LifecycleRule>,
    /// Which functions are told what happens to objects, in order.
    pub notifications: Vec<Notification>,
}

/// What becomes of objects below a prefix with time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LifecycleRule {
    /// What their names begin with; empty is all.
    pub prefix: String,
    /// Days after which they are deleted.
    pub expire_days: Option<u32>,
    /// Days after which they move, and the storage class they move to.
    pub archive: Option<(u32, String)>,
    /// Days after which versions that are no longer current are deleted.
    pub noncurrent_days: Option<u32>,
    /// Days after which uploads that were never finished are deleted.
    pub unfinished_days: Option<u32>,
}

/// A function that is told what happens to objects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Notification {
    /// The function's ARN.
    pub function_arn: String,
    /// What happens: `s3:ObjectCreated:*`.
    pub event: String,
    /// What the objects' names begin with; empty is any.
    pub prefix: String,
    /// What they end with; empty is any.
    pub suffix: String,
}

/// A setting that takes a call to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// How objects are encrypted.
    Encryption,
    /// Lifecycle rules.
    Lifecycle,
    /// Notifications.
    Notifications,
    /// Versions.
    Versioning,
}

impl Setting {
    /// Every setting, in the order of their names.
    pub const ALL: [Setting; 4] =
        [Setting::Encryption, Setting::Lifecycle, Setting::Notifications, Setting::Versioning];

    /// Its name in the tag.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Setting::Encryption => "encryption",
            Setting::Lifecycle => "lifecycle",
            Setting::Notifications => "notifications",
            Setting::Versioning => "versioning",
        }
    }
}

/// What a bucket holds, as far as one page of its listing tells: versions and delete markers count, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// How many objects.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether there are more on further pages.
    pub more: bool,
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (objects, size) = (grouped(self.objects), size(self.bytes));
        match (self.more, self.objects) {
            (true, _) => write!(f, "more than {objects} objects (the first {objects} are {size})"),
            (false, 1) => write!(f, "1 object ({size})"),
            (false, _) => write!(f, "{objects} objects ({size})"),
        }
    }
}

/// Bytes in the largest unit that leaves a whole number of it, to one decimal.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let tenths = u128::from(bytes) * 10 / u128::from(*unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

/// What is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketState {
    /// What it holds; `None` when nobody asked.
    pub contents: Option<Contents>,
    /// The settings that were looked at; the others stand here as S3 has them by itself.
    pub known: BTreeSet<Setting>,
    /// Whether versions are kept.
    pub versioning: bool,
    /// The KMS key that encrypts objects.
    pub encryption: Option<String>,
    /// Our lifecycle rules.
    pub lifecycle: Vec<LifecycleRule>,
    /// Our notifications.
    pub notifications: Vec<Notification>,
}

/// One mutation of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BucketChange {
    /// Deletes every object and every version in it.
    Empty,
    /// Keeps versions, or no more new ones.
    Versioning(bool),
    /// Encrypts objects with this key; `None` goes back to S3's own.
    Encryption(Option<String>),
    /// Sets our lifecycle rules beside those of others.
    Lifecycle(Vec<LifecycleRule>),
    /// Sets our notifications beside those of others.
    Notifications(Vec<Notification>),
}

impl BucketState {
    /// Whether it holds at least one object; `None` when nobody asked.
    #[must_use]
    pub fn holds_objects(&self) -> Option<bool> {
        self.contents.map(|contents| contents.objects > 0)
    }
}

impl Properties for BucketSpec {
    type State = BucketState;
    type Change = BucketChange;

    fn created(&self) -> BucketState {
        BucketState { contents: Some(Contents::default()), ..BucketState::default() }
    }

    fn compare(&self, state: &BucketState, _tags: &TagMap) -> Difference<BucketChange> {
        let mut difference = Difference::default();
        let unknown = |setting| self.sets(setting) && !state.known.contains(&setting);
        let versioning = self.versioning.unwrap_or(false);
        let on = |on: &bool| on.to_string();
        if difference.note("versioning", Some(state.versioning), Some(versioning), on)
            || unknown(Setting::Versioning)
        {
            difference.changes.push(BucketChange::Versioning(versioning));
        }
        if difference.note("encryption", state.encryption.clone(), self.encryption.clone(), String::clone)
            || unknown(Setting::Encryption)
        {
            difference.changes.push(BucketChange::Encryption(self.encryption.clone()));
        }
        if state.lifecycle != self.lifecycle || unknown(Setting::Lifecycle) {
            note_list(&state.lifecycle, &self.lifecycle, "lifecycle", LifecycleRule::shown, &mut difference);
            difference.changes.push(BucketChange::Lifecycle(self.lifecycle.clone()));
        }
        if state.notifications != self.notifications || unknown(Setting::Notifications) {
            let (there, wanted) = (&state.notifications, &self.notifications);
            note_list(there, wanted, "notify", Notification::shown, &mut difference);
            difference.changes.push(BucketChange::Notifications(self.notifications.clone()));
        }
        difference
    }
}

/// Notes a list that differs, as text.
fn note_list<T: PartialEq>(
    there: &[T],
    wanted: &[T],
    path: &str,
    shown: impl Fn(&T) -> String,
    difference: &mut Difference<BucketChange>,
) {
    let text =
        |items: &[T]| (!items.is_empty()).then(|| items.iter().map(&shown).collect::<Vec<_>>().join("; "));
    difference.note(path, text(there), text(wanted), String::clone);
}

impl BucketSpec {
    /// A bucket as S3 makes it.
    #[must_use]
    pub fn plain(region: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            versioning: None,
            encryption: None,
            lifecycle: Vec::new(),
            notifications: Vec::new(),
        }
    }

    /// Whether it says something of this setting.
    #[must_use]
    pub fn sets(&self, setting: Setting) -> bool {
        match setting {
            Setting::Encryption => self.encryption.is_some(),
            Setting::Lifecycle => !self.lifecycle.is_empty(),
            Setting::Notifications => !self.notifications.is_empty(),
            Setting::Versioning => self.versioning.is_some(),
        }
    }

    /// The settings it says something of, as the tag lists them; `None` when there are none.
    #[must_use]
    pub fn settings_tag(&self) -> Option<String> {
        let names: Vec<&str> =
            Setting::ALL.into_iter().filter(|it| self.sets(*it)).map(Setting::name).collect();
        (!names.is_empty()).then(|| names.join(" "))
    }
}

impl LifecycleRule {
    fn shown(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.expire_days.map(|days| format!("expire after {days}d")));
        words.extend(self.archive.as_ref().map(|(days, class)| format!("{class} after {days}d")));
        words.extend(self.noncurrent_days.map(|days| format!("old versions for {days}d")));
        words.extend(self.unfinished_days.map(|days| format!("unfinished uploads for {days}d")));
        let prefix = if self.prefix.is_empty() { "all" } else { &self.prefix };
        format!("{prefix}: {}", words.join(", "))
    }
}

impl Notification {
    fn shown(&self) -> String {
        let function = self.function_arn.rsplit(':').next().unwrap_or_default();
        format!("{} of {}*{} to {function}", self.event, self.prefix, self.suffix)
    }
}

impl Facts for BucketState {
    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        if self.versioning {
            facts.push(("versions", "kept".to_owned()));
        }
        if !self.notifications.is_empty() {
            facts.push(("notifications", self.notifications.len().to_string()));
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(wanted: &BucketSpec, there: &BucketState) -> Vec<BucketChange> {
        wanted.compare(there, &TagMap::new()).changes
    }

    #[test]
    fn a_plain_bucket_has_nothing_to_change() {
        let plain = BucketSpec::plain("eu-west-1");
        assert!(plain.compare(&plain.created(), &TagMap::new()).is_empty());
        assert_eq!(plain.settings_tag(), None);
    }

    #[test]
    fn a_setting_that_was_not_looked_at_is_set_whatever_it_is() {
        let wanted = BucketSpec { versioning: Some(false), ..BucketSpec::plain("r") };
        assert_eq!(changes(&wanted, &wanted.created()), [BucketChange::Versioning(false)]);
        let known = BucketState { known: BTreeSet::from([Setting::Versioning]), ..wanted.created() };
        assert_eq!(changes(&wanted, &known), []);
        assert_eq!(wanted.settings_tag().as_deref(), Some("versioning"));
    }

    #[test]
    fn what_the_file_says_no_more_is_reset() {
        let there = BucketState {
            known: Setting::ALL.into(),
            versioning: true,
            encryption: Some("alias/lake".into()),
            ..BucketState::default()
        };
        assert_eq!(
            changes(&BucketSpec::plain("r"), &there),
            [BucketChange::Versioning(false), BucketChange::Encryption(None)]
        );
    }
}
