//! The kernels of x86-64: AVX2 and AVX-512.
#![expect(
    unsafe_code,
    reason = "several times the scalar speed, see benches/md5.rs; each block argues its safety"
)]

use std::arch::x86_64::*;
use std::mem::transmute;

use super::lanes::{Blocks, State};
use super::steps::{compress, round, step};

/// One block of sixteen lanes.
pub(super) fn avx2(state: &mut State<16>, blocks: &Blocks<'_, 16>) {
    // SAFETY: `Kernel::available` offers this kernel only where the processor has AVX2, and nothing else calls it.
    unsafe { avx2_block(state, blocks) }
}

/// One block of thirty-two lanes.
pub(super) fn avx512(state: &mut State<32>, blocks: &Blocks<'_, 32>) {
    // SAFETY: as for `avx2`, with AVX-512F.
    unsafe { avx512_block(state, blocks) }
}

#[target_feature(enable = "avx2")]
fn avx2_block(state: &mut State<16>, blocks: &Blocks<'_, 16>) {
    let mut words = [[_mm256_setzero_si256(); 2]; 16];
    for half in 0..2 {
        for part in 0..2 {
            let rows: [[u8; 32]; 8] = std::array::from_fn(|lane| blocks[half * 8 + lane].as_chunks().0[part]);
            for (word, row) in transposed8(rows.map(load8)).into_iter().enumerate() {
                words[part * 8 + word][half] = row;
            }
        }
    }
    let mut registers = state.0.map(|row| halves(row).map(from8));
    avx2_steps(&mut registers, &words);
    for (row, [low, high]) in state.0.iter_mut().zip(registers) {
        row[..8].copy_from_slice(&to8(low));
        row[8..].copy_from_slice(&to8(high));
    }
}

compress!(
    #[target_feature(enable = "avx2")]
    fn avx2_steps(__m256i), set8, _mm256_add_epi32, rotate8, [f8, g8, h8, i8]
);

/// Turns a row of eight words for each lane into a row of eight lanes for each word.
#[target_feature(enable = "avx2")]
fn transposed8(rows: [__m256i; 8]) -> [__m256i; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    let low = four8([a, b, c, d]);
    let high = four8([e, f, g, h]);
    std::array::from_fn(|column| {
        let (low, high) = (low[column % 4], high[column % 4]);
        if column < 4 {
            _mm256_permute2x128_si256::<0x20>(low, high)
        } else {
            _mm256_permute2x128_si256::<0x31>(low, high)
        }
    })
}

