//! Request bodies, read with bounds: each in bytes and time, and all of them together in memory.
//!
//! Small bodies have a room of their own, so that large ones keep no small one waiting. A body takes room as its bytes
//! arrive, a larger one a MiB or as much again as it has at a time: a client that announces much and sends nothing holds
//! nothing. Who finds no room waits for a while and then gives up, which frees what it holds: bodies that each have a
//! part cannot wait for one another for ever. While somebody waits, a client that holds room has to send at its rate
//! from the start ([`PRESSED_GRACE`]): clients that sent a part and stopped cannot keep the room from others.
//! The room is free again when the body goes to its service, which has bounds of its own.

use std::future::Future;
use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::body::Body;
use super::error::AwsError;
use super::pool::Pool;
use super::server::MAX_CONNECTIONS;

const KIB: usize = 1024;

/// Bytes of larger request bodies being read at a time, over all connections.
const ROOM: usize = 1 << 30;
/// Bytes of small ones: a whole one for every connection there may be. One of HTTP/2 carries many requests at a time.
const SMALL_ROOM: usize = MAX_CONNECTIONS * SMALL;
/// Up to here a body is small.
const SMALL: usize = 64 * KIB;
/// The least that a larger body takes at a time, unless it needs less.
const STEP: usize = 1 << 20;
/// How long a body waits for room.
const WAIT: Duration = Duration::from_secs(10);
/// How long a body may make no progress.
const STALLED: Duration = Duration::from_secs(30);
/// How long a body may take, besides a second for each [`BYTES_PER_SECOND`].
const GRACE: Duration = Duration::from_secs(60);
/// The same, for who holds room while others wait for some.
const PRESSED_GRACE: Duration = Duration::from_secs(3);
/// How often is looked whether others wait.
const LOOK: Duration = Duration::from_secs(1);
/// The least a client sends in a second, in the long run.
const BYTES_PER_SECOND: u64 = 64 * 1024;

/// The memory that the bodies of an endpoint share while they are read.
#[derive(Debug)]
pub(crate) struct BodyRoom(Arc<Room>);

#[derive(Debug)]
struct Room {
    small: Pool,
    large: Pool,
}

impl Default for BodyRoom {
    fn default() -> Self {
        Self::of(SMALL_ROOM, ROOM)
    }
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unread {
    #[error("the body is too large")]
    TooLarge,
    #[error("the body ended before it was complete")]
    Ended,
    #[error("the body came too slowly")]
    Late,
    #[error("there is no memory for the body now")]
    Full,
}

/// A body, whole, and the room it takes until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: Vec<u8>,
    /// What its bytes are announced or allowed to be in the end.
    expected: usize,
    room: Arc<Room>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Held {
    fn new(room: &BodyRoom, expected: usize) -> Self {
        Self { bytes: Vec::new(), expected, room: Arc::clone(&room.0), permit: None }
    }

    /// The bytes, and what is to be kept while they are worked on.
    pub(crate) fn into_parts(self) -> (Bytes, Option<OwnedSemaphorePermit>) {
        (self.bytes.into(), self.permit)
    }

    /// Adds bytes, and says how long they waited for room.
    async fn push(&mut self, data: &[u8]) -> Result<Duration, Unread> {
        let (held, needed) = (self.bytes.len(), self.bytes.len() + data.len());
        let mut waited = Duration::ZERO;
        if needed > self.bytes.capacity() {
            let ahead = if needed > SMALL { STEP.max(held * 2) } else { SMALL };
            let target = needed.max(ahead.min(self.expected));
            waited = self.claim(target).await?;
            self.bytes.reserve_exact(target - held);
        }
        self.bytes.extend_from_slice(data);
        Ok(waited)
    }

    /// Where its room is.
    fn pool(&self) -> &Pool {
        if self.bytes.capacity() > SMALL { &self.room.large } else { &self.room.small }
    }

    async fn claim(&mut self, target: usize) -> Result<Duration, Unread> {
        let grows_large = target > SMALL && self.bytes.capacity() <= SMALL;
        let room = Arc::clone(&self.room);
        let pool = if target > SMALL { &room.large } else { &room.small };
        // A body that grows large gives its small room back when it has found the other.
        let kept = if grows_large { None } else { self.permit.take() };
        let has = kept.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let started = Instant::now();
        let permit = pool.take(target.div_ceil(KIB).saturating_sub(has), kept, WAIT).await;
        self.permit = Some(permit.ok_or(Unread::Full)?);
        Ok(started.elapsed())
    }
}

/// How fast a body comes.
struct Pace {
    started: Instant,
    received: u64,
}

impl Pace {
    /// Waits for the next part of a body while it is neither stalled nor late as a whole.
    async fn next<T>(&self, held: &Held, part: impl Future<Output = T>) -> Result<T, Unread> {
        let due = self.started + Duration::from_secs(self.received / BYTES_PER_SECOND);
        let late = (due + GRACE).min(Instant::now() + STALLED);
        tokio::pin!(part);
        loop {
            let pressed = held.permit.is_some() && held.pool().is_wanted();
            let end = if pressed { late.min(due + PRESSED_GRACE) } else { late };
            let look = end.min(Instant::now() + LOOK);
            if let Ok(part) = timeout_at(look, &mut part).await {
                return Ok(part);
            }
            if look == end {
                return Err(Unread::Late);
            }
        }
    }
}

impl BodyRoom {
    fn of(small: usize, large: usize) -> Self {
        Self(Arc::new(Room { small: Pool::of(small / KIB), large: Pool::of(large / KIB) }))
    }

