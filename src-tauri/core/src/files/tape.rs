//! A tar archive as a stream: read without trusting it, written so that every tar reads it. Knows
//! nothing of files.

use std::io::{self, Read, Write};

/// Archives are made of these, bytes.
const BLOCK: usize = 512;
/// The longest name that is read or written, bytes.
const LONGEST: u64 = 4_096;
/// The most that is read of what an archive says about itself, bytes.
const ABOUT: u64 = 64 << 10;

/// What stands in an archive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name as it is written.
    pub(super) name: Vec<u8>,
    /// What it is.
    pub(super) kind: Kind,
    /// Bytes that follow.
    pub(super) size: u64,
    /// Permissions.
    pub(super) mode: u32,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link of either sort.
    Link,
    /// A device, a pipe, or what only some tars know.
    Other,
}

/// Reads an archive entry by entry.
pub(super) struct Reader<R> {
    from: R,
    /// Bytes of the current entry that were not read, and those that fill its last block.
    left: (u64, u64),
}

impl<R: Read> Reader<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, left: (0, 0) }
    }

    /// The next entry; what was not read of the last one is skipped. `None` at the end.
    ///
    /// # Errors
    /// When the stream breaks off or is no archive.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut long_name = None;
        loop {
            let (data, fill) = std::mem::take(&mut self.left);
            let skipped = io::copy(&mut (&mut self.from).take(data + fill), &mut io::sink())?;
            if skipped < data + fill {
                return Err(broken("it ends in the middle of a file"));
            }
            let mut header = [0; BLOCK];
            if !self.header(&mut header)? {
                return Ok(None);
            }
            check(&header)?;
            let size = number(&header[124..136])?;
            self.left = (size, size.next_multiple_of(BLOCK as u64) - size);
            match header[156] {
                // The name of the entry after it.
                b'L' => long_name = Some(self.text(LONGEST)?),
                b'x' => {
                    if let Some(name) = path_of(&self.text(ABOUT)?) {
                        long_name = Some(name);
                    }
                }
                b'g' | b'K' => {}
                kind => {
                    return Ok(Some(Entry {
                        name: long_name.unwrap_or_else(|| short_name(&header)),
                        kind: match kind {
                            b'0' | 0 | b'7' => Kind::File,
                            b'5' => Kind::Folder,
                            b'1' | b'2' => Kind::Link,
                            _ => Kind::Other,
                        },
                        size,
                        #[allow(clippy::cast_possible_truncation, reason = "masked to 12 bits")]
                        mode: (number(&header[100..108])? & 0o7777) as u32,
                    }));
                }
            }
        }
    }

    /// Reads a block; false at the end of the archive.
    fn header(&mut self, header: &mut [u8; BLOCK]) -> io::Result<bool> {
        let mut read = 0;
        while read < BLOCK {
            match self.from.read(&mut header[read..])? {
                0 if read == 0 => return Ok(false),
                0 => return Err(broken("it ends in the middle of a header")),
                count => read += count,
            }
        }
        Ok(header.iter().any(|byte| *byte != 0))
    }

    fn text(&mut self, most: u64) -> io::Result<Vec<u8>> {
        if self.left.0 > most {
            return Err(broken("a name in it is endless"));
        }
        let mut text = Vec::new();
        self.read_to_end(&mut text)?;
        while text.last() == Some(&0) {
            text.pop();
        }
        Ok(text)
    }
}

impl<R: Read> Read for Reader<R> {
    /// Reads from the current entry.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left.0).unwrap_or(usize::MAX);
        let most = most.min(into.len());
        if most == 0 {
            return Ok(0);
        }
        let count = self.from.read(&mut into[..most])?;
        if count == 0 {
            return Err(broken("it ends in the middle of a file"));
        }
        self.left.0 -= count as u64;
        Ok(count)
    }
}

/// Writes the header of an entry.
///
/// # Errors
/// When the writer fails.
pub(super) fn header(into: &mut impl Write, entry: &Entry) -> io::Result<()> {
    let named = entry.name.len().min(100);
    if entry.name.len() > 100 {
        let long = block(b"././@LongLink", b'L', entry.name.len() as u64 + 1, 0);
        into.write_all(&long)?;
        into.write_all(&entry.name)?;
        into.write_all(&[0])?;
        fill(into, entry.name.len() as u64 + 1)?;
    }
    let kind = if entry.kind == Kind::Folder {
        b'5'
    } else {
        b'0'
    };
    into.write_all(&block(&entry.name[..named], kind, entry.size, entry.mode))
}

/// Fills the last block of an entry of this size.
///
/// # Errors
/// When the writer fails.
pub(super) fn fill(into: &mut impl Write, size: u64) -> io::Result<()> {
    let rest = size.next_multiple_of(BLOCK as u64) - size;
    let rest = usize::try_from(rest).unwrap_or_default();
    into.write_all(&[0; BLOCK][..rest])
}

/// Writes the end of an archive.
///
/// # Errors
/// When the writer fails.
pub(super) fn end(into: &mut impl Write) -> io::Result<()> {
    into.write_all(&[0; 2 * BLOCK])?;
    into.flush()
}

