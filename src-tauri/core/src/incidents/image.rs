//! Image references: repository, tag, digest.

/// A reference, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// `registry:5000/team/app`, as written.
    pub repository: &'a str,
    /// `v1`; absent where none is written.
    pub tag: Option<&'a str>,
    /// `sha256:…`.
    pub digest: Option<&'a str>,
}

/// Takes a reference apart; `None` when it is none.
pub(super) fn parse(text: &str) -> Option<Reference<'_>> {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    let (repository, tag) = match rest.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (rest, None),
    };
    let digest_fits = digest.is_none_or(|digest| {
        digest.split_once(':').is_some_and(|(algorithm, hash)| {
            !algorithm.is_empty() && hash.len() >= 32 && hash.bytes().all(|b| b.is_ascii_hexdigit())
        })
    });
    let fits = is_repository(repository) && tag.is_none_or(is_tag) && digest_fits;
    fits.then_some(Reference {
        repository,
        tag,
        digest,
    })
}

/// Why a reference is none, in words.
pub(super) fn flaw(text: &str) -> &'static str {
    if text.is_empty() {
        "it is empty"
    } else if text.chars().any(char::is_whitespace) {
        "it contains a blank"
    } else if text.contains("://") {
        "it begins with a scheme"
    } else if text
        .split(['@', ':'])
        .next()
        .unwrap_or_default()
        .chars()
        .any(char::is_uppercase)
    {
        "the repository has upper-case letters"
    } else {
        "it is not of the form repository:tag"
    }
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    (1..=128).contains(&tag.len()) && tag.bytes().all(word) && !tag.starts_with(['.', '-'])
}

fn is_repository(repository: &str) -> bool {
    let mut parts: Vec<&str> = repository.split('/').collect();
    if parts.len() > 1 && (parts[0].contains(['.', ':']) || parts[0] == "localhost") {
        let host = parts.remove(0);
        let word =
            |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
        if host.is_empty() || !host.bytes().all(word) {
            return false;
        }
    }
    parts.iter().all(|part| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let ends = part.bytes().next().is_some_and(plain) && part.bytes().last().is_some_and(plain);
        ends && part
            .bytes()
            .all(|b| plain(b) || matches!(b, b'.' | b'_' | b'-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        for (text, repository, tag) in [
            ("nginx", "nginx", None),
            ("nginx:1.27", "nginx", Some("1.27")),
            ("localhost:5000/a/b:v1", "localhost:5000/a/b", Some("v1")),
            ("reg.example.com:5000/a", "reg.example.com:5000/a", None),
        ] {
            let reference = parse(text).unwrap();
            assert_eq!(
                (reference.repository, reference.tag),
                (repository, tag),
                "{text}"
            );
        }
        for text in [
            "",
            "Web:1",
            "a b",
            "https://reg.io/a",
            "nginx:",
            "nginx:!",
            "/a",
            "a//b",
            "a@sha256:xy",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(flaw("Shop/Web:1"), "the repository has upper-case letters");
        assert_eq!(flaw("a b:1"), "it contains a blank");
    }
}
