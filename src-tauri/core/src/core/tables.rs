//! Tables and overviews of a cluster.

use std::{sync::Arc, time::Duration};

use kubegraf_ipc::{
    Code, Error, Reply,
    overview::{Overview, WatchOverview},
    table::{
        DrawnTable, ExportTable, KindInfo, ListKinds, ReadRows, SetTableView, TableEvent,
        WatchTable,
    },
};
use tokio::sync::watch;

use super::Core;
use crate::{
    Sink, StreamKey, TaskGuard,
    kinds::{self, AnyKind, KINDS},
    overview::Glance,
    streams::OpenTable,
    table::{self, Table},
};

impl Core {
    /// [`ListKinds`].
    pub async fn list_kinds(&self, _: ListKinds) -> Reply<ListKinds> {
        Ok(KINDS
            .iter()
            .map(|kind| kind.info())
            .collect::<Vec<KindInfo>>())
    }

    /// [`SetTableView`].
    pub async fn set_table_view(&self, request: SetTableView, window: &str) -> Reply<SetTableView> {
        self.0
            .streams
            .set_view(&StreamKey::new(window, request.watch), request.view)
    }

    /// [`DrawnTable`].
    pub async fn drawn_table(&self, request: DrawnTable, window: &str) -> Reply<DrawnTable> {
        self.0
            .streams
            .drawn(&StreamKey::new(window, request.watch), request.events)
    }

    /// [`ReadRows`].
    pub async fn read_rows(&self, request: ReadRows) -> Reply<ReadRows> {
        let kind = found(&request.kind)?;
        let connection = self.connection(&request.cluster)?;
        let table = Table {
            rows: kind.rows(connection.watches()),
            columns: kind.info().columns,
            facet: kind.facet(),
            namespaces: request.namespaces,
        };
        table::read(&table, &request.view, &request.only)
    }

    /// [`ExportTable`].
    pub async fn export_table(&self, request: ExportTable) -> Reply<ExportTable> {
        let kind = found(&request.kind)?;
        let connection = self.connection(&request.cluster)?;
        let table = Table {
            rows: kind.rows(connection.watches()),
            columns: kind.info().columns,
            facet: kind.facet(),
            namespaces: request.namespaces,
        };
        let now = self.0.clock.epoch_seconds();
        let name = format!("{}-{}-{now}", request.kind, connection.name());
        let write = move || {
            let folder = table::export::folder()?;
            table::export::export(&table, &request.view, &request.columns, &folder, &name)
        };
        let written = tokio::task::spawn_blocking(write).await;
        let written = written.map_err(|error| Error::new(Code::Internal, error.to_string()))?;
        Ok(written?)
    }

    /// [`WatchTable`].
    ///
    /// # Errors
    /// When the kind, the cluster or the view does not exist.
    pub async fn watch_table(
        &self,
        request: WatchTable,
        key: StreamKey,
        sink: Sink<TableEvent>,
    ) -> Result<(), Error> {
        let kind = found(&request.kind)?;
        let connection = self.connection(&request.cluster)?;
        let columns = kind.info().columns;
        table::validate(&request.view, &columns)?;
        let (view, views) = watch::channel(request.view);
        let (drawn, draws) = watch::channel(None);
        let table = Table {
            rows: kind.rows(connection.watches()),
            columns: columns.clone(),
            facet: kind.facet(),
            namespaces: request.namespaces,
        };
        let hold = connection.hold();
        let work = TaskGuard::spawn(async move {
            let _open = hold;
            table::run(table, views, draws, sink).await;
        });
        let table = OpenTable {
            view,
            drawn,
            columns,
        };
        self.0.streams.keep(key, work, Some(table));
        Ok(())
    }

    /// [`WatchOverview`].
    ///
    /// # Errors
    /// When the cluster is not connected.
    pub async fn watch_overview(
        &self,
        request: WatchOverview,
        key: StreamKey,
        sink: Sink<Overview>,
    ) -> Result<(), Error> {
        let connection = self.connection(&request.cluster)?;
        let detection = self.detection(&request.cluster).await?;
        let seconds = self.0.chosen.all().await?.overview_seconds;
        let every = Duration::from_secs(seconds.into());
        let clock = Arc::clone(&self.0.clock);
        let glance = Glance::new(connection, &detection, &self.0.meters, clock);
        drop(detection);
        let work = TaskGuard::spawn(glance.stream(every, sink));
        self.0.streams.keep(key, work, None);
        Ok(())
    }
}

fn found(kind: &str) -> Result<&'static dyn AnyKind, Error> {
    kinds::find(kind).ok_or_else(|| {
        let message = format!("kind \"{kind}\" has no table");
        Error::new(Code::InvalidArgument, message)
    })
}
