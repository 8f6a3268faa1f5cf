//! Counts round trips where a clock would count the machine's load too.
//!
//! A way to an endpoint that keeps every answer back until no request has come for a while, and then lets all of
//! them go at once: what was asked side by side is one round, what waited for an answer is the next.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot, watch};
use tokio::time;

/// Calls that the caller makes side by side are further apart than this only on a machine that stands still.
const STILL: Duration = Duration::from_millis(300);

/// The way, and what was counted on it.
pub(crate) struct Rounds {
    address: SocketAddr,
    gate: Arc<Gate>,
}

/// What the connections and the one who counts tell each other.
#[derive(Default)]
struct Gate {
    /// A request came, or a part of one.
    asked: Notify,
    /// An answer is kept back.
    held: Notify,
    /// Each lets one answer go.
    answers: Mutex<Vec<oneshot::Sender<()>>>,
    /// How often answers were let go.
    count: AtomicUsize,
}

impl Gate {
    async fn hold(&self) {
        let (release, released) = oneshot::channel();
        self.answers.lock().expect("unpoisoned").push(release);
        self.held.notify_one();
        released.await.expect("it is let go");
    }

    fn release(&self) {
        let answers = std::mem::take(&mut *self.answers.lock().expect("unpoisoned"));
        if !answers.is_empty() {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        for answer in answers {
            // Nobody waits for an answer whose connection is gone.
            let _ = answer.send(());
        }
    }
}

impl Rounds {
    /// Listens, and passes on to `endpoint`.
    pub(crate) async fn start(endpoint: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let gate = Arc::new(Gate::default());
        tokio::spawn(release(Arc::clone(&gate)));
        let passing = Arc::clone(&gate);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(endpoint).await.expect("the endpoint");
                let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
                let (ask, asked) = watch::channel(0_usize);
                tokio::spawn(forward(near_read, far_write, ask, Arc::clone(&passing)));
                tokio::spawn(back(far_read, near_write, asked, Arc::clone(&passing)));
            }
        });
        Self { address, gate }
    }

    /// Where to send requests instead.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Rounds so far.
    pub(crate) fn count(&self) -> usize {
        self.gate.count.load(Ordering::Relaxed)
    }
}

/// Lets go what is held, once nobody asks any more.
async fn release(gate: Arc<Gate>) {
    loop {
        gate.held.notified().await;
        while time::timeout(STILL, gate.asked.notified()).await.is_ok() {}
        gate.release();
    }
}

async fn forward(
    mut near: OwnedReadHalf,
    mut far: OwnedWriteHalf,
    ask: watch::Sender<usize>,
    gate: Arc<Gate>,
) {
    let mut part = vec![0; 1 << 16];
    while let Ok(length @ 1..) = near.read(&mut part).await {
        ask.send_modify(|asked| *asked += 1);
        gate.asked.notify_one();
        if far.write_all(&part[..length]).await.is_err() {
            return;
        }
    }
}

/// Only the first part of an answer waits: the rest of it belongs to the same round.
async fn back(
    mut far: OwnedReadHalf,
    mut near: OwnedWriteHalf,
    mut asked: watch::Receiver<usize>,
    gate: Arc<Gate>,
) {
    let mut part = vec![0; 1 << 16];
    while let Ok(length @ 1..) = far.read(&mut part).await {
        if asked.has_changed().unwrap_or(false) {
            asked.mark_unchanged();
            gate.hold().await;
        }
        if near.write_all(&part[..length]).await.is_err() {
            return;
        }
    }
}
