//! From options and environment to clients: which region, which endpoint, which credentials. Makes no call to
//! AWS beyond what the credential chain makes.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use aws_config::profile;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::os_shim_internal::{Env, Fs};

use super::Clients;
use super::credentials::LookedUpAnew;
use crate::engine::ConnectOptions;

/// The longest a connection may take to be made.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest one try of a call may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
/// How often the SDK tries a call that failed in a way that passes.
const TRIES: u32 = 4;
/// The region of an endpoint on this machine when nothing names one.
const LOCAL_REGION: &str = "us-east-1";

/// What keeps a connection from being set up.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing names a region.
    #[error("no region: neither the file nor the environment names one")]
    NoRegion,
    /// The endpoint is not a URL that can be used.
    #[error("the endpoint {0:?} is not an http or https URL")]
    BadEndpoint(String),
    /// There is no profile of that name.
    #[error("there is no profile `{name}` in your AWS configuration")]
    NoProfile {
        /// The name.
        name: String,
        /// The profiles there are.
        known: Vec<String>,
    },
    /// The AWS configuration cannot be read.
    #[error("your AWS configuration cannot be read: {0}")]
    Profiles(String),
}

impl ConnectError {
    /// The way out.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            ConnectError::NoRegion => {
                "write `region: eu-west-1` in the file, or give --region or AWS_REGION".to_owned()
            }
            ConnectError::NoProfile { known, .. } if known.is_empty() => {
                "it has none at all: `aws configure sso` or `aws configure` makes one".to_owned()
            }
            ConnectError::NoProfile { known, .. } => format!("there are: {}", known.join(", ")),
            ConnectError::Profiles(_) => {
                "look at ~/.aws/config and ~/.aws/credentials, or where AWS_CONFIG_FILE and \
                 AWS_SHARED_CREDENTIALS_FILE point"
                    .to_owned()
            }
            ConnectError::BadEndpoint(_) => "write it like http://localhost:4566".to_owned(),
        }
    }
}

/// Clients, and what was decided on the way to them.
pub(crate) struct Connection {
    pub(crate) config: SdkConfig,
    pub(crate) clients: Clients,
    pub(crate) region: String,
    pub(crate) endpoint: Option<String>,
    /// Whether the endpoint is on this machine.
    pub(crate) local: bool,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

/// Sets the clients up.
pub(crate) async fn connect(options: &ConnectOptions) -> Result<Connection, ConnectError> {
    let mut notes = Vec::new();
    let endpoint = endpoint(options)?;
    let local = endpoint.as_deref().is_some_and(is_loopback);
    let region = region(options, local, &mut notes);
    if !options.sandbox {
        check_profile(options).await?;
    }
    let mut usual =
        Usual { http: http_client(endpoint.as_deref()), endpoint, region, profile: options.profile.clone() };
    let config = if options.sandbox {
        usual.loader().credentials_provider(local_credentials()).load().await
    } else if local && !has_credentials(options) {
        tracing::info!("no credentials are configured: the local endpoint gets test/test");
        usual.loader().credentials_provider(local_credentials()).load().await
    } else {
        let config = usual.loader().load().await;
        usual.region = config.region().map(ToString::to_string);
        let credentials = SharedCredentialsProvider::new(LookedUpAnew(usual.clone()));
        config.into_builder().credentials_provider(credentials).build()
    };
    let endpoint = usual.endpoint;
    let region = config.region().map(ToString::to_string).ok_or(ConnectError::NoRegion)?;
    // A profile may name an endpoint too.
    let endpoint = endpoint.or_else(|| config.endpoint_url().map(str::to_owned));
    let local = endpoint.as_deref().is_some_and(is_loopback);
    let clients = Clients::new(&config, endpoint.is_some());
    Ok(Connection { config, clients, region, endpoint, local, notes })
}

/// Fails where a profile is asked for that is not there. The chain would go on to what it finds elsewhere, and complain of
/// that.
async fn check_profile(options: &ConnectOptions) -> Result<(), ConnectError> {
    let named = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    // Keys in the environment win over a profile that the environment names, as with AWS's own tools; and to name the
    // default is to name nothing: there need not be one where a machine has a role.
    let inherited = || {
        let profile = named("AWS_PROFILE").filter(|profile| profile != "default");
        profile.filter(|_| named("AWS_ACCESS_KEY_ID").is_none())
    };
    let Some(name) = options.profile.clone().or_else(inherited) else { return Ok(()) };
    let files = EnvConfigFiles::default();
    let profiles = profile::load(&Fs::real(), &Env::real(), &files, None).await;
    let profiles = profiles.map_err(|error| ConnectError::Profiles(error.to_string()))?;
    if profiles.get_profile(&name).is_some() {
        return Ok(());
    }
    let mut known: Vec<String> = profiles.profiles().map(str::to_owned).collect();
    known.sort_unstable();
    Err(ConnectError::NoProfile { name, known })
}

/// What is decided before the usual chain is asked for the rest, credentials among it.
#[derive(Clone, Debug)]
pub(super) struct Usual {
    http: SharedHttpClient,
    endpoint: Option<String>,
    region: Option<String>,
    pub(super) profile: Option<String>,
}

impl Usual {
    /// The surroundings of a provider of credentials by itself.
    pub(super) fn provider_config(&self) -> ProviderConfig {
        let region = self.region.clone().map(Region::new);
        ProviderConfig::without_region().with_region(region).with_http_client(self.http.clone())
    }

