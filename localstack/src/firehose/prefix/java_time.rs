//! Patterns of Java's `DateTimeFormatter`, which is what `!{timestamp:…}` takes.
//!
//! Covers the letters that print a date, a time or a zone in the United States locale, as Firehose does.
//! A letter Java knows and this does not (`p`, `B`, `v`, `g`) is refused by name rather than printed wrongly.
//! Fractions of a second print as zeros: Firehose evaluates prefixes to the second.

use std::fmt::Write as _;

use jiff::Zoned;
use thiserror::Error;

/// Why a pattern is not one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum PatternError {
    /// Java reserves no such letter, or it is not offered here.
    #[error("Unknown pattern letter: {0}")]
    UnknownLetter(char),
    /// A letter stands more often than its field is wide.
    #[error("Too many pattern letters: {0}")]
    TooManyLetters(char),
    /// A letter stands less often than its field allows.
    #[error("Pattern letter count must be {expected}: {letter}")]
    LetterCount {
        /// The letter.
        letter: char,
        /// How often it must stand.
        expected: &'static str,
    },
    /// A quote was opened and not closed.
    #[error("Pattern ends with an incomplete string literal")]
    OpenQuote,
    /// `{`, `}` and `#` stand for nothing yet.
    #[error("Pattern includes reserved character: '{0}'")]
    Reserved(char),
    /// `[` without `]`, or the other way round.
    #[error("Pattern invalid as it contains unbalanced square brackets")]
    UnbalancedBrackets,
}

#[derive(Clone, Debug, PartialEq)]
enum Item {
    Literal(String),
    Field { letter: char, count: usize },
}

/// A parsed pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    items: Vec<Item>,
}

impl Pattern {
    /// Parses `yyyy-MM-dd`, quotes and optional sections included.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut items = Vec::new();
        let mut chars = text.chars().peekable();
        let mut open_brackets = 0_usize;
        while let Some(next) = chars.next() {
            match next {
                'a'..='z' | 'A'..='Z' => {
                    let mut count = 1;
                    while chars.next_if_eq(&next).is_some() {
                        count += 1;
                    }
                    check_field(next, count)?;
                    items.push(Item::Field { letter: next, count });
                }
                '\'' => literal(&mut items, &quoted(&mut chars)?),
                // Every field of an instant can be printed, so an optional section always is.
                '[' => open_brackets += 1,
                ']' => {
                    open_brackets = open_brackets.checked_sub(1).ok_or(PatternError::UnbalancedBrackets)?;
                }
                '{' | '}' | '#' => return Err(PatternError::Reserved(next)),
                other => literal(&mut items, other.encode_utf8(&mut [0; 4])),
            }
        }
        Ok(Self { items })
    }

    /// Prints `now` in its own time zone.
    pub(super) fn format_into(&self, now: &Zoned, out: &mut String) {
        for item in &self.items {
            match item {
                Item::Literal(text) => out.push_str(text),
                Item::Field { letter, count } => out.push_str(&field(*letter, *count, now)),
            }
        }
    }
}

fn literal(items: &mut Vec<Item>, text: &str) {
    match items.last_mut() {
        Some(Item::Literal(last)) => last.push_str(text),
        _ => items.push(Item::Literal(text.to_owned())),
    }
}

/// The text up to the closing quote; `''` is one quote, inside a literal and as a literal.
fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, PatternError> {
    let mut text = String::new();
    if chars.next_if_eq(&'\'').is_some() {
        return Ok("'".to_owned());
    }
    loop {
        match chars.next() {
            Some('\'') if chars.next_if_eq(&'\'').is_some() => text.push('\''),
            Some('\'') => return Ok(text),
            Some(other) => text.push(other),
            None => return Err(PatternError::OpenQuote),
        }
    }
}

