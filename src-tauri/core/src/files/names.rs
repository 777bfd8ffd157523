//! Which names from a container may become files here.

use std::path::PathBuf;

/// Names that are devices on Windows, whatever stands behind a dot.
const DEVICES: &[&str] = &[
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];
/// Folders inside each other.
const DEEPEST: usize = 128;
/// Bytes of one part of a name.
const LONGEST: usize = 255;

/// The path below a folder that a name stands for, or why it may be none. Empty is the folder
/// itself.
pub(super) fn below(name: &[u8], windows: bool) -> Result<PathBuf, &'static str> {
    let Ok(name) = std::str::from_utf8(name) else {
        return Err("its name is no UTF-8");
    };
    if name.starts_with('/') {
        return Err("its name is absolute");
    }
    let mut path = PathBuf::new();
    let parts = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    for (depth, part) in parts.enumerate() {
        if part == ".." {
            return Err("its name leads out of the folder");
        }
        if part.chars().any(char::is_control) {
            return Err("its name has control characters");
        }
        if depth >= DEEPEST || part.len() > LONGEST {
            return Err("its name is too long");
        }
        if windows && !fits_windows(part) {
            return Err("its name means something else on Windows");
        }
        path.push(part);
    }
    Ok(path)
}

fn fits_windows(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).trim_end();
    let is_device = DEVICES
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device));
    let odd = part.contains(['\\', ':', '<', '>', '"', '|', '?', '*']);
    !is_device && !odd && !part.ends_with(['.', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_below_the_folder_are_taken() {
        for (name, expect) in [
            (&b"a/b"[..], Some("a/b")),
            (b"./a//b/./c/", Some("a/b/c")),
            (b"./", Some("")),
            (b"..a/b..", Some("..a/b..")),
            (b"a:b\\c", Some("a:b\\c")),
            (b"/etc/passwd", None),
            (b"../x", None),
            (b"a/../../x", None),
            (b"a/..", None),
            (b"a\nb", None),
            (b"a\x1b[2Jb", None),
            (b"a\xff", None),
        ] {
            let path = below(name, false).ok();
            assert_eq!(path, expect.map(PathBuf::from), "{}", name.escape_ascii());
        }
        assert!(below("d/".repeat(200).as_bytes(), false).is_err());
        assert!(below("n".repeat(300).as_bytes(), false).is_err());
    }

    #[test]
    fn names_that_windows_reads_otherwise_are_refused_there() {
        for name in [
            "C:x", "a\\..\\b", "NUL", "con.txt", "aux .x", "lpt1", "file.", "file ", "a:stream",
            "a|b",
        ] {
            assert!(below(name.as_bytes(), true).is_err(), "{name}");
        }
        for name in ["console", "a.b", "com10", "nulls/x"] {
            assert!(below(name.as_bytes(), true).is_ok(), "{name}");
        }
    }
}
