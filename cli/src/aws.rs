//! How to reach AWS, or what stands in for it: endpoint, region, credentials and HTTP client in one
//! `SdkConfig`. The libraries make the calls.

use std::net::IpAddr;

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_http_client::{Builder, tls};

use crate::args::Globals;
use crate::error::{CommandError, Kind};

/// The region of a local endpoint that nobody gave one.
pub(crate) const LOCAL_REGION: &str = "us-east-1";
/// The credentials a local endpoint takes; it checks none.
pub(crate) const LOCAL_KEY: &str = "test";

/// Where the calls of one command go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    endpoint: Option<String>,
    region: Option<String>,
    profile: Option<String>,
}

impl Target {
    /// As the global options say; the file's region counts where `--region` is not given.
    pub(crate) fn new(globals: &Globals, file_region: Option<&str>) -> Self {
        Target {
            endpoint: globals.endpoint_url.clone().filter(|url| !url.is_empty()),
            region: globals.region.clone().or_else(|| file_region.map(str::to_owned)),
            profile: globals.profile.clone(),
        }
    }

    /// An endpoint this process started.
    pub(crate) fn local(url: String, region: Option<&str>) -> Self {
        Target { endpoint: Some(url), region: region.map(str::to_owned), profile: None }
    }

    /// Reads region and credentials, so that a missing one is a clear error before the first call.
    pub(crate) async fn connect(&self) -> Result<SdkConfig, CommandError> {
        let config = self.loader()?.load().await;
        if config.region().is_none() {
            return Err(CommandError::new(Kind::Aws, "no AWS region is set")
                .hint("add `region: eu-west-1` to the pipeline file, or give --region or AWS_REGION"));
        }
        let Some(provider) = config.credentials_provider() else { return Err(no_credentials(None)) };
        provider.provide_credentials().await.map_err(|cause| no_credentials(Some(cause)))?;
        Ok(config)
    }

    fn loader(&self) -> Result<ConfigLoader, CommandError> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let Some(url) = &self.endpoint else {
            return Ok(loader.http_client(Builder::new().tls_provider(rustls()).build_https()));
        };
        let url = Url::parse(url)?;
        loader = if url.secure {
            loader.http_client(Builder::new().tls_provider(rustls()).build_https())
        } else {
            loader.http_client(Builder::new().build_http())
        };
        if url.loopback {
            loader = self.local_defaults(loader);
        }
        Ok(loader.endpoint_url(url.text))
    }

    /// What runs on this machine needs no account: without the usual variables or a profile, the
    /// credentials are made up, and the region is one that exists.
    fn local_defaults(&self, mut loader: ConfigLoader) -> ConfigLoader {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if self.profile.is_none() && !set("AWS_ACCESS_KEY_ID") && !set("AWS_PROFILE") {
            let made_up = Credentials::new(LOCAL_KEY, LOCAL_KEY, None, None, "pipectl, for a local endpoint");
            loader = loader.credentials_provider(made_up);
        }
        if self.region.is_none() && !set("AWS_REGION") && !set("AWS_DEFAULT_REGION") && !set("AWS_PROFILE") {
            loader = loader.region(Region::from_static(LOCAL_REGION));
        }
        loader
    }
}

/// A Kinesis client, for the producer and the reader.
pub(crate) fn kinesis(config: &SdkConfig) -> aws_sdk_kinesis::Client {
    aws_sdk_kinesis::Client::new(config)
}

fn rustls() -> tls::Provider {
    tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)
}

fn no_credentials(cause: Option<aws_credential_types::provider::error::CredentialsError>) -> CommandError {
    let what = "no AWS credentials were found";
    let error = match cause {
        Some(cause) => CommandError::wrap(Kind::Aws, what, cause),
        None => CommandError::new(Kind::Aws, what),
    };
    error
        .hint("log in (`aws sso login`), name a profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        .hint("to try things without an account: `pipectl local`, then --endpoint-url http://127.0.0.1:4566")
}

/// The little that has to be known about an endpoint URL.
struct Url {
    text: String,
    secure: bool,
    loopback: bool,
}

impl Url {
    fn parse(text: &str) -> Result<Url, CommandError> {
        let wrong = || {
            CommandError::new(Kind::Usage, format!("`{text}` is not an endpoint URL"))
                .hint("write scheme, host and port, such as http://127.0.0.1:4566")
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let secure = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(wrong()),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.is_empty() || authority.contains(char::is_whitespace) {
            return Err(wrong());
        }
        let host = match authority.strip_prefix('[') {
            Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
            None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
        };
        let loopback = host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        Ok(Url { text: text.trim_end_matches('/').to_owned(), secure, loopback })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_needs_scheme_and_host() {
        for wrong in ["127.0.0.1:4566", "ftp://host", "http://", "http:///x", "", "http://a b"] {
            let error = Url::parse(wrong).err().expect(wrong);
            assert_eq!(error.kind(), Kind::Usage, "{wrong}");
        }
    }

    #[test]
    fn loopback_is_told_from_elsewhere() {
        for near in
            ["http://127.0.0.1:4566", "http://localhost:1", "http://[::1]:4566/", "https://s3.localhost"]
        {
            assert!(Url::parse(near).is_ok_and(|url| url.loopback), "{near}");
        }
        for far in [
            "http://10.0.0.1:4566",
            "https://localhost.example.com",
            "http://kinesis.eu-west-1.amazonaws.com",
        ] {
            assert!(Url::parse(far).is_ok_and(|url| !url.loopback), "{far}");
        }
    }

    #[tokio::test]
    async fn a_local_endpoint_needs_no_account() {
        let config = Target::local("http://127.0.0.1:1".into(), Some("eu-west-1")).connect().await;
        let config = config.expect("nothing is called");
        assert_eq!(config.region().map(AsRef::as_ref), Some("eu-west-1"));
        assert_eq!(config.endpoint_url(), Some("http://127.0.0.1:1"));
    }
}
