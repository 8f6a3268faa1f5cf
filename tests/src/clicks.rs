//! The lines a scenario feeds: a real web server log where there is one, made-up lines of its shape elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::PathBuf;

use flate2::read::MultiGzDecoder;

/// How many requests were answered with each status code.
pub type ByStatus = BTreeMap<u64, usize>;

/// A log of a web server in Apache's combined format.
pub struct Log {
    /// Its lines, without line ends.
    pub lines: Vec<String>,
}

impl Log {
    /// Ten thousand real lines where `PIPECTL_ACCESS_LOG` or `../shared/data/access.log.gz` is there, as many made-up
    /// ones elsewhere.
    ///
    /// # Panics
    ///
    /// When the file is there and cannot be read.
    pub fn large() -> Self {
        Self::file().map_or_else(
            || Self::generate(10_000, 7),
            |path| {
                let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let mut text = String::new();
                MultiGzDecoder::new(bytes.as_slice())
                    .read_to_string(&mut text)
                    .expect("the log is gzip and UTF-8");
                Self { lines: text.lines().map(str::to_owned).collect() }
            },
        )
    }

    /// The real log, where there is one.
    pub fn file() -> Option<PathBuf> {
        let beside = crate::binary::workspace().join("../shared/data/access.log.gz");
        let named = std::env::var_os("PIPECTL_ACCESS_LOG").map(PathBuf::from);
        named.or_else(|| beside.is_file().then_some(beside))
    }

    /// `count` made-up lines; the same seed makes the same lines.
    pub fn generate(count: usize, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        Self { lines: (0..count).map(|number| line(&mut random, number)).collect() }
    }

    /// How many lines have each status code.
    pub fn by_status(&self) -> ByStatus {
        count(self.lines.iter().map(|line| status(line).unwrap_or_else(|| panic!("no status in: {line}"))))
    }

    /// All lines as the text of a file.
    pub fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}

/// Counts equal status codes.
pub fn count(statuses: impl IntoIterator<Item = u64>) -> ByStatus {
    let mut counts = ByStatus::new();
    for status in statuses {
        *counts.entry(status).or_default() += 1;
    }
    counts
}

/// The number after the quoted request; a quote inside the request is escaped.
fn status(line: &str) -> Option<u64> {
    let (_, request) = line.split_once('"')?;
    let mut escaped = false;
    let end = request.find(|character| {
        let ends = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        ends
    })?;
    request[end + 1..].split_whitespace().next()?.parse().ok()
}

fn line(random: &mut fastrand::Rng, number: usize) -> String {
    let status = [200, 200, 200, 200, 200, 206, 301, 304, 404, 500][random.usize(..10)];
    let page =
        ["/", "/cart", "/search?q=shoes", "/product/17", "/checkout", "/img/logo.png"][random.usize(..6)];
    let agent = ["Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "Googlebot/2.1"][random.usize(..3)];
    format!(
        "10.{}.{}.{} - - [17/May/2026:{:02}:{:02}:{:02} +0000] \"GET {page} HTTP/1.1\" {status} {} \
         \"https://shop.example/?session={number}\" \"{agent}\"",
        random.u8(..),
        random.u8(..),
        random.u8(..),
        random.u8(..24),
        random.u8(..60),
        random.u8(..60),
        random.u32(..50_000),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_found_behind_a_request_with_quotes_in_it() {
        assert_eq!(status(r#"h - - [t] "GET / HTTP/1.1" 404 12 "-" "x""#), Some(404));
        assert_eq!(status(r#"h - - [t] "GET /\"a\" HTTP/1.1" 200 12 "-" "x""#), Some(200));
        assert_eq!(status("no request"), None);
    }

    #[test]
    fn every_made_up_line_has_a_status_and_the_same_seed_makes_the_same_lines() {
        let log = Log::generate(500, 3);
        assert_eq!(log.by_status().values().sum::<usize>(), 500);
        assert!(log.by_status().len() > 4, "{:?}", log.by_status());
        assert_eq!(log.lines, Log::generate(500, 3).lines);
        assert_ne!(log.lines, Log::generate(500, 4).lines);
    }
}
