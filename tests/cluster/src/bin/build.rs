//! Builds what test clusters are made of into the cache: `kubegraf-cluster-build [kwok|real]`,
//! without an argument for both tiers.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program"
)]

use std::process::ExitCode;

use kubegraf_testcluster::{Binary, Progress, Tier, build};

fn main() -> ExitCode {
    let which = match std::env::args().nth(1).map(|tier| tier.parse::<Tier>()) {
        None => Binary::ALL.to_vec(),
        Some(Ok(tier)) => Binary::of(tier).to_vec(),
        Some(Err(error)) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
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
