//! LocalStack 4.14 in Docker, by testcontainers: the third engine, where there is a Docker engine.
//!
//! 4.14.0 is the last version that needs no account. The container gets the Docker socket, because LocalStack
//! runs Lambda functions in containers beside its own, and is removed when [`Docker`] is dropped.

use testcontainers_modules::localstack::LocalStack;
use testcontainers_modules::testcontainers::core::Mount;
use testcontainers_modules::testcontainers::runners::AsyncRunner;
use testcontainers_modules::testcontainers::{ContainerAsync, ImageExt, TestcontainersError};

const TAG: &str = "4.14.0";
const PORT: u16 = 4566;
const SERVICES: &str = "kinesis,firehose,lambda,s3,cloudwatch,iam,sts,logs";
const SOCKET: &str = "/var/run/docker.sock";

/// Why LocalStack did not start in Docker.
#[derive(Debug, thiserror::Error)]
pub enum DockerError {
    /// The container did not start, or did not become ready.
    #[error("LocalStack did not start in Docker: is a Docker engine running, and may you use it?")]
    Start(#[source] TestcontainersError),
    /// The container runs, but its address is not known.
    #[error("the address of the LocalStack container is not known")]
    Address(#[source] TestcontainersError),
    /// The container could not be removed.
    #[error("the LocalStack container could not be removed")]
    Remove(#[source] TestcontainersError),
}

/// A running LocalStack container.
pub struct Docker {
    container: ContainerAsync<LocalStack>,
    url: String,
}

impl Docker {
    /// Pulls the image when it is missing, starts it on a free port and waits until it is ready.
    ///
    /// # Errors
    ///
    /// [`DockerError`] when there is no engine, the image cannot be pulled or does not become ready.
    pub async fn start() -> Result<Self, DockerError> {
        let image = LocalStack::default()
            .with_tag(TAG)
            .with_env_var("SERVICES", SERVICES)
            .with_env_var("DISABLE_EVENTS", "1")
            .with_mount(Mount::bind_mount(SOCKET, SOCKET));
        let container = image.start().await.map_err(DockerError::Start)?;
        let host = container.get_host().await.map_err(DockerError::Address)?;
        let port = container.get_host_port_ipv4(PORT).await.map_err(DockerError::Address)?;
        Ok(Self { url: format!("http://{host}:{port}"), container })
    }

    /// Where it answers.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Stops and removes the container.
    ///
    /// # Errors
    ///
    /// [`DockerError::Remove`] when the engine refuses.
    pub async fn shutdown(self) -> Result<(), DockerError> {
        self.container.rm().await.map_err(DockerError::Remove)
    }
}
