//! The program that is double-clicked.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    kubegraf_shell::cli::run(std::env::args_os().skip(1))
}
