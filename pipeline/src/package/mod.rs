//! Lambda packages: what a function's code is made from, and the zip itself, the same bytes for the same input.
//!
//! Planning only fingerprints: it hashes the bootstrap and the program, and the fingerprint is a tag on the
//! function. Applying builds: the bootstrap is compressed once and kept in a cache, and a package is that
//! entry copied as it is, with the program beside it.

mod archive;
mod bootstrap;
mod cache;
mod look;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::plan::{Operation, Plan, Step};
use crate::resources::function::{FunctionChange, FunctionSpec, PackageContent, PackageSource};
use crate::resources::names::hex;
use crate::resources::{Address, Change, CodeSource, Desired, Spec};
use crate::spec::model::{Architecture, Code, Pipeline};
pub(crate) use archive::program;
use bootstrap::Bootstrap;
pub(crate) use bootstrap::HOST;
pub use look::check;

/// The version of what goes into a package and how; a new one makes every function's code be uploaded again.
const FORMAT: u32 = 1;
/// The largest zip that Lambda takes in a call.
pub(crate) const ZIP_LIMIT: u64 = 50 * 1024 * 1024;
/// The largest package that Lambda unpacks.
pub(crate) const UNZIPPED_LIMIT: u64 = 250 * 1024 * 1024;

/// A package, ready to be uploaded.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    /// The zip.
    pub(crate) zip: Vec<u8>,
    /// Base64 of its SHA-256, as Lambda shows it.
    pub(crate) code_sha256: String,
}

