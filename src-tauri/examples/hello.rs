//! The least a Tauri window can be: what `cargo xtask bench startup` measures the app against.
//!
//! It knows nothing of KubeGraf. Its page says when it is painted, in the app's own words.

#![allow(clippy::print_stderr, reason = "its log is what is measured")]

use tauri::{
    WebviewUrl, WebviewWindowBuilder,
    http::Response,
    test::{mock_context, noop_assets},
};

const PAGE: &str = "<!doctype html><title>Hello</title><h1>Hello, world</h1>\
    <script>requestAnimationFrame(() => requestAnimationFrame(() => fetch('hello://localhost/painted')))</script>";

fn main() -> tauri::Result<()> {
    tauri::Builder::<tauri::Wry>::new()
        .register_uri_scheme_protocol("hello", |_, request| {
            if request.uri().path() == "/painted" {
                eprintln!("first table painted");
            }
            Response::builder()
                .header("content-type", "text/html")
                .body(PAGE.as_bytes().to_vec())
                .expect("its headers are constants")
        })
        .setup(|app| {
            let page = "hello://localhost/".parse().expect("it is a constant");
            WebviewWindowBuilder::new(app, "main", WebviewUrl::CustomProtocol(page))
                .inner_size(1280.0, 800.0)
                .build()?;
            Ok(())
        })
        .run(mock_context(noop_assets()))
}
