//! Reads a file or a folder of this machine into an archive. Links are not followed.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

use super::{
    Tally,
    tape::{self, Entry, Kind},
};

/// Folders inside each other.
const DEEPEST: usize = 128;

/// Packs what stands at a path, under its own name.
///
/// # Errors
/// When it cannot be read, or the archive cannot be written.
pub(super) fn pack(path: &Path, mut into: impl Write, tally: &Tally) -> io::Result<()> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it has no name"))?;
    add(path, name, 0, &mut into, tally)?;
    tape::end(&mut into)
}

fn add(
    path: &Path,
    name: &str,
    depth: usize,
    into: &mut impl Write,
    tally: &Tally,
) -> io::Result<()> {
    let about = fs::symlink_metadata(path)?;
    let kind = about.file_type();
    if kind.is_symlink() {
        tally.leave_out(name, "it is a link");
    } else if kind.is_dir() {
        if depth >= DEEPEST {
            tally.leave_out(name, "it is too deep");
            return Ok(());
        }
        let entry = Entry {
            name: format!("{name}/").into_bytes(),
            kind: Kind::Folder,
            size: 0,
            mode: 0o755,
        };
        tape::header(into, &entry)?;
        let mut inside: Vec<_> = fs::read_dir(path)?.collect::<io::Result<_>>()?;
        inside.sort_by_key(fs::DirEntry::file_name);
        for file in inside {
            match file.file_name().to_str() {
                Some(own) => add(
                    &file.path(),
                    &format!("{name}/{own}"),
                    depth + 1,
                    into,
                    tally,
                )?,
                None => tally.leave_out(&file.path().display().to_string(), "its name is no UTF-8"),
            }
        }
    } else if kind.is_file() {
        let file = File::open(path)?;
        let size = about.len();
        let entry = Entry {
            name: name.as_bytes().to_vec(),
            kind: Kind::File,
            size,
            mode: mode(&about),
        };
        tape::header(into, &entry)?;
        // No more than was promised; what has shrunk meanwhile is an error.
        let mut from = file.take(size);
        let mut piece = vec![0; 64 << 10];
        let mut copied = 0;
        while copied < size {
            let count = from.read(&mut piece)?;
            if count == 0 {
                let why = format!("\"{}\" shrank while it was read", path.display());
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
            }
            into.write_all(&piece[..count])?;
            copied += count as u64;
            tally.add(0, count as u64);
        }
        tape::fill(into, size)?;
        tally.add(1, 0);
    } else {
        tally.leave_out(name, "it is no file");
    }
    Ok(())
}

#[cfg(unix)]
fn mode(about: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0o644
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::unpack::{Bounds, unpack};

    #[test]
    fn a_folder_comes_out_as_it_went_in_but_for_links() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        fs::create_dir_all(from.join("empty")).unwrap();
        fs::create_dir_all(from.join("a/b")).unwrap();
        fs::write(from.join("a/b/large"), vec![9; 200_000]).unwrap();
        let long = "n".repeat(150);
        fs::write(from.join(&long), "long").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc", from.join("etc")).unwrap();
        let (mut bytes, packed) = (Vec::new(), Tally::default());
        pack(&from, &mut bytes, &packed).unwrap();
        assert_eq!((packed.files(), packed.bytes()), (2, 200_004));
        assert_eq!(
            packed.end(&from, None).left_out_count,
            u64::from(cfg!(unix))
        );
        let into = folder.path().join("into");
        unpack(&bytes[..], &into, Bounds::default(), &Tally::default()).unwrap();
        assert_eq!(
            fs::read(into.join("from/a/b/large")).unwrap(),
            vec![9; 200_000]
        );
        assert_eq!(fs::read(into.join("from").join(&long)).unwrap(), b"long");
        assert!(into.join("from/empty").is_dir() && !into.join("from/etc").exists());
        assert!(pack(Path::new("/"), io::sink(), &Tally::default()).is_err());
        assert!(pack(&from.join("none"), io::sink(), &Tally::default()).is_err());
    }
}