    pub(super) fn loader(&self) -> ConfigLoader {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(self.http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .build(),
            );
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &self.endpoint {
            loader = loader.endpoint_url(url);
        }
        loader
    }
}

/// What every local endpoint takes.
fn local_credentials() -> Credentials {
    Credentials::builder()
        .access_key_id("test")
        .secret_access_key("test")
        .provider_name("the local endpoint's default")
        .build()
}

/// The endpoint of the command line or the environment.
fn endpoint(options: &ConnectOptions) -> Result<Option<String>, ConnectError> {
    let ignored = env::var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_ok_and(|value| value == "true");
    let configured = || env::var("AWS_ENDPOINT_URL").ok().filter(|url| !url.is_empty() && !ignored);
    let Some(url) = options.endpoint_url.clone().or_else(configured) else { return Ok(None) };
    match host(&url) {
        Some(host) if !host.is_empty() => Ok(Some(url)),
        _ => Err(ConnectError::BadEndpoint(url)),
    }
}

/// The host of an http or https URL.
fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    match authority.strip_prefix('[') {
        Some(six) => six.split(']').next(),
        None => authority.split(':').next(),
    }
}

/// Whether the URL is on this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    host(url).is_some_and(|host| {
        host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

/// The file's region, else the command line's; `None` leaves it to the AWS chain.
fn region(options: &ConnectOptions, local: bool, notes: &mut Vec<String>) -> Option<String> {
    if let Some(region) = &options.file_region {
        if let Some(other) = options.region.as_ref().filter(|other| *other != region) {
            notes.push(format!(
                "the region is {region}, from the file; {other} from the command line is not used"
            ));
        }
        return Some(region.clone());
    }
    if let Some(region) = &options.region {
        return Some(region.clone());
    }
    if options.sandbox {
        return Some(LOCAL_REGION.to_owned());
    }
    let named = |name| env::var(name).ok().filter(|region: &String| !region.is_empty());
    if let Some(region) = named("AWS_REGION").or_else(|| named("AWS_DEFAULT_REGION")) {
        return Some(region);
    }
    if local {
        tracing::info!("nothing names a region: the local endpoint gets {LOCAL_REGION}");
        return Some(LOCAL_REGION.to_owned());
    }
    None
}

/// Whether the environment offers credentials of any kind. Looked at only before a local endpoint gets test
/// credentials: asking the whole chain would wait for a metadata service that is not there.
fn has_credentials(options: &ConnectOptions) -> bool {
    const VARIABLES: [&str; 5] = [
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    let file = |variable: &str, name: &str| {
        let configured = env::var_os(variable).map(PathBuf::from);
        configured.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".aws").join(name)))
    };
    let in_file = |path: Option<PathBuf>| path.is_some_and(|path| path.is_file());
    options.profile.is_some()
        || VARIABLES.iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
        || in_file(file("AWS_SHARED_CREDENTIALS_FILE", "credentials"))
        || in_file(file("AWS_CONFIG_FILE", "config"))
}

/// Over plain http there are no certificates to load, which takes longer than a call. To AWS it goes through
/// the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name, as with AWS's own tools.
fn http_client(endpoint: Option<&str>) -> SharedHttpClient {
    let builder = aws_smithy_http_client::Builder::new();
    if endpoint.is_some_and(|url| url.starts_with("http://")) {
        return builder.build_http();
    }
    builder.build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder()
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_urls_are_told_from_others() {
        for url in
            ["http://localhost:4566", "http://127.0.0.1:1/x", "https://[::1]:4566", "http://s3.localhost:1"]
        {
            assert!(is_loopback(url), "{url}");
        }
        for url in
            ["http://example.com", "http://localhost.example.com", "http://10.0.0.1:4566", "localhost:4566"]
        {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn the_files_region_wins_and_the_other_is_named() {
        let options = ConnectOptions {
            file_region: Some("eu-west-1".into()),
            region: Some("us-east-1".into()),
            ..ConnectOptions::default()
        };
        let mut notes = Vec::new();
        assert_eq!(region(&options, false, &mut notes).as_deref(), Some("eu-west-1"));
        assert!(notes[0].contains("us-east-1"));
    }

    #[test]
    fn an_endpoint_without_a_scheme_is_refused() {
        let options =
            ConnectOptions { endpoint_url: Some("localhost:4566".into()), ..ConnectOptions::default() };
        assert!(matches!(endpoint(&options), Err(ConnectError::BadEndpoint(_))));
    }
}
