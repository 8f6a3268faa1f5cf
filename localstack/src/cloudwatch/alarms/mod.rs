//! Alarms: what they watch, when they change state, and what they remember.
//!
//! `condition` decides, purely, from datapoints; `reason` says why in AWS's words; `rule` is what composite alarms are
//! made of; `book` keeps a region's alarms with their history; `watch` evaluates them as time goes by. Actions are kept
//! and shown but not carried out: there is no SNS here.

mod book;
mod condition;
mod definition;
mod reason;
mod rule;
mod watch;

#[cfg(test)]
mod tests;

pub(super) use book::{Alarms, HistoryItem};
pub(super) use condition::{Comparison, Condition, Gap};
pub(super) use definition::{Actions, Alarm, Kind, MetricAlarm, Reason, State};
pub(super) use rule::Rule;
pub(super) use watch::{arn, watch};
