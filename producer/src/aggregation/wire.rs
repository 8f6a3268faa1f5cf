//! The few rules of protobuf's wire format that the record format needs, as Java's runtime applies them,
//! because that is what KCL reads with.

use bytes::Bytes;

use super::decode::DecodeError;

/// Bytes that a number takes as a varint, 1 to 10.
pub(super) fn varint_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Appends a number as a varint.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// Appends a length-delimited field with a field number below 16.
pub(super) fn put_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Bytes that [`put_bytes`] takes for a value of this length.
pub(super) fn bytes_field_len(len: usize) -> usize {
    1 + varint_len(len as u64) + len
}

/// One field of a message; wire types that the format does not use carry no value.
pub(super) enum Value {
    Varint(u64),
    Bytes(Bytes),
    Other,
}

/// Reads a message field by field.
pub(super) struct Fields {
    input: Bytes,
    at: usize,
}

/// How deep unknown groups may nest; Java's default recursion limit.
const MAX_GROUP_DEPTH: usize = 100;

impl Fields {
    pub(super) fn of(input: Bytes) -> Self {
        Self { input, at: 0 }
    }

    /// The next field's number and value; `None` at the end of the message.
    pub(super) fn next(&mut self) -> Result<Option<(u32, Value)>, DecodeError> {
        if self.at == self.input.len() {
            return Ok(None);
        }
        let (field, wire_type) = self.tag()?;
        let value = match wire_type {
            0 => Value::Varint(self.varint()?),
            2 => Value::Bytes(self.bytes()?),
            _ => {
                self.skip(field, wire_type, 0)?;
                Value::Other
            }
        };
        Ok(Some((field, value)))
    }

    fn tag(&mut self) -> Result<(u32, u8), DecodeError> {
        let low = u32::try_from(self.varint()? & u64::from(u32::MAX)).unwrap_or_default();
        match (low >> 3, (low & 7) as u8) {
            (0, _) => Err(DecodeError::InvalidTag),
            tag => Ok(tag),
        }
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = *self.input.get(self.at).ok_or(DecodeError::Truncated)?;
            self.at += 1;
            // The tenth byte carries one bit; the others of it fall off, as in Java.
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::LongVarint)
    }

    fn bytes(&mut self) -> Result<Bytes, DecodeError> {
        let len = usize::try_from(self.varint()?).map_err(|_| DecodeError::Truncated)?;
        let end =
            self.at.checked_add(len).filter(|end| *end <= self.input.len()).ok_or(DecodeError::Truncated)?;
        let bytes = self.input.slice(self.at..end);
        self.at = end;
        Ok(bytes)
    }

    fn fixed(&mut self, len: usize) -> Result<(), DecodeError> {
        self.at =
            self.at.checked_add(len).filter(|end| *end <= self.input.len()).ok_or(DecodeError::Truncated)?;
        Ok(())
    }

    fn skip(&mut self, field: u32, wire_type: u8, depth: usize) -> Result<(), DecodeError> {
        match wire_type {
            0 => self.varint().map(drop),
            1 => self.fixed(8),
            2 => self.bytes().map(drop),
            3 if depth < MAX_GROUP_DEPTH => self.skip_group(field, depth + 1),
            5 => self.fixed(4),
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
