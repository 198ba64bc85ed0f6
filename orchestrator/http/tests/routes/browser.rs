//! A headless Chromium for one test, with its driver and a profile of its own.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

const HINT: &str =
    "install it with `apt-get install chromium chromium-driver` (scripts/setup does)";

/// Driver and browser; both end with it.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Child,
    _profile: tempfile::TempDir,
}

/// What screen it pretends to have.
pub(crate) enum Screen {
    Desk,
    /// 360 × 740, as small as phones are.
    Phone,
}

impl Browser {
    /// Starts both; fails loudly where they are not installed.
    pub(crate) async fn start(screen: Screen) -> Self {
        let chromium = find(&["chromium", "chromium-browser", "google-chrome"]);
        let driver = find(&["chromedriver", "chromium.chromedriver"]);
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut driver = Command::new(driver)
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let profile = tempfile::tempdir().unwrap();
        let options = options(&chromium, profile.path().to_str().unwrap(), &screen);
        let capabilities = match json!({ "goog:chromeOptions": options }) {
            Value::Object(map) => map,
            _ => unreachable!(),
        };
        let give_up = Instant::now() + Duration::from_secs(180);
        let client = loop {
            let connected = ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities.clone())
                .connect(&format!("http://127.0.0.1:{port}"))
                .await;
            match connected {
                Ok(client) => break client,
                Err(error) if Instant::now() > give_up => {
                    driver.kill().ok();
                    panic!("no browser session within a minute: {error}");
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        };
        Self {
            client,
            driver,
            _profile: profile,
        }
    }

    /// Runs a script in the page and gives its value.
    pub(crate) async fn eval(&self, script: &str) -> Value {
        self.client
            .execute(script, Vec::new())
            .await
            .expect("the script runs")
    }

    /// Waits until a script gives `true`.
    pub(crate) async fn until(&self, what: &str, script: &str) {
        let give_up = Instant::now() + Duration::from_secs(180);
        while self.eval(script).await != json!(true) {
            assert!(Instant::now() < give_up, "not within a minute: {what}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Nothing sticks out to the right.
    pub(crate) async fn assert_no_sideways_scroll(&self, page: &str) {
        let sizes = self
            .eval("return [document.documentElement.scrollWidth, window.innerWidth]")
            .await;
        assert!(
            sizes[0].as_u64().unwrap() <= sizes[1].as_u64().unwrap(),
            "{page} is {} wide on a screen of {}",
            sizes[0],
            sizes[1]
        );
    }

    /// Keeps a picture where `GAUNTLET_SCREENSHOTS` says, for people to look at.
    pub(crate) async fn picture(&self, name: &str) {
        if let Some(dir) = std::env::var_os("GAUNTLET_SCREENSHOTS") {
            let png = self.client.screenshot().await.expect("a picture");
            std::fs::write(PathBuf::from(dir).join(format!("{name}.png")), png).unwrap();
        }
    }

    /// Ends the session in order.
    pub(crate) async fn close(self) {
        self.client.clone().close().await.expect("the session ends");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked politely the driver takes the browser with it, even if the session is still open.
        if let Ok(pid) = i32::try_from(self.driver.id()) {
            kill(Pid::from_raw(pid), Signal::SIGTERM).ok();
        }
        self.driver.wait().ok();
    }
}

fn options(chromium: &str, profile: &str, screen: &Screen) -> Value {
    let mut options = json!({
        "binary": chromium,
        "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1200,1600",
            format!("--user-data-dir={profile}"),
        ],
    });
    if let Screen::Phone = screen {
        options["mobileEmulation"] = json!({
            "deviceMetrics": { "width": 360, "height": 740, "pixelRatio": 2.0, "mobile": true },
        });
    }
    options
}

/// First of `names` in PATH.
fn find(names: &[&str]) -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|dir| names.iter().map(move |name| dir.join(name)))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{} is not in PATH: {HINT}", names[0]))
        .to_string_lossy()
        .into_owned()
}