fn check_field(letter: char, count: usize) -> Result<(), PatternError> {
    let most = match letter {
        'y' | 'u' | 'Y' | 'A' | 'n' | 'N' => 19,
        'S' => 9,
        'M' | 'L' | 'E' | 'e' | 'Q' | 'q' | 'G' | 'c' | 'X' | 'x' | 'Z' => 5,
        'z' | 'O' => 4,
        // Java also takes `DD`, and then fails on every day after the 99th; refused at once.
        'D' => 3,
        'd' | 'h' | 'H' | 'k' | 'K' | 'm' | 's' | 'w' | 'V' => 2,
        'a' | 'F' | 'W' => 1,
        other => return Err(PatternError::UnknownLetter(other)),
    };
    if count > most {
        return Err(PatternError::TooManyLetters(letter));
    }
    match (letter, count) {
        ('D', 2) => Err(PatternError::LetterCount { letter, expected: "1 or 3" }),
        ('V', 1) => Err(PatternError::LetterCount { letter, expected: "2" }),
        ('O', 2 | 3) => Err(PatternError::LetterCount { letter, expected: "1 or 4" }),
        ('c', 2) => Err(PatternError::LetterCount { letter, expected: "1, 3, 4 or 5" }),
        _ => Ok(()),
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

fn field(letter: char, count: usize, now: &Zoned) -> String {
    let second_of_day = i64::from(now.hour()) * 3600 + i64::from(now.minute()) * 60 + i64::from(now.second());
    let month = i64::from(now.month());
    let quarter = (month - 1) / 3 + 1;
    match letter {
        'y' | 'u' => year(i64::from(now.year()), count),
        'Y' => year(week_based_year(now), count),
        'M' | 'L' => named(&MONTHS, month - 1, month, count),
        'Q' | 'q' => quarter_text(quarter, count),
        'd' => padded(i64::from(now.day()), count),
        'D' => padded(i64::from(now.day_of_year()), count),
        'E' => named(&DAYS, sunday_offset(now), 0, count.max(3)),
        'e' | 'c' => named(&DAYS, sunday_offset(now), sunday_offset(now) + 1, count),
        'F' => ((i64::from(now.day()) - 1) % 7 + 1).to_string(),
        'w' => padded(week_of_year(now), count),
        'W' => week_of_month(now).to_string(),
        'G' => era(count).to_owned(),
        'a' => if now.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        'h' => padded((i64::from(now.hour()) + 11) % 12 + 1, count),
        'K' => padded(i64::from(now.hour()) % 12, count),
        'k' => padded((i64::from(now.hour()) + 23) % 24 + 1, count),
        'H' => padded(i64::from(now.hour()), count),
        'm' => padded(i64::from(now.minute()), count),
        's' => padded(i64::from(now.second()), count),
        'S' | 'n' => "0".repeat(count),
        'A' => padded(second_of_day * 1_000, count),
        'N' => padded(second_of_day * 1_000_000_000, count),
        'V' => now.time_zone().iana_name().unwrap_or("UTC").to_owned(),
        'z' => zone_name(now, count),
        _ => offset(letter, count, now.offset().seconds()),
    }
}

fn padded(value: i64, width: usize) -> String {
    format!("{value:0width$}")
}

/// Two letters print the last two digits; more than four put a sign before a year that is wider.
fn year(value: i64, count: usize) -> String {
    if count == 2 { padded(value.rem_euclid(100), 2) } else { padded(value, count) }
}

/// A number for one or two letters, else the short, the full or the one-letter name.
fn named(names: &[&str], index: i64, number: i64, count: usize) -> String {
    let name = usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default();
    match count {
        1 | 2 => padded(number, count),
        3 => name.chars().take(3).collect(),
        4 => name.to_owned(),
        _ => name.chars().take(1).collect(),
    }
}

fn quarter_text(quarter: i64, count: usize) -> String {
    const ORDINALS: [&str; 4] = ["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"];
    match count {
        1 | 2 => padded(quarter, count),
        3 => format!("Q{quarter}"),
        4 => named(&ORDINALS, quarter - 1, quarter, 4),
        _ => quarter.to_string(),
    }
}

fn era(count: usize) -> &'static str {
    match count {
        1..=3 => "AD",
        4 => "Anno Domini",
        _ => "A",
    }
}

/// Days since Sunday, the first day of a week in the United States.
fn sunday_offset(now: &Zoned) -> i64 {
    i64::from(now.weekday().to_sunday_zero_offset())
}

/// The week that holds 1 January is the first, so a week belongs to the year of its Saturday.
fn week_based_year(now: &Zoned) -> i64 {
    let to_saturday = 6 - sunday_offset(now);
    let last_days = i64::from(now.days_in_year()) - i64::from(now.day_of_year());
    i64::from(now.year()) + i64::from(to_saturday > last_days)
}

fn week_of_year(now: &Zoned) -> i64 {
    if week_based_year(now) > i64::from(now.year()) {
        return 1;
    }
    (i64::from(now.day_of_year()) + 5 - sunday_offset(now)) / 7 + 1
}

fn week_of_month(now: &Zoned) -> i64 {
    (i64::from(now.day()) + 5 - sunday_offset(now)) / 7 + 1
}

/// The abbreviation; the long name is known for UTC alone and falls back to the zone's id.
fn zone_name(now: &Zoned, count: usize) -> String {
    let utc = now.time_zone().iana_name().is_none_or(|name| name == "UTC");
    match (utc, count) {
        (true, 4) => "Coordinated Universal Time".to_owned(),
        (true, _) => "UTC".to_owned(),
        (false, 4) => now.time_zone().iana_name().unwrap_or_default().to_owned(),
        (false, _) => now.time_zone().to_offset_info(now.timestamp()).abbreviation().to_owned(),
    }
}

/// `X`, `x`, `Z` and `O`: the offset from UTC in its notations.
fn offset(letter: char, count: usize, seconds: i32) -> String {
    if seconds == 0 {
        match (letter, count) {
            ('X', _) | ('Z', 5) => return "Z".to_owned(),
            ('O', _) | ('Z', 4) => return "GMT".to_owned(),
            _ => {}
        }
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
    match (letter, count) {
        ('O', 1) if minutes == 0 => format!("GMT{sign}{hours}"),
        ('O', 1) => format!("GMT{sign}{hours}:{minutes:02}"),
        ('O' | 'Z', 4) => format!("GMT{sign}{hours:02}:{minutes:02}"),
        ('X' | 'x', 1) if minutes == 0 => format!("{sign}{hours:02}"),
        ('X' | 'x', 3 | 5) | ('Z', 5) => format!("{sign}{hours:02}:{minutes:02}"),
        _ => {
            let mut text = String::with_capacity(5);
            let _infallible = write!(text, "{sign}{hours:02}{minutes:02}");
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(pattern: &str, at: &str) -> String {
        let mut out = String::new();
        Pattern::parse(pattern).unwrap().format_into(&at.parse().unwrap(), &mut out);
        out
    }

    fn utc(pattern: &str) -> String {
        print(pattern, "2018-07-03T14:05:09.123[UTC]")
    }

    #[test]
    fn dates_print_as_java_prints_them() {
        assert_eq!(utc("yyyy/MM/dd/HH"), "2018/07/03/14");
        assert_eq!(utc("yy-M-d"), "18-7-3");
        assert_eq!(utc("uuuuu"), "02018");
        assert_eq!(utc("MMM MMMM MMMMM"), "Jul July J");
        assert_eq!(utc("D DDD"), "184 184");
        assert_eq!(utc("E EEEE EEEEE e"), "Tue Tuesday T 3");
        assert_eq!(utc("Q QQ QQQ QQQQ"), "3 03 Q3 3rd quarter");
        assert_eq!(utc("G GGGG"), "AD Anno Domini");
        assert_eq!(utc("F W w"), "3 1 27");
    }

    #[test]
    fn times_print_as_java_prints_them() {
        assert_eq!(utc("HH:mm:ss"), "14:05:09");
        assert_eq!(utc("h K k a"), "2 2 14 PM");
        assert_eq!(print("h K k a", "2018-07-03T00:05:09[UTC]"), "12 0 24 AM");
        assert_eq!(utc("A"), "50709000");
    }

    #[test]
    fn fractions_of_a_second_are_zeros() {
        assert_eq!(utc("ss.SSSSSSSSS"), "09.000000000");
    }

    #[test]
    fn zones_print_in_every_notation() {
        assert_eq!(utc("VV z X XXX xx Z ZZZZ O"), "UTC UTC Z Z +0000 +0000 GMT GMT");
        let tokyo = "2018-07-03T14:05:09[Asia/Tokyo]";
        assert_eq!(print("VV z X XXX xx ZZZZ O", tokyo), "Asia/Tokyo JST +09 +09:00 +0900 GMT+09:00 GMT+9");
        let india = "2018-07-03T14:05:09[Asia/Kolkata]";
        assert_eq!(print("X O", india), "+0530 GMT+5:30");
    }

    #[test]
    fn the_week_based_year_turns_with_the_week_of_the_first_of_january() {
        assert_eq!(print("YYYY ww", "2018-12-29T00:00:00[UTC]"), "2018 52");
        assert_eq!(print("YYYY ww", "2018-12-30T00:00:00[UTC]"), "2019 01");
        assert_eq!(print("YYYY ww", "2019-01-01T00:00:00[UTC]"), "2019 01");
    }

    #[test]
    fn quotes_keep_letters_and_double_to_one() {
        assert_eq!(utc("yyyy'-'MM'T'"), "2018-07T");
        assert_eq!(utc("''yy''"), "'18'");
        assert_eq!(utc("'o''clock'"), "o'clock");
    }

    #[test]
    fn optional_sections_are_printed() {
        assert_eq!(utc("yyyy[-MM[-dd]]"), "2018-07-03");
    }

    #[test]
    fn a_wrong_pattern_is_refused_in_javas_words() {
        let refused = |pattern| Pattern::parse(pattern).unwrap_err().to_string();
        assert_eq!(refused("yyyy-bb"), "Unknown pattern letter: b");
        assert_eq!(refused("ddd"), "Too many pattern letters: d");
        assert_eq!(refused("V"), "Pattern letter count must be 2: V");
        assert_eq!(refused("yyyy'T"), "Pattern ends with an incomplete string literal");
        assert_eq!(refused("yyyy#"), "Pattern includes reserved character: '#'");
        assert_eq!(refused("yyyy]"), "Pattern invalid as it contains unbalanced square brackets");
    }
}
