//! Dashboards: kept and given back, not drawn. They belong to the account, not to a region.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::lock::Lock;

/// Most dashboards kept, with bodies of a megabyte at most together far below what AWS allows.
const MOST: usize = 200;

/// One dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dashboard {
    pub(super) body: String,
    pub(super) modified: Timestamp,
    pub(super) tags: Vec<(String, String)>,
}

/// All dashboards by name.
#[derive(Debug, Default)]
pub(super) struct Dashboards(Lock<BTreeMap<String, Dashboard>>);

impl Dashboards {
    /// Every dashboard is gone.
    pub(super) fn clear(&self) {
        self.0.lock().clear();
    }

    /// Looks at a dashboard, or changes it; nothing if there is no such dashboard.
    pub(super) fn change<T>(&self, name: &str, change: impl FnOnce(&mut Dashboard) -> T) -> Option<T> {
        self.0.lock().get_mut(name).map(change)
    }

    /// Keeps a dashboard; false when there are too many. One that is there keeps its tags.
    pub(super) fn put(&self, name: String, mut dashboard: Dashboard) -> bool {
        let mut all = self.0.lock();
        if let Some(before) = all.get(&name) {
            dashboard.tags.clone_from(&before.tags);
        }
        let fits = all.len() < MOST || all.contains_key(&name);
        if fits {
            all.insert(name, dashboard);
        }
        fits
    }

    pub(super) fn get(&self, name: &str) -> Option<Dashboard> {
        self.0.lock().get(name).cloned()
    }

    /// Name, size and time of those whose names begin with a prefix, in order.
    pub(super) fn list(&self, prefix: &str) -> Vec<(String, usize, Timestamp)> {
        let all = self.0.lock();
        let found = all.iter().filter(|(name, _)| name.starts_with(prefix));
        found.map(|(name, dashboard)| (name.clone(), dashboard.body.len(), dashboard.modified)).collect()
    }

    /// Deletes all of these, or none when one is not there: then that one's name is the error.
    pub(super) fn delete(&self, names: &[String]) -> Result<(), String> {
        let mut all = self.0.lock();
        if let Some(unknown) = names.iter().find(|name| !all.contains_key(*name)) {
            return Err(unknown.clone());
        }
        all.retain(|name, _| !names.contains(name));
        Ok(())
    }
}
