//! Journeys in a real window: WebKit under Xvfb, driven by WebDriver, started and ended by the
//! test itself. One window at a time; a failed journey leaves a screenshot and the app's log.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "a skipped test says so on its output")]

#[path = "window/display.rs"]
mod display;
#[path = "window/everyday.rs"]
mod everyday;
#[path = "window/journeys.rs"]
mod journeys;
#[path = "window/main_job.rs"]
mod main_job;
#[path = "window/page.rs"]
mod page;
#[path = "window/streams.rs"]
mod streams;
