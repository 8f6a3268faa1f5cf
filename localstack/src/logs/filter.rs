//! Filter patterns of `FilterLogEvents`: the unstructured half of AWS's language.
//!
//! Terms are all required; `"quoted text"` is one term; `?term` terms are alternatives; `-term` excludes. JSON (`{ … }`)
//! and space-delimited (`[ … ]`) patterns are refused by name rather than half understood.

/// A parsed filter pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterPattern {
    required: Vec<String>,
    any_of: Vec<String>,
    excluded: Vec<String>,
}

/// A pattern this endpoint does not understand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid filter pattern: {0}")]
pub struct InvalidPattern(String);

impl FilterPattern {
    /// Parses a pattern; the empty one matches everything.
    ///
    /// # Errors
    /// JSON and space-delimited patterns, and a quote that does not end.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        let mut rest = text.trim();
        if rest.starts_with('{') || rest.starts_with('[') {
            let message = "JSON and space-delimited patterns are not supported here; filter by terms";
            return Err(InvalidPattern(message.to_owned()));
        }
        let mut pattern = Self::default();
        while !rest.is_empty() {
            let (list, body) = match rest.as_bytes()[0] {
                b'?' => (&mut pattern.any_of, &rest[1..]),
                b'-' => (&mut pattern.excluded, &rest[1..]),
                _ => (&mut pattern.required, rest),
            };
            let (term, after) = Self::term(body)?;
            if !term.is_empty() {
                list.push(term.to_owned());
            }
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    fn term(body: &str) -> Result<(&str, &str), InvalidPattern> {
        if let Some(quoted) = body.strip_prefix('"') {
            return quoted.split_once('"').ok_or_else(|| InvalidPattern("a quote does not end".to_owned()));
        }
        Ok(body.split_once(char::is_whitespace).unwrap_or((body, "")))
    }

    /// Whether a message matches; case matters, as in AWS.
    #[must_use]
    pub fn matches(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        self.required.iter().all(has)
            && (self.any_of.is_empty() || self.any_of.iter().any(has))
            && !self.excluded.iter().any(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, message: &str) -> bool {
        FilterPattern::parse(pattern).unwrap().matches(message)
    }

    #[test]
    fn terms_are_all_required_and_case_matters() {
        assert!(matches("ERROR timeout", "ERROR: a timeout"));
        assert!(!matches("ERROR timeout", "ERROR only"));
        assert!(!matches("error", "ERROR"));
        assert!(matches("", "anything"));
    }

    #[test]
    fn quotes_alternatives_and_exclusions_are_understood() {
        assert!(matches("\"a b\"", "x a b y"));
        assert!(!matches("\"a b\"", "a  b"));
        assert!(matches("?WARN ?ERROR", "WARN"));
        assert!(!matches("?WARN ?ERROR", "INFO"));
        assert!(!matches("ERROR -retry", "ERROR retry"));
    }

    #[test]
    fn patterns_not_understood_are_refused_not_guessed() {
        assert!(FilterPattern::parse("{ $.level = \"x\" }").is_err());
        assert!(FilterPattern::parse("[ip, user]").is_err());
        assert!(FilterPattern::parse("\"open").is_err());
    }
}
