//! What must hold of any workload.

use proptest::prelude::*;

use super::*;

fn sizes() -> impl Strategy<Value = Sizes> {
    prop_oneof![
        (1.0_f64..1e5).prop_map(Sizes::Assumed),
        (1.0_f64..1e5).prop_map(Sizes::Averaged),
        proptest::collection::vec(1_u32..100_000, 1..20)
            .prop_map(|sizes| Sizes::Measured(sizes.into_iter().collect())),
    ]
}

fn packings() -> impl Strategy<Value = Option<Packing>> {
    let packing = (1_u32..200, 0.0_f64..1.0).prop_map(|(producers, wait_seconds)| Packing {
        producers,
        wait_seconds,
        ..Packing::default()
    });
    proptest::option::of(packing)
}

prop_compose! {
    fn workloads()(
        sizes in sizes(),
        records_per_second in 0.01_f64..1e4,
        burst in 1.0_f64..20.0,
        readers in (0_u32..10, 0_u32..10),
        aggregation in packings(),
        retention_hours in 24.0_f64..8760.0,
        target in 0.1_f64..1.0,
    ) -> Workload {
        Workload {
            sizes,
            burst: Burst::of(burst),
            consumers: readers.0,
            fan_out_consumers: readers.1,
            aggregation,
            retention_hours,
            target,
            ..Workload::steady(1.0, records_per_second)
        }
    }
}

proptest! {
    #[test]
    fn no_limit_is_passed_and_one_shard_less_would_not_do(workload in workloads()) {
        let answer = answer(&workload);
        for need in &answer.needs {
            prop_assert!(need.used <= workload.target * (1.0 + 1e-9), "{need:?}");
        }
        let most = answer.needs.iter().map(|need| need.shards).fold(0.0, f64::max);
        prop_assert_eq!(answer.shards.fract(), 0.0);
        // Fewer shards let more records share an aggregate, so only without them is one less surely too few.
        if workload.aggregation.is_none() {
            prop_assert!(answer.shards == 1.0 || most / workload.target > (answer.shards - 1.0) * (1.0 - 1e-9));
        }
        prop_assert!((0.0..=1.0).contains(&answer.headroom_at_peak));
        prop_assert!(answer.headroom_at_mean + 1e-9 >= answer.headroom_at_peak || workload.aggregation.is_some());
    }

    #[test]
    fn the_cheapest_is_the_cheapest_and_every_figure_is_a_number(workload in workloads()) {
        let answer = answer(&workload);
        let of = |mode| answer.modes.iter().find(|priced| priced.mode == mode).unwrap().monthly.total().0;
        for priced in &answer.modes {
            prop_assert!(priced.monthly.total().0.is_finite());
            prop_assert!(of(answer.cheapest) <= priced.monthly.total().0);
        }
        prop_assert!(answer.advantage_among_others.0 <= of(Mode::OnDemandAdvantage) + 1e-6);
    }

    #[test]
    fn more_records_never_need_fewer_shards(workload in workloads(), more in 1.0_f64..5.0) {
        let busier = Workload { records_per_second: workload.records_per_second * more, ..workload.clone() };
        if workload.aggregation.is_none() {
            prop_assert!(answer(&busier).shards >= answer(&workload).shards);
        }
    }

    #[test]
    fn a_burst_costs_shards_and_nothing_else(rate in 1.0_f64..1e4, burst in 1.0_f64..50.0) {
        let steady = Workload::steady(2048.0, rate);
        let bursty = Workload { burst: Burst::of(burst), ..steady.clone() };
        let (steady, bursty) = (answer(&steady), answer(&bursty));
        prop_assert!(bursty.shards >= steady.shards);
        prop_assert_eq!(&steady.modes[1], &bursty.modes[1]);
    }
}
