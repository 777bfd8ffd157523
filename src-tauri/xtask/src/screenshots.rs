//! `cargo xtask screenshots`: a picture of every view in light and dark, of the demo cluster, into `docs/screenshots`. The window test
//! that looks at every view takes them; this only says where they go.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::options::Given;
use crate::verb::Verb;
use crate::{app, install, needs, process, ui, workspace};

/// What the pictures of a checkout may weigh together, in bytes.
const MOST: u64 = 3_000_000;

/// The verb.
pub struct Screenshots;

impl Verb for Screenshots {
    fn name(&self) -> &'static str {
        "screenshots"
    }
    fn about(&self) -> &'static str {
        "takes a picture of every view in light and dark into docs/screenshots"
    }
    fn run(&self, _: &Given) -> Result<()> {
        if !cfg!(target_os = "linux") {
            bail!("pictures are taken on Linux only: that needs Xvfb");
        }
        install::ensure(
            "take pictures of the window",
            &[needs::WINDOW, needs::HEADLESS, needs::WEBDRIVER],
        )?;
        let folder = workspace::folder(workspace::root().join("docs/screenshots"))?;
        ui::build(ui::Profile::Small)?;
        let binary = app::build(false)?;
        let mut cargo = workspace::cargo();
        cargo
            .args(["test", "--package", "kubegraf", "--test", "window"])
            .args(["--features", "custom-protocol", "--", "--exact"])
            .arg("pictures::every_view_has_its_picture_and_fits_its_window")
            .env("KUBEGRAF_BINARY", binary)
            .env("KG_REQUIRE_WINDOW", "1")
            .env("KG_SCREENSHOTS", &folder);
        process::run(&mut cargo).context("not every view has its picture")?;
        let files = fs::read_dir(&folder).context("read docs/screenshots")?;
        let (mut count, mut bytes) = (0, 0);
        for file in files {
            bytes += file?.metadata()?.len();
            count += 1;
        }
        println!(
            "{count} pictures in {}, {:.1} MB",
            folder.display(),
            bytes as f64 / 1e6
        );
        if bytes > MOST {
            bail!("they weigh more than {:.1} MB together", MOST as f64 / 1e6);
        }
        Ok(())
    }
}
