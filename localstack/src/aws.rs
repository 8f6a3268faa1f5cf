//! The AWS SDK connected to an endpoint in the same process.

use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use aws_types::region::Region;
use http::header::{CONTENT_LENGTH, HOST};
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Uri};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame, SizeHint};

use crate::clock::Clock;
use crate::http::{Body, BodyError};
use crate::in_process::InProcess;

impl InProcess {
    /// What every client of the SDK can be made of: it calls this endpoint, by this endpoint's clock. Retries and
    /// time-outs are the SDK's own defaults.
    pub fn sdk_config(&self) -> SdkConfig {
        let world = self.world();
        let credentials = Credentials::new("test", "test", None, None, "pipectl");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(world.region.clone()))
            // The usual name: nothing is resolved, nothing goes there.
            .endpoint_url("http://localhost:4566")
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.http_client())
            .sleep_impl(TokioSleep::new())
            .time_source(VirtualTime(world.clock))
            .build()
    }

    /// The SDK's way to this endpoint, for who configures clients otherwise.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(Client(self.clone()))
    }
}

/// The endpoint's clock, for signatures.
#[derive(Debug)]
struct VirtualTime(Clock);

impl TimeSource for VirtualTime {
    fn now(&self) -> SystemTime {
        self.0.now().into()
    }
}

#[derive(Debug)]
struct Client(InProcess);

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { endpoint: self.0.clone(), patience: settings.read_timeout() })
    }
}

#[derive(Debug)]
struct Connector {
    endpoint: InProcess,
    /// How long the head of an answer may take.
    patience: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (endpoint, patience) = (self.endpoint.clone(), self.patience);
        HttpConnectorFuture::new(async move {
            let request = incoming(request).map_err(ConnectorError::user)?;
            let answer = endpoint.handle(request);
            let answer = match patience {
                Some(patience) => tokio::time::timeout(patience, answer)
                    .await
                    .map_err(|late| ConnectorError::timeout(late.into()))?,
                None => answer.await,
            };
            let response = answer.map_err(|closed| ConnectorError::io(closed.into()))?;
            let response = response.map(|body| SdkBody::from_body_1_x(Shared(Mutex::new(body))));
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// The request as the server would have read it from a connection.
fn incoming(request: HttpRequest) -> Result<Request<Body>, BodyError> {
    let (mut parts, body) = request.try_into_http1x()?.into_parts();
    if let Some(authority) = parts.uri.authority()
        && !parts.headers.contains_key(HOST)
    {
        parts.headers.insert(HOST, HeaderValue::from_str(authority.as_str())?);
    }
    let target = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    parts.uri = Uri::from(target);
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        parts.headers.entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    }
    Ok(Request::from_parts(parts, body.boxed_unsync()))
}

/// An answer's body as the SDK wants it: to be shared between threads. Only its owner ever polls it, so the lock is
/// never waited for.
struct Shared(Mutex<Body>);

impl hyper::body::Body for Shared {
    type Data = bytes::Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match self.0.get_mut() {
            Ok(body) => Pin::new(body).poll_frame(context),
            Err(_) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().is_ok_and(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().map(|body| body.size_hint()).unwrap_or_default()
    }
}
