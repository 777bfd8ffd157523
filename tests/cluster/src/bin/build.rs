//! Builds what test clusters are made of into the cache: `kubegraf-cluster-build [WHAT]`, where WHAT
//! is a tier (kwok, real) or one program (etcd, kubectl …); without it, everything.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program"
)]

use std::process::ExitCode;

use kubegraf_testcluster::{Binary, Progress, Tier, build};

fn main() -> ExitCode {
    let Some(which) = chosen(std::env::args().nth(1).as_deref()) else {
        let programs: Vec<_> = Binary::ALL.iter().map(|binary| binary.name()).collect();
        eprintln!("say kwok, real or one of {}", programs.join(", "));
        return ExitCode::FAILURE;
    };
    let told = build(&which, |progress| match progress {
        Progress::Waiting => println!("waiting for another build"),
        Progress::Building(binary) => println!("building {}", binary.name()),
        Progress::Built(binary) => println!("built {}", binary.path().display()),
    });
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// "kwok" is both a tier and a program; the tier holds the program.
fn chosen(asked: Option<&str>) -> Option<Vec<Binary>> {
    let Some(asked) = asked else {
        return Some(Binary::ALL.to_vec());
    };
    if let Ok(tier) = asked.parse::<Tier>() {
        return Some(Binary::of(tier).to_vec());
    }
    let program = Binary::ALL
        .into_iter()
        .find(|binary| binary.name() == asked);
    program.map(|program| vec![program])
}
