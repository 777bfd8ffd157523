//! The pod template of an object, with the paths of its fields.

use kubegraf_ipc::object::ObjectRef;
use serde_json::Value;

/// A pod template.
pub(super) struct PodView<'v> {
    object: &'v Value,
    /// Path of the pod's spec from the object's root.
    base: &'static str,
    /// The pod's spec.
    pub spec: &'v Value,
    /// Metadata the pods get.
    pub metadata: &'v Value,
    /// Path of that metadata.
    pub metadata_path: &'static str,
}

/// A container of a pod template.
pub(super) struct Container<'v> {
    /// Its name.
    pub name: &'v str,
    /// Path from the object's root, with its place in the list.
    pub path: String,
    /// The container.
    pub value: &'v Value,
}

impl<'v> PodView<'v> {
    pub(super) fn of(object: &'v Value) -> Option<Self> {
        let (spec, metadata, base, metadata_path) = match object["kind"].as_str()? {
            "Pod" => (&object["spec"], &object["metadata"], "spec", "metadata"),
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => {
                let template = &object["spec"]["template"];
                let paths = ("spec.template.spec", "spec.template.metadata");
                (&template["spec"], &template["metadata"], paths.0, paths.1)
            }
            "CronJob" => {
                let template = &object["spec"]["jobTemplate"]["spec"]["template"];
                (
                    &template["spec"],
                    &template["metadata"],
                    "spec.jobTemplate.spec.template.spec",
                    "spec.jobTemplate.spec.template.metadata",
                )
            }
            _ => return None,
        };
        spec.is_object().then_some(Self {
            object,
            base,
            spec,
            metadata,
            metadata_path,
        })
    }

    /// The object itself.
    pub(super) fn resource(&self) -> ObjectRef {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &self.object["metadata"];
        ObjectRef {
            api_version: text(&self.object["apiVersion"]),
            kind: text(&self.object["kind"]),
            namespace: text(&metadata["namespace"]),
            name: text(&metadata["name"]),
            uid: metadata["uid"].as_str().map(str::to_owned),
        }
    }

    /// Kind and name of its controller.
    pub(super) fn owner(&self) -> Option<(String, String)> {
        let owners = self.object["metadata"]["ownerReferences"].as_array()?;
        let owner = owners.iter().find(|owner| owner["controller"] == true)?;
        let text = |field: &str| owner[field].as_str().map(str::to_owned);
        Some((text("kind")?, text("name")?))
    }

    /// A path in the pod's spec.
    pub(super) fn path(&self, field: &str) -> String {
        format!("{}.{field}", self.base)
    }

    /// The containers of all three lists.
    pub(super) fn containers(&self) -> Vec<Container<'v>> {
        let mut found = Vec::new();
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            for (index, value) in items(&self.spec[list]).enumerate() {
                found.push(Container {
                    name: value["name"].as_str().unwrap_or_default(),
                    path: self.path(&format!("{list}[{index}]")),
                    value,
                });
            }
        }
        found
    }

    /// The volumes, each with its path.
    pub(super) fn volumes(&self) -> impl Iterator<Item = (String, &'v Value)> {
        items(&self.spec["volumes"])
            .enumerate()
            .map(|(index, volume)| (self.path(&format!("volumes[{index}]")), volume))
    }

    /// Whether it runs on Windows, where some fields have no meaning.
    pub(super) fn windows(&self) -> bool {
        self.spec["os"]["name"] == "windows"
    }

    /// Whether its users are none of the node's.
    pub(super) fn own_users(&self) -> bool {
        self.spec["hostUsers"] == false
    }

    /// Whether it has a privileged container and the node's root.
    pub(super) fn holds_root(&self) -> bool {
        let root = |(_, volume): (String, &Value)| volume["hostPath"]["path"] == "/";
        let mut containers = self.containers().into_iter();
        self.volumes().any(root)
            && containers.any(|one| one.value["securityContext"]["privileged"] == true)
    }
}

/// The items of a list that may not be there.
pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}
