//! Pods whose volumes cannot be mounted.

use super::{super::signal::Signal, Look, detector, pods_starting::held_up};

detector!(
    VolumeMountFailed,
    "volume_mount_failed",
    High,
    [Pods, Events],
    60,
    "FailedMount or FailedMapVolume events of a pod whose containers wait to be created, twice or for one minute",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    held_up(look, &["FailedMount", "FailedMapVolume"])
}
