//! The ledger over a folder: one holder at a time, nothing half written, nothing foreign overwritten.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::apply::Outcome;
use crate::plan::{PLAN_FORMAT, Plan, Purpose};

fn ledger(folder: &Path) -> Ledger {
    Ledger::new(Arc::new(FolderStore::new(folder)))
}

fn plan(based_on: u64) -> Plan {
    Plan {
        format: PLAN_FORMAT,
        pipeline: "p".into(),
        purpose: Purpose::Apply,
        account: "000000000000".into(),
        region: "eu-west-1".into(),
        source: "the file".into(),
        based_on,
        steps: Vec::new(),
        notes: Vec::new(),
        footprint: Vec::new(),
        losses: Vec::new(),
        refusals: Vec::new(),
        left_out: Vec::new(),
        returns_to: None,
        inputs: crate::spec::FileInputs::default(),
    }
}

fn me(actor: &str) -> Owner {
    Owner::this_process(actor)
}

async fn lock(ledger: &Ledger, actor: &str, lease: Lease) -> Result<Lock, LedgerError> {
    ledger.lock("p", &me(actor), lease, Duration::ZERO).await
}

async fn begin(ledger: &Ledger, lock: &Lock, based_on: u64) -> Result<Session, LedgerError> {
    let plan = plan(based_on);
    ledger
        .begin(lock, Beginning { plan: &plan, actor: "ada@laptop", commit: None, now: Timestamp::now() })
        .await
}

/// A lease that has ended when it begins.
const OVER: Lease = Lease(Duration::ZERO);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_contenders_one_gets_the_lock() {
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..8 {
        let ledger = ledger(folder.path());
        let contenders = (0..12).map(|number| {
            let ledger = ledger.clone();
            tokio::spawn(async move { lock(&ledger, &format!("c{number}@h"), Lease::default()).await })
        });
        let mut holders = Vec::new();
        for contender in contenders.collect::<Vec<_>>() {
            match contender.await.expect("it ran") {
                Ok(lock) => holders.push(lock),
                Err(error) => assert!(matches!(error, LedgerError::Locked { .. }), "{error}"),
            }
        }
        assert_eq!(holders.len(), 1);
        holders.pop().expect("one").release().await.expect("released");
    }
}

#[tokio::test]
async fn a_lock_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = ledger(folder.path());
    let held = lock(&ledger, "a@h", Lease::default()).await.expect("free");
    let owner = me("b@h");
    let waiting = ledger.lock("p", &owner, Lease::default(), Duration::from_secs(30));
    let (taken, released) = tokio::join!(waiting, held.release());
    released.expect("released");
    taken.expect("taken");
}

#[tokio::test]
async fn the_lock_of_a_process_that_was_killed_is_free_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = ledger(folder.path());
    let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("a process");
    let alive = Owner { pid: child.id(), ..me("a@h") };
    // What the process itself would have noted when it took the lock.
    let alive = Owner { started: owner::start_time(alive.pid), ..alive };
    drop(ledger.lock("p", &alive, Lease::default(), Duration::ZERO).await.expect("free"));
    assert!(matches!(lock(&ledger, "b@h", Lease::default()).await, Err(LedgerError::Locked { .. })));
    child.kill().expect("killed");
    child.wait().expect("ended");
    lock(&ledger, "b@h", Lease::default()).await.expect("free at once");
}

#[tokio::test]
async fn whoever_lost_the_lock_cannot_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = ledger(folder.path());
    let slow = lock(&ledger, "slow@h", OVER).await.expect("free");
    let late = begin(&ledger, &slow, 0).await.expect("a revision");
    let fast = lock(&ledger, "fast@h", Lease::default()).await.expect("the lease is over");
    let session = begin(&ledger, &fast, 1).await.expect("a revision");
    assert!(matches!(late.end(Outcome::Succeeded, Timestamp::now()).await, Err(LedgerError::LockLost(_))));
    assert!(matches!(slow.release().await, Err(LedgerError::LockLost(_))));
    session.end(Outcome::Succeeded, Timestamp::now()).await.expect("written");
    let history = ledger.history("p").await.expect("a history");
    let told: Vec<_> = history.iter().map(|it| (it.number, it.outcome)).collect();
    assert_eq!(told, [(2, Outcome::Succeeded), (1, Outcome::Interrupted)]);
}

