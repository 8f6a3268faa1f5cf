//! Twenty cases with their arithmetic, worked out by hand from the built-in prices.
//!
//! A month is 730 hours or 2,628,000 seconds, a GB 2^30 bytes. So a KiB/s is 2,628,000 × 2^10 / 2^30 = 2.506256 GB a
//! month, a record a second 2.628 million records, and a shard 730 × $0.015 = $10.95. Advantage bills at least
//! 25 × 1,024 KiB/s = 64,160.16 GB each way: 64,160.16 × ($0.032 + $0.016) = $3,079.69.

use super::*;

struct Case {
    name: &'static str,
    workload: Workload,
    shards: f64,
    binding: Limit,
    /// Provisioned, on-demand Standard, on-demand Advantage.
    monthly: [&'static str; 3],
    cheapest: Mode,
}

const LEAST: &str = "$3079.69";

/// A case whose provisioned stream is the cheapest, as most are.
fn case(
    name: &'static str,
    workload: Workload,
    shards: f64,
    binding: Limit,
    monthly: [&'static str; 3],
) -> Case {
    Case { name, workload, shards, binding, monthly, cheapest: Mode::Provisioned }
}

#[test]
fn twenty_cases_come_out_as_worked_out_by_hand() {
    let cases: Vec<Case> =
        [sizes(), readers(), peaks(), retention(), large(), packed(), downstream(), measured()]
            .into_iter()
            .flatten()
            .collect();
    assert_eq!(cases.len(), 20);
    for case in cases {
        let answer = answer(&case.workload);
        let monthly: Vec<String> = answer.modes.iter().map(|mode| mode.monthly.total().to_string()).collect();
        let got = (answer.shards, answer.binding, monthly, answer.cheapest);
        let wanted = (case.shards, case.binding, case.monthly.map(str::to_owned).to_vec(), case.cheapest);
        assert_eq!(got, wanted, "{}", case.name);
    }
}

fn sizes() -> Vec<Case> {
    use Limit::{WriteBytes, WriteRecords};
    vec![
        // 1,000 records fill a shard, 1,000 KiB/s are 0.977 of one. $10.95 + 2,628 × $0.014 = $36.79.
        // 2,506.26 GB: $29.20 + × $0.08 = $200.50 + × $0.04 = $100.25.
        case(
            "1 KiB, 1,000/s",
            Workload::steady(1024.0, 1000.0),
            1.0,
            WriteRecords,
            ["$47.74", "$329.95", LEAST],
        ),
        // AWS's pricing example: 3,500 KiB/s are 3.42 shards; a record takes two units of 25 KB.
        // 4 × $10.95 = $43.80 + 525.6 × $0.014 = $7.36. 8,771.90 GB × $0.12 + $29.20.
        case(
            "35 KiB, 100/s",
            Workload::steady(35.0 * 1024.0, 100.0),
            4.0,
            WriteBytes,
            ["$51.16", "$1081.83", LEAST],
        ),
        // Small records: 10,000 of them are 10 shards, and billed by on-demand as 10,000 KiB/s.
        // 10 × $10.95 = $109.50 + 26,280 × $0.014 = $367.92. 25,062.56 GB × $0.12 = $3,007.51 + $29.20.
        case(
            "100 B, 10,000/s",
            Workload::steady(100.0, 10_000.0),
            10.0,
            WriteRecords,
            ["$477.42", "$3036.71", LEAST],
        ),
        // A tenth of a shard is a shard. $10.95 + 262.8 × $0.014 = $3.68. 250.63 GB × $0.12 = $30.08 + $29.20.
        case("1 KiB, 100/s", Workload::steady(1024.0, 100.0), 1.0, WriteRecords, ["$14.63", "$59.28", LEAST]),
        // The formula rounds 1,025 bytes up to 2 KiB: 2,048 KiB/s are two shards.
        // 2 × $10.95 = $21.90 + 2,691.07 × $0.014 = $37.68. 5,132.81 GB × $0.12 = $615.94 + $29.20.
        case(
            "1,025 B, 1,024/s",
            Workload::steady(1025.0, 1024.0),
            2.0,
            WriteBytes,
            ["$59.58", "$645.14", LEAST],
        ),
    ]
}

fn readers() -> Vec<Case> {
    let four = |consumers, fan_out_consumers| Workload {
        consumers,
        fan_out_consumers,
        ..Workload::steady(4096.0, 2000.0)
    };
    vec![
        // Written 8,000 KiB/s = 7.81 shards; read by four, 32,000 / 2,048 = 15.63.
        // 16 × $10.95 = $175.20 + 5,256 × $0.014 = $73.58. 20,050.05 GB: × $0.08 = $1,604.00 + 4 × $0.04 = $3,208.01.
        // Advantage: in its least, $2,053.13; out 80,200.20 GB × $0.016 = $1,283.20.
        case("4 KiB, 2,000/s, 4 share", four(4, 0), 16.0, Limit::Read, ["$248.78", "$4841.21", "$3336.33"]),
        // Two of the four by fan-out: reading asks for as much as writing, and 8 shards do.
        // $87.60 + $73.58 + 2 × 8 × $10.95 = $175.20 + 40,100.10 GB × $0.013 = $521.30.
        // $29.20 + $1,604.00 + 40,100.10 × ($0.04 + $0.05) = $3,609.01. Advantage as before: all reads cost the same.
        case(
            "4 KiB, 2,000/s, 2 share, 2 by fan-out",
            four(2, 2),
            8.0,
            Limit::WriteBytes,
            ["$857.69", "$5242.21", "$3336.33"],
        ),
        // Three by fan-out: $87.60 + $73.58 + 3 × $87.60 = $262.80 + 60,150.15 × $0.013 = $781.95.
        // $29.20 + $1,604.00 + 60,150.15 × $0.05 = $3,007.51. Read on Advantage: below the least.
        case(
            "4 KiB, 2,000/s, 3 by fan-out",
            four(0, 3),
            8.0,
            Limit::WriteBytes,
            ["$1205.94", "$4640.71", LEAST],
        ),
    ]
}

fn peaks() -> Vec<Case> {
    let base = Workload { burst: Burst::of(3.0), ..Workload::steady(2048.0, 1000.0) };
    vec![
        // 6,000 KiB/s at the peak are 5.86 shards. 6 × $10.95 = $65.70 + 2,628 × $0.014 = $36.79: units are of the mean.
        // 2,000 KiB/s = 5,012.51 GB × $0.12 = $601.50 + $29.20.
        case("2 KiB, 1,000/s, 3×", base.clone(), 6.0, Limit::WriteBytes, ["$102.49", "$630.70", LEAST]),
        // With 70 % as the target: 5.86 / 0.7 = 8.37. 9 × $10.95 = $98.55 + $36.79.
        case(
            "2 KiB, 1,000/s, 3×, target 70 %",
            Workload { target: 0.7, ..base },
            9.0,
            Limit::WriteBytes,
            ["$135.34", "$630.70", LEAST],
        ),
    ]
}

fn retention() -> Vec<Case> {
    let kept = |hours, record_bytes, records_per_second, burst| Workload {
        retention_hours: hours,
        burst: Burst::of(burst),
        ..Workload::steady(record_bytes, records_per_second)
    };
    vec![
        // Twice 10,000 KiB/s are 19.53 shards. 20 × $10.95 = $219 + 13,140 × $0.014 = $183.96, + 20 × 730 × $0.02 = $292.
        // 25,062.56 GB × $0.12 = $3,007.51 + $29.20; six days of 10,000 KiB/s are 4,943.85 GB × $0.10 = $494.38.
        // Advantage: $3,079.69 + 4,943.85 × $0.023 = $113.71.
        case(
            "2 KiB, 5,000/s, 2×, 7 d",
            kept(168.0, 2048.0, 5000.0, 2.0),
            20.0,
            Limit::WriteBytes,
            ["$694.96", "$3531.09", "$3193.40"],
        ),
        // 500 KiB/s. $10.95 + 1,314 × $0.014 = $18.40 + 730 × $0.02 = $14.60. 1,253.13 GB × $0.12 = $150.38 + $29.20;
        // one day more is 41.20 GB: × $0.10 = $4.12, × $0.023 = $0.95.
        case(
            "1 KiB, 500/s, 48 h",
            kept(48.0, 1024.0, 500.0, 1.0),
            1.0,
            Limit::WriteRecords,
            ["$43.95", "$183.70", "$3080.64"],
        ),
        // 720 h: 552 h past 7 days are 947.57 GB × $0.023 = $21.79; the six days before, 247.19 GB.
        // $43.95 + $21.79. $150.38 + $29.20 + $24.72 + $21.79. $3,079.69 + 1,194.76 × $0.023 = $27.48.
        case(
            "1 KiB, 500/s, 30 d",
            kept(720.0, 1024.0, 500.0, 1.0),
            1.0,
            Limit::WriteRecords,
            ["$65.74", "$226.09", "$3107.17"],
        ),
    ]
}

fn large() -> Vec<Case> {
    let everyone = Workload { consumers: 0, fan_out_consumers: 10, ..Workload::steady(1024.0, 25_600.0) };
    vec![
        // 1 MiB is 41 units. 100 × $10.95 = $1,095 + 10,774.8 × $0.014 = $150.85. 102,400 KiB/s = 256,640.63 GB × $0.12
        // + $29.20; × $0.048 on Advantage, which is past its least.
        case(
            "1 MiB, 100/s",
            Workload::steady(1_048_576.0, 100.0),
            100.0,
            Limit::WriteBytes,
            ["$1245.85", "$30826.08", "$12318.75"],
        ),
        // The same bytes in records of one unit each: 4,096 × 2.628 = 10,764.29 × $0.014 = $150.70.
        case(
            "25 KiB, 4,096/s",
            Workload::steady(25_600.0, 4096.0),
            100.0,
            Limit::WriteBytes,
            ["$1245.70", "$30826.08", "$12318.75"],
        ),
        // Ten by fan-out: 25,600 records are 25.6 shards. 26 × $10.95 × 11 = $3,131.70 + 67,276.8 × $0.014 = $941.88
        // + 641,601.56 GB × $0.013 = $8,340.82. $29.20 + 64,160.16 × $0.08 + 641,601.56 × $0.05.
        // Advantage: $2,053.13 + 641,601.56 × $0.016 = $10,265.63, and it wins.
        Case {
            cheapest: Mode::OnDemandAdvantage,
            ..case(
                "1 KiB, 25,600/s, 10 by fan-out",
                everyone,
                26.0,
                Limit::WriteRecords,
                ["$12414.40", "$37242.09", "$12318.75"],
            )
        },
    ]
}

fn packed() -> Vec<Case> {
    let packed = Workload { aggregation: Some(Packing::default()), ..Workload::steady(200.0, 100_000.0) };
    // 200 bytes take 211 in an aggregate, of which 242 fit into 51,200: 242 × 211 + 21 = 51,083 bytes, in the formula
    // 50 KiB. 413.22 of them are 20,661.16 KiB/s = 20.18 shards (alone, the records would be 100).
    // 21 × $10.95 = $229.95 + 413.22 × 2 units × 2.628 × $0.014 = $30.41. 51,782.15 GB × $0.12 = $6,213.86 + $29.20.
    // Advantage is below its least.
    let advantage = LEAST;
    vec![case(
        "200 B, 100,000/s, aggregated",
        packed,
        21.0,
        Limit::WriteBytes,
        ["$260.36", "$6243.06", advantage],
    )]
}

fn downstream() -> Vec<Case> {
    let delivered = Workload {
        consumers: 0,
        delivery: Some(Delivery { converts: true, partitioning: None }),
        ..Workload::steady(1024.0, 1000.0)
    };
    let transform = Transform {
        seconds: 0.1,
        memory_mib: 256.0,
        batch_bytes: 1_048_576.0,
        batch_seconds: 60.0,
        arm64: true,
    };
    let transformed = Workload { transform: Some(transform), ..delivered.clone() };
    // The delivery is the one consumer, so the stream costs what it did for 1 KiB, 1,000/s. What comes after it is in the
    // tests below.
    let stream = ["$47.74", "$329.95", LEAST];
    vec![
        case("1 KiB, 1,000/s to Parquet", delivered, 1.0, Limit::WriteRecords, stream),
        case("1 KiB, 1,000/s through a function to Parquet", transformed, 1.0, Limit::WriteRecords, stream),
    ]
}

fn measured() -> Vec<Case> {
    let half = Histogram::from_iter([100, 30_000]);
    // 15,050 bytes on average are 3,010,000 a second, 2.87 shards: nothing is rounded. One record takes a unit, the
    // other two: 300 × 2.628 × $0.014 = $11.04 + 3 × $10.95. On-demand rounds to 1 and 30 KiB: 3,100 KiB/s =
    // 7,769.39 GB × $0.12 = $932.33 + $29.20.
    let workload = Workload { sizes: Sizes::Measured(half), ..Workload::steady(1.0, 200.0) };
    vec![case("100 B and 30,000 B, measured", workload, 3.0, Limit::WriteBytes, ["$43.89", "$961.53", LEAST])]
}

#[test]
fn what_comes_after_the_stream_comes_out_as_worked_out_by_hand() {
    let [delivered, transformed] = <[Case; 2]>::try_from(downstream()).ok().unwrap();
    // Every record is billed as 5 KiB: 5,000 KiB/s = 12,531.28 GB × $0.029 = $363.41, and × $0.018 = $225.56.
    let answer_ = answer(&delivered.workload);
    assert_eq!(answer_.delivery.unwrap().total().to_string(), "$588.97");
    assert_eq!(answer_.monthly.to_string(), "$636.71");
    // A batch of 1 MiB comes together 0.9766 times a second: 2,566,406 in a month × $0.20 / 10^6 = $0.51;
    // × 0.1 s × 0.25 GB = 64,160.16 GB-s × $0.0000133334 = $0.86.
    let bill = answer(&transformed.workload).transform.unwrap();
    let amounts: Vec<String> = bill.lines.iter().map(|line| line.amount().to_string()).collect();
    assert_eq!(amounts, ["$0.51", "$0.86"]);
}

#[test]
fn what_aggregation_saves_comes_out_as_worked_out_by_hand() {
    let [packed] = <[Case; 1]>::try_from(packed()).ok().unwrap();
    let aggregation = answer(&packed.workload).aggregation;
    assert!(aggregation.used);
    assert_eq!((aggregation.without.shards, aggregation.with.shards), (100.0, 21.0));
    // 100 × $10.95 + 262,800 × $0.014 = $4,774.20, but Advantage takes 100,000 KiB/s for 250,625.61 GB × $0.048 =
    // $12,030.03 and Standard for more. $4,774.20 − $260.36.
    assert_eq!(aggregation.without.monthly.to_string(), "$4774.20");
    assert_eq!(aggregation.saves.to_string(), "$4513.84");
}