    /// Reads a whole body of at most `limit` bytes, which announces `length` of them or nothing.
    pub(crate) async fn gather(
        &self,
        mut body: Body,
        length: Option<usize>,
        limit: usize,
    ) -> Result<Held, Unread> {
        let mut held = Held::new(self, length.unwrap_or(limit).min(limit));
        let mut pace = Pace { started: Instant::now(), received: 0 };
        while let Some(frame) = pace.next(&held, body.frame()).await? {
            let Ok(data) = frame.map_err(|_| Unread::Ended)?.into_data() else { continue };
            if data.len() > limit - held.bytes.len() {
                return Err(Unread::TooLarge);
            }
            pace.received += data.len() as u64;
            // Waiting for others is not the client's delay.
            pace.started += held.push(&data).await?;
        }
        Ok(held)
    }

    /// Reads a whole body of at most `limit` bytes, unpacked where the client compressed it (the SDKs do so with large
    /// metric puts).
    /// `check` sees the bytes as they were sent.
    pub(crate) async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
        limit: usize,
        check: impl FnOnce(&[u8]) -> Result<(), AwsError>,
    ) -> Result<Bytes, AwsError> {
        let packed = headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding.as_bytes() == b"gzip");
        let length =
            headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if length.is_some_and(|length| length > limit) {
            return Err(refusal(Unread::TooLarge, limit));
        }
        let held = self.gather(body, length, limit).await.map_err(|unread| refusal(unread, limit))?;
        check(&held.bytes)?;
        let held = if packed { self.unpack(&held.bytes, limit).await? } else { held };
        Ok(held.bytes.into())
    }

    async fn unpack(&self, packed: &[u8], limit: usize) -> Result<Held, AwsError> {
        let mut decoder = flate2::read::GzDecoder::new(packed);
        let mut plain = Held::new(self, limit);
        let mut part = vec![0; 16 * KIB];
        loop {
            let length = decoder.read(&mut part).map_err(|_| {
                AwsError::bad_request("SerializationException", "The body is not valid gzip.")
            })?;
            if length == 0 {
                return Ok(plain);
            }
            if length > limit - plain.bytes.len() {
                return Err(refusal(Unread::TooLarge, limit));
            }
            plain.push(&part[..length]).await.map_err(|unread| refusal(unread, limit))?;
        }
    }
}

