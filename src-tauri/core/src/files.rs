//! Files on their way between a container and this machine, as a tar archive over one WebSocket.
//!
//! What a container sends is not trusted: see [`names`] and [`unpack`]. A copy is a guard; what was
//! copied before it ended stays and is told to be incomplete.

#[cfg(test)]
mod archive;
mod names;
mod pack;
mod tape;
mod unpack;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::Request;
use kube::Client;
use kubegraf_ipc::{
    Code, Error,
    files::{CopyEnd, CopyEvent, MOST_LEFT_OUT},
};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    Sink,
    terminals::{OPEN, Place, Wires, ended},
};

/// Pieces between the network and the disk.
const PIECES: usize = 32;
/// Bytes of a piece that is sent.
const PIECE: usize = 64 << 10;
/// How far a copy is, is told this often.
const PACE: Duration = Duration::from_millis(250);
/// The most that is kept of what tar complains about, bytes.
const COMPLAINT: usize = 2_000;
/// Folders of one name that may stand side by side.
const TRIES: u32 = 1_000;

/// What was copied so far.
#[derive(Default)]
struct Tally {
    files: AtomicU64,
    bytes: AtomicU64,
    left_out: Mutex<(Vec<String>, u64)>,
}

impl Tally {
    fn add(&self, files: u64, bytes: u64) {
        self.files.fetch_add(files, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    fn files(&self) -> u64 {
        self.files.load(Relaxed)
    }

    fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    fn leave_out(&self, name: &str, why: &str) {
        let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        left_out.1 += 1;
        if left_out.0.len() < MOST_LEFT_OUT {
            let name: String = name.chars().take(200).map(inert).collect();
            left_out.0.push(format!("\"{name}\": {why}"));
        }
    }

    fn now(&self) -> CopyEvent {
        CopyEvent {
            files: self.files(),
            bytes: self.bytes(),
            end: None,
        }
    }

    fn end(&self, path: &Path, failure: Option<String>) -> CopyEnd {
        let left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        CopyEnd {
            path: path.display().to_string(),
            failure,
            left_out: left_out.0.clone(),
            left_out_count: left_out.1,
        }
    }
}

/// A character that does nothing but show.
fn inert(character: char) -> char {
    let acts = character.is_control() || ('\u{202a}'..='\u{202e}').contains(&character);
    if acts { '\u{fffd}' } else { character }
}

/// A copy that is about to begin.
pub(crate) struct Transfer {
    client: Client,
    place: Place,
    way: Way,
}

enum Way {
    /// From the container: the folder there, the name in it, the folder here.
    Here(String, String, PathBuf),
    /// Into the container: what is here, the folder there.
    There(PathBuf, String),
}

impl Transfer {
    /// From a container into a new folder inside `downloads`.
    ///
    /// # Errors
    /// When the path names nothing, or the folder cannot be made.
    pub(crate) fn here(
        client: Client,
        place: Place,
        path: &str,
        downloads: &Path,
    ) -> Result<Self, Error> {
        let path = absolute(path)?;
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", ""));
        let called = if name.is_empty() { "root" } else { name };
        let into = new_folder(downloads, &format!("{}-{called}", place.pod))?;
        let way = Way::Here(format!("{folder}/"), format!("./{name}"), into);
        Ok(Self { client, place, way })
    }

    /// Into a container.
    ///
    /// # Errors
    /// When either path names nothing.
    pub(crate) fn there(
        client: Client,
        place: Place,
        local: &str,
        folder: &str,
    ) -> Result<Self, Error> {
        let folder = absolute(folder)?.to_owned();
        let local = PathBuf::from(local);
        if !local.is_absolute() {
            let message = format!("\"{}\" is no absolute path", local.display());
            return Err(Error::new(Code::InvalidArgument, message));
        }
        if let Err(error) = fs::symlink_metadata(&local) {
            let message = format!("\"{}\" cannot be read: {error}", local.display());
            return Err(Error::new(Code::NotFound, message));
        }
        let way = Way::There(local, folder + "/");
        Ok(Self { client, place, way })
    }

    /// Copies to the end; tells how far it is, and answers how it ended.
    pub(crate) async fn run(self, sink: &mut Sink<CopyEvent>) -> CopyEvent {
        let tally = Arc::<Tally>::default();
        let work = async {
            match &self.way {
                Way::Here(folder, name, into) => {
                    let words = ["tar", "cf", "-", "-C", folder, name];
                    (into.clone(), self.receive(&words, into, &tally).await)
                }
                Way::There(local, folder) => {
                    let words = ["tar", "xmf", "-", "-C", folder];
                    (
                        PathBuf::from(folder),
                        self.send(&words, local, &tally).await,
                    )
                }
            }
        };
        let mut work = std::pin::pin!(work);
        let (path, outcome) = loop {
            tokio::select! {
                outcome = &mut work => break outcome,
                () = tokio::time::sleep(PACE) => {
                    if !sink(tally.now()) {
                        return tally.now();
                    }
                }
            }
        };
        CopyEvent {
            end: Some(tally.end(&path, outcome.err())),
            ..tally.now()
        }
    }

    async fn receive(&self, words: &[&str], into: &Path, tally: &Arc<Tally>) -> Result<(), String> {
        let (_, mut from_pod, _) = self.connect(words, false).await?;
        let (pieces, archive) = mpsc::channel(PIECES);
        let (into, counted) = (into.to_owned(), Arc::clone(tally));
        let unpacking = tokio::task::spawn_blocking(move || {
            let pieces = Pieces {
                from: archive,
                piece: Bytes::new(),
            };
            unpack::unpack(pieces, &into, unpack::Bounds::default(), &counted)
        });
        let mut complaint = Vec::new();
        let end = loop {
            match next(&mut from_pod).await? {
                Said::Output(data) => {
                    // It ends early only when it has failed, and says why.
                    if pieces.send(data).await.is_err() {
                        break None;
                    }
                }
                Said::Complaint(data) => keep(&mut complaint, &data),
                Said::End(status) => break Some(status),
            }
        };
        drop(pieces);
        let unpacked = unpacking.await.map_err(|error| error.to_string())?;
        unpacked.map_err(|error| format!("what came was not taken: {error}"))?;
        end.map_or(Ok(()), |end| judged(&end, &complaint))
    }

    async fn send(&self, words: &[&str], local: &Path, tally: &Arc<Tally>) -> Result<(), String> {
        let (mut to_pod, mut from_pod, closes) = self.connect(words, true).await?;
        let (pieces, mut archive) = mpsc::channel::<Bytes>(PIECES);
        let (local, counted) = (local.to_owned(), Arc::clone(tally));
        let packing = tokio::task::spawn_blocking(move || {
            let into = io::BufWriter::with_capacity(PIECE, Outlet(pieces));
            pack::pack(&local, into, &counted)
        });
        let up = async {
            while let Some(piece) = archive.recv().await {
                let mut message = Vec::with_capacity(piece.len() + 1);
                message.push(0);
                message.extend_from_slice(&piece);
                let sent = to_pod.send(Message::Binary(message.into())).await;
                sent.map_err(|error| format!("the connection broke: {error}"))?;
            }
            let packed = packing.await.map_err(|error| error.to_string())?;
            packed.map_err(|error| format!("what is sent cannot be read: {error}"))?;
            // An archive says itself where it ends; this is for tars that wait for more.
            if closes {
                let sent = to_pod.send(Message::Binary(vec![255, 0].into())).await;
                sent.map_err(|error| format!("the connection broke: {error}"))?;
            }
            Ok::<(), String>(())
        };
        let down = async {
            let mut complaint = Vec::new();
            loop {
                match next(&mut from_pod).await? {
                    Said::Output(_) => {}
                    Said::Complaint(data) => keep(&mut complaint, &data),
                    Said::End(status) => return Ok::<_, String>((status, complaint)),
                }
            }
        };
        let (mut up, mut down) = (std::pin::pin!(up), std::pin::pin!(down));
        let (end, complaint) = tokio::select! {
            // A tar that ends first has failed, and says why.
            end = &mut down => end?,
            sent = &mut up => {
                sent?;
                down.await?
            }
        };
        judged(&end, &complaint)
    }

    async fn connect(
        &self,
        words: &[&str],
        stdin: bool,
    ) -> Result<(impl Send + SinkOf, impl Send + StreamOf, bool), String> {
        let wires = Wires { stdin, tty: false };
        let request = Request::get(self.place.exec(words, wires)).body(Vec::new());
        let request = request.map_err(|error| error.to_string())?;
        match tokio::time::timeout(OPEN, self.client.connect(request)).await {
            Ok(Ok(connection)) => {
                let closes = connection.supports_stream_close();
                let (to_pod, from_pod) = connection.into_stream().split();
                Ok((to_pod, from_pod, closes))
            }
            Ok(Err(kube::Error::Api(status))) => Err(status.message),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} s", OPEN.as_secs())),
        }
    }
}

type Trouble = tokio_tungstenite::tungstenite::Error;

/// The half of a WebSocket that sends.
trait SinkOf: futures::Sink<Message, Error = Trouble> + Unpin {}
impl<T: futures::Sink<Message, Error = Trouble> + Unpin> SinkOf for T {}
/// The half that receives.
trait StreamOf: futures::Stream<Item = Result<Message, Trouble>> + Unpin {}
impl<T: futures::Stream<Item = Result<Message, Trouble>> + Unpin> StreamOf for T {}

/// What a program in a container says.
enum Said {
    Output(Bytes),
    Complaint(Bytes),
    End(Bytes),
}

async fn next(from: &mut impl StreamOf) -> Result<Said, String> {
    loop {
        let message = from.next().await;
        let gone = "the connection was closed: the pod or its node may be gone";
        let bytes = match message.ok_or(gone)? {
            Ok(Message::Binary(bytes)) => bytes,
            Ok(Message::Close(_)) => return Err(gone.into()),
            Ok(_) => continue,
            Err(error) => return Err(format!("the connection broke: {error}")),
        };
        match bytes.first() {
            Some(1) => return Ok(Said::Output(bytes.slice(1..))),
            Some(2) => return Ok(Said::Complaint(bytes.slice(1..))),
            Some(3) => return Ok(Said::End(bytes.slice(1..))),
            Some(_) | None => {}
        }
    }
}

fn keep(complaint: &mut Vec<u8>, data: &[u8]) {
    let room = COMPLAINT.saturating_sub(complaint.len());
    complaint.extend_from_slice(&data[..data.len().min(room)]);
}

/// Whether tar has done all of it.
fn judged(status: &[u8], complaint: &[u8]) -> Result<(), String> {
    let end = ended(status);
    let complaint: String = String::from_utf8_lossy(complaint)
        .chars()
        .map(inert)
        .collect();
    match (end.exit_code, end.reason) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(format!(
            "tar ended with exit code {code}: {}",
            complaint.trim()
        )),
        (None, Some(reason)) if reason.contains("executable file not found") => {
            Err("the container has no tar, which copies are made with".into())
        }
        (None, reason) => Err(reason.unwrap_or_else(|| "tar ended without a word".into())),
    }
}