/// Of four rows: register `k` holds column `k` of all four, and beside it column `4 + k`.
#[target_feature(enable = "avx2")]
fn four8([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    let (ab, cd) = (_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
    let (ab_high, cd_high) = (_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
    [
        _mm256_unpacklo_epi64(ab, cd),
        _mm256_unpackhi_epi64(ab, cd),
        _mm256_unpacklo_epi64(ab_high, cd_high),
        _mm256_unpackhi_epi64(ab_high, cd_high),
    ]
}

#[target_feature(enable = "avx2")]
fn set8(word: u32) -> __m256i {
    _mm256_set1_epi32(word.cast_signed())
}

#[target_feature(enable = "avx2")]
fn rotate8<const LEFT: i32, const RIGHT: i32>(word: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_slli_epi32::<LEFT>(word), _mm256_srli_epi32::<RIGHT>(word))
}

#[target_feature(enable = "avx2")]
fn f8(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    _mm256_xor_si256(z, _mm256_and_si256(x, _mm256_xor_si256(y, z)))
}

#[target_feature(enable = "avx2")]
fn g8(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    f8(z, x, y)
}

#[target_feature(enable = "avx2")]
fn h8(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    _mm256_xor_si256(_mm256_xor_si256(x, y), z)
}

#[target_feature(enable = "avx2")]
fn i8(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    let not_z = _mm256_xor_si256(z, _mm256_set1_epi32(-1));
    _mm256_xor_si256(y, _mm256_or_si256(x, not_z))
}

fn load8(bytes: [u8; 32]) -> __m256i {
    // SAFETY: both are 32 bytes of plain data, and every pattern of bits is a value of both.
    unsafe { transmute(bytes) }
}

fn from8(words: [u32; 8]) -> __m256i {
    // SAFETY: as for `load8`.
    unsafe { transmute(words) }
}

fn to8(register: __m256i) -> [u32; 8] {
    // SAFETY: as for `load8`.
    unsafe { transmute(register) }
}

/// The two registers' worth of a row.
fn halves<const HALF: usize, const BOTH: usize>(row: [u32; BOTH]) -> [[u32; HALF]; 2] {
    let (found, _) = row.as_chunks::<HALF>();
    [found[0], found[1]]
}

#[target_feature(enable = "avx512f")]
fn avx512_block(state: &mut State<32>, blocks: &Blocks<'_, 32>) {
    let mut words = [[_mm512_setzero_si512(); 2]; 16];
    for half in 0..2 {
        let rows: [[u8; 64]; 16] = std::array::from_fn(|lane| *blocks[half * 16 + lane]);
        for (word, row) in transposed16(rows.map(load16)).into_iter().enumerate() {
            words[word][half] = row;
        }
    }
    let mut registers = state.0.map(|row| halves(row).map(from16));
    avx512_steps(&mut registers, &words);
    for (row, [low, high]) in state.0.iter_mut().zip(registers) {
        row[..16].copy_from_slice(&to16(low));
        row[16..].copy_from_slice(&to16(high));
    }
}

compress!(
    #[target_feature(enable = "avx512f")]
    fn avx512_steps(__m512i), set16, _mm512_add_epi32, rotate16, [f16, g16, h16, i16]
);

/// As [`transposed8`], of sixteen.
#[target_feature(enable = "avx512f")]
fn transposed16(rows: [__m512i; 16]) -> [__m512i; 16] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = rows;
    let fours = [four16([a, b, c, d]), four16([e, f, g, h]), four16([i, j, k, l]), four16([m, n, o, p])];
    std::array::from_fn(|column| {
        let [one, two, three, four] = fours.map(|four| four[column % 4]);
        // Of the four quarters of a register, column k is in the first, 4 + k in the second, and so on.
        let (low, high) = if column / 4 % 2 == 0 {
            (_mm512_shuffle_i32x4::<0x88>(one, two), _mm512_shuffle_i32x4::<0x88>(three, four))
        } else {
            (_mm512_shuffle_i32x4::<0xdd>(one, two), _mm512_shuffle_i32x4::<0xdd>(three, four))
        };
        if column < 8 {
            _mm512_shuffle_i32x4::<0x88>(low, high)
        } else {
            _mm512_shuffle_i32x4::<0xdd>(low, high)
        }
    })
}

/// As [`four8`], with columns `k`, `4 + k`, `8 + k` and `12 + k` side by side.
#[target_feature(enable = "avx512f")]
fn four16([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let (ab, cd) = (_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
    let (ab_high, cd_high) = (_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
    [
        _mm512_unpacklo_epi64(ab, cd),
        _mm512_unpackhi_epi64(ab, cd),
        _mm512_unpacklo_epi64(ab_high, cd_high),
        _mm512_unpackhi_epi64(ab_high, cd_high),
    ]
}

#[target_feature(enable = "avx512f")]
fn set16(word: u32) -> __m512i {
    _mm512_set1_epi32(word.cast_signed())
}

#[target_feature(enable = "avx512f")]
fn rotate16<const LEFT: i32, const RIGHT: i32>(word: __m512i) -> __m512i {
    _mm512_rol_epi32::<LEFT>(word)
}

// One instruction each: the constant is the function's truth table, bit 4·x + 2·y + z.

#[target_feature(enable = "avx512f")]
fn f16(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xca>(x, y, z)
}

#[target_feature(enable = "avx512f")]
fn g16(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xca>(z, x, y)
}

#[target_feature(enable = "avx512f")]
fn h16(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(x, y, z)
}

#[target_feature(enable = "avx512f")]
fn i16(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x39>(x, y, z)
}

fn load16(bytes: [u8; 64]) -> __m512i {
    // SAFETY: both are 64 bytes of plain data, and every pattern of bits is a value of both.
    unsafe { transmute(bytes) }
}

fn from16(words: [u32; 16]) -> __m512i {
    // SAFETY: as for `load16`.
    unsafe { transmute(words) }
}

fn to16(register: __m512i) -> [u32; 16] {
    // SAFETY: as for `load16`.
    unsafe { transmute(register) }
}
