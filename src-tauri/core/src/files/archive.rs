//! Archives for tests, among them some that our own writer would never write.

use super::tape::{Entry, Kind, end, fill, header};

/// The bytes of an archive of these.
pub(super) fn archive(entries: &[(&str, Kind, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, kind, data) in entries {
        let entry = Entry {
            name: name.as_bytes().to_vec(),
            kind: *kind,
            size: data.len() as u64,
            mode: 0o755,
        };
        header(&mut bytes, &entry).unwrap();
        if *kind == Kind::Link {
            // The writer makes no links: a hostile one does.
            let at = bytes.len() - 512;
            bytes[at + 156] = b'2';
            bytes[at + 157..at + 168].copy_from_slice(b"/etc/passwd");
            let sum: u32 = bytes[at..]
                .iter()
                .enumerate()
                .map(|(i, byte)| {
                    if (148..156).contains(&i) {
                        32
                    } else {
                        u32::from(*byte)
                    }
                })
                .sum();
            bytes[at + 148..at + 156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        bytes.extend_from_slice(data);
        fill(&mut bytes, data.len() as u64).unwrap();
    }
    end(&mut bytes).unwrap();
    bytes
}
