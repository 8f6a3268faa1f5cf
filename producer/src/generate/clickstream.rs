//! A web shop's click stream: sessions of several page views by returning users, popular pages more often
//! than others, search engines and bots among the user agents, a few errors.
//!
//! One JSON object a line: `timestamp` (RFC 3339, milliseconds), `user_agent`, `user_id`, `request`,
//! `session_id`, `ip`, `referrer`, `status`, `bytes`. Addresses are of the ranges reserved for documentation
//! (RFC 5737, RFC 3849), so nobody is in the data.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use jiff::Timestamp;

use crate::feed::Entry;
use crate::generate::clock::Clock;
use crate::generate::text::{CHUNK, hex, put_number};
use crate::generate::zipf::Zipf;
use crate::record::Record;

/// Sessions that are under way at a time.
const SESSIONS: usize = 2_048;

/// Users there are.
const USERS: u32 = 200_000;

/// Pages there are.
const PAGES: u16 = 1_500;

/// More than a line takes.
const LINE: usize = 1024;

/// Shares in percent, and the agents.
const USER_AGENTS: [(u8, &str); 7] = [
    (
        34,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    ),
    (
        22,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    ),
    (
        18,
        "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
    ),
    (
        11,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
    ),
    (8, "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"),
    (4, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    (3, "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
];

/// Where sessions come from; the rest have none.
const ENTRANCES: [(u8, &str); 5] = [
    (38, "https://www.google.com/"),
    (9, "https://www.bing.com/"),
    (8, "https://duckduckgo.com/"),
    (6, "https://news.ycombinator.com/"),
    (39, "-"),
];

const SECTIONS: [&str; 6] = ["products", "category", "blog", "search", "help", "account"];

/// The shop's own address, in the referrers of later pages.
const SHOP: &str = "https://shop.example.com";

/// An endless, deterministic click stream.
#[derive(Debug)]
pub struct ClickStream {
    random: fastrand::Rng,
    pages: Zipf,
    sessions: Vec<Session>,
    clock: Clock,
    chunk: BytesMut,
}

#[derive(Clone, Debug)]
struct Session {
    id: u64,
    user: u32,
    address: Address,
    agent: &'static str,
    last: Option<u16>,
    entrance: &'static str,
    views_left: u8,
}

#[derive(Clone, Copy, Debug)]
enum Address {
    V4(u8, u8),
    V6(u32),
}

impl ClickStream {
    /// The click stream of a seed; its first event is at `start`, and the next ones a few milliseconds apart.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let sessions = (0..SESSIONS).map(|_| Session::new(&mut random)).collect();
        Self { random, pages: Zipf::new(PAGES), sessions, clock: Clock::new(start), chunk: BytesMut::new() }
    }

    /// With events so far apart on average.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        self.clock.set_interval(interval);
        self
    }

    /// The next event, under its session's id as partition key: the views of a session stay in order.
    pub fn record(&mut self) -> Record {
        self.clock.advance(&mut self.random);
        let at = self.random.usize(..) % SESSIONS;
        let page = self.pages.draw(&mut self.random);
        let status = status(&mut self.random);
        let bytes = body_bytes(status, &mut self.random);
        if self.chunk.capacity() < LINE {
            self.chunk.reserve(CHUNK);
        }
        let session = &mut self.sessions[at];
        write_line(&mut self.chunk, &self.clock, session, page, status, bytes);
        let key = hex(session.id);
        session.last = Some(page);
        session.views_left -= 1;
        if session.views_left == 0 {
            *session = Session::new(&mut self.random);
        }
        Record::new(String::from_utf8_lossy(&key).into_owned(), self.chunk.split().freeze())
    }

    /// The next event as a line of JSON, without its end.
    pub fn line(&mut self) -> Bytes {
        self.record().data
    }

    /// The events as an input for [`crate::feed::feed`].
    pub fn entries(self) -> impl Iterator<Item = Result<Entry, std::convert::Infallible>> + Send {
        self.map(|record| Ok(Entry::Record(record)))
    }
}

