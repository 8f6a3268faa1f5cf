//! Messages for the errors that `s3s` raises itself and leaves without one. Clients read `Message`.

use bytes::Bytes;

/// AWS's message for a code.
fn message_of(code: &str) -> Option<&'static str> {
    Some(match code {
        "InvalidBucketName" => "The specified bucket is not valid.",
        "KeyTooLongError" => "Your key is too long",
        "InvalidURI" => "Couldn't parse the specified URI.",
        "MalformedXML" => {
            "The XML you provided was not well-formed or did not validate against our published schema"
        }
        "MethodNotAllowed" => "The specified method is not allowed against this resource.",
        "MissingContentLength" => "You must provide the Content-Length HTTP header.",
        "IncompleteBody" => {
            "You did not provide the number of bytes specified by the Content-Length HTTP header"
        }
        "NotImplemented" => {
            "A header or query you provided implies functionality that this endpoint does not have"
        }
        "InvalidArgument" => "Invalid Argument",
        "InvalidRequest" => "Invalid Request",
        _ => return None,
    })
}

/// The error document with a message, when it has a code and no message.
pub(super) fn completed(document: &Bytes) -> Option<Bytes> {
    let text = std::str::from_utf8(document).ok()?;
    if text.contains("<Message>") || !text.contains("<Error>") {
        return None;
    }
    let (before, rest) = text.split_once("<Code>")?;
    let (code, after) = rest.split_once("</Code>")?;
    let message = message_of(code).unwrap_or(code);
    Some(format!("{before}<Code>{code}</Code><Message>{message}</Message>{after}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_a_message_gets_one_and_others_stay() {
        let bare = Bytes::from_static(b"<Error><Code>InvalidBucketName</Code></Error>");
        let full = completed(&bare).unwrap();
        assert_eq!(
            full,
            "<Error><Code>InvalidBucketName</Code><Message>The specified bucket is not valid.</Message></Error>"
        );
        assert_eq!(completed(&full), None);
        assert_eq!(completed(&Bytes::from_static(b"<ListBucketResult/>")), None);
    }
}
