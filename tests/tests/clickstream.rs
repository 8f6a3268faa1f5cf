//! The product's promise: a YAML file and the lines of a web server become objects in S3, every line once.

use pipectl_tests::clicks::Log;
use pipectl_tests::scenario::{Scenario, clickstream};
use pipectl_tests::target::Lack;

#[test]
fn a_web_server_log_becomes_objects_counted_by_status() {
    let scenario = Scenario::new("clicks");
    scenario.write_clickstream();
    scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();

    let log = if scenario.target.lacks(Lack::SlowPuts) { Log::generate(1000, 7) } else { Log::large() };
    scenario.write("access.log", log.text());
    scenario.produce(["--file", "access.log"]).run().succeeds();

    assert_eq!(scenario.delivered(log.lines.len()), log.by_status());
    for object in scenario.objects("clicks/") {
        if !scenario.target.lacks(Lack::NeverCompresses) {
            assert!(object.is_gzip(), "{} is gzip", object.key);
        }
        if !scenario.target.lacks(Lack::LiteralPrefixes) {
            let date = object.key.strip_prefix("clicks/dt=").and_then(|rest| rest.get(..11));
            assert!(date.is_some_and(|date| date.ends_with('/') && !date.contains('!')), "{}", object.key);
        }
    }
    scenario.pipectl(["destroy", "--auto-approve", "--delete-data"]).run().succeeds();
    assert_eq!(scenario.resources(), Vec::<String>::new());
}

#[test]
fn the_life_of_a_pipeline_ends_with_nothing_left() {
    let scenario = Scenario::new("life");
    scenario.write_clickstream();
    scenario.pipectl(["plan", "--detailed-exitcode"]).run().exits(2);
    scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();
    assert_eq!(scenario.resources().len(), 8, "{:?}", scenario.resources());

    let log = Log::generate(400, 11);
    scenario.produce([]).stdin(log.text()).run().succeeds();
    assert_eq!(scenario.delivered(400), log.by_status());

    scenario.pipectl(["plan", "--detailed-exitcode"]).run().exits(0);
    scenario.write("pipeline.yaml", clickstream(&scenario.name, &scenario.bucket(), "team: data"));
    scenario.pipectl(["plan", "--detailed-exitcode"]).run().exits(2);
    scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();
    scenario.pipectl(["plan", "--detailed-exitcode"]).run().exits(0);

    scenario.pipectl(["destroy", "--auto-approve", "--delete-data"]).run().succeeds();
    assert_eq!(scenario.resources(), Vec::<String>::new());
}

#[test]
fn what_a_transform_drops_or_cannot_read_stays_out_of_the_lake() {
    let scenario = Scenario::new("sorted");
    if scenario.target.lacks(Lack::KeepsDropped) || scenario.target.lacks(Lack::KeepsFailed) {
        println!("skipped: this endpoint delivers dropped and failed records as data");
        return;
    }
    scenario.write_clickstream();
    scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();

    let good = Log::generate(200, 5);
    let mut lines = good.text();
    for number in 0..7 {
        lines.push_str(&format!("line {number} is not of a web server\n"));
        lines.push_str(
            "10.0.0.1 - - [17/May/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"drop-me\"\n",
        );
    }
    scenario.produce([]).stdin(lines).run().succeeds();

    assert_eq!(scenario.delivered(200), good.by_status());
    let failed = scenario.lines_below("errors/processing-failed/", 7);
    for line in failed {
        let wrapper: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(wrapper["rawData"].is_string(), "the record as it was: {wrapper}");
        assert!(wrapper["errorCode"].is_string(), "why: {wrapper}");
    }
}