#[tokio::test]
async fn a_damaged_or_newer_entry_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = ledger(folder.path());
    let held = lock(&ledger, "a@h", Lease::default()).await.expect("free");
    drop(begin(&ledger, &held, 0).await.expect("a revision"));
    let head = folder.path().join("p/head.json");
    let good = fs::read_to_string(&head).expect("the head");
    for bad in ["", "{", "[]", "{}", "{\"format\": \"x\"}", &good[..good.len() / 2]] {
        fs::write(&head, bad).expect("damaged");
        let refused = ledger.head("p").await.expect_err("refused");
        assert!(matches!(refused, LedgerError::Corrupt { .. }), "{bad:?}: {refused}");
        assert!(begin(&ledger, &held, 0).await.is_err());
        assert_eq!(fs::read_to_string(&head).expect("the head"), bad);
    }
    let newer = good.replace("\"format\": 1", "\"format\": 2");
    fs::write(&head, &newer).expect("written");
    let refused = ledger.head("p").await.expect_err("refused");
    assert!(matches!(refused, LedgerError::Newer { found: 2, .. }), "{refused}");
    assert!(begin(&ledger, &held, 0).await.is_err());
    assert_eq!(fs::read_to_string(&head).expect("the head"), newer);
}

#[tokio::test]
async fn a_killed_writer_leaves_nothing_that_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = FolderStore::new(folder.path());
    store.create("p/revisions/1.json", b"one").await.expect("created");
    fs::write(folder.path().join("p/revisions/.2.json.x.tmp"), "half").expect("written");
    assert_eq!(store.keys("p/revisions/").await.expect("keys"), ["p/revisions/1.json"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("written");
    let refused = lock(&ledger(&file), "a@h", Lease::default()).await.expect_err("no folder");
    assert!(refused.to_string().contains(&file.display().to_string()), "{refused}");
    assert!(refused.hint().is_some_and(|hint| hint.contains("--state")));
}

#[tokio::test]
async fn forgetting_one_pipeline_leaves_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("state");
    let ledger = ledger(&root);
    let other = ledger.lock("q", &me("a@h"), Lease::default(), Duration::ZERO).await.expect("free");
    let held = lock(&ledger, "a@h", Lease::default()).await.expect("free");
    drop(begin(&ledger, &held, 0).await.expect("a revision"));
    assert!(!held.forget().await.expect("forgotten"));
    assert!(root.join("q/lock.json").is_file() && !root.join("p/head.json").exists());
    assert!(other.forget().await.expect("forgotten"));
    assert!(!root.exists());
}

/// How the answer to a write goes missing.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Loss {
    /// It is written; the caller's own retry then finds its condition broken.
    Conflict,
    /// It is written; the caller hears of a time-out.
    Unknown,
    /// It is written; no answer ever comes.
    Silence,
    /// It is not written, however often it is tried.
    Down,
}

/// A folder whose next conditional write goes wrong.
struct Lossy {
    folder: FolderStore,
    loss: std::sync::Mutex<Option<Loss>>,
}

impl Lossy {
    fn ledger(folder: &Path) -> (Arc<Self>, Ledger) {
        let store = Arc::new(Self { folder: FolderStore::new(folder), loss: std::sync::Mutex::default() });
        (Arc::clone(&store), Ledger::new(store))
    }

    fn lose(&self, loss: Loss) {
        *self.loss.lock().expect("not poisoned") = Some(loss);
    }

    async fn answer(
        &self,
        write: impl Future<Output = Result<Version, StoreError>> + Send,
    ) -> Result<Version, StoreError> {
        let lost = CallError::local("s3:PutObject", crate::cloud::Meaning::Unknown, "lost");
        let loss = {
            let mut loss = self.loss.lock().expect("not poisoned");
            if *loss == Some(Loss::Down) { *loss } else { loss.take() }
        };
        if loss == Some(Loss::Down) {
            return Err(lost.into());
        }
        let written = write.await?;
        match loss {
            Some(Loss::Conflict) => Err(StoreError::Conflict),
            Some(Loss::Silence) => std::future::pending().await,
            Some(_) => Err(lost.into()),
            None => Ok(written),
        }
    }
}

#[async_trait::async_trait]
impl Store for Lossy {
    fn describe(&self) -> String {
        self.folder.describe()
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        self.folder.prepare().await
    }

