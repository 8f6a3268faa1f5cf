//! MD5's 64 steps (RFC 1321, 3.4), written once for every vector register.
//!
//! `compress!` makes a kernel of the names of a register's operations. It is a macro and no generic function because
//! the operations are only safe, and only inlined, in a function that has the processor's feature itself.

/// The constants of the steps: the sines of 1 to 64.
pub(super) const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// One step in both halves: `$one = $two + ((($one + mixed + word + sine) rotated))`.
macro_rules! step {
    ($set:ident, $add:ident, $rotate:ident::<$turn:literal>, $mix:ident, $step:expr, $word:expr, $one:ident $two:ident $three:ident $four:ident) => {
        for half in 0..2 {
            let mixed = $mix($two[half], $three[half], $four[half]);
            let fixed = $add($word[half], $set($crate::md5::steps::SINES[$step]));
            let sum = $add($add($one[half], fixed), mixed);
            $one[half] = $add($rotate::<$turn, { 32 - $turn }>(sum), $two[half]);
        }
    };
}
pub(super) use step;

/// Sixteen steps that mix alike and turn by four amounts in turn; `$at` says which word a step takes.
macro_rules! round {
    ($set:ident, $add:ident, $rotate:ident, $mix:ident, $first:literal, [$s0:literal, $s1:literal, $s2:literal, $s3:literal], $words:ident, $at:expr, $a:ident $b:ident $c:ident $d:ident) => {
        for four in 0..4 {
            let n = $first + four * 4;
            let at: fn(usize) -> usize = $at;
            step!($set, $add, $rotate::<$s0>, $mix, n, $words[at(n) % 16], $a $b $c $d);
            step!($set, $add, $rotate::<$s1>, $mix, n + 1, $words[at(n + 1) % 16], $d $a $b $c);
            step!($set, $add, $rotate::<$s2>, $mix, n + 2, $words[at(n + 2) % 16], $c $d $a $b);
            step!($set, $add, $rotate::<$s3>, $mix, n + 3, $words[at(n + 3) % 16], $b $c $d $a);
        }
    };
}
pub(super) use round;

/// Makes `fn $name(state, words)`: one block of two registers of lanes. `words[i][half]` is word `i` of the block.
macro_rules! compress {
    ($(#[$attribute:meta])* fn $name:ident($vector:ty), $set:ident, $add:ident, $rotate:ident, [$f:ident, $g:ident, $h:ident, $i:ident]) => {
        $(#[$attribute])*
        fn $name(state: &mut [[$vector; 2]; 4], words: &[[$vector; 2]; 16]) {
            let [mut a, mut b, mut c, mut d] = *state;
            round!($set, $add, $rotate, $f, 0, [7, 12, 17, 22], words, |n| n, a b c d);
            round!($set, $add, $rotate, $g, 16, [5, 9, 14, 20], words, |n| 5 * n + 1, a b c d);
            round!($set, $add, $rotate, $h, 32, [4, 11, 16, 23], words, |n| 3 * n + 5, a b c d);
            round!($set, $add, $rotate, $i, 48, [6, 10, 15, 21], words, |n| 7 * n, a b c d);
            for (row, worked) in state.iter_mut().zip([a, b, c, d]) {
                for half in 0..2 {
                    row[half] = $add(row[half], worked[half]);
                }
            }
        }
    };
}
pub(super) use compress;
