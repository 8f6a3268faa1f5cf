//! Alarms and the dashboard.

use super::{accepted, codes, refused, with};

#[test]
fn alarms_are_asked_for_by_their_name_alone() {
    assert_eq!(accepted(&with("streams:\n  events:\n")).pipeline.alarms, None);
    let pipeline = accepted(&with("streams:\n  events:\nalarms:\ndashboard: true\n")).pipeline;
    assert!(pipeline.alarms.is_some_and(|alarms| alarms.to.is_empty()) && pipeline.dashboard);
    let text =
        with("streams:\n  events:\nalarms: { to: [\"arn:aws:sns:eu-west-1:123456789012:on-call\"] }\n");
    assert_eq!(accepted(&text).pipeline.alarms.map(|alarms| alarms.to.len()), Some(1));
    assert_eq!(codes(&refused(&with("streams:\n  events:\nalarms: { to: [on-call] }\n"))), ["invalid-arn"]);
}
