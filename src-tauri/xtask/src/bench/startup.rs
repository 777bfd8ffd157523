//! to come
use crate::options::Given;
pub(super) fn run(_: &Given) -> anyhow::Result<()> {
    anyhow::bail!("later")
}
