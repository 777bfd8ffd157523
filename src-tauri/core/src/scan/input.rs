//! Objects from files: what they hold goes into a snapshot, what they do not is named.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{document, shape};
use crate::{
    incidents::{Kind, Snapshot},
    security::{self, Judged},
};

/// Ends of the names of files that are read in a directory.
const ENDINGS: &[&str] = &["yaml", "yml", "json"];
/// Lists in lists deeper than this are no lists of objects.
const DEEPEST: usize = 4;
/// Objects named one by one; the rest is counted.
const NAMED: usize = 20;

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The objects.
    pub snapshot: Snapshot,
    /// The newest time in them, epoch seconds.
    pub newest: Option<i64>,
    /// Whether settings are judged as well.
    pub secure: bool,
    /// What was judged.
    pub judged: Vec<Judged>,
    objects: usize,
    ignored: BTreeMap<(String, String), usize>,
    skipped: Vec<String>,
    problems: Vec<String>,
    places: HashMap<(Kind, String, String), usize>,
    pending: Vec<(Kind, Value, String)>,
}

impl Gathered {
    /// Reads a file, the files of a directory, or `input` for `-`.
    pub(super) fn read(&mut self, file: &Path, input: &mut dyn Read) {
        if file == Path::new("-") {
            let mut bytes = Vec::new();
            match input.read_to_end(&mut bytes) {
                Ok(_) => self.text("standard input", &bytes),
                Err(error) => self.problems.push(format!("standard input: {error}")),
            }
        } else if file.is_dir() {
            match files_of(file) {
                Ok(files) if files.is_empty() => self.problems.push(format!(
                    "directory \"{}\" holds no .yaml, .yml or .json file",
                    file.display()
                )),
                Ok(files) => files.iter().for_each(|file| self.file(file)),
                Err(error) => self
                    .problems
                    .push(format!("\"{}\": {error}", file.display())),
            }
        } else {
            self.file(file);
        }
        self.settle();
    }

    fn file(&mut self, file: &Path) {
        match fs::read(file) {
            Ok(bytes) => self.text(&format!("\"{}\"", file.display()), &bytes),
            Err(error) => self
                .problems
                .push(format!("\"{}\": {error}", file.display())),
        }
    }

    fn text(&mut self, origin: &str, bytes: &[u8]) {
        let Some(text) = decode(bytes) else {
            self.problems
                .push(format!("{origin} is no text (UTF-8 or UTF-16)"));
            return;
        };
        let mut any = false;
        for document in document::all(&text) {
            any = true;
            let place = format!(
                "{origin}, document {} (line {})",
                document.number, document.line
            );
            match document.value {
                Ok(Value::Null) => {}
                Ok(value @ (Value::Object(_) | Value::Array(_))) => {
                    self.value(value, None, &place, 0);
                }
                Ok(_) => self.problems.push(format!("{place}: no Kubernetes object")),
                Err(error) => self.problems.push(format!("{place}: {error}")),
            }
        }
        if !any {
            self.skipped.push(format!("{origin} is empty"));
        }
    }

    /// Takes an object, or what a list holds. `item` is the version and kind of a typed list's items.
    fn value(&mut self, mut value: Value, item: Option<(&str, &str)>, place: &str, depth: usize) {
        if let Value::Array(items) = value {
            for (index, inner) in items.into_iter().enumerate() {
                if depth < DEEPEST && (inner.is_object() || inner.is_array()) {
                    self.value(
                        inner,
                        item,
                        &format!("{place}, item {}", index + 1),
                        depth + 1,
                    );
                } else {
                    self.skip(format!("{place}, item {}: no Kubernetes object", index + 1));
                }
            }
            return;
        }
        let text = |value: &Value, field: &str| {
            value.get(field).and_then(Value::as_str).map(str::to_owned)
        };
        let kind = text(&value, "kind").or(item.map(|(_, kind)| kind.to_owned()));
        let version = text(&value, "apiVersion").or(item.map(|(version, _)| version.to_owned()));
        let Some(kind) = kind.filter(|kind| !kind.is_empty()) else {
            self.skip(format!("{place}: an object without kind"));
            return;
        };
        let version = version.unwrap_or_else(|| usual_version(&kind));
        let of_list = kind
            .strip_suffix("List")
            .filter(|_| value.get("items").is_some());
        if let Some(of) = of_list {
            let items = value["items"].take();
            let of = (version.as_str(), of);
            let typed = !of.1.is_empty();
            if typed && let Some(kind) = known(of.0, of.1) {
                self.snapshot.declare(kind);
            }
            if items.is_array() {
                self.value(items, Some(of).filter(|_| typed), place, depth + 1);
            } else if !items.is_null() {
                self.skip(format!("{place}: items of a {kind} are no list"));
            }
            return;
        }
        let Some(known) = known(&version, &kind) else {
            *self.ignored.entry((version, kind)).or_default() += 1;
            return;
        };
        if newer(&version, known.version()) {
            let name = name_of(&value);
            self.skip(format!(
                "{place}: {kind} \"{name}\" of API version \"{version}\", newer than \"{}\"",
                known.version()
            ));
            return;
        }
        self.object(known, value, place);
    }

