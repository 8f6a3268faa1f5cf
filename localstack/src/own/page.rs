//! The page: one file without anything from elsewhere.

use http::HeaderName;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};

use crate::http::Answer;

const PAGE: &str = include_str!("page.html");

/// Only what is in the file runs, and it talks to this endpoint alone: a name that slipped through as markup would do
/// nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /` in a browser.
pub(super) fn page() -> Answer {
    let headers: [(HeaderName, &str); 3] =
        [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    let page = Answer::new("text/html; charset=utf-8", PAGE);
    headers.into_iter().fold(page, |page, (name, value)| page.with_header(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_nothing_from_elsewhere_and_writes_no_markup() {
        for foreign in ["http://", "https://", "src=\"", "@import", "url("] {
            assert!(!PAGE.contains(foreign), "{foreign}");
        }
        for unsafe_word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!PAGE.contains(unsafe_word), "{unsafe_word}");
        }
    }

    #[test]
    fn every_element_is_closed_and_every_id_that_the_script_asks_for_is_there() {
        let script = PAGE.split_once("<script>").unwrap().1;
        let asked = script.split("$('").skip(1).filter_map(|rest| rest.split_once("')")).map(|(id, _)| id);
        let mut count = 0;
        for id in asked {
            assert!(PAGE.contains(&format!("id=\"{id}\"")), "{id}");
            count += 1;
        }
        assert!(count > 5, "{count}");
        for tag in ["main", "header", "section", "style", "script", "dialog", "table", "button", "h2"] {
            let count = |what: String| PAGE.matches(&what).count();
            assert_eq!(count(format!("<{tag}")), count(format!("</{tag}>")), "{tag}");
        }
    }
}
