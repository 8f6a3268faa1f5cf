//! The alarms of a region, and what happened to them.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::json;

use super::definition::{Alarm, Kind, Reason, State};
use crate::lock::Lock;

/// Most alarms of a region.
const MOST_ALARMS: usize = 5000;
/// Most items of history; the oldest go.
const MOST_HISTORY: usize = 5000;

/// What an item of history is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum HistoryKind {
    ConfigurationUpdate,
    StateUpdate,
}

impl HistoryKind {
    /// As the API writes it.
    pub(in super::super) fn as_str(self) -> &'static str {
        match self {
            Self::ConfigurationUpdate => "ConfigurationUpdate",
            Self::StateUpdate => "StateUpdate",
        }
    }
}

/// Something that happened to an alarm.
#[derive(Debug, Clone)]
pub(in super::super) struct HistoryItem {
    pub(in super::super) alarm: String,
    pub(in super::super) is_composite: bool,
    pub(in super::super) at: Timestamp,
    pub(in super::super) kind: HistoryKind,
    pub(in super::super) summary: String,
    pub(in super::super) data: String,
}

#[derive(Debug, Default)]
struct Book {
    alarms: BTreeMap<String, Alarm>,
    history: VecDeque<HistoryItem>,
}

/// The alarms of a region.
#[derive(Debug, Default)]
pub(in super::super) struct Alarms(Lock<Book>);

impl Alarms {
    /// Makes an alarm, or changes the one of this name, whose state and tags stay. False when there are too many.
    pub(in super::super) fn put(&self, mut alarm: Alarm) -> bool {
        let mut book = self.0.lock();
        let before = book.alarms.get(&alarm.name);
        if before.is_none() && book.alarms.len() >= MOST_ALARMS {
            return false;
        }
        let what = if before.is_some() { "updated" } else { "created" };
        if let Some(before) = before {
            alarm.state = before.state;
            alarm.reason = before.reason.clone();
            alarm.updated = before.updated;
            alarm.transitioned = before.transitioned;
            alarm.tags.clone_from(&before.tags);
        }
        let data = json!({ "version": "1.0", "type": if what == "created" { "Create" } else { "Update" } });
        book.remember(&alarm, alarm.configured, HistoryKind::ConfigurationUpdate, (what, data.to_string()));
        book.alarms.insert(alarm.name.clone(), alarm);
        true
    }

    pub(in super::super) fn is_empty(&self) -> bool {
        self.0.lock().alarms.is_empty()
    }

    /// All of them, by name.
    pub(in super::super) fn all(&self) -> Vec<Alarm> {
        self.0.lock().alarms.values().cloned().collect()
    }

    /// Runs `change` on an alarm; nothing when there is none of this name.
    pub(in super::super) fn change<T>(&self, name: &str, change: impl FnOnce(&mut Alarm) -> T) -> Option<T> {
        self.0.lock().alarms.get_mut(name).map(change)
    }

    /// Deletes those that are there.
    pub(in super::super) fn delete(&self, names: &[String]) {
        let mut book = self.0.lock();
        for name in names {
            if let Some(alarm) = book.alarms.remove(name) {
                let now = alarm.updated.max(alarm.configured);
                let data = json!({ "version": "1.0", "type": "Delete" }).to_string();
                book.remember(&alarm, now, HistoryKind::ConfigurationUpdate, ("deleted", data));
            }
        }
    }

    /// Moves an alarm to a state, if it is there and in another one; where `always`, also to say another reason.
    pub(in super::super) fn move_to(
        &self,
        name: &str,
        (state, reason): (State, Reason),
        always: bool,
        now: Timestamp,
    ) -> bool {
        let mut book = self.0.lock();
        let Some(alarm) = book.alarms.get_mut(name) else { return false };
        let old = (alarm.state, alarm.reason.clone());
        if old.0 == state && !always {
            return true;
        }
        alarm.updated = now;
        alarm.state = state;
        alarm.reason = reason;
        if old.0 != state {
            alarm.transitioned = now;
            let alarm = alarm.clone();
            let told = |state: State, reason: &Reason| {
                let data = reason.data.as_ref().and_then(|data| serde_json::from_str(data).ok());
                let mut told = json!({ "stateValue": state.as_str(), "stateReason": reason.text });
                if let (Some(told), Some::<serde_json::Value>(data)) = (told.as_object_mut(), data) {
                    told.insert("stateReasonData".to_owned(), data);
                }
                told
            };
            let data = json!({
                "version": "1.0",
                "oldState": told(old.0, &old.1),
                "newState": told(state, &alarm.reason),
            });
            let summary = format!("Alarm updated from {} to {}", old.0.as_str(), state.as_str());
            let item = HistoryItem {
                alarm: alarm.name.clone(),
                is_composite: alarm.is_composite(),
                at: now,
                kind: HistoryKind::StateUpdate,
                summary,
                data: data.to_string(),
            };
            book.push(item);
        }
        true
    }

    /// Follows with the composite alarms what others did; they may follow one another.
    pub(in super::super) fn follow(&self, arn: &dyn Fn(&str) -> String, now: Timestamp) {
        // As deep as AWS lets them lean on one another, and an end where they do so in a circle.
        for _ in 0..10 {
            let all = self.all();
            let states: BTreeMap<&str, State> =
                all.iter().map(|alarm| (alarm.name.as_str(), alarm.state)).collect();
            let mut moved = false;
            for alarm in &all {
                let Kind::Composite(rule) = &alarm.kind else { continue };
                let holds = rule.holds(&|name| states.get(name).copied());
                let state = if holds { State::Alarm } else { State::Ok };
                if state == alarm.state {
                    continue;
                }
                let cause =
                    rule.names().into_iter().find_map(|name| all.iter().find(|other| other.name == name));
                let text = cause.map_or_else(
                    || format!("The rule of the alarm became {holds}"),
                    |cause| {
                        let time = cause.transitioned.strftime("%A %d %B, %Y %H:%M:%S UTC");
                        format!("{} transitioned to {} at {time}", arn(&cause.name), cause.state.as_str())
                    },
                );
                moved |= self.move_to(&alarm.name, (state, Reason { text, data: None }), false, now);
            }
            if !moved {
                return;
            }
        }
    }

    /// What happened, newest first.
    pub(in super::super) fn history(&self) -> Vec<HistoryItem> {
        self.0.lock().history.iter().rev().cloned().collect()
    }
}

impl Book {
    fn remember(&mut self, alarm: &Alarm, at: Timestamp, kind: HistoryKind, (what, data): (&str, String)) {
        self.push(HistoryItem {
            alarm: alarm.name.clone(),
            is_composite: alarm.is_composite(),
            at,
            kind,
            summary: format!("Alarm \"{}\" {what}", alarm.name),
            data,
        });
    }

    fn push(&mut self, item: HistoryItem) {
        if self.history.len() >= MOST_HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(item);
    }
}
