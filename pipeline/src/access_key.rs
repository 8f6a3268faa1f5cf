//! Access keys of HTTP endpoints: at hand while a process works with the file that holds them, and kept nowhere else.
//!
//! A plan and the ledger know a key by its fingerprint alone. It is a hash that is cut short, of the delivery's name and
//! the key: enough to tell one key from another, and of no use for finding one that was made at random.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::plan::{Operation, Plan};
use crate::resources::delivery::{DeliveryChange, To};
use crate::resources::names::hex;
use crate::resources::{Address, Change, Spec};
use crate::spec::model::{AccessKey, Destination, KeyText, Pipeline};

/// Bytes of a fingerprint.
const FINGERPRINT: usize = 10;

/// What a plan knows a key by.
pub(crate) fn fingerprint(delivery: &str, key: &KeyText) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("access key 1 {delivery} "));
    hash.update(key.reveal().as_bytes());
    hex(&hash.finalize()[..FINGERPRINT])
}

/// The keys of the files that were read, by their fingerprints.
#[derive(Default)]
pub(crate) struct AccessKeys {
    keys: Mutex<BTreeMap<String, KeyText>>,
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKeys").finish_non_exhaustive()
    }
}

impl AccessKeys {
    /// Takes the keys of a file; there are as many as it has deliveries at most.
    pub(crate) fn learn(&self, pipeline: &Pipeline) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        for (logical, delivery) in &pipeline.deliveries {
            if let Destination::Http(http) = &delivery.to
                && let AccessKey::Literal(key) = &http.key
            {
                let name = pipeline.delivery_name(logical);
                keys.insert(fingerprint(&name, key), key.clone());
            }
        }
    }

    /// The key of a fingerprint, where a file that was read has it.
    pub(crate) fn find(&self, fingerprint: &str) -> Option<KeyText> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(fingerprint).cloned()
    }
}

/// The deliveries to which a plan sends a key, with the key's fingerprint.
pub(crate) fn sent(plan: &Plan) -> impl Iterator<Item = (&Address, &String)> {
    plan.steps.iter().filter_map(|step| {
        let fingerprint = step.operations.iter().find_map(|operation| match operation {
            Operation::Create => match &step.desired.as_ref()?.spec {
                Spec::Delivery(delivery) => key(&delivery.destination),
                _ => None,
            },
            Operation::Change(Change::Delivery(DeliveryChange::Destination(to))) => key(to),
            _ => None,
        })?;
        Some((&step.address, fingerprint))
    })
}

fn key(to: &To) -> Option<&String> {
    match to {
        To::Http(http) => http.fingerprint(),
        To::S3(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_tells_keys_and_deliveries_apart_and_holds_neither() {
        let (one, other) = (KeyText::new("abc"), KeyText::new("abd"));
        assert_eq!(fingerprint("d", &one), fingerprint("d", &KeyText::new("abc")));
        assert_ne!(fingerprint("d", &one), fingerprint("d", &other));
        assert_ne!(fingerprint("d", &one), fingerprint("e", &one));
        assert_eq!(fingerprint("d", &one).len(), 2 * FINGERPRINT);
        assert!(!format!("{one:?}").contains("abc"));
    }
}
