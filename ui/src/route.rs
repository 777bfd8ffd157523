//! The address of a view, as the part of the URL after `#`. Knows no browser.

/// What the window shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// The table of a kind, `#/pods` or `#/pods?filter=checkout`.
    Table {
        /// [`kubegraf_ipc::table::KindInfo::id`].
        kind: String,
        /// What the filter box holds when the view opens.
        filter: String,
    },
    /// The incidents, `#/incidents` or `#/incidents/ID`.
    Incidents {
        /// The incident whose detail is shown.
        id: Option<String>,
    },
}

impl Route {
    /// The table of `kind`, unfiltered.
    #[must_use]
    pub fn table(kind: &str) -> Self {
        Self::Table {
            kind: kind.into(),
            filter: String::new(),
        }
    }

    /// Reads a hash, with or without its `#`. What is empty or broken is the pods table.
    #[must_use]
    pub fn parse(hash: &str) -> Self {
        let path = hash.trim_start_matches('#').trim_start_matches('/');
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut parts = path.splitn(2, '/');
        match (parts.next().unwrap_or_default(), parts.next()) {
            ("", _) => Self::table("pods"),
            ("incidents", id) => Self::Incidents {
                id: id.filter(|id| !id.is_empty()).map(decode),
            },
            (kind, _) => Self::Table {
                kind: decode(kind),
                filter: query
                    .strip_prefix("filter=")
                    .map(decode)
                    .unwrap_or_default(),
            },
        }
    }

    /// The hash, with its `#`.
    #[must_use]
    pub fn hash(&self) -> String {
        match self {
            Self::Table { kind, filter } if filter.is_empty() => format!("#/{}", encode(kind)),
            Self::Table { kind, filter } => {
                format!("#/{}?filter={}", encode(kind), encode(filter))
            }
            Self::Incidents { id: None } => "#/incidents".into(),
            Self::Incidents { id: Some(id) } => format!("#/incidents/{}", encode(id)),
        }
    }

    /// The view's name: a kind's id, or `incidents`.
    #[must_use]
    pub fn view(&self) -> &str {
        match self {
            Self::Table { kind, .. } => kind,
            Self::Incidents { .. } => "incidents",
        }
    }
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%').then(|| tail.get(..2)).flatten();
        let escaped = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_comes_back_from_its_hash() {
        let filtered = Route::Table {
            kind: "pods".into(),
            filter: "/check.*ü/ 100% a=b&c?".into(),
        };
        let incident = Route::Incidents {
            id: Some("inc-image_pull_error-1760000000".into()),
        };
        for route in [
            Route::table("nodes"),
            filtered,
            Route::Incidents { id: None },
            incident,
        ] {
            assert_eq!(Route::parse(&route.hash()), route, "{}", route.hash());
        }
    }

    #[test]
    fn broken_hashes_open_something() {
        for hash in ["", "#", "#/", "/"] {
            assert_eq!(Route::parse(hash), Route::table("pods"), "{hash:?}");
        }
        assert_eq!(Route::parse("#/incidents/"), Route::Incidents { id: None });
        let Route::Table { filter, .. } = Route::parse("#/pods?filter=%zz%e") else {
            panic!("not a table")
        };
        assert_eq!(filter, "%zz%e");
    }
}
