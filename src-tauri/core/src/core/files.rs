//! The façade's part that is about files of containers. A copy is in the audit trail like a visit.

use kubegraf_ipc::{
    Error,
    files::{CopyEvent, CopyFromPod, CopyToPod, InContainer},
};

use super::Core;
use crate::{
    Sink, StreamKey, TaskGuard, clusters::Connection, files::Transfer, table::export,
    terminals::Place,
};

impl Core {
    /// [`CopyFromPod`].
    ///
    /// # Errors
    /// When the container does not exist, or there is no folder to copy to.
    pub async fn copy_from_pod(
        &self,
        request: CopyFromPod,
        key: StreamKey,
        sink: Sink<CopyEvent>,
    ) -> Result<(), Error> {
        let CopyFromPod { from, path } = request;
        let (connection, place) = self.place_of(from).await?;
        let what = format!("\"{path}\" to this machine");
        let visit = self.visit(&connection, &place, "copy-from", &what);
        let client = connection.mutating_client().clone();
        let copy = Transfer::here(client, place, &path, &export::folder()?)?;
        self.begin_copy(&connection, copy, visit, key, sink).await
    }

    /// [`CopyToPod`].
    ///
    /// # Errors
    /// When the container or the file does not exist.
    pub async fn copy_to_pod(
        &self,
        request: CopyToPod,
        key: StreamKey,
        sink: Sink<CopyEvent>,
    ) -> Result<(), Error> {
        let CopyToPod { to, local, folder } = request;
        let (connection, place) = self.place_of(to).await?;
        let what = format!("\"{local}\" of this machine into \"{folder}\"");
        let visit = self.visit(&connection, &place, "copy-to", &what);
        let client = connection.mutating_client().clone();
        let copy = Transfer::there(client, place, &local, &folder)?;
        self.begin_copy(&connection, copy, visit, key, sink).await
    }

    async fn place_of(
        &self,
        container: InContainer,
    ) -> Result<(std::sync::Arc<Connection>, Place), Error> {
        let InContainer {
            cluster,
            namespace,
            pod,
            uid,
            container,
        } = container;
        let connection = self.enterable(&cluster)?;
        let client = connection.mutating_client();
        let place = Place::find(client, (namespace, pod, uid), container).await?;
        Ok((connection, place))
    }

    async fn begin_copy(
        &self,
        connection: &Connection,
        copy: Transfer,
        visit: crate::store::AuditEntry,
        key: StreamKey,
        mut sink: Sink<CopyEvent>,
    ) -> Result<(), Error> {
        let stay = self.enters(visit).await?;
        let hold = connection.hold();
        let work = TaskGuard::spawn(async move {
            let _open = hold;
            let last = copy.run(&mut sink).await;
            let failure = last.end.as_ref().and_then(|end| end.failure.as_deref());
            let how = failure.unwrap_or(if last.end.is_some() {
                "copied"
            } else {
                "closed"
            });
            stay.ended(how).await;
            sink(last);
        });
        self.0.streams.keep(key, work, None);
        Ok(())
    }
}
