//! The `pipectl` binary under test, built when it is missing or older than its sources.
//!
//! Cargo tells a package's tests only of that package's own binaries, so it is found beside the running test: both
//! are in the same target folder, built with the same profile. `PIPECTL_TEST_BINARY` names another one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The path of the binary.
///
/// # Panics
///
/// When it cannot be built: there is nothing to test then.
pub fn path() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(named) = std::env::var_os("PIPECTL_TEST_BINARY") {
            return named.into();
        }
        let profile = profile_folder();
        let binary = profile.join(format!("pipectl{}", std::env::consts::EXE_SUFFIX));
        if !is_fresh(&binary) {
            build(&profile);
        }
        assert!(binary.is_file(), "cargo built no {}", binary.display());
        binary
    })
}

/// `target/debug` of `target/debug/deps/clickstream-0123`, or whatever the profile is.
pub(crate) fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let deps = test.parent().expect("a test is in a folder");
    deps.parent().expect("the folder is in a profile's").to_owned()
}

/// Whether no source that went into the binary has changed since; cargo lists them beside it.
fn is_fresh(binary: &Path) -> bool {
    let Some(built) = modified(binary) else { return false };
    let Ok(listed) = fs::read_to_string(binary.with_extension("d")) else { return false };
    let Some((_, sources)) = listed.split_once(": ") else { return false };
    words(sources).iter().all(|source| modified(Path::new(source)).is_some_and(|changed| changed <= built))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// The words of a Makefile rule, in which a space inside a word is escaped.
fn words(text: &str) -> Vec<String> {
    let joined = text.replace("\\ ", "\0");
    joined.split_whitespace().map(|word| word.replace('\0', " ")).collect()
}

fn build(profile: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--bin", "pipectl"]);
    command.current_dir(workspace());
    // Where the test itself was built, however cargo was told so.
    command.env("CARGO_TARGET_DIR", profile.parent().expect("a profile's folder is in the target folder"));
    // `cargo test --workspace` has built the binary already, but lists its sources nowhere. Choosing the same packages
    // and some test makes cargo choose the same features of every dependency, and find it done.
    command.args(["--workspace", "--test", "bad_input"]);
    match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => {}
        Some(name) => drop(command.args(["--profile", name])),
    }
    let status = command.status().expect("cargo runs");
    assert!(status.success(), "building `pipectl` failed: {status}");
}

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is in the workspace")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_in_a_listed_path_does_not_end_it() {
        assert_eq!(words(r"/a/b.rs /my\ code/c.rs"), ["/a/b.rs", "/my code/c.rs"]);
    }

    #[test]
    fn a_binary_older_than_a_source_or_without_a_list_is_stale() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let age = |name: &str, seconds: u64| {
            let opened = fs::File::options().append(true).create(true).open(file(name)).unwrap();
            let epoch = SystemTime::UNIX_EPOCH;
            opened.set_modified(epoch + std::time::Duration::from_secs(seconds)).unwrap();
        };
        age("tool", 20);
        assert!(!is_fresh(&file("tool")), "no list");
        fs::write(file("tool.d"), format!("tool: {}", file("main.rs").display())).unwrap();
        assert!(!is_fresh(&file("tool")), "a source is gone");
        age("main.rs", 10);
        assert!(is_fresh(&file("tool")));
        age("main.rs", 30);
        assert!(!is_fresh(&file("tool")), "a source is newer");
    }
}
