//! Which images exist, and how what is in them behaves: the sim's registry and its applications in one.
//! Knows nothing of pods; the kubelet asks it.

use std::collections::BTreeMap;

/// An image name taken apart, with the defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// `docker.io/library/nginx`.
    pub repository: String,
    /// `latest` when the name gives neither tag nor digest; empty with a digest alone.
    pub tag: String,
}

impl Reference {
    /// `None` for a name no registry could hold (kubelet: `InvalidImageName`).
    pub(crate) fn parse(image: &str) -> Option<Self> {
        let (name, digest) = image
            .split_once('@')
            .map_or((image, None), |(n, d)| (n, Some(d)));
        let slash = name.rfind('/').map_or(0, |i| i + 1);
        let (path, tag) = match name[slash..].find(':') {
            Some(colon) => (&name[..slash + colon], &name[slash + colon + 1..]),
            None => (name, if digest.is_some() { "" } else { "latest" }),
        };
        let clean = |s: &str| {
            s.bytes().all(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || matches!(b, b'.' | b'-' | b'_' | b'/' | b':')
            })
        };
        let tag_clean = tag
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        if path.is_empty() || !clean(path) || !tag_clean || (tag.is_empty() && digest.is_none()) {
            return None;
        }
        let first = path.split('/').next().unwrap_or_default();
        let hosted = path.contains('/')
            && (first.contains('.') || first.contains(':') || first == "localhost");
        let repository = if hosted {
            path.to_owned()
        } else if path.contains('/') {
            format!("docker.io/{path}")
        } else {
            format!("docker.io/library/{path}")
        };
        Some(Self {
            repository,
            tag: tag.to_owned(),
        })
    }

    pub(crate) fn full(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }
}

/// How an application writes its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStyle {
    /// One JSON object a request.
    HttpJson,
    /// The access log of a web server.
    Access,
    /// Timestamped lines of a JVM service.
    Java,
    /// A queue consumer or batch process.
    Worker,
    /// A database.
    Database,
    /// A controller of the platform (klog).
    Controller,
}

/// How the program in an image behaves.
#[derive(Debug, Clone)]
pub struct App {
    /// Milliseconds from start until it answers on its ports.
    pub start_ms: i64,
    /// Memory it needs in MiB; a limit below it ends in an OOM kill.
    pub memory_mib: i64,
    /// Mean CPU use in millicores.
    pub cpu_milli: i64,
    /// Ports it really listens on; empty means the ports its containers declare.
    pub listens: Vec<u16>,
    /// Names of environment variables holding `host:port` (or a URL) it must reach at start.
    pub needs: Vec<String>,
    /// Ends with this code some time after its start.
    pub exit: Option<Exit>,
    /// Seconds a batch run takes when the pod does not restart for ever.
    pub run_seconds: i64,
    /// How it logs.
    pub log: LogStyle,
}

/// A program that ends by itself.
#[derive(Debug, Clone)]
pub struct Exit {
    /// Milliseconds after start.
    pub after_ms: i64,
    /// Exit code.
    pub code: i64,
    /// The last lines it writes.
    pub last_words: Vec<String>,
}

impl Default for App {
    fn default() -> Self {
        Self {
            start_ms: 1500,
            memory_mib: 48,
            cpu_milli: 8,
            listens: Vec::new(),
            needs: Vec::new(),
            exit: None,
            run_seconds: 20,
            log: LogStyle::HttpJson,
        }
    }
}

#[derive(Debug, Clone)]
struct Repository {
    tags: Tags,
    app: App,
    per_tag: BTreeMap<String, App>,
}

#[derive(Debug, Clone)]
enum Tags {
    /// Anything that starts with a digit or `v` and a digit, or is a usual moving tag.
    Versions,
    Only(Vec<String>),
}

/// Every repository the registries of the cluster hold.
#[derive(Debug, Clone, Default)]
pub struct Catalogue(BTreeMap<String, Repository>);

/// What a pull comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pull {
    Found,
    NoSuchTag,
    NoSuchRepository,
}

