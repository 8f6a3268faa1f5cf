//! IAM: roles, their policies and their tags. Nothing is enforced: what is kept is what tools read back.

mod document;
mod policy;
mod role;
mod wire;

use std::collections::BTreeMap;

pub use policy::{ManagedPolicy, PolicyVersion};
pub use role::Role;
pub(crate) use wire::serve;

use serde::{Deserialize, Serialize};

use crate::dice::Dice;
use crate::lock::Lock;
use crate::world::Setting;
use document::TrustPolicy;

/// The state of IAM. It has no regions.
#[derive(Debug)]
pub struct Iam {
    account: String,
    entities: Lock<Entities>,
}

/// Everything IAM holds: roles by name, managed policies by ARN.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Entities {
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) policies: BTreeMap<String, ManagedPolicy>,
}

impl Iam {
    /// No roles.
    pub fn new(setting: &Setting) -> Self {
        Self { account: setting.account.clone(), entities: Lock::default() }
    }

    /// The role with this ARN.
    pub fn role(&self, arn: &str) -> Option<Role> {
        self.entities.lock().roles.values().find(|role| role.arn == arn).cloned()
    }

    /// Whether the role's trust policy lets this service assume it: `lambda.amazonaws.com`.
    pub fn can_assume(&self, arn: &str, service: &str) -> bool {
        self.role(arn).is_some_and(|role| TrustPolicy::of(&role.trust_policy).trusts_service(service))
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Entities) -> T) -> T {
        look(&mut self.entities.lock())
    }

    /// Everything, for the data folder.
    pub(crate) fn save(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::to_value(&*self.entities.lock())
    }

    /// Every role and policy is gone.
    pub(crate) fn reset(&self) {
        *self.entities.lock() = Entities::default();
    }

    /// Takes everything back.
    pub(crate) fn load(&self, saved: serde_json::Value) -> serde_json::Result<()> {
        *self.entities.lock() = serde_json::from_value(saved)?;
        Ok(())
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }
}

/// An id as IAM gives them: a prefix for the kind, then 17 capital letters and digits.
pub(crate) fn unique_id(dice: &Dice, prefix: &'static str, name: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let drawn = dice.bytes(prefix, name, 17);
    let random = drawn.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
    prefix.chars().chain(random).collect()
}
