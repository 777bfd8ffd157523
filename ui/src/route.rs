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
        /// The facet value that is chosen when the view opens.
        facet: Option<String>,
    },
    /// A view that is no table, `#/dashboard`.
    Page(Page),
    /// The incidents, `#/incidents` or `#/incidents/ID`.
    Incidents {
        /// The incident whose detail is shown.
        id: Option<String>,
    },
}

/// A view that is no table and has no parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Page {
    /// What is going on.
    Dashboard,
    /// What the cluster is made of.
    ClusterOverview,
    /// Which clusters there are.
    Clusters,
    /// What programs have written.
    Logs,
    /// Ports that lead into clusters.
    Forwards,
    /// Terminals, over the whole window.
    Terminal,
    /// Who may use the app.
    Users,
    /// What can be set.
    Settings,
    /// Every component in every state; offered nowhere.
    #[cfg(feature = "gallery")]
    Gallery,
}

impl Page {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Dashboard,
        Self::ClusterOverview,
        Self::Clusters,
        Self::Logs,
        Self::Forwards,
        Self::Terminal,
        Self::Users,
        Self::Settings,
        #[cfg(feature = "gallery")]
        Self::Gallery,
    ];

    /// Its name in the address.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::ClusterOverview => "cluster-overview",
            Self::Clusters => "cluster-manager",
            Self::Logs => "logs",
            Self::Forwards => "port-forwards",
            Self::Terminal => "terminal",
            Self::Users => "users",
            Self::Settings => "settings",
            #[cfg(feature = "gallery")]
            Self::Gallery => "gallery",
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Dashboard => "Dashboard",
            Self::ClusterOverview => "Cluster overview",
            Self::Clusters => "Clusters",
            Self::Logs => "Logs",
            Self::Forwards => "Port-forwards",
            Self::Terminal => "Terminal",
            Self::Users => "Users",
            Self::Settings => "Settings",
            #[cfg(feature = "gallery")]
            Self::Gallery => "Gallery",
        }
    }
}

impl Route {
    /// The table of `kind`, unfiltered.
    #[must_use]
    pub fn table(kind: &str) -> Self {
        Self::Table {
            kind: kind.into(),
            filter: String::new(),
            facet: None,
        }
    }

    /// The table of `kind`, showing only what holds the words of `filter`.
    #[must_use]
    pub fn filtered(kind: &str, filter: &str) -> Self {
        Self::Table {
            kind: kind.into(),
            filter: filter.into(),
            facet: None,
        }
    }

    /// The table of `kind`, showing only rows of one state.
    #[must_use]
    pub fn facet(kind: &str, facet: &str) -> Self {
        Self::Table {
            kind: kind.into(),
            filter: String::new(),
            facet: Some(facet.into()),
        }
    }

    /// Reads a hash, with or without its `#`; `None` when it names nothing.
    #[must_use]
    pub fn parse(hash: &str) -> Option<Self> {
        let path = hash.trim_start_matches('#').trim_start_matches('/');
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut parts = path.splitn(2, '/');
        let (first, rest) = (parts.next().unwrap_or_default(), parts.next());
        if first.is_empty() {
            return None;
        }
        if first == "incidents" {
            let id = rest.filter(|id| !id.is_empty()).map(decode);
            return Some(Self::Incidents { id });
        }
        if let Some(page) = Page::ALL.iter().copied().find(|page| page.id() == first) {
            return Some(Self::Page(page));
        }
        let asked = |name: &str| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(decode))
        };
        Some(Self::Table {
            kind: decode(first),
            filter: asked("filter").unwrap_or_default(),
            facet: asked("facet").filter(|facet| !facet.is_empty()),
        })
    }

    /// The hash, with its `#`.
    #[must_use]
    pub fn hash(&self) -> String {
        match self {
            Self::Table {
                kind,
                filter,
                facet,
            } => {
                let filter = (!filter.is_empty()).then(|| format!("filter={}", encode(filter)));
                let facet = facet
                    .as_ref()
                    .map(|facet| format!("facet={}", encode(facet)));
                let query: Vec<String> = filter.into_iter().chain(facet).collect();
                let mark = if query.is_empty() { "" } else { "?" };
                format!("#/{}{mark}{}", encode(kind), query.join("&"))
            }
            Self::Page(page) => format!("#/{}", page.id()),
            Self::Incidents { id: None } => "#/incidents".into(),
            Self::Incidents { id: Some(id) } => format!("#/incidents/{}", encode(id)),
        }
    }

    /// The view's name: a kind's id, `incidents` or a page's id.
    #[must_use]
    pub fn view(&self) -> &str {
        match self {
            Self::Table { kind, .. } => kind,
            Self::Page(page) => page.id(),
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
            facet: Some("Init:1/2".into()),
        };
        let incident = Route::Incidents {
            id: Some("inc-image_pull_error-1760000000".into()),
        };
        let pages = Page::ALL.iter().copied().map(Route::Page);
        let others = [
            Route::table("nodes"),
            Route::facet("pods", "Running"),
            filtered,
            Route::Incidents { id: None },
            incident,
        ];
        for route in pages.into_iter().chain(others) {
            assert_eq!(
                Route::parse(&route.hash()),
                Some(route.clone()),
                "{}",
                route.hash()
            );
        }
    }

    #[test]
    fn what_names_nothing_is_nothing_and_what_is_broken_still_opens() {
        for hash in ["", "#", "#/", "/"] {
            assert_eq!(Route::parse(hash), None, "{hash:?}");
        }
        assert_eq!(
            Route::parse("#/incidents/"),
            Some(Route::Incidents { id: None })
        );
        let Some(Route::Table { filter, .. }) = Route::parse("#/pods?filter=%zz%e") else {
            panic!("not a table")
        };
        assert_eq!(filter, "%zz%e");
    }
}
