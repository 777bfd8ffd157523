//! The verbs of `cargo xtask` and what they share. A verb is a value of [`verb::VERBS`]; its help is generated from there.
//! Everything here runs on the machine of a developer or of CI, never inside the app.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks on its output"
)]

use std::process::ExitCode;

pub mod app;
pub mod bench;
pub mod bundle;
pub mod check;
pub mod cluster;
pub mod dev;
pub mod headless;
pub mod install;
pub mod needs;
pub mod options;
pub mod process;
pub mod requirements;
pub mod run;
pub mod screenshots;
pub mod test;
pub mod ui;
pub mod verb;
pub mod wasm;
pub mod workspace;

/// Runs the verb named by the first of `arguments`, or explains the verbs when there is none.
#[must_use]
pub fn main(mut arguments: Vec<String>) -> ExitCode {
    let Some(name) = (!arguments.is_empty()).then(|| arguments.remove(0)) else {
        print!("{}", verb::overview());
        return ExitCode::SUCCESS;
    };
    if ["help", "-h", "--help"].contains(&name.as_str()) {
        print!("{}", verb::overview());
        return ExitCode::SUCCESS;
    }
    let Some(verb) = verb::VERBS.iter().find(|verb| verb.name() == name) else {
        eprintln!("error: there is no verb \"{name}\"\n\n{}", verb::overview());
        return ExitCode::from(2);
    };
    if arguments
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--help" || word == "-h")
    {
        print!("{}", verb::explain(*verb));
        return ExitCode::SUCCESS;
    }
    let given = match options::parse(verb.flags(), verb.words(), &arguments) {
        Ok(given) => given,
        Err(error) => {
            eprintln!("error: {error}\n\n{}", verb::explain(*verb));
            return ExitCode::from(2);
        }
    };
    match verb.run(&given) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is::<verb::AlreadySaid>() {
                eprintln!("error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
