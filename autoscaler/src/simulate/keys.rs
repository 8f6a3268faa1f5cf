//! Where the traffic of a simulation falls in the hash-key space: evenly, or with a part that is hot.

use std::fmt;
use std::str::FromStr;

use super::stream::{HotRange, Keys, UniformKeys};

/// How the keys of the traffic are spread, as a user says it: `uniform`, or `hot:START-END:SHARE`.
#[derive(Clone, Copy, Debug, Default)]
pub enum KeySpread {
    /// Every range gets what its size is worth.
    #[default]
    Uniform,
    /// One range gets a share of its own on top of the even rest.
    Hot(HotRange),
}

impl Keys for KeySpread {
    fn below(&self, at: f64) -> f64 {
        match self {
            Self::Uniform => UniformKeys.below(at),
            Self::Hot(range) => range.below(at),
        }
    }
}

/// Why a text says nothing about keys.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum KeySpreadError {
    /// Neither of the two forms.
    #[error(
        "expected `uniform` or `hot:START-END:SHARE`, each a share of the whole such as `hot:0.2-0.25:0.5`, found `{found}`"
    )]
    Form {
        /// What stands there.
        found: String,
    },
    /// A range that is empty or leaves the space.
    #[error("a hot range lies in 0 to 1 and starts before it ends, and this is {start} to {end}")]
    Range {
        /// Where it starts.
        start: f64,
        /// Where it ends.
        end: f64,
    },
    /// More than everything, or less than nothing.
    #[error("the share of a hot range is more than 0 and at most 1, and this is {share}")]
    Share {
        /// What stands there.
        share: f64,
    },
}

impl FromStr for KeySpread {
    type Err = KeySpreadError;

    fn from_str(text: &str) -> Result<Self, KeySpreadError> {
        if text == "uniform" {
            return Ok(Self::Uniform);
        }
        let hot = || -> Option<HotRange> {
            let (range, share) = text.strip_prefix("hot:")?.split_once(':')?;
            let (start, end) = range.split_once('-')?;
            Some(HotRange { start: start.parse().ok()?, end: end.parse().ok()?, share: share.parse().ok()? })
        };
        let hot = hot().ok_or_else(|| KeySpreadError::Form { found: text.chars().take(60).collect() })?;
        if !(0.0 <= hot.start && hot.start < hot.end && hot.end <= 1.0) {
            return Err(KeySpreadError::Range { start: hot.start, end: hot.end });
        }
        if !(0.0 < hot.share && hot.share <= 1.0) {
            return Err(KeySpreadError::Share { share: hot.share });
        }
        Ok(Self::Hot(hot))
    }
}

impl fmt::Display for KeySpread {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform => f.write_str("uniform"),
            Self::Hot(hot) => write!(f, "hot:{}-{}:{}", hot.start, hot.end, hot.share),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_shown_alike() {
        for text in ["uniform", "hot:0.2-0.25:0.5", "hot:0-1:1"] {
            assert_eq!(text.parse::<KeySpread>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn half_of_the_traffic_falls_into_the_hot_range_beside_its_part_of_the_rest() {
        let keys: KeySpread = "hot:0.2-0.4:0.5".parse().unwrap();
        assert!((keys.below(0.4) - keys.below(0.2) - 0.6).abs() < 1e-9);
    }

    #[test]
    fn a_wrong_spread_says_what_is_wrong_with_it() {
        let error = |text: &str| text.parse::<KeySpread>().unwrap_err().to_string();
        assert!(error("skewed").starts_with("expected `uniform` or `hot:START-END:SHARE`"));
        assert!(error("hot:0.1:0.5").starts_with("expected"));
        assert!(error("hot:0.5-0.5:0.5").contains("starts before it ends"));
        assert!(error("hot:-0.5-0.6:0.5").starts_with("expected"));
        assert!(error("hot:0.5-1.5:0.5").contains("lies in 0 to 1"));
        assert!(error("hot:NaN-0.5:0.5").contains("lies in 0 to 1"));
        assert!(error("hot:0-0.5:0").contains("at most 1"));
        assert!(error("hot:0-0.5:inf").contains("at most 1"));
    }
}
