//! `--data-dir` with two regions, and with a folder that was written before log groups had one.

use std::path::Path;

use pipectl_localstack::logs::GroupId;
use pipectl_localstack::{Endpoint, Options};
use serde_json::{Value, json};

use crate::local::{Local, kept};
use crate::regions::{EAST, Regional, WEST, keys};

fn both(local: &Local) -> [Regional; 2] {
    [local.regional(WEST), local.regional(EAST)]
}

fn json_of(folder: &Path, file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(file)).unwrap()).unwrap()
}

#[tokio::test]
async fn what_each_of_two_regions_has_comes_back_there() {
    let folder = tempfile::tempdir().unwrap();
    let local = kept(folder.path()).await;
    let mut ids = Vec::new();
    for region in both(&local) {
        region.echo("f").await;
        region.stream("s").await;
        region.logs.create_log_group().log_group_name("g").send().await.unwrap();
        let mapping = region.mapping("f", "s").send().await.unwrap();
        ids.push(mapping.uuid().unwrap().to_owned());
    }
    local.endpoint.shutdown().await;

    let local = kept(folder.path()).await;
    for (region, id) in both(&local).iter().zip(&ids) {
        assert_eq!(region.functions().await, [region.arn("f")]);
        let mapping = region.lambda.get_event_source_mapping().uuid(id).send().await.unwrap();
        assert_eq!(mapping.function_arn(), Some(region.arn("f").as_str()));
        assert_eq!(region.groups().await.len(), 1);
        region.put("s", region.name).await;
    }
    let all = async || WEST == keys(&local, WEST).concat() && EAST == keys(&local, EAST).concat();
    local.until("each mapping reads on", all).await;
    let [west, _] = both(&local);
    west.lambda.delete_function().function_name("f").send().await.unwrap();
    west.logs.delete_log_group().log_group_name("g").send().await.unwrap();
    local.endpoint.shutdown().await;

    let local = kept(folder.path()).await;
    let [west, east] = both(&local);
    assert_eq!(west.functions().await, Vec::<String>::new());
    assert_eq!(east.functions().await, [east.arn("f")]);
    assert!(local.endpoint.world().logs.group_exists(&GroupId::new(EAST, "g")));
    assert!(!local.endpoint.world().logs.group_exists(&GroupId::new(WEST, "g")));
    local.endpoint.shutdown().await;
}

/// A log group as a folder of format 1 has it, with a line.
fn group_of_format_1(name: &str) -> Value {
    let stream = json!({
        "name": "s", "created_ms": 1, "first_event_ms": 1, "last_event_ms": 1, "last_ingested_ms": 1, "batches": 1,
    });
    json!({
        "name": name, "created_ms": 1, "retention_days": 14, "tags": {"team": "growth"}, "streams": [stream],
        "events": [[0, "s", 1, 1, format!("a line of {name}")]], "next_sequence": 1,
    })
}

/// Makes a folder that has a function one that an older program wrote, with these log groups.
fn make_older(folder: &Path, groups: &[&str]) {
    let groups: Vec<Value> = groups.iter().map(|name| group_of_format_1(name)).collect();
    std::fs::write(folder.join("logs.json"), json!(groups).to_string()).unwrap();
    let mark = json!({ "format": 1, "writtenBy": "pipectl 0.1.0" });
    std::fs::write(folder.join("pipectl.json"), mark.to_string()).unwrap();
}

#[tokio::test]
async fn log_groups_of_an_older_folder_go_to_the_region_of_their_function_and_else_to_the_endpoints_own() {
    let folder = tempfile::tempdir().unwrap();
    let local = kept(folder.path()).await;
    local.regional(EAST).echo("f").await;
    local.endpoint.shutdown().await;
    make_older(folder.path(), &["/aws/lambda/f", "mine"]);

    for start in ["the older folder", "the upgraded one"] {
        let local = kept(folder.path()).await;
        let lines = |region: &str, name: &str| {
            local.endpoint.world().logs.messages(&GroupId::new(region, name), Some("s"))
        };
        assert_eq!(lines(EAST, "/aws/lambda/f"), ["a line of /aws/lambda/f"], "{start}");
        assert_eq!(lines(WEST, "mine"), ["a line of mine"], "{start}");
        let [west, east] = both(&local);
        assert_eq!(west.groups().await.len(), 1, "{start}");
        let [(arn, days)] = &east.groups().await[..] else { panic!("{start}: one group") };
        assert_eq!((arn.split(':').nth(3), *days), (Some(EAST), Some(14)), "{start}");
        assert_eq!(east.functions().await, [east.arn("f")], "{start}");
        local.endpoint.shutdown().await;
        assert_eq!(json_of(folder.path(), "pipectl.json")["format"], 2, "{start}");
        let regions = json_of(folder.path(), "logs.json");
        let regions: Vec<_> = regions.as_array().unwrap().iter().map(|group| &group["region"]).collect();
        assert_eq!(regions, [&json!(WEST), &json!(EAST)], "{start}");
    }
}

#[tokio::test]
async fn an_older_folder_that_is_damaged_is_refused_and_stays_an_older_one() {
    let folder = tempfile::tempdir().unwrap();
    kept(folder.path()).await.endpoint.shutdown().await;
    make_older(folder.path(), &["g"]);
    std::fs::write(folder.path().join("firehose.json"), "[{}]").unwrap();
    let before = std::fs::read(folder.path().join("logs.json")).unwrap();
    let bind = ([127, 0, 0, 1], 0).into();
    let options = Options { bind, data_dir: Some(folder.path().to_owned()), ..Options::default() };
    let error = Endpoint::start(options).await.unwrap_err().to_string();
    assert!(error.contains("firehose.json") && error.contains("local reset --data-dir"), "{error}");
    assert_eq!(json_of(folder.path(), "pipectl.json")["format"], 1);
    assert_eq!(std::fs::read(folder.path().join("logs.json")).unwrap(), before);
}
