//! Small files that a kubeconfig points at: certificates, keys, tokens. A hostile path (a device, a
//! pipe, something huge) is an error, not a wait.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

/// Bundles of every root there is take 250 KB.
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// Reads a file of at most 2 MiB.
pub(crate) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let meta = fs::metadata(path)?;
    if !meta.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!(
            "it has more than {MAX_BYTES} bytes"
        )));
    }
    Ok(bytes)
}

/// The same as text.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    String::from_utf8(bytes(path)?).map_err(|_| io::Error::other("it is not text"))
}
