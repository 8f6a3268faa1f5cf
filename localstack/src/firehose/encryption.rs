//! Server-side encryption of what is buffered: the states it goes through. Nothing is encrypted here, and any key that
//! looks like one is taken: there is no KMS to ask.

use std::collections::VecDeque;
use std::time::Duration;

/// Calls that start or stop encryption within a day.
const MOST_CALLS: usize = 25;
/// The day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The key to encrypt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyChoice {
    /// `AWS_OWNED_CMK` or `CUSTOMER_MANAGED_CMK`.
    pub(crate) key_type: String,
    /// The key, where the customer manages it.
    pub(crate) key_arn: Option<String>,
}

/// `DeliveryStreamEncryptionStatus`, as far as it is reached here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EncryptionStatus {
    /// Being switched on.
    Enabling,
    /// On.
    Enabled,
    /// Being switched off.
    Disabling,
    /// Off.
    Disabled,
}

impl EncryptionStatus {
    /// As it is written on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Enabling => "ENABLING",
            Self::Enabled => "ENABLED",
            Self::Disabling => "DISABLING",
            Self::Disabled => "DISABLED",
        }
    }
}

/// The encryption of one delivery stream. Times are since the endpoint's start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Encryption {
    key: Option<KeyChoice>,
    /// When the last change has come about.
    until: Duration,
    calls: VecDeque<Duration>,
}

impl Encryption {
    /// The encryption a stream is created with.
    pub(crate) fn created(key: Option<KeyChoice>) -> Self {
        Self { key, ..Self::default() }
    }

    /// The key, while it is on or being switched on.
    pub(crate) fn key(&self) -> Option<&KeyChoice> {
        self.key.as_ref()
    }

    /// Where it is at the time `now`.
    pub(crate) fn status(&self, now: Duration) -> EncryptionStatus {
        match (&self.key, now < self.until) {
            (Some(_), true) => EncryptionStatus::Enabling,
            (Some(_), false) => EncryptionStatus::Enabled,
            (None, true) => EncryptionStatus::Disabling,
            (None, false) => EncryptionStatus::Disabled,
        }
    }

    /// Whether one more call may change it at the time `now`; counts the call.
    pub(crate) fn admits_call(&mut self, now: Duration) -> bool {
        while self.calls.front().is_some_and(|call| now.saturating_sub(*call) >= DAY) {
            self.calls.pop_front();
        }
        let admitted = self.calls.len() < MOST_CALLS;
        if admitted {
            self.calls.push_back(now);
        }
        admitted
    }

    /// Changes the key, or switches encryption off. A stream that is not encrypted stays so at once.
    pub(crate) fn change(&mut self, key: Option<KeyChoice>, now: Duration, takes: Duration) {
        if key.is_some() || self.key.is_some() {
            self.until = now + takes;
        }
        self.key = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned() -> Option<KeyChoice> {
        Some(KeyChoice { key_type: "AWS_OWNED_CMK".to_owned(), key_arn: None })
    }

    #[test]
    fn changes_take_their_time() {
        let at = Duration::from_secs;
        let mut encryption = Encryption::default();
        assert_eq!(encryption.status(at(0)), EncryptionStatus::Disabled);
        encryption.change(None, at(0), at(10));
        assert_eq!(encryption.status(at(0)), EncryptionStatus::Disabled);
        encryption.change(owned(), at(5), at(10));
        assert_eq!(encryption.status(at(14)), EncryptionStatus::Enabling);
        assert_eq!(encryption.status(at(15)), EncryptionStatus::Enabled);
        encryption.change(None, at(20), at(10));
        assert_eq!(encryption.status(at(29)), EncryptionStatus::Disabling);
        assert_eq!(encryption.status(at(30)), EncryptionStatus::Disabled);
        assert_eq!(Encryption::created(owned()).status(at(0)), EncryptionStatus::Enabled);
    }

    #[test]
    fn a_day_has_twenty_five_calls() {
        let mut encryption = Encryption::default();
        assert!((0..25).all(|second| encryption.admits_call(Duration::from_secs(second))));
        assert!(!encryption.admits_call(DAY - Duration::from_secs(1)));
        assert!(encryption.admits_call(DAY));
        assert!(!encryption.admits_call(DAY));
    }
}
