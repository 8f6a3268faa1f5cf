//! Settings of buckets.

use super::{accepted, codes, refused, with};

fn file(fields: &str) -> String {
    with(&format!("functions:\n  load: {{ package: a.zip }}\nbuckets:\n  clicks-lake: {{ {fields} }}\n"))
}

#[test]
fn every_setting_of_a_bucket_is_read() {
    let text = file(
        "versioning: true, encryption: alias/lake, \
         lifecycle: [{ prefix: raw/, expire: 90d, archive: { after: 30d }, noncurrent: 7d, unfinished: 1d }], \
         notify: [{ function: load, on: removed, prefix: a/, suffix: .gz }]",
    );
    let pipeline = accepted(&text).pipeline;
    let bucket = &pipeline.buckets["clicks-lake"];
    assert_eq!((bucket.versioning, bucket.encryption.as_deref()), (Some(true), Some("alias/lake")));
    assert_eq!(bucket.lifecycle[0].archive, Some((30, "GLACIER_IR")));
    assert_eq!(bucket.notify[0].event, "s3:ObjectRemoved:*");
}

#[test]
fn what_s3_refuses_is_refused_with_the_fix() {
    for (fields, code, help) in [
        ("lifecycle: [{ prefix: raw/ }]", "missing-field", "expire: 90d"),
        ("lifecycle: [{ expire: 90 }]", "wrong-unit", "90d"),
        (
            "lifecycle: [{ expire: 30d, archive: { after: 60d } }]",
            "conflicting-fields",
            "before they would move",
        ),
        ("lifecycle: [{ archive: { after: 10d, class: standard-ia } }]", "out-of-range", "after: 30d"),
        ("notify: [{ function: lod }]", "unknown-reference", "did you mean `load`?"),
        ("notify: [{ function: load, on: made }]", "unknown-choice", "created"),
        ("versioning: yes", "wrong-type", "write `true`"),
    ] {
        let found = refused(&file(fields));
        assert_eq!(codes(&found), [code], "{fields}: {found}");
        assert!(found.to_string().contains(help), "{fields}: {found}");
    }
    assert_eq!(
        codes(&refused(&with("buckets:\n  My_Lake: { versioning: true }\n"))),
        ["invalid-bucket-name"]
    );
}

#[test]
fn overlapping_prefixes_are_refused() {
    let overlapping = file("notify: [{ function: load, prefix: a/ }, { function: load, prefix: a/b/ }]");
    assert_eq!(codes(&refused(&overlapping)), ["conflicting-fields"]);
    for apart in [
        "notify: [{ function: load, prefix: a/ }, { function: load, prefix: b/ }]",
        "notify: [{ function: load, prefix: a/, suffix: .gz }, { function: load, prefix: a/, suffix: .csv }]",
        "notify: [{ function: load }, { function: load, on: removed }]",
    ] {
        accepted(&file(apart));
    }
}