/// Why a package cannot be built. Found before anything is created.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PackageError {
    /// A file cannot be read.
    #[error("{path} cannot be read: {reason}")]
    Read {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// The running executable is not one that Lambda could run.
    #[error("this pipectl cannot run in Lambda: {0}")]
    Misfit(String),
    /// The file given as bootstrap is not one that Lambda could run.
    #[error("{path} cannot run in Lambda: {reason}")]
    BadBootstrap {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// The user's zip is none, or not one for Lambda.
    #[error("{path} is not a Lambda package: {reason}")]
    BadZip {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// A package is larger than Lambda takes.
    #[error("the package of {what} is {size} bytes {state}; Lambda takes {limit}")]
    TooLarge {
        /// Whose package.
        what: String,
        /// `zipped` or `unzipped`.
        state: &'static str,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The file asks for another architecture than the code was built for.
    #[error("the code of {what} was built for {built}, and the file says {wanted}")]
    Architecture {
        /// Whose code.
        what: String,
        /// What it was built for.
        built: String,
        /// What the file says.
        wanted: &'static str,
    },
    /// Another zip lies where the one lay that a revision deployed.
    #[error("{0} is not the package that this revision deployed")]
    AnotherZip(String),
    /// The files changed between planning and building.
    #[error("the code of a function changed since the plan was made")]
    Changed,
}

impl PackageError {
    /// The way out.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            PackageError::Read { .. } => "look whether the path is right and may be read".to_owned(),
            PackageError::Misfit(_) | PackageError::BadBootstrap { .. } => {
                "--lambda-bootstrap FILE gives another one: a pipectl for Linux built against glibc 2.34 or older, \
                 or with musl"
                    .to_owned()
            }
            PackageError::BadZip { .. } => {
                "it has to be a zip with an executable named bootstrap at its top, as `cargo lambda build \
                 --output-format zip` makes it"
                    .to_owned()
            }
            PackageError::TooLarge { .. } => {
                "strip the executable, or give a smaller one with --lambda-bootstrap FILE".to_owned()
            }
            PackageError::Architecture { .. } => {
                "build it for that architecture (`cargo lambda build --arm64`), give a fitting \
                 --lambda-bootstrap FILE for VRL, or take `architecture` away"
                    .to_owned()
            }
            PackageError::AnotherZip(path) => {
                format!("put the package of that revision at {path} again, as its build or its commit has it")
            }
            PackageError::Changed => "plan again".to_owned(),
        }
    }
}

/// Where packages come from.
#[derive(Debug)]
pub(crate) struct Packages {
    files: Arc<Files>,
    bootstrap: OnceCell<Arc<Bootstrap>>,
}

/// What building needs, to be taken to a thread that may block.
#[derive(Debug)]
struct Files {
    /// The bootstrap of the command line.
    given: Option<PathBuf>,
    /// What `package:` paths are relative to.
    base: PathBuf,
    /// Whether the endpoint is on this machine: then its glibc is at hand, and uploads cost nothing.
    local: bool,
}

impl Packages {
    pub(crate) fn new(given: Option<PathBuf>, base: Option<PathBuf>, local: bool) -> Self {
        let base = base.unwrap_or_default();
        Self { files: Arc::new(Files { given, base, local }), bootstrap: OnceCell::new() }
    }

    /// The bootstrap, looked at and hashed once.
    async fn bootstrap(&self) -> Result<Arc<Bootstrap>, PackageError> {
        let inspected = self.bootstrap.get_or_try_init(|| async {
            let files = Arc::clone(&self.files);
            blocking(move || Bootstrap::inspect(files.given.as_deref(), files.local).map(Arc::new)).await
        });
        inspected.await.cloned()
    }

    /// What each package is made from. Builds nothing.
    pub(crate) async fn resolve(
        &self,
        pipeline: &Pipeline,
    ) -> Result<BTreeMap<String, CodeSource>, PackageError> {
        let mut sources = BTreeMap::new();
        for (logical, code, settings) in pipeline.code() {
            let source = match code {
                Code::Vrl(program) => vrl_source(self.bootstrap().await?.as_ref(), program),
                Code::Package(path) => {
                    let (files, wanted) = (Arc::clone(&self.files), settings.architecture);
                    let path = files.base.join(path);
                    blocking(move || zip_source(path, wanted, files.local)).await?
                }
            };
            if let Some(wanted) = settings.architecture.filter(|it| it.name() != source.architecture) {
                let (what, built) = (logical.clone(), source.architecture);
                return Err(PackageError::Architecture { what, built, wanted: wanted.name() });
            }
            sources.insert(logical.clone(), source);
        }
        Ok(sources)
    }

    /// Brings what a function was once built from to what it would be built from now: a program goes with the
    /// bootstrap of this program, and a zip has to be the one it was.
    pub(crate) async fn renew(&self, spec: &mut FunctionSpec) -> Result<(), PackageError> {
        if let PackageContent::Vrl { program } = &spec.package.content {
            let source = vrl_source(self.bootstrap().await?.as_ref(), program);
            spec.package = source.package;
            spec.architecture = source.architecture;
        }
        if let PackageContent::Zip { path } = spec.package.content.clone() {
            let fingerprint = spec.package.fingerprint.clone();
            return blocking(move || {
                let same = zip_fingerprint(&read(&path)?) == fingerprint;
                if same { Ok(()) } else { Err(PackageError::AnotherZip(path.display().to_string())) }
            })
            .await;
        }
        Ok(())
    }

    /// Builds a package.
    pub(crate) async fn build(&self, source: &PackageSource) -> Result<Package, PackageError> {
        let (files, source) = (Arc::clone(&self.files), source.clone());
        match source.content.clone() {
            PackageContent::Vrl { program } => {
                let bootstrap = self.bootstrap().await?;
                blocking(move || {
                    if fingerprint(&bootstrap, &program) != source.fingerprint {
                        return Err(PackageError::Changed);
                    }
                    let entry = cache::compressed(&bootstrap, files.local)?;
                    let zip =
                        archive::with_program(&entry, &program).map_err(|error| PackageError::Read {
                            path: bootstrap.path.display().to_string(),
                            reason: error.to_string(),
                        })?;
                    files.finish("the VRL function", zip)
                })
                .await
            }
            PackageContent::Zip { path } => {
                blocking(move || {
                    let zip = read(&path)?;
                    if zip_fingerprint(&zip) != source.fingerprint {
                        return Err(PackageError::Changed);
                    }
                    files.finish(&path.display().to_string(), zip)
                })
                .await
            }
        }
    }

    /// Builds once what a plan will upload, so that what is wrong shows before anything is created.
    pub(crate) async fn check(&self, plan: &Plan) -> Result<(), PackageError> {
        for source in plan.steps.iter().filter_map(upload) {
            self.build(source).await?;
        }
        Ok(())
    }
}

/// The functions whose code a plan uploads.
pub(crate) fn uploading(plan: &Plan) -> impl Iterator<Item = &Address> {
    plan.steps.iter().filter(|step| upload(step).is_some()).map(|step| &step.address)
}

/// The package that a step uploads.
fn upload(step: &Step) -> Option<&PackageSource> {
    step.operations.iter().find_map(|operation| match (operation, &step.desired) {
        (Operation::Create, Some(Desired { spec: Spec::Function(spec), .. })) => Some(&spec.package),
        (Operation::Change(Change::Function(FunctionChange::Code(source, _))), _) => Some(source),
        _ => None,
    })
}

impl Files {
    fn finish(&self, what: &str, zip: Vec<u8>) -> Result<Package, PackageError> {
        let size = zip.len() as u64;
        if size > ZIP_LIMIT && !self.local {
            let (what, state, limit) = (what.to_owned(), "zipped", ZIP_LIMIT);
            return Err(PackageError::TooLarge { what, state, size, limit });
        }
        let code_sha256 = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&zip));
        Ok(Package { zip, code_sha256 })
    }
}

