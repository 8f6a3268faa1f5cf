//! Feeding the lanes: each takes the next input as soon as it has finished its last one.
//!
//! Knows nothing of vector registers: a kernel is a function that takes one block of each lane through MD5.

use super::Md5Digest;

/// Bytes of a block.
const BLOCK: usize = 64;

/// What MD5 starts from (RFC 1321, 3.3).
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// The four state words of every lane, word by word: a vector register is a part of a row.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct State<const LANES: usize>(pub(super) [[u32; LANES]; 4]);

/// One block of each lane.
pub(super) type Blocks<'a, const LANES: usize> = [&'a [u8; BLOCK]; LANES];

/// An input on its way through a lane.
struct Lane<'a> {
    index: usize,
    /// Whole blocks that are still to come, straight from the input.
    whole: &'a [[u8; BLOCK]],
    /// The rest of the input with MD5's padding: one block or two.
    tail: [[u8; BLOCK]; 2],
    tail_from: usize,
}

const IDLE: usize = usize::MAX;

impl<'a> Lane<'a> {
    const fn idle() -> Self {
        Self { index: IDLE, whole: &[], tail: [[0; BLOCK]; 2], tail_from: 1 }
    }

    /// Takes an input and pads it: a one bit, zeros, and its length in bits as 64 bits.
    fn take(&mut self, index: usize, input: &'a [u8]) {
        let (whole, rest) = input.as_chunks::<BLOCK>();
        self.index = index;
        self.whole = whole;
        let bits = u64::try_from(input.len()).unwrap_or(u64::MAX).wrapping_mul(8).to_le_bytes();
        // The padding needs nine bytes: where they do not fit, it takes a block of its own.
        self.tail_from = usize::from(rest.len() < BLOCK - 8);
        let first = &mut self.tail[self.tail_from];
        *first = [0; BLOCK];
        first[..rest.len()].copy_from_slice(rest);
        first[rest.len()] = 0x80;
        if self.tail_from == 0 {
            self.tail[1] = [0; BLOCK];
        }
        self.tail[1][BLOCK - 8..].copy_from_slice(&bits);
    }

    #[inline]
    fn block(&self) -> &[u8; BLOCK] {
        self.whole.first().unwrap_or(&self.tail[self.tail_from])
    }

    /// Goes past the block; whether it was the last.
    fn advance(&mut self) -> bool {
        if let [_, rest @ ..] = self.whole {
            self.whole = rest;
            return false;
        }
        self.tail_from += 1;
        let ended = self.tail_from == 2;
        self.tail_from = self.tail_from.min(1);
        ended
    }
}

/// Takes all inputs through `LANES` lanes of a kernel.
pub(super) fn run<const LANES: usize, I: AsRef<[u8]>>(
    kernel: fn(&mut State<LANES>, &Blocks<'_, LANES>),
    inputs: &[I],
    give: &mut impl FnMut(usize, Md5Digest),
) {
    let mut waiting = inputs.iter().map(AsRef::as_ref).enumerate();
    let mut state = State([[0; LANES]; 4]);
    let mut lanes: [Lane<'_>; LANES] = std::array::from_fn(|_| Lane::idle());
    let mut busy = 0;
    for (position, lane) in lanes.iter_mut().enumerate() {
        busy += usize::from(refill(lane, &mut waiting, &mut state, position));
    }
    while busy > 0 {
        kernel(&mut state, &lanes.each_ref().map(Lane::block));
        for (position, lane) in lanes.iter_mut().enumerate() {
            if lane.index != IDLE && lane.advance() {
                give(lane.index, result(&state, position));
                busy -= usize::from(!refill(lane, &mut waiting, &mut state, position));
            }
        }
    }
}

/// Gives a lane the next input; whether there was one.
fn refill<'a, const LANES: usize>(
    lane: &mut Lane<'a>,
    waiting: &mut impl Iterator<Item = (usize, &'a [u8])>,
    state: &mut State<LANES>,
    position: usize,
) -> bool {
    let Some((index, input)) = waiting.next() else {
        lane.index = IDLE;
        return false;
    };
    lane.take(index, input);
    for (row, start) in state.0.iter_mut().zip(START) {
        row[position] = start;
    }
    true
}

fn result<const LANES: usize>(state: &State<LANES>, position: usize) -> Md5Digest {
    let mut digest = [0; 16];
    for (bytes, row) in digest.chunks_exact_mut(4).zip(&state.0) {
        bytes.copy_from_slice(&row[position].to_le_bytes());
    }
    digest
}
