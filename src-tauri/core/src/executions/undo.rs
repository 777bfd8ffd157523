//! The way back: exactly the fields an execution has changed, guarded by what it left there.

use json_patch::{PatchOperation, TestOperation, jsonptr::PointerBuf};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{diff::authored, intent::Change};
use kubegraf_ipc::incident::{Patch, PatchType};

/// What undoes an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "way", content = "with")]
pub(super) enum Undo {
    /// Put the fields back; each is tested to still hold what the execution left there.
    Restore(Vec<PatchOperation>),
    /// Take away what was made.
    Delete,
    /// Make again what was taken away.
    Create(Value),
}

impl Undo {
    /// From the object before and after; `None` where there is no way back.
    pub fn between(before: Option<&Value>, after: Option<&Value>) -> Option<Self> {
        match (before, after) {
            (Some(before), Some(after)) => {
                let ops = guarded(&authored(after, false), &authored(before, false));
                (!ops.is_empty()).then_some(Self::Restore(ops))
            }
            (None, Some(_)) => Some(Self::Delete),
            // A controller makes its own replacement; making the old one again would be one more.
            (Some(before), None) if before["metadata"]["ownerReferences"].is_array() => None,
            (Some(before), None) => Some(Self::Create(authored(before, false))),
            (None, None) => None,
        }
    }

    /// The change that goes back, and in words which fields are no longer what was left there.
    pub fn change(&self, live: Option<&Value>) -> (Change, Option<String>) {
        match self {
            Self::Delete => (Change::Delete, None),
            Self::Create(object) => (Change::Create(object.clone()), None),
            Self::Restore(ops) => {
                let body = serde_json::to_string(ops).expect("patch operations are JSON");
                let change = Change::Patch(Patch {
                    r#type: PatchType::Json,
                    body,
                });
                (change, live.and_then(|live| overtaken(ops, live)))
            }
        }
    }
}

/// JSON patch from `from` to `to` that tests each value before it takes it away.
fn guarded(from: &Value, to: &Value) -> Vec<PatchOperation> {
    let mut document = from.clone();
    let mut ops = Vec::new();
    for op in json_patch::diff(from, to).0 {
        if matches!(op, PatchOperation::Replace(_) | PatchOperation::Remove(_)) {
            let path: PointerBuf = op.path().to_buf();
            if let Some(value) = document.pointer(path.as_str()).cloned() {
                ops.push(PatchOperation::Test(TestOperation { path, value }));
            }
        }
        json_patch::patch(&mut document, std::slice::from_ref(&op))
            .expect("a computed difference applies to what it was computed from");
        ops.push(op);
    }
    ops
}

/// The first field that someone else has changed since.
fn overtaken(ops: &[PatchOperation], live: &Value) -> Option<String> {
    let mut document = live.clone();
    for op in ops {
        if json_patch::patch(&mut document, std::slice::from_ref(op)).is_err() {
            let field = op.path().as_str().trim_start_matches('/').replace('/', ".");
            return Some(format!(
                "\"{field}\" is no longer what this execution left there: undoing it would \
                 overwrite a later change"
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            (0..5_i64).prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-d/~.]{1,2}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn going_back_gives_what_was_there(before in json_value(), after in json_value()) {
            let (before, after) = (json!({ "spec": before }), json!({ "spec": after }));
            let mut document = authored(&after, false);
            if let Some(Undo::Restore(ops)) = Undo::between(Some(&before), Some(&after)) {
                json_patch::patch(&mut document, &ops).unwrap();
            }
            prop_assert_eq!(document, authored(&before, false));
        }
    }

    #[test]
    fn a_later_change_of_the_same_field_is_noticed_and_of_another_is_not() {
        let before = json!({ "spec": { "image": "a:1", "replicas": 2 } });
        let after = json!({ "spec": { "image": "a:2", "replicas": 2 } });
        let undo = Undo::between(Some(&before), Some(&after)).unwrap();
        let scaled = json!({ "spec": { "image": "a:2", "replicas": 5 } });
        assert_eq!(undo.change(Some(&scaled)).1, None);
        let rolled = json!({ "spec": { "image": "a:3", "replicas": 2 } });
        let (_, overtaken) = undo.change(Some(&rolled));
        assert!(overtaken.unwrap().contains("spec.image"));
    }

    #[test]
    fn a_controlled_pod_has_no_way_back() {
        let pod = json!({ "kind": "Pod", "metadata": { "ownerReferences": [{}] } });
        assert_eq!(Undo::between(Some(&pod), None), None);
    }
}
