use serde::{Serialize, de::DeserializeOwned};

use super::{Error, Result, Store, from_json, to_json};

impl Store {
    /// The setting under `key`, `None` when it was never set.
    ///
    /// # Errors
    /// When the database cannot be read or the stored value is of another shape.
    pub async fn setting<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let text: Option<String> = sqlx::query_scalar("SELECT value FROM settings WHERE key = ?")
            .bind(key)
            .fetch_optional(&self.readers)
            .await
            .map_err(Error::read("setting"))?;
        text.as_deref()
            .map(|text| from_json("setting", text))
            .transpose()
    }

    /// Sets `key`, replacing what was there.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn set_setting<T: Serialize + Sync>(
        &self,
        key: &str,
        value: &T,
        now: i64,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO settings (key, value, updated_at) VALUES (?, ?, ?)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        )
        .bind(key)
        .bind(to_json("setting", value)?)
        .bind(now)
        .execute(&self.writer)
        .await
        .map_err(Error::write("setting"))?;
        Ok(())
    }

    /// Forgets `key`.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn clear_setting(&self, key: &str) -> Result<()> {
        sqlx::query("DELETE FROM settings WHERE key = ?")
            .bind(key)
            .execute(&self.writer)
            .await
            .map_err(Error::write("setting"))?;
        Ok(())
    }
}
