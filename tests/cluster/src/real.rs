//! The real tier (being built).
use crate::{Cluster, Error, Missing, Options};

pub(crate) const REGISTRY: &str = "registry.kubegraf.test";

pub(crate) async fn raise(_: &mut Cluster, _: &Options) -> Result<(), Error> {
    Err(Missing::new("the real tier", "not yet").into())
}
