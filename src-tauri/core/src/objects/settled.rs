//! The spec of a pod, shared, and read once: while a pod lives its status changes often and its
//! spec hardly ever, so bytes that were read before are not read again.

use std::{
    hash::BuildHasher,
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
};

use hashbrown::{DefaultHashBuilder, HashMap};
use serde::{Deserialize, Deserializer};

use super::{PodSpec, Text, pool::Pool};
use crate::wire::{Field, Malformed, Message, Value};

static SPECS: LazyLock<Pool<Arc<PodSpec>>> = LazyLock::new(Pool::new);
static READ: LazyLock<Mutex<Read>> = LazyLock::new(Mutex::default);
/// Fewer entries are never swept.
const SMALL: usize = 1024;

/// A spec without what differs between pods of one template.
#[derive(Clone, Default)]
pub(super) struct Settled {
    /// The node it is bound to; empty before.
    pub(super) node_name: Text,
    /// The rest.
    pub(super) spec: Arc<PodSpec>,
}

impl From<PodSpec> for Settled {
    fn from(mut spec: PodSpec) -> Self {
        Self {
            node_name: spec.settle(),
            spec: SPECS.keep(&Arc::new(spec)),
        }
    }
}

impl<'de> Deserialize<'de> for Settled {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        PodSpec::deserialize(d).map(Self::from)
    }
}

impl Field for Settled {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        let bytes = value.bytes()?;
        let read = || READ.lock().unwrap_or_else(PoisonError::into_inner);
        let (print, known) = {
            let read = read();
            let print = read.print(bytes);
            (print, read.known(print))
        };
        if let Some(known) = known {
            *self = known;
            return Ok(());
        }
        let mut spec = PodSpec::default();
        spec.merge_message(bytes)?;
        *self = spec.into();
        read().learn(print, self);
        Ok(())
    }
}

/// What bytes were read as. Holds no spec alive.
struct Read {
    /// Two seeds make a fingerprint of 128 bits, so that no two specs are ever taken for one.
    seeds: [DefaultHashBuilder; 2],
    known: HashMap<u128, (Weak<PodSpec>, Text)>,
    sweep_at: usize,
}

impl Default for Read {
    fn default() -> Self {
        Self {
            seeds: std::array::from_fn(|_| DefaultHashBuilder::default()),
            known: HashMap::new(),
            sweep_at: SMALL,
        }
    }
}

impl Read {
    fn print(&self, bytes: &[u8]) -> u128 {
        let [high, low] = &self.seeds;
        u128::from(high.hash_one(bytes)) << 64 | u128::from(low.hash_one(bytes))
    }

    fn known(&self, print: u128) -> Option<Settled> {
        let (spec, node_name) = self.known.get(&print)?;
        Some(Settled {
            spec: spec.upgrade()?,
            node_name: node_name.clone(),
        })
    }

    fn learn(&mut self, print: u128, settled: &Settled) {
        if self.known.len() >= self.sweep_at {
            self.known.retain(|_, (spec, _)| spec.strong_count() > 0);
            self.sweep_at = (self.known.len() * 2).max(SMALL);
        }
        let entry = (Arc::downgrade(&settled.spec), settled.node_name.clone());
        self.known.insert(print, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `nodeName` is field 10 of a pod's spec.
    fn bytes(node: &str) -> Vec<u8> {
        let length = u8::try_from(node.len()).unwrap();
        [&[10 << 3 | 2, length], node.as_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> Settled {
        let mut settled = Settled::default();
        settled.merge(Value::Bytes(bytes)).unwrap();
        settled
    }

    #[test]
    fn bytes_read_again_are_the_same_spec_on_the_same_node() {
        let (one, again, other) = (
            read(&bytes("node-1")),
            read(&bytes("node-1")),
            read(&bytes("node-2")),
        );
        assert_eq!(
            (&*one.node_name, &*again.node_name, &*other.node_name),
            ("node-1", "node-1", "node-2")
        );
        assert!(Arc::ptr_eq(&one.spec, &again.spec));
        assert!(read(&[]).node_name.is_empty());
        assert!(
            Settled::default()
                .merge(Value::Bytes(&[0x52, 9, b'n']))
                .is_err()
        );
    }

    #[test]
    fn what_nobody_holds_is_forgotten() {
        let mut reads = Read::default();
        for n in 0..10_000_u32 {
            let spec = Arc::new(PodSpec::default());
            let settled = Settled {
                node_name: Text::default(),
                spec,
            };
            reads.learn(reads.print(&n.to_be_bytes()), &settled);
        }
        assert!(reads.known.len() <= 2 * SMALL, "{}", reads.known.len());
        assert!(reads.known(reads.print(&1_u32.to_be_bytes())).is_none());
    }
}
