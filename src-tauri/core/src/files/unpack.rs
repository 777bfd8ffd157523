//! Puts what a container sends into a new folder: files and folders with plain names, bounded in
//! number and size. Links are never made, so nothing can lead elsewhere.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read},
    path::Path,
};

use super::{
    Tally, names,
    tape::{Kind, Reader},
};

/// What may come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Entries of the archive.
    pub(super) entries: u64,
    /// Bytes of all files.
    pub(super) bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            entries: 500_000,
            bytes: 64 << 30,
        }
    }
}

/// Unpacks an archive.
///
/// # Errors
/// When it breaks off, is none, is too much, or a file cannot be written; what came before stays.
pub(super) fn unpack(
    from: impl Read,
    into: &Path,
    bounds: Bounds,
    tally: &Tally,
) -> io::Result<()> {
    let mut archive = Reader::new(from);
    let mut entries = 0;
    while let Some(entry) = archive.next()? {
        entries += 1;
        if entries > bounds.entries {
            return Err(too_much(format!(
                "it has more than {} files",
                bounds.entries
            )));
        }
        let shown = || String::from_utf8_lossy(&entry.name).into_owned();
        let path = match names::below(&entry.name, cfg!(windows)) {
            Ok(path) => into.join(path),
            Err(why) => {
                tally.leave_out(&shown(), why);
                continue;
            }
        };
        match entry.kind {
            Kind::Folder => fs::create_dir_all(&path)?,
            Kind::Link => tally.leave_out(&shown(), "it is a link"),
            Kind::Other => tally.leave_out(&shown(), "it is no file"),
            Kind::File => {
                if entry.size > bounds.bytes.saturating_sub(tally.bytes()) {
                    let most = bounds.bytes >> 30;
                    return Err(too_much(format!("it is larger than {most} GiB")));
                }
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                let mut options = OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                {
                    // Whether it can be run is kept; who may is this machine's matter.
                    let run = entry.mode & 0o100 != 0;
                    std::os::unix::fs::OpenOptionsExt::mode(
                        &mut options,
                        if run { 0o755 } else { 0o644 },
                    );
                }
                let mut file = match options.open(&path) {
                    Ok(file) => file,
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        tally.leave_out(&shown(), "it came twice");
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                let mut piece = vec![0; 64 << 10];
                loop {
                    let count = archive.read(&mut piece)?;
                    if count == 0 {
                        break;
                    }
                    io::Write::write_all(&mut file, &piece[..count])?;
                    tally.add(0, count as u64);
                }
                tally.add(1, 0);
            }
        }
    }
    Ok(())
}

fn too_much(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::archive::archive;

    #[test]
    fn files_come_and_what_leads_elsewhere_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("copy");
        fs::create_dir(&into).unwrap();
        let bytes = archive(&[
            ("./conf", Kind::Folder, b""),
            ("./conf/a", Kind::File, b"hello"),
            ("./deep/er/b", Kind::File, b"12"),
            ("../out", Kind::File, b"x"),
            ("/tmp/out", Kind::File, b"x"),
            ("link", Kind::Link, b""),
            ("link/through", Kind::File, b"y"),
            ("conf/a", Kind::File, b"again"),
        ]);
        let tally = Tally::default();
        unpack(&bytes[..], &into, Bounds::default(), &tally).unwrap();
        assert_eq!(fs::read(into.join("conf/a")).unwrap(), b"hello");
        assert_eq!(fs::read(into.join("deep/er/b")).unwrap(), b"12");
        // The link was not made: what stood behind it is in a folder of its own.
        assert!(!into.join("link").is_symlink() && into.join("link/through").is_file());
        assert!(!folder.path().join("out").exists());
        let end = tally.end(&into, None);
        assert_eq!(end.left_out_count, 4, "{end:?}");
        assert!(end.left_out.iter().any(|line| line.contains("leads out")));
        assert!(end.left_out.iter().any(|line| line.contains("twice")));
        assert_eq!((tally.files(), tally.bytes()), (3, 8));
    }

    #[test]
    fn bombs_are_refused_before_they_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let bounds = Bounds {
            entries: 3,
            bytes: 1_000,
        };
        let files = [
            ("a", Kind::File, &[0; 600][..]),
            ("b", Kind::File, &[0; 600]),
        ];
        let error = unpack(
            &archive(&files)[..],
            folder.path(),
            bounds,
            &Tally::default(),
        );
        assert!(error.unwrap_err().to_string().contains("larger than"));
        assert!(!folder.path().join("b").exists());
        let many = [
            ("c", Kind::File, &b""[..]),
            ("d", Kind::File, b""),
            ("e", Kind::File, b""),
            ("f", Kind::File, b""),
        ];
        let error = unpack(
            &archive(&many)[..],
            folder.path(),
            bounds,
            &Tally::default(),
        );
        assert!(error.unwrap_err().to_string().contains("more than 3 files"));
    }
}
