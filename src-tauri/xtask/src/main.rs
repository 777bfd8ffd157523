//! `cargo xtask`: the one tool that sets up, runs, tests and packages KubeGraf. Knows the workspace; refuses to know what the app does.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::main(std::env::args().skip(1).collect())
}
