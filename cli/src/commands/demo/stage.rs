//! Where the demo plays: an endpoint on a free port, the template in a folder of its own, an engine.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use pipectl_localstack::{Endpoint, Limits, Options};
use pipectl_pipeline::spec::Document;
use pipectl_pipeline::spec::model::Delivery;
use pipectl_pipeline::{Engine, templates};
use tempfile::TempDir;

use crate::args::Globals;
use crate::document;
use crate::error::{CommandError, Kind};
use crate::provision;
use crate::session::Session;
use crate::stream::Stream;

const TEMPLATE: &str = "clickstream";
const STREAM: &str = "events";
const DELIVERY: &str = "lake";

/// Everything that is there while the demo plays.
pub(super) struct Stage {
    pub(super) session: Session,
    pub(super) document: Document,
    pub(super) engine: Engine,
    endpoint: Endpoint,
    folder: TempDir,
}

impl Stage {
    /// Starts the endpoint, writes the template, connects.
    pub(super) async fn set(session: &Session) -> Result<Stage, CommandError> {
        let folder = tempfile::Builder::new()
            .prefix("pipectl-demo-")
            .tempdir()
            .map_err(|cause| CommandError::wrap(Kind::File, "no folder for the demo's files", cause))?;
        let template = templates::find(TEMPLATE)
            .ok_or_else(|| CommandError::new(Kind::File, format!("there is no template {TEMPLATE}")))?;
        for (name, text) in template.files {
            let path = folder.path().join(name);
            std::fs::write(&path, text).map_err(|cause| {
                CommandError::wrap(Kind::File, format!("cannot write `{}`", path.display()), cause)
            })?;
        }
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = Options { bind, limits: Limits::Off, ..Options::default() };
        let endpoint =
            Endpoint::start(options).await.map_err(|cause| CommandError::new(Kind::Local, cause))?;
        let globals = Globals {
            file: folder.path().join("pipeline.yaml"),
            pipeline: Vec::new(),
            var: Vec::new(),
            var_file: Vec::new(),
            overlay: Vec::new(),
            endpoint_url: Some(endpoint.url()),
            region: None,
            profile: None,
            state: None,
            ..session.globals.clone()
        };
        let session = Session { globals, output: Arc::clone(&session.output) };
        let document = document::load(&session)?;
        let engine = provision::connect_locally(&session, &document).await?;
        Ok(Stage { session, document, engine, endpoint, folder })
    }

    /// Where the endpoint is.
    pub(super) fn url(&self) -> String {
        self.endpoint.url()
    }

    /// The stream that is fed.
    pub(super) fn stream(&self) -> Stream {
        let name = self.document.pipeline.stream_name(STREAM);
        Stream::at(name, self.engine.sdk_config().clone())
    }

    /// The delivery that writes to S3.
    pub(super) fn delivery(&self) -> &Delivery {
        &self.document.pipeline.deliveries[DELIVERY]
    }

    /// What the endpoint has counted of that delivery; `None` before it exists.
    pub(super) fn counted(&self) -> Option<serde_json::Value> {
        let name = self.document.pipeline.delivery_name(DELIVERY);
        self.endpoint.deliveries().get(&name).cloned()
    }

    /// Ends the endpoint with all that runs in it, and removes the folder.
    pub(super) async fn clear(self) {
        self.endpoint.shutdown().await;
        // A temporary folder that cannot be removed is the system's to clean up.
        let _ = self.folder.close();
    }

    /// How to talk to what is left running, from another terminal.
    pub(super) fn ways_in(&self) -> Vec<(String, &'static str)> {
        let port = self.url().rsplit_once(':').map(|(_, port)| port.to_owned()).unwrap_or_default();
        let folder = self.folder.path().display();
        vec![
            (format!("cd {folder}"), "where its pipeline.yaml is"),
            (format!("eval \"$(pipectl local env --port {port})\""), "points every AWS tool at it"),
            ("pipectl status".to_owned(), "what exists"),
            ("pipectl produce --generate clicks".to_owned(), "feed it more"),
            ("pipectl tail --from trim-horizon --limit 5".to_owned(), "look into the stream"),
            ("aws s3 ls --recursive s3://clickstream-lake".to_owned(), "look into the lake"),
        ]
    }
}

/// What to try after the demo.
pub(super) fn ways_on() -> Vec<(String, &'static str)> {
    vec![
        ("pipectl init".to_owned(), "write the pipeline you just saw, as pipeline.yaml"),
        ("pipectl demo --keep".to_owned(), "leave it running and look around"),
        ("pipectl local".to_owned(), "the same AWS, for your own tools"),
    ]
}
