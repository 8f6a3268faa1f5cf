//! Readings of devices in the field: each device counts its readings, so that a consumer can tell what came late
//! and what never came.
//!
//! One JSON object a line: `device_id`, `sequence` (from 1, one more with each reading the device took), `ts` (when
//! it took it; RFC 3339, milliseconds), `firmware`, and `metrics`. The partition key is the `device_id`. About one
//! reading in forty comes late, after up to two thousand others; about one in two hundred is lost with up to four
//! after it, which leaves a gap in the sequence.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use jiff::Timestamp;

use crate::generate::clock::Clock;
use crate::generate::text::{CHUNK, put_number, put_tenths};
use crate::record::Record;

/// Devices there are.
const DEVICES: u16 = 1_000;

/// More than a line takes.
const LINE: usize = 512;

/// One reading in so many comes late, and after so many others at most.
const LATE_ONE_IN: u16 = 40;
const LATE_BY: u64 = 2_000;
/// Readings that are late at a time, at most.
const HELD: usize = 512;

/// One reading in so many is lost, with so many in a row at most.
const LOST_ONE_IN: u16 = 200;
const LOST_IN_A_ROW: u64 = 5;

const FIRMWARE: [&str; 3] = ["2.4.1", "2.4.0", "1.9.7"];

/// An endless, deterministic stream of readings.
#[derive(Debug)]
pub struct Devices {
    random: fastrand::Rng,
    devices: Vec<Device>,
    clock: Clock,
    chunk: BytesMut,
    /// Readings that were handed out.
    count: u64,
    held: BinaryHeap<Reverse<Held>>,
}

#[derive(Clone, Debug)]
struct Device {
    id: u16,
    sequence: u64,
    /// In tenths.
    temperature: i32,
    humidity: i32,
    millivolts: u64,
}

/// A reading that is handed out when so many others were.
#[derive(Debug)]
struct Held {
    after: u64,
    record: Record,
}

impl Devices {
    /// The readings of a seed; the first is taken at `start`, and the next ones a few milliseconds apart.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let devices = (0..DEVICES).map(|id| Device::new(id, &mut random)).collect();
        Self {
            random,
            devices,
            clock: Clock::new(start),
            chunk: BytesMut::new(),
            count: 0,
            held: BinaryHeap::new(),
        }
    }

    /// With readings so far apart on average, over all devices.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        self.clock.set_interval(interval);
        self
    }

    fn take(&mut self) -> Record {
        self.clock.advance(&mut self.random);
        let device = &mut self.devices[self.random.usize(..) % usize::from(DEVICES)];
        device.take(&mut self.random);
        if self.chunk.capacity() < LINE {
            self.chunk.reserve(CHUNK);
        }
        write_line(&mut self.chunk, &self.clock, device, &mut self.random);
        Record::new(format!("dev-{:05}", device.id), self.chunk.split().freeze())
    }
}

impl Iterator for Devices {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        self.count += 1;
        let is_due = |held: &Reverse<Held>| held.0.after <= self.count;
        if self.held.peek().is_some_and(is_due)
            && let Some(Reverse(Held { record, .. })) = self.held.pop()
        {
            return Some(record);
        }
        loop {
            let record = self.take();
            if self.held.len() == HELD || self.random.u16(..LATE_ONE_IN) != 0 {
                return Some(record);
            }
            self.held.push(Reverse(Held { after: self.count + self.random.u64(1..=LATE_BY), record }));
        }
    }
}

impl Device {
    fn new(id: u16, random: &mut fastrand::Rng) -> Self {
        Self {
            id,
            sequence: 0,
            temperature: random.i32(50..280),
            humidity: random.i32(200..800),
            millivolts: random.u64(3_300..4_200),
        }
    }