fn block(name: &[u8], kind: u8, size: u64, mode: u32) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    header[..name.len()].copy_from_slice(name);
    header[100..108].copy_from_slice(format!("{mode:07o}\0").as_bytes());
    header[108..116].copy_from_slice(b"0000000\0");
    header[116..124].copy_from_slice(b"0000000\0");
    if size < 1 << 33 {
        header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    } else {
        header[124] = 0x80;
        header[128..136].copy_from_slice(&size.to_be_bytes());
    }
    header[136..148].copy_from_slice(b"00000000000\0");
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar  \0");
    let sum = sum(&header);
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

/// The sum of a header in which the sum itself counts as spaces.
fn sum(header: &[u8; BLOCK]) -> u64 {
    let own = header[148..156]
        .iter()
        .map(|byte| u64::from(*byte))
        .sum::<u64>();
    header.iter().map(|byte| u64::from(*byte)).sum::<u64>() - own + 8 * u64::from(b' ')
}

fn check(header: &[u8; BLOCK]) -> io::Result<()> {
    if number(&header[148..156])? == sum(header) {
        Ok(())
    } else {
        Err(broken("it is no tar archive"))
    }
}

/// An octal number, or a big one in GNU's way.
fn number(field: &[u8]) -> io::Result<u64> {
    if field[0] & 0x80 != 0 {
        let (high, low) = field.split_at(field.len() - 8);
        let low: [u8; 8] = low
            .try_into()
            .map_err(|_| broken("a number in it is none"))?;
        let fits = high[0] == 0x80 && high[1..].iter().all(|byte| *byte == 0);
        let value = u64::from_be_bytes(low);
        return if fits && value < 1 << 62 {
            Ok(value)
        } else {
            Err(broken("a size in it is no size"))
        };
    }
    let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = std::str::from_utf8(text).unwrap_or("?").trim();
    if text.is_empty() {
        return Ok(0);
    }
    u64::from_str_radix(text, 8).map_err(|_| broken("it is no tar archive"))
}

fn short_name(header: &[u8; BLOCK]) -> Vec<u8> {
    let text = |field: &[u8]| {
        field
            .split(|byte| *byte == 0)
            .next()
            .unwrap_or_default()
            .to_vec()
    };
    let name = text(&header[..100]);
    let prefix = text(&header[345..500]);
    // Only POSIX archives have a prefix there; GNU's have times.
    if &header[257..263] != b"ustar\0" || prefix.is_empty() {
        return name;
    }
    [prefix, name].join(&b'/')
}

/// The path among a pax header's `LENGTH KEY=VALUE` lines.
fn path_of(records: &[u8]) -> Option<Vec<u8>> {
    let mut rest = records;
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
        let record = rest.get(space + 1..length.checked_sub(1)?)?;
        if let Some(path) = record.strip_prefix(b"path=") {
            return Some(path.to_vec());
        }
        rest = rest.get(length..)?;
    }
    None
}

fn broken(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::archive::archive;

    #[test]
    fn what_is_written_is_read_again() {
        let long = "folder/".repeat(40) + "name";
        let bytes = archive(&[
            ("a", Kind::Folder, b""),
            ("a/b", Kind::File, &[7; 1_000]),
            (&long, Kind::File, b"x"),
        ]);
        assert_eq!(bytes.len() % BLOCK, 0);
        let mut reader = Reader::new(&bytes[..]);
        assert_eq!(reader.next().unwrap().unwrap().kind, Kind::Folder);
        let file = reader.next().unwrap().unwrap();
        assert_eq!(
            (file.size, file.mode, file.name.as_slice()),
            (1_000, 0o755, &b"a/b"[..])
        );
        let mut half = vec![0; 500];
        reader.read_exact(&mut half).unwrap();
        // The other half is skipped.
        let last = reader.next().unwrap().unwrap();
        assert_eq!(last.name, long.as_bytes());
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "x");
        assert_eq!(reader.next().unwrap(), None);
    }

    #[test]
    fn what_is_broken_or_hostile_is_an_error_and_no_fall() {
        let whole = archive(&[("a", Kind::File, &[1; 2_000])]);
        let read = |bytes: &[u8]| {
            let mut reader = Reader::new(bytes);
            while reader.next()?.is_some() {}
            Ok::<(), io::Error>(())
        };
        assert!(read(&whole).is_ok());
        for end in [1, 511, 513, 700, 2_000] {
            assert!(read(&whole[..end]).is_err(), "cut at {end}");
        }
        let mut wrong = whole;
        wrong[0] = b'b';
        assert!(read(&wrong).is_err(), "the sum is wrong");
        assert!(read(&[b'x'; 4_096]).is_err());
        // A name of a terabyte.
        let endless = block(b"././@LongLink", b'L', 1 << 40, 0);
        assert!(read(&endless).unwrap_err().to_string().contains("endless"));
        let negative = {
            let mut header = block(b"a", b'0', 0, 0);
            header[124..136].fill(0xff);
            let sum = sum(&header);
            header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            header
        };
        assert!(read(&negative).is_err());
    }

    #[test]
    fn names_of_pax_are_read() {
        let records = b"12 mtime=12\n20 path=a/long name\n";
        assert_eq!(path_of(records).as_deref(), Some(&b"a/long name"[..]));
        for hostile in [&b"99999 path=a\n"[..], b"0 path=a\n", b"x", b" ", b"5"] {
            assert_eq!(path_of(hostile), None, "{hostile:?}");
        }
    }
}
