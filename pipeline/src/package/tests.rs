//! Packages: the same bytes for the same input, and clear words for what is no package.

use std::io::{Cursor, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;

use zip::ZipArchive;
use zip::write::SimpleFileOptions;

use super::*;
use crate::spec::model::FunctionSettings;

fn packages(folder: &Path) -> Packages {
    let bootstrap = folder.join("bootstrap.sh");
    fs::write(&bootstrap, "#!/bin/sh\nexit 0\n").expect("written");
    Packages::new(Some(bootstrap), Some(folder.to_owned()), false)
}

fn pipeline(code: Code) -> Pipeline {
    let transform = crate::spec::model::Transform { name: None, code, settings: FunctionSettings::default() };
    Pipeline {
        name: "p".into(),
        transforms: [("t".to_owned(), transform)].into_iter().collect(),
        ..Pipeline::default()
    }
}

async fn source(packages: &Packages, code: Code) -> Result<PackageSource, PackageError> {
    packages.resolve(&pipeline(code)).await.map(|sources| sources["t"].package.clone())
}

#[tokio::test]
async fn the_same_input_is_the_same_package_and_a_new_program_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, other) = (packages(folder.path()), packages(folder.path()));
    let program = Code::Vrl(".a = 1".into());
    let source_one = source(&one, program.clone()).await.expect("a source");
    assert_eq!(source_one, source(&other, program).await.expect("a source"));
    let built = one.build(&source_one).await.expect("a package");
    assert_eq!(built.zip, other.build(&source_one).await.expect("a package").zip);
    let changed = source(&one, Code::Vrl(".a = 2".into())).await.expect("a source");
    assert_ne!(changed.fingerprint, source_one.fingerprint);
    assert_ne!(one.build(&changed).await.expect("a package").code_sha256, built.code_sha256);
}

#[tokio::test]
async fn a_package_holds_an_executable_bootstrap_and_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let packages = packages(folder.path());
    let source = source(&packages, Code::Vrl(".a = 1".into())).await.expect("a source");
    let built = packages.build(&source).await.expect("a package");
    let mut zip = ZipArchive::new(Cursor::new(built.zip)).expect("a zip");
    let bootstrap = zip.by_index(0).expect("a first entry");
    assert_eq!(bootstrap.name().expect("a name"), "bootstrap");
    assert_eq!(bootstrap.unix_mode(), Some(0o100_755));
    drop(bootstrap);
    let mut program = String::new();
    zip.by_name("transform.vrl").expect("a program").read_to_string(&mut program).expect("text");
    assert_eq!(program, ".a = 1");
}

#[tokio::test]
async fn a_bootstrap_that_changed_since_the_plan_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = source(&packages(folder.path()), Code::Vrl(".".into())).await.expect("a source");
    let later = packages(folder.path());
    fs::write(folder.path().join("bootstrap.sh"), "#!/bin/sh\nexit 1\n").expect("written");
    assert!(matches!(later.build(&source).await, Err(PackageError::Changed)));
}

#[tokio::test]
async fn a_package_of_the_users_own_has_to_have_a_bootstrap_that_may_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let packages = packages(folder.path());
    let write = |entry: &str, mode: u32| {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(entry, SimpleFileOptions::default().unix_permissions(mode)).expect("an entry");
        zip.write_all(b"#!/bin/sh\n").expect("written");
        fs::write(folder.path().join("own.zip"), zip.finish().expect("a zip").into_inner()).expect("written");
    };
    let own = || Code::Package("own.zip".into());
    assert!(matches!(source(&packages, own()).await, Err(PackageError::Read { .. })));
    fs::write(folder.path().join("own.zip"), "no zip").expect("written");
    assert!(matches!(source(&packages, own()).await, Err(PackageError::BadZip { .. })));
    write("main", 0o755);
    assert!(matches!(source(&packages, own()).await, Err(PackageError::BadZip { .. })));
    write("bootstrap", 0o644);
    assert!(matches!(source(&packages, own()).await, Err(PackageError::BadZip { .. })));
    write("bootstrap", 0o755);
    let good = source(&packages, own()).await.expect("a package");
    let zip = fs::read(folder.path().join("own.zip")).expect("read");
    assert_eq!(packages.build(&good).await.expect("a package").zip, zip);
}

#[test]
fn nothing_larger_than_lambda_takes_is_built_for_aws() {
    let files = Files { given: None, base: PathBuf::new(), local: false };
    let large = vec![0; usize::try_from(ZIP_LIMIT).expect("fits") + 1];
    let refused = files.finish("f", large).expect_err("too large");
    assert!(refused.to_string().contains("52428801"), "{refused}");
    assert!(refused.hint().contains("--lambda-bootstrap"));
}

#[test]
fn a_script_keeps_its_permissions_out_of_the_package() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("b");
    fs::write(&path, "#!/bin/sh\n").expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
    let mut zip = Cursor::new(Vec::new());
    archive::of_bootstrap(&mut zip, &mut fs::File::open(&path).expect("open"), 1).expect("a zip");
    let mut zip = ZipArchive::new(zip).expect("a zip");
    assert_eq!(zip.by_index(0).expect("an entry").unix_mode(), Some(0o100_755));
}
