//! Executions against an API server whose every fault the test decides.

#![allow(
    clippy::needless_pass_by_value,
    reason = "a json! literal is handed over as it is written"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "executions/fake.rs"]
mod fake;
#[path = "executions/outcomes.rs"]
mod outcomes;
#[path = "executions/plans.rs"]
mod plans;
#[path = "executions/stage.rs"]
mod stage;
#[path = "executions/undo.rs"]
mod undo;
