//! Inputs reach the stream whole, and end the right way when they or the producer fail.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use pipectl_producer::feed::{FeedError, feed};
use pipectl_producer::flow::Limits;
use pipectl_producer::generate::ClickStream;
use pipectl_producer::input::{Input, InputError, Options};
use pipectl_producer::{Producer, Settings};

use crate::fake::{FakeSink, Faults};

fn producer(sink: &Arc<FakeSink>, limits: Limits) -> Producer {
    Producer::start(sink.clone(), Settings { limits, ..Settings::default() }, |_, _| {})
}

#[tokio::test]
async fn the_lines_of_an_input_arrive_as_the_same_multiset() {
    let sink = Arc::new(FakeSink::new(1, Faults { throttled: 5, ..Faults::default() }));
    let producer = producer(&sink, Limits::default());
    let text: String = (0..5_000).map(|n| format!("line {}\n", n / 2)).collect();
    feed(&producer, Input::new("text", io::Cursor::new(text), &Options::default())).await.unwrap();
    let account = producer.close().await.account;
    assert_eq!((account.put, account.delivered), (5_000, 5_000));
    let taken = sink.taken();
    assert_eq!(taken.len(), 2_500);
    assert!(taken.values().all(|times| *times == 2));
}

#[tokio::test]
async fn a_line_that_is_too_long_is_refused_and_counted_and_the_rest_arrives() {
    let sink = Arc::new(FakeSink::new(1, Faults::default()));
    let producer = producer(&sink, Limits::default());
    let text = format!("one\n{}\ntwo\n", "x".repeat(3 * 1024 * 1024));
    feed(&producer, Input::new("text", io::Cursor::new(text), &Options::default())).await.unwrap();
    let account = producer.close().await.account;
    assert_eq!((account.put, account.delivered, account.refused), (3, 2, 1));
}

#[tokio::test]
async fn an_input_that_breaks_off_is_an_error_after_what_came_before() {
    struct Breaking(&'static [u8]);
    impl io::Read for Breaking {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::Error::other("the disk is gone"));
            }
            self.0.read(out)
        }
    }
    let sink = Arc::new(FakeSink::new(1, Faults::default()));
    let producer = producer(&sink, Limits::default());
    let reader = io::BufReader::new(Breaking(b"one\ntwo\nthr"));
    let error = feed(&producer, Input::new("disk", reader, &Options::default())).await.unwrap_err();
    let FeedError::Input(InputError::Read { name, line, .. }) = error else { panic!("{error:?}") };
    assert_eq!((name.as_str(), line), ("disk", 2));
    assert_eq!(producer.close().await.account.delivered, 2);
}

#[tokio::test]
async fn a_producer_that_stops_ends_the_feeding_of_an_endless_input() {
    let mut sink = FakeSink::new(1, Faults::default());
    sink.fatal_after = Some(2);
    let producer = producer(&Arc::new(sink), Limits::default());
    let clicks = ClickStream::new(1, Timestamp::UNIX_EPOCH).entries();
    let error = feed(&producer, clicks).await.unwrap_err();
    assert!(matches!(error, FeedError::Stopped(_)), "{error:?}");
}

#[tokio::test]
async fn a_line_is_sent_without_waiting_for_the_next_one() {
    let (reader, writer) = io::pipe().unwrap();
    let sink = Arc::new(FakeSink::new(1, Faults::default()));
    let producer = producer(&sink, Limits { linger: Duration::from_millis(1), ..Limits::default() });
    let feeding = feed(&producer, Input::new("pipe", io::BufReader::new(reader), &Options::default()));
    let watching = async {
        io::Write::write_all(&mut &writer, b"now\n").unwrap();
        while !sink.taken().contains_key(&Bytes::from_static(b"now")) {
            tokio::task::yield_now().await;
        }
        drop(writer);
    };
    let (fed, ()) = tokio::join!(feeding, watching);
    fed.unwrap();
}
