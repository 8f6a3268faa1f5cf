//! What a folder of an older format has to be told before it can be read.
//!
//! **Format 1** kept one log group of a name for all regions. Such a group becomes one of each region whose functions or
//! deliveries write to it, lines and all, for it was theirs together; one that nobody writes to becomes one of the
//! endpoint's own region. Functions and mappings had the region of their creation in their ARNs all along, and are
//! that region's from now on. The folder is in the new format from when all of it could be read.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

/// The first format whose log groups have a region.
pub(super) const WITH_REGIONS: u32 = 2;

/// As much of a function as says which log group is its.
#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    arn: String,
    latest: Version,
    #[serde(default)]
    published: Vec<Version>,
}

#[derive(Debug, Deserialize)]
struct Version {
    configuration: Configuration,
}

#[derive(Debug, Deserialize)]
struct Configuration {
    #[serde(default)]
    logging: Logging,
}

#[derive(Debug, Default, Deserialize)]
struct Logging {
    group: Option<String>,
}

/// As much of a delivery: its destination names the group somewhere.
#[derive(Debug, Deserialize)]
struct Delivery {
    region: String,
    #[serde(flatten)]
    settings: serde_json::Map<String, Value>,
}

/// The regions that write to each log group.
#[derive(Debug, Default)]
pub(super) struct Writers(BTreeMap<String, BTreeSet<String>>);

impl Writers {
    /// Adds the functions of `lambda.json`.
    ///
    /// # Errors
    /// What is there is no list of functions.
    pub(super) fn functions(&mut self, saved: Value) -> serde_json::Result<()> {
        for function in serde_json::from_value::<Vec<Function>>(saved)? {
            let region = function.arn.split(':').nth(3).unwrap_or_default();
            for version in [&function.latest].into_iter().chain(&function.published) {
                let named = version.configuration.logging.group.clone();
                self.add(named.unwrap_or_else(|| format!("/aws/lambda/{}", function.name)), region);
            }
        }
        Ok(())
    }

    /// Adds the deliveries of `firehose.json`.
    ///
    /// # Errors
    /// What is there is no list of deliveries.
    pub(super) fn deliveries(&mut self, saved: Value) -> serde_json::Result<()> {
        for delivery in serde_json::from_value::<Vec<Delivery>>(saved)? {
            delivery.settings.values().for_each(|part| self.named_in(part, &delivery.region));
        }
        Ok(())
    }

    fn named_in(&mut self, value: &Value, region: &str) {
        match value {
            Value::Object(members) => {
                if let Some(group) = members.get("LogGroupName").and_then(Value::as_str) {
                    self.add(group.to_owned(), region);
                }
                members.values().for_each(|member| self.named_in(member, region));
            }
            Value::Array(values) => values.iter().for_each(|value| self.named_in(value, region)),
            _ => {}
        }
    }

    fn add(&mut self, group: String, region: &str) {
        self.0.entry(group).or_default().insert(region.to_owned());
    }

    /// The log groups of `logs.json` with their regions. Those that have one keep it: an upgrade may be done twice, when
    /// the first was killed.
    pub(super) fn settle(&self, groups: Value, own: &str) -> Value {
        let Value::Array(groups) = groups else { return groups };
        groups.into_iter().flat_map(|group| self.of_group(group, own)).collect()
    }

    fn of_group(&self, group: Value, own: &str) -> Vec<Value> {
        if group.get("region").is_some() {
            return vec![group];
        }
        let writers = group.get("name").and_then(Value::as_str).and_then(|name| self.0.get(name));
        let regions = writers.cloned().unwrap_or_else(|| BTreeSet::from([own.to_owned()]));
        let of = |region: String| {
            let mut group = group.clone();
            if let Value::Object(members) = &mut group {
                members.insert("region".to_owned(), region.into());
            }
            group
        };
        regions.into_iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn function(name: &str, region: &str, group: Option<&str>) -> Value {
        let arn = format!("arn:aws:lambda:{region}:000000000000:function:{name}");
        let latest = json!({ "configuration": { "logging": { "group": group } } });
        json!({ "name": name, "arn": arn, "latest": latest, "published": [{ "configuration": {} }] })
    }

    fn delivery(region: &str, group: &str) -> Value {
        let logging = json!({ "Enabled": true, "LogGroupName": group });
        json!({ "region": region, "name": "lake", "settings": { "CloudWatchLoggingOptions": logging }, "http": null })
    }

    fn regions(writers: &Writers, name: &str) -> Vec<String> {
        let settled = writers.settle(json!([{ "name": name, "events": [1] }]), "us-east-1");
        let groups = settled.as_array().unwrap();
        assert!(groups.iter().all(|group| group["events"] == json!([1])), "{settled}");
        groups.iter().map(|group| group["region"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_group_goes_to_the_regions_that_write_to_it_and_else_to_the_endpoints_own() {
        let mut writers = Writers::default();
        writers
            .functions(json!([function("f", "eu-west-1", None), function("g", "eu-west-2", Some("mine"))]))
            .unwrap();
        let deliveries = json!([
            delivery("eu-west-1", "lake"),
            delivery("eu-central-1", "lake"),
            delivery("eu-west-3", "mine")
        ]);
        writers.deliveries(deliveries).unwrap();
        assert_eq!(regions(&writers, "/aws/lambda/f"), ["eu-west-1"]);
        assert_eq!(regions(&writers, "mine"), ["eu-west-2", "eu-west-3"]);
        assert_eq!(regions(&writers, "/aws/lambda/g"), ["eu-west-2"], "its published version writes there");
        assert_eq!(regions(&writers, "lake"), ["eu-central-1", "eu-west-1"]);
        assert_eq!(regions(&writers, "nobodys"), ["us-east-1"]);
    }

    #[test]
    fn a_group_that_has_a_region_keeps_it() {
        let groups = json!([{ "region": "eu-west-1", "name": "g" }]);
        assert_eq!(Writers::default().settle(groups.clone(), "us-east-1"), groups);
    }

    #[test]
    fn what_is_no_list_of_functions_is_refused() {
        assert!(Writers::default().functions(json!({ "f": 1 })).is_err());
        assert!(Writers::default().deliveries(json!([{ "name": "lake" }])).is_err());
    }
}
