//! The kernel of 64-bit ARM: NEON.
#![expect(
    unsafe_code,
    reason = "several times the scalar speed, see benches/md5.rs; each block argues its safety"
)]

use std::arch::aarch64::*;
use std::mem::transmute;

use super::lanes::{Blocks, State};
use super::steps::{compress, round, step};

/// One block of eight lanes.
pub(super) fn neon(state: &mut State<8>, blocks: &Blocks<'_, 8>) {
    // SAFETY: `Kernel::available` offers this kernel only where the processor has NEON, and nothing else calls it.
    unsafe { neon_block(state, blocks) }
}

#[target_feature(enable = "neon")]
fn neon_block(state: &mut State<8>, blocks: &Blocks<'_, 8>) {
    let mut words = [[vdupq_n_u32(0); 2]; 16];
    for half in 0..2 {
        for part in 0..4 {
            let rows: [[u8; 16]; 4] = std::array::from_fn(|lane| blocks[half * 4 + lane].as_chunks().0[part]);
            for (word, row) in transposed4(rows.map(load4)).into_iter().enumerate() {
                words[part * 4 + word][half] = row;
            }
        }
    }
    let mut registers = state.0.map(|row| {
        let (halves, _) = row.as_chunks::<4>();
        [from4(halves[0]), from4(halves[1])]
    });
    neon_steps(&mut registers, &words);
    for (row, [low, high]) in state.0.iter_mut().zip(registers) {
        row[..4].copy_from_slice(&to4(low));
        row[4..].copy_from_slice(&to4(high));
    }
}

compress!(
    #[target_feature(enable = "neon")]
    fn neon_steps(uint32x4_t), vdupq_n_u32, vaddq_u32, rotate4, [f4, g4, h4, i4]
);

/// Turns a row of four words for each lane into a row of four lanes for each word.
#[target_feature(enable = "neon")]
fn transposed4([a, b, c, d]: [uint32x4_t; 4]) -> [uint32x4_t; 4] {
    let (ab, cd) = (wide(vtrn1q_u32(a, b)), wide(vtrn1q_u32(c, d)));
    let (ab_odd, cd_odd) = (wide(vtrn2q_u32(a, b)), wide(vtrn2q_u32(c, d)));
    [
        narrow(vtrn1q_u64(ab, cd)),
        narrow(vtrn1q_u64(ab_odd, cd_odd)),
        narrow(vtrn2q_u64(ab, cd)),
        narrow(vtrn2q_u64(ab_odd, cd_odd)),
    ]
}

#[target_feature(enable = "neon")]
fn wide(words: uint32x4_t) -> uint64x2_t {
    vreinterpretq_u64_u32(words)
}

#[target_feature(enable = "neon")]
fn narrow(pairs: uint64x2_t) -> uint32x4_t {
    vreinterpretq_u32_u64(pairs)
}

#[target_feature(enable = "neon")]
fn rotate4<const LEFT: i32, const RIGHT: i32>(word: uint32x4_t) -> uint32x4_t {
    vsriq_n_u32::<RIGHT>(vshlq_n_u32::<LEFT>(word), word)
}

#[target_feature(enable = "neon")]
fn f4(x: uint32x4_t, y: uint32x4_t, z: uint32x4_t) -> uint32x4_t {
    vbslq_u32(x, y, z)
}

#[target_feature(enable = "neon")]
fn g4(x: uint32x4_t, y: uint32x4_t, z: uint32x4_t) -> uint32x4_t {
    vbslq_u32(z, x, y)
}

#[target_feature(enable = "neon")]
fn h4(x: uint32x4_t, y: uint32x4_t, z: uint32x4_t) -> uint32x4_t {
    veorq_u32(veorq_u32(x, y), z)
}

#[target_feature(enable = "neon")]
fn i4(x: uint32x4_t, y: uint32x4_t, z: uint32x4_t) -> uint32x4_t {
    veorq_u32(y, vornq_u32(x, z))
}

fn load4(bytes: [u8; 16]) -> uint32x4_t {
    // SAFETY: both are 16 bytes of plain data, and every pattern of bits is a value of both.
    unsafe { transmute(bytes) }
}

fn from4(words: [u32; 4]) -> uint32x4_t {
    // SAFETY: as for `load4`.
    unsafe { transmute(words) }
}

fn to4(register: uint32x4_t) -> [u32; 4] {
    // SAFETY: as for `load4`.
    unsafe { transmute(register) }
}
