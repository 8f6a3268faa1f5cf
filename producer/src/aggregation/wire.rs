//! The few rules of protobuf's wire format that the record format needs, as Java's runtime applies them,
//! because that is what KCL reads with.

use super::decode::DecodeError;

/// Bytes that a number takes as a varint, 1 to 10.
pub(super) fn varint_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    // A seventh of them, rounded up, without a division.
    (bits * 9 + 64) / 64
}

/// Writes a number as a varint over bytes that are as many as it takes.
pub(super) fn write_varint(to: &mut [u8], value: u64) {
    let mut left = value;
    for byte in to.iter_mut() {
        *byte = (left & 0x7f) as u8 | 0x80;
        left >>= 7;
    }
    if let Some(last) = to.last_mut() {
        *last &= 0x7f;
    }
}

/// Writes a length-delimited field with a field number below 16 over bytes that are as many as it takes.
pub(super) fn write_bytes(to: &mut [u8], field: u8, bytes: &[u8]) {
    let (head, value) = to.split_at_mut(to.len() - bytes.len());
    if let [tag, length @ ..] = head {
        *tag = field << 3 | 2;
        write_varint(length, bytes.len() as u64);
    }
    copy(value, bytes);
}

/// Copies what is as long as `to`: up to 128 bytes by two moves that may overlap, for a call would cost as much again.
#[inline]
pub(super) fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        16..=32 => ends::<16>(to, from),
        33..=64 => ends::<32>(to, from),
        65..=128 => ends::<64>(to, from),
        _ => to.copy_from_slice(from),
    }
}

fn ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk::<N>()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk::<N>()) {
        *to = *from;
    }
}

/// Bytes that [`write_bytes`] takes for a value of this length.
pub(super) fn bytes_field_len(len: usize) -> usize {
    1 + varint_len(len as u64) + len
}

/// One field of a message; wire types that the format does not use carry no value.
pub(super) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Other,
}

/// Reads a message field by field.
pub(super) struct Fields<'a> {
    input: &'a [u8],
    /// Messages around this one; groups in it count on from there.
    depth: usize,
}

/// How deep messages and unknown groups may nest; Java's default recursion limit.
const MAX_DEPTH: usize = 100;

impl<'a> Fields<'a> {
    pub(super) fn of(input: &'a [u8], depth: usize) -> Self {
        Self { input, depth }
    }

    /// The next field's number and value; `None` at the end of the message.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(u32, Value<'a>)>, DecodeError> {
        if self.input.is_empty() {
            return Ok(None);
        }
        let (field, wire_type) = self.tag()?;
        let value = match wire_type {
            0 => Value::Varint(self.varint()?),
            2 => Value::Bytes(self.bytes()?),
            _ => {
                self.skip(field, wire_type, self.depth)?;
                Value::Other
            }
        };
        Ok(Some((field, value)))
    }

    fn tag(&mut self) -> Result<(u32, u8), DecodeError> {
        let low = low_half(self.varint()?);
        match (low >> 3, (low & 7) as u8) {
            (0, _) => Err(DecodeError::InvalidTag),
            tag => Ok(tag),
        }
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        // Tags, indices and lengths are of one byte or two, nearly always.
        match *self.input {
            [one @ 0..0x80, ref rest @ ..] => {
                self.input = rest;
                Ok(u64::from(one))
            }
            [low, high @ 0..0x80, ref rest @ ..] => {
                self.input = rest;
                Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for (shift, byte) in (0..70).step_by(7).zip(self.input) {
            // The tenth byte carries one bit; the others of it fall off, as in Java.
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                self.input = &self.input[shift / 7 + 1..];
                return Ok(value);
            }
        }
        Err(if self.input.len() < 10 { DecodeError::Truncated } else { DecodeError::LongVarint })
    }

    /// A length is the low half of its number, as in Java.
    fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = low_half(self.varint()?);
        usize::try_from(length).map_err(|_| DecodeError::Truncated).and_then(|length| self.fixed(length))
    }

    fn fixed(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (bytes, rest) = self.input.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.input = rest;
        Ok(bytes)
    }

    fn skip(&mut self, field: u32, wire_type: u8, depth: usize) -> Result<(), DecodeError> {
        match wire_type {
            0 => self.varint().map(drop),
            1 => self.fixed(8).map(drop),
            2 => self.bytes().map(drop),
            3 if depth < MAX_DEPTH => self.skip_group(field, depth + 1),
            5 => self.fixed(4).map(drop),
            _ => Err(DecodeError::InvalidTag),
        }
    }

    fn skip_group(&mut self, group: u32, depth: usize) -> Result<(), DecodeError> {
        loop {
            match self.tag()? {
                (field, 4) if field == group => return Ok(()),
                (field, wire_type) => self.skip(field, wire_type, depth)?,
            }
        }
    }
}

fn low_half(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or_default()
}