fn refusal(unread: Unread, limit: usize) -> AwsError {
    match unread {
        Unread::TooLarge => AwsError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            format!("Request must be smaller than {limit} bytes for this operation"),
        ),
        Unread::Ended | Unread::Late => AwsError::new(
            StatusCode::REQUEST_TIMEOUT,
            "RequestTimeout",
            "The request's body ended or stood still before it was complete.",
        ),
        Unread::Full => AwsError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            "The bodies of other requests take all the memory there is for them; try again.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use futures::StreamExt as _;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::super::body::{BodyError, full};
    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn gzip_headers() -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, http::HeaderValue::from_static("gzip"))])
    }

    async fn read(headers: &HeaderMap, body: impl Into<Bytes>, limit: usize) -> Result<Bytes, AwsError> {
        BodyRoom::default().read(headers, full(body), limit, |_| Ok(())).await
    }

    #[tokio::test]
    async fn a_compressed_body_is_unpacked() {
        assert_eq!(&read(&gzip_headers(), gzip(b"hello"), 100).await.unwrap()[..], b"hello");
    }

    #[tokio::test]
    async fn a_bomb_stops_at_the_limit() {
        let error = read(&gzip_headers(), gzip(&vec![0; 1 << 20]), 4096).await.unwrap_err();
        assert_eq!(error.status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
        let headers = HeaderMap::new();
        assert!(read(&headers, vec![0; 64], 64).await.is_ok());
        let error = read(&headers, vec![0; 65], 64).await.unwrap_err();
        assert_eq!(error.code, "RequestEntityTooLargeException");
    }

    #[tokio::test]
    async fn a_body_that_says_it_is_too_large_is_refused_unread() {
        let headers = HeaderMap::from_iter([(CONTENT_LENGTH, http::HeaderValue::from_static("65"))]);
        assert!(read(&headers, "", 64).await.is_err());
    }

    /// These parts at once, then nothing and no end.
    fn idle(parts: Vec<Vec<u8>>) -> Body {
        let sent =
            futures::stream::iter(parts).map(|part| Ok::<_, BodyError>(Frame::data(Bytes::from(part))));
        StreamBody::new(sent.chain(futures::stream::pending())).boxed_unsync()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stands_still_times_out() {
        let error = BodyRoom::default()
            .read(&HeaderMap::new(), idle(vec![vec![1]]), 64, |_| Ok(()))
            .await
            .unwrap_err();
        assert_eq!(error.status, StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_times_out_as_a_whole() {
        let trickle = futures::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            Some((Ok::<_, BodyError>(Frame::data(Bytes::from_static(b"x"))), ()))
        });
        let body = StreamBody::new(trickle).boxed_unsync();
        let started = Instant::now();
        let unread = BodyRoom::default().gather(body, None, STEP).await.unwrap_err();
        assert_eq!(unread, Unread::Late);
        assert_eq!(started.elapsed(), GRACE);
    }

    #[tokio::test]
    async fn a_large_body_keeps_room_until_it_is_dropped_and_a_small_one_needs_none_of_it() {
        let room = BodyRoom::of(8 * SMALL, STEP);
        let held = room.gather(full(vec![0; 300 * KIB]), Some(300 * KIB), STEP).await.unwrap();
        assert_eq!(room.0.large.free_kib(), STEP / KIB - 300);
        drop(held);
        assert_eq!(room.0.large.free_kib(), STEP / KIB);
        let _small = room.gather(full(vec![0; SMALL]), Some(SMALL), STEP).await.unwrap();
        assert_eq!(room.0.large.free_kib(), STEP / KIB);
        assert_eq!(
            room.read(&HeaderMap::new(), full(vec![0; STEP]), STEP, |_| Ok(())).await.unwrap().len(),
            STEP
        );
        assert_eq!(room.0.large.free_kib(), STEP / KIB);
    }

    #[tokio::test(start_paused = true)]
    async fn small_bodies_have_a_room_too_and_idle_ones_make_room_in_it() {
        let room = BodyRoom::of(8 * SMALL, STEP);
        let part = || idle(vec![vec![0; SMALL]]);
        let idlers: Vec<_> = (0..8).map(|_| room.gather(part(), None, STEP)).collect();
        let mut idlers = Box::pin(futures::future::join_all(idlers));
        assert!(futures::poll!(&mut idlers).is_pending());
        assert_eq!(room.0.small.free_kib(), 0, "they have all of it");
        let started = Instant::now();
        let (honest, idlers) = tokio::join!(room.gather(full("x"), Some(1), 1), idlers);
        assert!(honest.is_ok());
        assert!(idlers.iter().all(|read| matches!(read, Err(Unread::Late))));
        assert!(started.elapsed() <= PRESSED_GRACE + 2 * LOOK, "{:?}", started.elapsed());
        drop((honest, idlers));
        assert_eq!(room.0.small.free_kib(), 8 * SMALL / KIB);
    }

    #[tokio::test]
    async fn a_body_that_grows_large_gives_its_small_room_back() {
        let room = BodyRoom::default();
        let parts = [SMALL, 1].map(|size| Ok::<_, BodyError>(Frame::data(Bytes::from(vec![0; size]))));
        let body = StreamBody::new(futures::stream::iter(parts)).boxed_unsync();
        let held = room.gather(body, Some(SMALL + 1), STEP).await.unwrap();
        assert_eq!(room.0.small.free_kib(), SMALL_ROOM / KIB);
        assert_eq!(room.0.large.free_kib(), ROOM / KIB - 65);
        drop(held);
        assert_eq!(room.0.large.free_kib(), ROOM / KIB);
    }

    #[tokio::test(start_paused = true)]
    async fn idle_uploads_that_announce_everything_hold_up_no_one() {
        let room = BodyRoom::of(60 * SMALL, 8 * STEP);
        let whole = Some(8 * STEP);
        let idlers: Vec<_> = (0..60).map(|_| room.gather(idle(vec![vec![0; 10]]), whole, 8 * STEP)).collect();
        let mut idlers = Box::pin(futures::future::join_all(idlers));
        assert!(futures::poll!(&mut idlers).is_pending());
        let started = Instant::now();
        assert!(room.gather(full(vec![0; 4 * STEP]), Some(4 * STEP), 8 * STEP).await.is_ok());
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert!(idlers.await.iter().all(|read| matches!(read, Err(Unread::Late))));
    }

    #[tokio::test(start_paused = true)]
    async fn clients_that_sent_a_part_and_stopped_make_room_for_who_needs_it() {
        let room = BodyRoom::of(8 * SMALL, 8 * STEP);
        let part = || idle(vec![vec![0; SMALL + 1]]);
        let idlers: Vec<_> = (0..8).map(|_| room.gather(part(), Some(8 * STEP), 8 * STEP)).collect();
        let mut idlers = Box::pin(futures::future::join_all(idlers));
        assert!(futures::poll!(&mut idlers).is_pending());
        assert_eq!(room.0.large.free_kib(), 0, "they have all of it");
        let started = Instant::now();
        let honest = room.gather(full(vec![0; 4 * STEP]), Some(4 * STEP), 8 * STEP);
        let (honest, idlers) = tokio::join!(honest, idlers);
        assert!(honest.is_ok());
        assert!(idlers.iter().all(|read| matches!(read, Err(Unread::Late))));
        assert!(started.elapsed() <= PRESSED_GRACE + 2 * LOOK, "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_that_each_hold_a_part_give_up_and_free_it() {
        let room = BodyRoom::of(8 * SMALL, 2 * STEP);
        let parts = || {
            let sent = futures::stream::iter(0..32)
                .then(|_| async { tokio::task::yield_now().await })
                .map(|()| Ok::<_, BodyError>(Frame::data(Bytes::from(vec![0; STEP / 16]))));
            StreamBody::new(sent).boxed_unsync()
        };
        let gather = || room.gather(parts(), Some(2 * STEP), 2 * STEP);
        let started = Instant::now();
        let (a, b, small) = tokio::join!(gather(), gather(), room.gather(full("x"), Some(1), 1));
        assert!(small.is_ok());
        assert!(a.is_err() || b.is_err(), "both cannot fit");
        assert!([a.err(), b.err()].into_iter().flatten().all(|unread| unread == Unread::Full));
        assert!(started.elapsed() <= WAIT);
        assert_eq!(room.0.large.free_kib(), 2 * STEP / KIB);
    }
}
