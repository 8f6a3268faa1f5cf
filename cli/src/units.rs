//! Sizes, rates and times with their units written out. A number without one is a mistake that is easy to make and hard
//! to see, so it is refused with what it may have meant.

use pipectl_pipeline::plan::Assumed;

/// Bytes: `512B`, `2KiB`, `1.5MiB`.
pub(crate) fn size(text: &str) -> Result<f64, String> {
    let (number, unit) = split(text).ok_or("write a number and its unit, such as 512B, 2KiB or 1.5MiB")?;
    let factor = match unit {
        "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "" => return Err(format!("bytes or KiB? write {number}B or {number}KiB")),
        "KB" | "kB" | "kb" | "K" | "k" => {
            return Err(format!("write {number}KiB for {number} × 1,024 bytes"));
        }
        "MB" | "mb" | "M" => return Err(format!("write {number}MiB for {number} × 1,048,576 bytes")),
        other => return Err(format!("`{other}` is no unit of size: B, KiB and MiB are")),
    };
    positive(number * factor)
}

/// Records a second: `5000/s`, `300/m`, `10/h`, `1000000/d`.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let wrong = || "write how many in which time, such as 5000/s, 300/m, 10/h or 1000000/d".to_owned();
    let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
    let (count, rest) = split(count.trim()).ok_or_else(wrong)?;
    let seconds = match (rest, unit.trim()) {
        ("", "s") => 1.0,
        ("", "m" | "min") => 60.0,
        ("", "h") => 3600.0,
        ("", "d") => 86_400.0,
        _ => return Err(wrong()),
    };
    positive(count / seconds)
}

/// A usage to assume, as rate and size of records and how long a function takes for a batch of them: `5000/s,2KiB` or
/// `5000/s,2KiB,100ms`.
pub(crate) fn usage(text: &str) -> Result<Assumed, String> {
    // The thousands of a rate may be set apart by commas, too: what comes after it begins after the `/`.
    let advice = "write rate and size of the records, such as 5000/s,2KiB, and how long the function takes, 5000/s,2KiB,100ms";
    let slash = text.find('/').ok_or(advice)?;
    let comma = text[slash..].find(',').ok_or(advice)? + slash;
    let (records_per_second, rest) = (rate(&text[..comma])?, &text[comma + 1..]);
    let (bytes, took) = rest.split_once(',').map_or((rest, None), |(bytes, took)| (bytes, Some(took)));
    let invocation_seconds = took.map(|took| crate::args::duration(took.trim())).transpose()?;
    Ok(Assumed {
        records_per_second,
        record_bytes: size(bytes)?,
        invocation_seconds: invocation_seconds.map(|took| took.as_secs_f64()),
    })
}

/// How many times the mean: `2x`, `1.5×`.
pub(crate) fn burst(text: &str) -> Result<f64, String> {
    let advice = "write how many times the mean the peak is, such as 2x or 1.5x";
    match split(text) {
        Some((times, "x" | "×")) if times >= 1.0 => positive(times),
        Some((times, "x" | "×")) => Err(format!("a peak is not below the mean, and {times}x is: {advice}")),
        _ => Err(advice.to_owned()),
    }
}

/// Hours: `24h`, `7d`.
pub(crate) fn hours(text: &str) -> Result<f64, String> {
    let hours = match split(text) {
        Some((number, "h")) => number,
        Some((number, "d")) => number * 24.0,
        Some((number, "w")) => number * 168.0,
        Some((number, "")) => return Err(format!("hours or days? write {number}h or {number}d")),
        _ => return Err("write a number and its unit, such as 24h or 7d".to_owned()),
    };
    positive(hours)
}

/// A share of 1: `70%`.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    match split(text) {
        Some((number, "%")) if number > 0.0 && number <= 100.0 => Ok(number / 100.0),
        _ => Err("write a share above 0% and up to 100%, such as 70%".to_owned()),
    }
}

/// Mebibytes of memory: `256MiB`, `1GiB`.
pub(crate) fn memory(text: &str) -> Result<f64, String> {
    match split(text) {
        Some((number, "MiB")) => positive(number),
        Some((number, "GiB")) => positive(number * 1024.0),
        _ => Err("write a number and its unit, such as 256MiB or 1GiB".to_owned()),
    }
}

/// A number and what follows it. Thousands may be set apart by `,` or `_`.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '_' | '-' | '+')))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.replace([',', '_'], "").parse().ok()?;
    number.is_finite().then_some((number, unit.trim()))
}

fn positive(number: f64) -> Result<f64, String> {
    if number > 0.0 && number.is_finite() { Ok(number) } else { Err("it must be above 0".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        assert_eq!(size("2KiB"), Ok(2048.0));
        assert_eq!(size("1.5 MiB"), Ok(1_572_864.0));
        assert_eq!(size("512B"), Ok(512.0));
        assert_eq!(rate("5,000/s"), Ok(5000.0));
        assert_eq!(rate("864_000/d"), Ok(10.0));
        assert_eq!(burst("2x"), Ok(2.0));
        assert_eq!(burst("1.5×"), Ok(1.5));
        assert_eq!(hours("7d"), Ok(168.0));
        assert_eq!(percent("70%"), Ok(0.7));
        assert_eq!(memory("1GiB"), Ok(1024.0));
    }

    #[test]
    fn a_usage_is_a_rate_a_size_and_perhaps_a_time() {
        let of = |text| usage(text).map(|it| (it.records_per_second, it.record_bytes, it.invocation_seconds));
        assert_eq!(of("5,000/s,2KiB"), Ok((5000.0, 2048.0, None)));
        assert_eq!(of("5000/s, 2KiB, 100ms"), Ok((5000.0, 2048.0, Some(0.1))));
        for wrong in ["", "5000/s", "2KiB", "5000/s,2", "5000/s,2KiB,", "5000/s,2KiB,1", "5000,2KiB", "/,"] {
            assert!(usage(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_meant_is_said() {
        assert_eq!(size("2048"), Err("bytes or KiB? write 2048B or 2048KiB".to_owned()));
        assert_eq!(size("2KB"), Err("write 2KiB for 2 × 1,024 bytes".to_owned()));
        assert_eq!(size("2lb"), Err("`lb` is no unit of size: B, KiB and MiB are".to_owned()));
        assert_eq!(hours("7"), Err("hours or days? write 7h or 7d".to_owned()));
        assert!(burst("0.5x").unwrap_err().starts_with("a peak is not below the mean"));
    }

    #[test]
    fn nothing_negative_zero_or_endless_gets_through() {
        for text in ["", "-1", "0", "NaN", "inf", "1e999", "--1", ".", "9".repeat(400).as_str()] {
            for unit in ["", "B", "KiB", "/s", "x", "h", "%", "MiB"] {
                let text = format!("{text}{unit}");
                for read in [size, rate, burst, hours, percent, memory] {
                    assert!(read(&text).is_err(), "{text}");
                }
            }
        }
    }
}