impl Iterator for ClickStream {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        Some(self.record())
    }
}

impl Session {
    fn new(random: &mut fastrand::Rng) -> Self {
        let user = random.u32(..USERS);
        Self {
            id: random.u64(..),
            user,
            address: Address::of(user),
            agent: share(&USER_AGENTS, random),
            last: None,
            entrance: share(&ENTRANCES, random),
            views_left: random.u8(1..12),
        }
    }
}

impl Address {
    /// The address of a user: the same in every session.
    fn of(user: u32) -> Self {
        let mixed = user.wrapping_mul(0x9e37_79b1);
        let [kind, net, host, _] = mixed.to_be_bytes();
        if kind < 50 { Self::V6(mixed) } else { Self::V4(net % 3, host) }
    }
}

fn share(shares: &[(u8, &'static str)], random: &mut fastrand::Rng) -> &'static str {
    let mut drawn = random.u8(..100);
    for (percent, value) in shares {
        match drawn.checked_sub(*percent) {
            Some(left) => drawn = left,
            None => return value,
        }
    }
    shares.last().map_or("-", |(_, value)| value)
}

fn status(random: &mut fastrand::Rng) -> u16 {
    match random.u16(..1000) {
        0..=869 => 200,
        870..=924 => 304,
        925..=944 => 301,
        945..=984 => 404,
        985..=989 => 403,
        990..=996 => 500,
        _ => 503,
    }
}

fn body_bytes(status: u16, random: &mut fastrand::Rng) -> u32 {
    match status {
        // Small pages are more likely than large ones.
        200 => 400 + (random.u32(..90_000) >> random.u32(..6)),
        304 => 0,
        _ => 150 + random.u32(..400),
    }
}

fn write_line(out: &mut BytesMut, clock: &Clock, session: &Session, page: u16, status: u16, bytes: u32) {
    out.put_slice(b"{\"timestamp\":\"");
    out.put_slice(clock.text());
    out.put_slice(b"\",\"user_agent\":\"");
    out.put_slice(session.agent.as_bytes());
    out.put_slice(b"\",\"user_id\":\"u-");
    put_number(out, u64::from(session.user));
    out.put_slice(b"\",\"request\":\"");
    out.put_slice(if page % 29 == 28 { b"POST " } else { b"GET " });
    put_path(out, page);
    out.put_slice(b" HTTP/1.1\",\"session_id\":\"");
    out.put_slice(&hex(session.id));
    out.put_slice(b"\",\"ip\":\"");
    put_address(out, session.address);
    out.put_slice(b"\",\"referrer\":\"");
    match session.last {
        Some(last) => {
            out.put_slice(SHOP.as_bytes());
            put_path(out, last);
        }
        None => out.put_slice(session.entrance.as_bytes()),
    }
    out.put_slice(b"\",\"status\":");
    put_number(out, u64::from(status));
    out.put_slice(b",\"bytes\":");
    put_number(out, u64::from(bytes));
    out.put_u8(b'}');
}

fn put_path(out: &mut BytesMut, page: u16) {
    if page == 0 {
        return out.put_u8(b'/');
    }
    out.put_u8(b'/');
    out.put_slice(SECTIONS[usize::from(page) % SECTIONS.len()].as_bytes());
    out.put_u8(b'/');
    put_number(out, u64::from(page));
}

fn put_address(out: &mut BytesMut, address: Address) {
    match address {
        Address::V4(net, host) => {
            out.put_slice([&b"192.0.2."[..], b"198.51.100.", b"203.0.113."][usize::from(net % 3)]);
            put_number(out, u64::from(host));
        }
        Address::V6(host) => {
            let digits = hex(u64::from(host) | 1 << 63);
            out.put_slice(b"2001:db8::1");
            out.put_slice(&digits[9..12]);
            out.put_u8(b':');
            // A group does not begin with a zero that it need not have.
            out.put_u8(b'1');
            out.put_slice(&digits[13..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};
    use std::net::IpAddr;

    use super::*;

    fn start() -> Timestamp {
        "2026-02-28T23:59:58.500Z".parse().expect("a time")
    }

    fn parsed(count: usize) -> Vec<serde_json::Map<String, serde_json::Value>> {
        ClickStream::new(7, start())
            .take(count)
            .map(|record| serde_json::from_slice(&record.data).expect("JSON"))
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
        let lines = |seed| -> Vec<Record> { ClickStream::new(seed, start()).take(1000).collect() };
        assert_eq!(lines(1), lines(1));
        assert_ne!(lines(1), lines(2));
    }

    #[test]
    fn every_line_is_json_with_the_fields_of_a_click() {
        for event in parsed(5_000) {
            let fields: Vec<&str> = event.keys().map(String::as_str).collect();
            assert_eq!(
                fields,
                [
                    "timestamp",
                    "user_agent",
                    "user_id",
                    "request",
                    "session_id",
                    "ip",
                    "referrer",
                    "status",
                    "bytes"
                ]
            );
            let text = |field: &str| event[field].as_str().expect("text").to_owned();
            text("timestamp").parse::<Timestamp>().expect("RFC 3339");
            text("ip").parse::<IpAddr>().expect("an address");
            let request = text("request");
            let parts: Vec<&str> = request.split(' ').collect();
            assert!(
                matches!(parts[..], ["GET" | "POST", path, "HTTP/1.1"] if path.starts_with('/')),
                "{request}"
            );
            assert!((200..600).contains(&event["status"].as_u64().expect("a number")));
            assert!(event["bytes"].is_u64());
        }
    }

    #[test]
    fn time_goes_on_through_a_month_end_and_never_back() {
        let times: Vec<Timestamp> = parsed(2_000)
            .iter()
            .map(|event| event["timestamp"].as_str().expect("text").parse().expect("a time"))
            .collect();
        assert!(times.is_sorted());
        assert!(times[0] >= start());
        assert!(times[1_999] > "2026-03-01T00:00:00Z".parse::<Timestamp>().expect("a time"));
    }

    #[test]
    fn events_are_as_far_apart_as_they_are_told() {
        let mut clicks = ClickStream::new(7, start()).every(Duration::from_millis(200));
        let last = clicks.nth(9_999).expect("endless");
        let event: serde_json::Value = serde_json::from_slice(&last.data).expect("JSON");
        let time: Timestamp = event["timestamp"].as_str().expect("text").parse().expect("a time");
        let seconds = time.duration_since(start()).as_secs();
        assert!((1_960..2_040).contains(&seconds), "{seconds}");
    }

    #[test]
    fn sessions_hold_several_views_of_one_user_from_one_address_each_referring_to_the_last() {
        let mut sessions: HashMap<String, Vec<serde_json::Map<String, serde_json::Value>>> = HashMap::new();
        for event in parsed(12_000) {
            sessions.entry(event["session_id"].as_str().expect("text").to_owned()).or_default().push(event);
        }
        let several = sessions.values().filter(|views| views.len() > 1).count();
        assert!(several * 2 > sessions.len(), "{several} of {}", sessions.len());
        for views in sessions.values() {
            let distinct =
                |field: &str| views.iter().map(|view| view[field].to_string()).collect::<HashSet<_>>();
            assert_eq!(
                (distinct("user_id").len(), distinct("ip").len(), distinct("user_agent").len()),
                (1, 1, 1)
            );
            for pair in views.windows(2) {
                let path = pair[0]["request"]
                    .as_str()
                    .and_then(|request| request.split(' ').nth(1))
                    .expect("a path");
                assert_eq!(pair[1]["referrer"].as_str(), Some(format!("{SHOP}{path}").as_str()));
            }
        }
    }

    #[test]
    fn some_pages_are_far_more_popular_than_others() {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for event in parsed(5_000) {
            *counts.entry(event["request"].to_string()).or_default() += 1;
        }
        let most = counts.values().max().expect("some");
        assert!(*most > 5_000 / 12, "{most}");
        assert!(counts.len() > 500, "{}", counts.len());
    }
}
