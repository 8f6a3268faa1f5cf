//! What a difference between two functions takes.

use super::*;

fn spec() -> FunctionSpec {
    FunctionSpec {
        role_arn: "arn:aws:iam::1:role/r".into(),
        architecture: "x86_64".into(),
        memory_mib: 256,
        timeout_seconds: 60,
        environment: BTreeMap::from([("A".into(), "1".into())]),
        layers: Vec::new(),
        network: Network::default(),
        dead_letters: None,
        logging: Logging::Text,
        concurrency: None,
        callers: BTreeSet::new(),
        package: PackageSource {
            fingerprint: "f1".into(),
            content: PackageContent::Vrl { program: ".".into() },
        },
    }
}

fn sealed(code: &str) -> TagMap {
    TagMap::from([(SOURCE.into(), "f1".into()), (CODE.into(), code.into())])
}

fn deployed() -> FunctionState {
    FunctionState { code_sha256: "sha".into(), ..spec().created() }
}

#[test]
fn same_source_and_same_uploaded_code_is_no_change() {
    assert!(spec().compare(&deployed(), &sealed("sha")).is_empty());
}

#[test]
fn code_that_someone_else_uploaded_is_put_back() {
    let changes = spec().compare(&deployed(), &sealed("another")).changes;
    assert!(matches!(changes[..], [FunctionChange::Code(..), FunctionChange::Seal(_)]));
}

#[test]
fn a_new_program_uploads_the_code_and_then_seals_it() {
    let mut wanted = spec();
    wanted.package.fingerprint = "f2".into();
    let difference = wanted.compare(&deployed(), &sealed("sha"));
    assert!(matches!(difference.changes[..], [FunctionChange::Code(..), FunctionChange::Seal(_)]));
    assert_eq!(difference.properties.len(), 1);
}

#[test]
fn changed_memory_is_one_configuration_change() {
    let wanted = FunctionSpec { memory_mib: 512, ..spec() };
    let difference = wanted.compare(&deployed(), &sealed("sha"));
    assert!(matches!(difference.changes[..], [FunctionChange::Configuration(_)]));
    assert_eq!(difference.properties[0].path, "memory");
}

#[test]
fn what_surrounds_a_function_is_one_configuration_change_and_concurrency_another() {
    let wanted = FunctionSpec {
        layers: vec!["arn:l:1".into()],
        network: Network {
            subnets: BTreeSet::from(["subnet-1".into()]),
            security_groups: BTreeSet::from(["sg-1".into()]),
        },
        logging: Logging::Json { application: "INFO".into(), system: "WARN".into() },
        concurrency: Some(5),
        ..spec()
    };
    let difference = wanted.compare(&deployed(), &sealed("sha"));
    assert!(matches!(
        difference.changes[..],
        [FunctionChange::Configuration(_), FunctionChange::Concurrency(Some(5))]
    ));
    let paths: Vec<_> = difference.properties.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["layers", "vpc.subnets", "vpc.security-groups", "logs", "concurrency"]);
}

#[test]
fn buckets_are_let_in_and_kept_out() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let wanted = FunctionSpec { callers: names(&["b", "c"]), ..spec() };
    let there = FunctionState { callers: Some(names(&["a", "b"])), ..deployed() };
    assert_eq!(
        wanted.compare(&there, &sealed("sha")).changes,
        [FunctionChange::Permit("c".into()), FunctionChange::Forbid("a".into())]
    );
}

#[test]
fn the_values_of_environment_variables_are_not_shown() {
    let wanted = FunctionSpec { environment: BTreeMap::from([("A".into(), "hush".into())]), ..spec() };
    let difference = wanted.compare(&deployed(), &sealed("sha"));
    assert!(!format!("{:?}", difference.properties).contains("hush"));
    assert_eq!(difference.properties[0].path, "environment.A");
}