    fn object(&mut self, kind: Kind, mut object: Value, place: &str) {
        shape::tidy(&mut object);
        let name = name_of(&object);
        if name.is_empty() {
            self.skip(format!("{place}: a {} without metadata.name", kind.name()));
            return;
        }
        if kind.namespaced() {
            shape::place(&mut object);
        }
        if kind == Kind::Events {
            shape::older_event(&mut object);
        }
        let time = shape::newest(&object);
        self.newest = self.newest.max(time);
        self.objects += 1;
        let namespace = object["metadata"]["namespace"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let entry = (kind, object, place.to_owned());
        // Given twice, the later one counts, as with kubectl apply.
        match self.places.get(&(kind, namespace.clone(), name.clone())) {
            Some(at) => self.pending[*at] = entry,
            None => {
                self.places
                    .insert((kind, namespace, name), self.pending.len());
                self.pending.push(entry);
            }
        }
    }

    fn settle(&mut self) {
        self.places.clear();
        for (kind, object, place) in std::mem::take(&mut self.pending) {
            let name = name_of(&object);
            let judged = self.judge(kind, &object);
            if let Err(error) = self.snapshot.add(kind, object) {
                self.objects -= 1;
                self.skip(format!("{place}: {} \"{name}\": {error}", kind.name()));
                continue;
            }
            self.judged.extend(judged);
        }
    }

    fn judge(&self, kind: Kind, object: &Value) -> Option<Judged> {
        if !self.secure {
            return None;
        }
        // Items of a list do not say what they are.
        let mut whole = object.clone();
        whole["kind"] = kind.name().into();
        whole["apiVersion"] = match kind.group() {
            "" => kind.version().into(),
            group => format!("{group}/{}", kind.version()).into(),
        };
        security::judge(&whole)
    }

    /// Takes one object of a live list.
    pub(super) fn live(&mut self, kind: Kind, object: Value) {
        self.object(kind, object, "cluster");
        // Nothing comes twice; whatever is kept decoded is smaller.
        self.settle();
    }

    /// Notes a kind that could not be listed.
    pub(super) fn unknown(&mut self, kind: Kind, reason: &str) {
        self.skip(format!("kind \"{}\": {reason}", kind.name()));
    }

    fn skip(&mut self, what: String) {
        self.skipped.push(what);
    }

    /// What was left out though it could be read.
    pub(super) fn notes(&self) -> Vec<String> {
        let ignored = self.ignored.iter().map(|((version, kind), count)| {
            let objects = if *count == 1 { "object" } else { "objects" };
            format!("ignored {count} {objects} of kind \"{kind}\" ({version}): no check reads it")
        });
        let named = self
            .skipped
            .iter()
            .take(NAMED)
            .map(|what| format!("skipped {what}"));
        let rest = self.skipped.len().saturating_sub(NAMED);
        let rest = (rest > 0).then(|| format!("skipped {rest} more"));
        ignored.chain(named).chain(rest).collect()
    }

    /// What could not be read.
    pub(super) fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Whether nothing at all was read.
    pub(super) fn is_empty(&self) -> bool {
        self.objects == 0 && self.ignored.is_empty() && self.skipped.is_empty()
    }
}

fn files_of(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_file() && ending.is_some_and(|ending| ENDINGS.contains(&ending)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// PowerShell's `>` writes UTF-16.
fn decode(bytes: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..]
            .chunks_exact(2)
            .map(|pair| from([pair[0], pair[1]]))
            .collect();
        String::from_utf16(&units).ok().map(Into::into)
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => std::str::from_utf8(bytes).ok().map(Into::into),
    }
}

fn name_of(object: &Value) -> String {
    let name = object.get("metadata").and_then(|meta| meta.get("name"));
    name.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The kind, whatever its version; an event of either group.
fn known(version: &str, kind: &str) -> Option<Kind> {
    let group = version.rsplit_once('/').map_or("", |(group, _)| group);
    match (group, kind) {
        ("events.k8s.io", "Event") => Some(Kind::Events),
        ("extensions", "Deployment" | "ReplicaSet" | "DaemonSet") => Kind::named("apps", kind),
        _ => Kind::named(group, kind),
    }
}

/// What someone who left apiVersion out has most probably meant.
fn usual_version(kind: &str) -> String {
    let kind = kind.strip_suffix("List").unwrap_or(kind);
    let known = Kind::ALL.iter().find(|known| known.name() == kind);
    known.map_or_else(
        || "v1".into(),
        |known| match known.group() {
            "" => known.version().into(),
            group => format!("{group}/{}", known.version()),
        },
    )
}

/// Whether `v2` is newer than what is known; betas of the known version are older.
fn newer(version: &str, known: &str) -> bool {
    let major = |text: &str| -> Option<u32> {
        let digits: String = text
            .strip_prefix('v')?
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        digits.parse().ok()
    };
    let version = version
        .rsplit_once('/')
        .map_or(version, |(_, version)| version);
    match (major(version), major(known)) {
        (Some(version), Some(known)) => version > known,
        _ => true,
    }
}