fn vrl_source(bootstrap: &Bootstrap, program: &str) -> CodeSource {
    CodeSource {
        package: PackageSource {
            fingerprint: fingerprint(bootstrap, program),
            content: PackageContent::Vrl { program: program.to_owned() },
        },
        architecture: bootstrap.architecture.to_owned(),
    }
}

fn zip_source(path: PathBuf, wanted: Option<Architecture>, local: bool) -> Result<CodeSource, PackageError> {
    let zip = read(&path)?;
    let inside = archive::inspect(&zip)
        .map_err(|reason| PackageError::BadZip { path: path.display().to_string(), reason })?;
    if inside.unzipped > UNZIPPED_LIMIT && !local {
        let (what, size) = (path.display().to_string(), inside.unzipped);
        return Err(PackageError::TooLarge { what, state: "unzipped", size, limit: UNZIPPED_LIMIT });
    }
    // A script runs on either.
    let usual = || wanted.map_or(bootstrap::HOST, Architecture::name);
    let architecture = bootstrap::architecture_of(&inside.head).unwrap_or_else(usual);
    Ok(CodeSource {
        package: PackageSource { fingerprint: zip_fingerprint(&zip), content: PackageContent::Zip { path } },
        architecture: architecture.to_owned(),
    })
}

/// Everything that goes into the package of a VRL function, in one hash.
fn fingerprint(bootstrap: &Bootstrap, program: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("vrl {FORMAT} {} ", bootstrap.sha256));
    hash.update(program.as_bytes());
    hex(&hash.finalize())
}

/// What the source tag of a function says whose package this is.
pub(crate) fn zip_fingerprint(zip: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("zip {FORMAT} "));
    hash.update(zip);
    hex(&hash.finalize())
}

fn unreadable(path: &Path, error: &io::Error) -> PackageError {
    PackageError::Read { path: path.display().to_string(), reason: error.to_string() }
}

/// Reads a package of the user's own; no more than Lambda takes, unpacked.
fn read(path: &Path) -> Result<Vec<u8>, PackageError> {
    let size = fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
    if size > UNZIPPED_LIMIT {
        let what = path.display().to_string();
        return Err(PackageError::TooLarge { what, state: "zipped", size, limit: ZIP_LIMIT });
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}

/// Does work where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PackageError> + Send + 'static,
) -> Result<T, PackageError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(stopped) => {
            Err(PackageError::Read { path: "the package".to_owned(), reason: stopped.to_string() })
        }
    }
}

#[cfg(test)]
mod tests;