    /// The next reading: what it measures wanders, and the battery runs down and is changed.
    fn take(&mut self, random: &mut fastrand::Rng) {
        let lost = if random.u16(..LOST_ONE_IN) == 0 { random.u64(1..=LOST_IN_A_ROW) } else { 0 };
        self.sequence += 1 + lost;
        self.temperature = (self.temperature + random.i32(-3..=3)).clamp(-250, 450);
        self.humidity = (self.humidity + random.i32(-8..=8)).clamp(0, 1_000);
        self.millivolts -= u64::from(random.u8(..16) == 0);
        if self.millivolts < 3_000 {
            self.millivolts = 4_200;
        }
    }
}

fn write_line(out: &mut BytesMut, clock: &Clock, device: &Device, random: &mut fastrand::Rng) {
    out.put_slice(b"{\"device_id\":\"dev-");
    out.put_slice(&five_digits(device.id));
    out.put_slice(b"\",\"sequence\":");
    put_number(out, device.sequence);
    out.put_slice(b",\"ts\":\"");
    out.put_slice(clock.text());
    out.put_slice(b"\",\"firmware\":\"");
    out.put_slice(FIRMWARE[usize::from(device.id) % FIRMWARE.len()].as_bytes());
    out.put_slice(b"\",\"metrics\":{\"temperature_c\":");
    put_tenths(out, device.temperature);
    out.put_slice(b",\"humidity_pct\":");
    put_tenths(out, device.humidity);
    out.put_slice(b",\"battery_mv\":");
    put_number(out, device.millivolts);
    out.put_slice(b",\"rssi_dbm\":-");
    put_number(out, random.u64(45..100));
    out.put_slice(b"}}");
}

fn five_digits(number: u16) -> [u8; 5] {
    let (mut digits, mut left) = ([b'0'; 5], number);
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + left.rem_euclid(10).to_le_bytes()[0];
        left /= 10;
    }
    digits
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.after == other.after
    }
}

impl Eq for Held {}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.after.cmp(&other.after)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// By device: sequence and time, in the order they come.
    fn readings(count: usize) -> HashMap<String, Vec<(u64, Timestamp)>> {
        let mut devices: HashMap<_, Vec<_>> = HashMap::new();
        for record in Devices::new(3, Timestamp::UNIX_EPOCH).take(count) {
            let reading: serde_json::Value = serde_json::from_slice(&record.data).expect("JSON");
            assert_eq!(reading["device_id"], record.partition_key);
            let (temperature, humidity) =
                (&reading["metrics"]["temperature_c"], &reading["metrics"]["humidity_pct"]);
            assert!((-25.0..=45.0).contains(&temperature.as_f64().expect("a number")));
            assert!((0.0..=100.0).contains(&humidity.as_f64().expect("a number")));
            assert!((3_000..=4_200).contains(&reading["metrics"]["battery_mv"].as_u64().expect("a number")));
            let time = reading["ts"].as_str().expect("text").parse().expect("a time");
            let sequence = reading["sequence"].as_u64().expect("a number");
            devices.entry(record.partition_key).or_default().push((sequence, time));
        }
        devices
    }

    #[test]
    fn some_readings_come_late_and_none_twice() {
        let devices = readings(40_000);
        assert_eq!(devices.len(), usize::from(DEVICES));
        let mut late = 0;
        for taken in devices.values() {
            late += taken.windows(2).filter(|pair| pair[1].0 < pair[0].0).count();
            let mut sorted = taken.clone();
            sorted.sort_unstable();
            assert!(sorted.windows(2).all(|pair| pair[0].0 < pair[1].0), "no reading comes twice");
            assert!(sorted.is_sorted_by_key(|(_, time)| *time), "later readings are taken later");
        }
        // One that is late by less than a device's next reading is in order all the same.
        assert!((120..1_000).contains(&late), "{late}");
    }

    #[test]
    fn some_readings_are_lost_and_leave_gaps() {
        let (mut taken, mut missing) = (0, 0);
        for sequences in readings(40_000).into_values() {
            let last = sequences.iter().map(|(sequence, _)| *sequence).max().expect("some");
            taken += sequences.len() as u64;
            missing += last - sequences.len() as u64;
        }
        // One in two hundred, three at a time, and what is still held back.
        assert!((taken / 100..taken / 40).contains(&missing), "{missing} of {taken}");
    }
}
