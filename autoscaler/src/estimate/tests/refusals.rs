//! Numbers that make no sense are refused by name, with what is possible.

use super::*;

fn refused(workload: &Workload) -> String {
    estimate(workload, &builtin()).unwrap_err().to_string()
}

#[test]
fn unknown_negative_and_absurd_numbers_are_refused_by_name() {
    let base = Workload::steady(1024.0, 1000.0);
    let with = |change: &dyn Fn(&mut Workload)| {
        let mut workload = base.clone();
        change(&mut workload);
        refused(&workload)
    };
    for number in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
        assert!(with(&|it| it.sizes = Sizes::Assumed(number)).starts_with("the record size is"));
        assert!(with(&|it| it.records_per_second = number).starts_with("the record rate is"));
        assert!(with(&|it| it.burst.records = number).starts_with("the burst is"));
        assert!(with(&|it| it.retention_hours = number).starts_with("the retention is"));
        assert!(with(&|it| it.target = number).starts_with("the target is"));
    }
    assert_eq!(
        with(&|it| it.retention_hours = 12.0),
        "the retention is 12 hours; it must lie between 24 and 8760"
    );
    assert!(with(&|it| it.consumers = 1001).starts_with("the number of consumers is 1001;"));
    assert!(with(&|it| it.fan_out_consumers = 51).contains("between 0 and 50"));
    assert!(with(&|it| it.largest_record = Some(10.0)).starts_with("the largest record is 10"));
    assert!(with(&|it| it.sizes = Sizes::Measured(Histogram::default())).starts_with("the record size is 0"));
    let absurd = with(&|it| (it.sizes, it.records_per_second) = (Sizes::Assumed(1e7), 1e9));
    assert!(absurd.starts_with("the traffic at the peak is"), "{absurd}");
}

#[test]
fn a_transform_without_a_delivery_is_refused() {
    let transform = Transform {
        seconds: 0.1,
        memory_mib: 256.0,
        batch_bytes: 1_048_576.0,
        batch_seconds: 60.0,
        arm64: false,
    };
    let workload = Workload { transform: Some(transform), ..Workload::steady(1024.0, 1000.0) };
    assert!(refused(&workload).contains("there is none"));
    let delivered = Workload { delivery: Some(Delivery::default()), ..workload };
    assert!(estimate(&delivered, &builtin()).is_ok());
    let forever = Transform { seconds: 901.0, ..transform };
    assert!(
        refused(&Workload { transform: Some(forever), ..delivered }).starts_with("the transform time is 901")
    );
}
