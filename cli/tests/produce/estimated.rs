//! What a stream has seen, as `estimate` asks CloudWatch and Kinesis for it. Metrics come a minute late, so what they say
//! is tested in virtual time; here only that they are asked for.

use crate::world::{STREAM, World};

#[test]
fn a_stream_that_carried_nothing_is_said_with_what_to_do() {
    let world = World::of(1);
    let output = world.command("estimate", STREAM, &[]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("the metrics of events show no record in that time"), "{stderr}");
    assert!(stderr.contains("--record-size"), "{stderr}");
}