    async fn read(&self, key: &str) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        self.folder.read(key).await
    }

    async fn create(&self, key: &str, content: &[u8]) -> Result<Version, StoreError> {
        self.answer(self.folder.create(key, content)).await
    }

    async fn replace(&self, key: &str, content: &[u8], version: &Version) -> Result<Version, StoreError> {
        self.answer(self.folder.replace(key, content, version)).await
    }

    async fn write(&self, key: &str, content: &[u8]) -> Result<(), StoreError> {
        self.folder.write(key, content).await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.folder.delete(key).await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.folder.keys(prefix).await
    }

    async fn folders(&self) -> Result<Vec<String>, StoreError> {
        self.folder.folders().await
    }

    async fn remove_if_empty(&self) -> Result<bool, StoreError> {
        self.folder.remove_if_empty().await
    }
}

#[tokio::test]
async fn a_lock_that_was_taken_without_an_answer_is_held() {
    for loss in [Loss::Conflict, Loss::Unknown] {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, ledger) = Lossy::ledger(folder.path());
        // The first is created, the second replaces one that was given back.
        for _ in 0..2 {
            store.lose(loss);
            let held = lock(&ledger, "a@h", Lease::default()).await.expect("free");
            assert!(matches!(lock(&ledger, "b@h", Lease::default()).await, Err(LedgerError::Locked { .. })));
            held.release().await.expect("released");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lock_whose_renewal_was_dropped_is_given_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, ledger) = Lossy::ledger(folder.path());
    let mut held = lock(&ledger, "a@h", Lease::default()).await.expect("free");
    let before = fs::read(folder.path().join("p/lock.json")).expect("the lock");
    store.lose(Loss::Silence);
    let half = Lease::default().0 / 2;
    tokio::time::timeout(half, held.keep()).await.expect_err("it goes on for as long as it is polled");
    assert_ne!(fs::read(folder.path().join("p/lock.json")).expect("the lock"), before, "it was renewed");
    held.release().await.expect("released");
    lock(&ledger, "b@h", Lease::default()).await.expect("free");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_ends_without_a_renewal_is_a_lost_lock() {
    for loss in [Loss::Down, Loss::Silence] {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, ledger) = Lossy::ledger(folder.path());
        let mut held = lock(&ledger, "a@h", Lease::default()).await.expect("free");
        store.lose(loss);
        let limit = Lease::default().0 + Duration::from_secs(1);
        let lost = tokio::time::timeout(limit, held.keep()).await.expect("no later than the lease");
        assert!(matches!(lost, LedgerError::LockLost(_)), "{loss:?}: {lost}");
    }
}

/// Something done to a store.
#[derive(Clone, Debug)]
enum Deed {
    Create(u8, u8),
    Replace(u8, u8, bool),
    Write(u8, u8),
    Delete(u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0_u8..4, any::<u8>()).prop_map(|(key, content)| Deed::Create(key, content)),
        (0_u8..4, any::<u8>(), any::<bool>())
            .prop_map(|(key, content, known)| Deed::Replace(key, content, known)),
        (0_u8..4, any::<u8>()).prop_map(|(key, content)| Deed::Write(key, content)),
        (0_u8..4).prop_map(Deed::Delete),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_folder_keeps_what_a_map_would(deeds in prop::collection::vec(deed(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let store = FolderStore::new(folder.path());
        runtime.block_on(async {
            let mut map: BTreeMap<String, Vec<u8>> = BTreeMap::new();
            let key = |number: u8| format!("p/{number}");
            for deed in deeds {
                match deed {
                    Deed::Create(number, content) => {
                        let free = !map.contains_key(&key(number));
                        assert_eq!(store.create(&key(number), &[content]).await.is_ok(), free);
                        map.entry(key(number)).or_insert(vec![content]);
                    }
                    Deed::Replace(number, content, known) => {
                        let there = store.read(&key(number)).await.expect("read");
                        let stale = Version("stale".into());
                        let version = there.as_ref().filter(|_| known).map_or(&stale, |(_, version)| version);
                        let replaced = store.replace(&key(number), &[content], version).await.is_ok();
                        assert_eq!(replaced, known && there.is_some());
                        if replaced {
                            map.insert(key(number), vec![content]);
                        }
                    }
                    Deed::Write(number, content) => {
                        store.write(&key(number), &[content]).await.expect("written");
                        map.insert(key(number), vec![content]);
                    }
                    Deed::Delete(number) => {
                        store.delete(&key(number)).await.expect("deleted");
                        map.remove(&key(number));
                    }
                }
                let keys = store.keys("p/").await.expect("keys");
                assert_eq!(keys, map.keys().cloned().collect::<Vec<_>>());
                for (key, content) in &map {
                    assert_eq!(&store.read(key).await.expect("read").expect("there").0, content);
                }
            }
        });
    }
}
