//! "Did you mean": the nearest of a few words, and lists of words for messages.

/// The word nearest to what was written, if one is near enough to be meant.
pub(crate) fn nearest<'a>(written: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes a word of the format into something this long, and distance is quadratic.
    if written.len() > 64 {
        return None;
    }
    let folded = fold(written);
    words
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&folded, &fold(word)), word))
        .filter(|(distance, word)| {
            *distance <= word.len().min(written.len()).div_ceil(3).min(3)
                || (word.len() > 3 && folded.starts_with(&fold(word)))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

fn fold(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `` `a`, `b` and `c` ``; at most sixteen of them.
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    joined(words, "and")
}

/// `` `a`, `b` or `c` ``; at most sixteen of them.
pub(crate) fn either<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    joined(words, "or")
}

fn joined<'a>(words: impl IntoIterator<Item = &'a str>, last_with: &str) -> String {
    const SHOWN: usize = 16;
    let all: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    if all.len() > SHOWN {
        return format!("{} {last_with} {} more", all[..SHOWN].join(", "), all.len() - SHOWN);
    }
    match all.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} {last_with} {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_finds_its_word() {
        let words = ["shards", "retention", "encryption", "autoscale"];
        for (written, meant) in [
            ("retension", Some("retention")),
            ("shard", Some("shards")),
            ("auto_scale", Some("autoscale")),
            ("retentionHours", Some("retention")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(written, words), meant, "{written}");
        }
    }

    #[test]
    fn lists_read_like_english() {
        assert_eq!(listed([]), "");
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(either(["a", "b"]), "`a` or `b`");
        assert!(listed(["a"; 20]).ends_with("`a` and 4 more"));
    }
}
