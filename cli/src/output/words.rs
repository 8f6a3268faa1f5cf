//! Numbers, sizes and durations as people read them.

use std::time::Duration;

pub(crate) use pipectl_pipeline::resources::names::grouped;

/// `1 record`, `10,000 records`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

/// Bytes in the largest binary unit that leaves a number above one: `2.3 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut whole = count;
    let mut tenths = 0;
    let mut unit = 0;
    for (place, _) in UNITS.iter().enumerate() {
        tenths = (whole % 1024) * 10 / 1024;
        whole /= 1024;
        unit = place;
        if whole < 1024 {
            break;
        }
    }
    format!("{}.{tenths} {}", grouped(whole), UNITS[unit])
}

/// A duration with the precision that matters at its size: `85 ms`, `3.2 s`, `2 min 5 s`.
pub(crate) fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    match millis {
        0 => "under 1 ms".to_owned(),
        1..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1_000),
    }
}

/// Records a second over `elapsed`, rounded down.
pub(crate) fn rate(count: u64, elapsed: Duration) -> u64 {
    let micros = elapsed.as_micros().max(1);
    u64::try_from(u128::from(count) * 1_000_000 / micros).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "record"), "1 record");
        assert_eq!(counted(10_000, "record"), "10,000 records");
    }

    #[test]
    fn sizes_and_times_take_the_unit_that_fits() {
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(5 << 20), "5.0 MiB");
        assert_eq!(bytes(1 << 50), "1,024.0 TiB");
        assert_eq!(duration(Duration::from_micros(85)), "under 1 ms");
        assert_eq!(duration(Duration::from_millis(85)), "85 ms");
        assert_eq!(duration(Duration::from_millis(3_250)), "3.2 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(rate(10_000, Duration::from_millis(500)), 20_000);
    }
}