fn absolute(path: &str) -> Result<&str, Error> {
    let fine = path.starts_with('/') && !path.chars().any(char::is_control);
    if fine {
        Ok(path.trim_end_matches('/'))
    } else {
        let message = format!("\"{path}\" is no absolute path");
        Err(Error::new(Code::InvalidArgument, message))
    }
}

/// A folder that was not there before.
fn new_folder(inside: &Path, name: &str) -> Result<PathBuf, Error> {
    let fits = |c: char| {
        if c.is_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().take(100).map(fits).collect();
    for number in 1..TRIES {
        let path = match number {
            1 => inside.join(&name),
            number => inside.join(format!("{name}-{number}")),
        };
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                let message = format!("\"{}\" cannot be made: {error}", path.display());
                return Err(Error::new(Code::Storage, message));
            }
        }
    }
    let message = format!("\"{name}\" is there {TRIES} times already");
    Err(Error::new(Code::Storage, message))
}

/// What arrives, for a reader that blocks.
struct Pieces {
    from: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl io::Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.from.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let count = self.piece.len().min(into.len());
        into[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}

/// What leaves, from a writer that blocks.
struct Outlet(mpsc::Sender<Bytes>);

impl io::Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Bytes::copy_from_slice(bytes));
        let closed = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes it");
        sent.map(|()| bytes.len()).map_err(closed)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
