use kubegraf_ipc::notice::{AddNotice, Notice, NoticeList};
use sqlx::Row;

use super::{Error, Result, Store, from_column, to_column};

/// Notices that are kept; the oldest go.
const MOST: i64 = 1_000;
/// What a failed write was of.
const WHAT: &str = "notices";
/// Notices that are shown.
const SHOWN: i64 = 200;

impl Store {
    /// Adds a notice, unless its key was there before; answers whether it did.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn add_notice(&self, notice: &AddNotice, now: i64) -> Result<bool> {
        let key = (!notice.key.is_empty()).then_some(notice.key.as_str());
        let mut transaction = self.writer.begin().await.map_err(Error::write(WHAT))?;
        let added = sqlx::query(
            "INSERT INTO notices (key, at, level, source, cluster, title, detail, route)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
        )
        .bind(key)
        .bind(now)
        .bind(to_column(&notice.level)?)
        .bind(to_column(&notice.source)?)
        .bind(&notice.cluster)
        .bind(&notice.title)
        .bind(&notice.detail)
        .bind(&notice.route)
        .execute(&mut *transaction)
        .await
        .map_err(Error::write(WHAT))?
        .rows_affected();
        if added > 0 {
            sqlx::query(
                "DELETE FROM notices WHERE id <= (SELECT id FROM notices ORDER BY id DESC LIMIT 1 OFFSET ?)",
            )
            .bind(MOST)
            .execute(&mut *transaction)
            .await
            .map_err(Error::write(WHAT))?;
        }
        transaction.commit().await.map_err(Error::write(WHAT))?;
        Ok(added > 0)
    }

    /// The newest notices, newest first, and how many there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn notices(&self) -> Result<NoticeList> {
        let counts = sqlx::query(
            "SELECT COUNT(*) AS total, COALESCE(SUM(read = 0), 0) AS unread FROM notices WHERE deleted = 0",
        )
        .fetch_one(&self.readers)
        .await
        .map_err(Error::read("notices"))?;
        let rows = sqlx::query(
            "SELECT id, at, level, source, cluster, title, detail, route, read FROM notices
             WHERE deleted = 0 ORDER BY id DESC LIMIT ?",
        )
        .bind(SHOWN)
        .fetch_all(&self.readers)
        .await
        .map_err(Error::read("notices"))?;
        let notices = rows.iter().map(|row| -> Result<Notice> {
            Ok(Notice {
                id: row.get("id"),
                at: row.get("at"),
                level: from_column("notice", row.get("level"))?,
                source: from_column("notice", row.get("source"))?,
                cluster: row.get("cluster"),
                title: row.get("title"),
                detail: row.get("detail"),
                route: row.get("route"),
                read: row.get("read"),
            })
        });
        Ok(NoticeList {
            unread: counts.get("unread"),
            total: counts.get("total"),
            notices: notices.collect::<Result<_>>()?,
        })
    }

    /// Marks notices as read or unread; no id means all.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn mark_notices(&self, ids: &[u32], read: bool) -> Result<()> {
        let mut transaction = self.writer.begin().await.map_err(Error::write(WHAT))?;
        if ids.is_empty() {
            sqlx::query("UPDATE notices SET read = ?")
                .bind(read)
                .execute(&mut *transaction)
                .await
                .map_err(Error::write(WHAT))?;
        }
        for id in ids {
            sqlx::query("UPDATE notices SET read = ? WHERE id = ?")
                .bind(read)
                .bind(id)
                .execute(&mut *transaction)
                .await
                .map_err(Error::write(WHAT))?;
        }
        transaction.commit().await.map_err(Error::write(WHAT))
    }

    /// Deletes notices; no id means all that are read. What has a key is remembered by it alone.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn delete_notices(&self, ids: &[u32]) -> Result<()> {
        let mut transaction = self.writer.begin().await.map_err(Error::write(WHAT))?;
        if ids.is_empty() {
            sqlx::query("UPDATE notices SET deleted = 1, title = '', detail = NULL WHERE read = 1")
                .execute(&mut *transaction)
                .await
                .map_err(Error::write(WHAT))?;
        }
        for id in ids {
            sqlx::query("UPDATE notices SET deleted = 1, title = '', detail = NULL WHERE id = ?")
                .bind(id)
                .execute(&mut *transaction)
                .await
                .map_err(Error::write(WHAT))?;
        }
        transaction.commit().await.map_err(Error::write(WHAT))
    }
}