impl Catalogue {
    /// Public images people try first, in any version.
    #[must_use]
    pub fn well_known() -> Self {
        let mut c = Self::default();
        for (name, log, memory, cpu) in [
            ("nginx", LogStyle::Access, 24, 4),
            ("httpd", LogStyle::Access, 30, 4),
            ("redis", LogStyle::Database, 40, 6),
            ("postgres", LogStyle::Database, 180, 30),
            ("mysql", LogStyle::Database, 380, 30),
            ("memcached", LogStyle::Database, 20, 3),
            ("busybox", LogStyle::Worker, 4, 1),
            ("alpine", LogStyle::Worker, 4, 1),
            ("debian", LogStyle::Worker, 8, 1),
            ("ubuntu", LogStyle::Worker, 8, 1),
            ("python", LogStyle::Worker, 40, 5),
            ("node", LogStyle::HttpJson, 70, 8),
        ] {
            let app = App {
                log,
                memory_mib: memory,
                cpu_milli: cpu,
                ..App::default()
            };
            c.add_versions(&format!("docker.io/library/{name}"), app);
        }
        c.add_versions(
            "registry.k8s.io/pause",
            App {
                log: LogStyle::Worker,
                memory_mib: 1,
                cpu_milli: 0,
                ..App::default()
            },
        );
        c
    }

    /// Adds a repository that holds every version-like tag.
    pub fn add_versions(&mut self, repository: &str, app: App) {
        self.0.insert(
            full_name(repository),
            Repository {
                tags: Tags::Versions,
                app,
                per_tag: BTreeMap::new(),
            },
        );
    }

    /// Adds tags to a repository, creating it when needed; other tags do not exist there.
    pub fn add_tags(&mut self, repository: &str, tags: &[&str], app: &App) {
        let known = self
            .0
            .entry(full_name(repository))
            .or_insert_with(|| Repository {
                tags: Tags::Only(Vec::new()),
                app: app.clone(),
                per_tag: BTreeMap::new(),
            });
        for tag in tags {
            if let Tags::Only(list) = &mut known.tags {
                list.push((*tag).to_owned());
            }
            known.per_tag.insert((*tag).to_owned(), app.clone());
        }
    }

    pub(crate) fn pull(&self, image: &Reference) -> Pull {
        match self.0.get(&image.repository) {
            None => Pull::NoSuchRepository,
            Some(r) => match &r.tags {
                Tags::Only(list) if !list.contains(&image.tag) => Pull::NoSuchTag,
                Tags::Versions if !version_like(&image.tag) => Pull::NoSuchTag,
                _ => Pull::Found,
            },
        }
    }

    pub(crate) fn app(&self, image: &str) -> App {
        Reference::parse(image)
            .and_then(|r| {
                let found = self.0.get(&r.repository)?;
                Some(found.per_tag.get(&r.tag).unwrap_or(&found.app).clone())
            })
            .unwrap_or_default()
    }
}

fn full_name(repository: &str) -> String {
    Reference::parse(repository).map_or_else(|| repository.to_owned(), |r| r.repository)
}

fn version_like(tag: &str) -> bool {
    let digits = tag.strip_prefix('v').unwrap_or(tag);
    tag.is_empty()
        || digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.split('-').next().is_some_and(|v| {
                v.split('.')
                    .all(|p| p.len() <= 4 && p.bytes().all(|b| b.is_ascii_digit()) && !p.is_empty())
            })
            && digits
                .split('.')
                .next()
                .is_some_and(|major| major.split('-').next().is_some_and(|m| m.len() <= 3))
        || matches!(
            tag,
            "latest"
                | "stable"
                | "alpine"
                | "slim"
                | "bookworm"
                | "mainline"
                | "lts"
                | "edge"
                | "bookworm-slim"
                | "stable-alpine"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_as_the_runtime_does() {
        let full = |s: &str| Reference::parse(s).map(|r| r.full());
        assert_eq!(
            full("nginx").as_deref(),
            Some("docker.io/library/nginx:latest")
        );
        assert_eq!(
            full("grafana/grafana:11.2").as_deref(),
            Some("docker.io/grafana/grafana:11.2")
        );
        assert_eq!(
            full("localhost:5000/a/b:c").as_deref(),
            Some("localhost:5000/a/b:c")
        );
        assert_eq!(full("Nginx:1"), None);
        assert_eq!(full("nginx:"), None);
    }

    #[test]
    fn unknown_tags_and_repositories_are_told_apart() {
        let mut c = Catalogue::well_known();
        c.add_tags("registry.example.com/shop/web", &["1.0"], &App::default());
        let pull = |s: &str| c.pull(&Reference::parse(s).expect("parses"));
        assert_eq!(pull("nginx:1.27-alpine"), Pull::Found);
        assert_eq!(pull("nginx:does-not-exist"), Pull::NoSuchTag);
        assert_eq!(pull("nginx:99999"), Pull::NoSuchTag);
        assert_eq!(pull("registry.example.com/shop/web:1.0"), Pull::Found);
        assert_eq!(pull("registry.example.com/shop/web:1.1"), Pull::NoSuchTag);
        assert_eq!(pull("nobody/nothing:1"), Pull::NoSuchRepository);
    }
}
