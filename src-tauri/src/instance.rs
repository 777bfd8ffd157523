//! One window per data directory: a second start brings the first one to the front and ends.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use tauri::{Runtime, plugin::TauriPlugin};

/// Ends this process if another one already works on `data_dir`, and otherwise waits for such. Where the
/// desktop has no way to find other programs, each start opens a window.
pub fn single<R: Runtime>(data_dir: &Path) -> TauriPlugin<R> {
    tauri_plugin_single_instance::Builder::new()
        .callback(|app, _, _| crate::desk::show(app))
        .dbus_id(name(data_dir))
        .build()
}

/// A name on the desktop's bus that is the data directory's own.
fn name(data_dir: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    data_dir.hash(&mut hasher);
    format!("io.kubegraf.desktop.data{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_data_directory_has_its_own_name() {
        let name = |path: &str| super::name(Path::new(path));
        assert_eq!(name("/a"), name("/a"));
        assert_ne!(name("/a"), name("/b"));
        assert!(
            name("/a")
                .split('.')
                .all(|part| part.starts_with(char::is_alphabetic))
        );
    }
}
