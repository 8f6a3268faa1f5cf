//! What AWS hands out by an address that is signed already: the code of a function.

use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use crate::cloud::{CallError, Meaning};

const CALL: &str = "lambda:GetFunction";

fn failed(meaning: Meaning, message: impl Into<String>) -> CallError {
    CallError::local(CALL, meaning, message)
}

/// What is at an address, when that is no more than `most` bytes. The address is a secret for a while: it is in no
/// message.
pub(super) async fn fetch(address: &str, most: u64) -> Result<Vec<u8>, CallError> {
    let connector = Connector::builder().proxy_config(ProxyConfig::from_env());
    let connector = if address.starts_with("http://") {
        connector.build_http()
    } else {
        connector.tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build()
    };
    let request = HttpRequest::get(address)
        .map_err(|_| failed(Meaning::Invalid, "the address of the code is no address"))?;
    let answer = connector.call(request).await;
    let answer =
        answer.map_err(|error| failed(Meaning::Unknown, format!("the code was not sent: {error}")))?;
    let status = answer.status().as_u16();
    if status != 200 {
        return Err(failed(Meaning::Unknown, format!("the code was not sent: HTTP status {status}")));
    }
    let mut body = ByteStream::new(answer.into_body());
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        let piece =
            piece.map_err(|error| failed(Meaning::Unknown, format!("the code broke off: {error}")))?;
        if u64::try_from(bytes.len() + piece.len()).is_ok_and(|size| size > most) {
            return Err(failed(Meaning::Invalid, format!("the code is larger than {most} bytes")));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
