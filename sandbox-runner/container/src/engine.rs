//! The container engine: who it is and what it can do.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use bollard::Docker;

use crate::config::{ContainerConfig, Gpus};
use crate::fault::Fault;

/// Seconds until a call's answer must begin. Loading a large image takes minutes; what
/// has to be quick has a limit of its own.
const ANSWER: u64 = 1800;
/// First release of the API with control-group name spaces and tmpfs options as used here.
const OLDEST_API: (usize, usize) = (1, 41);
/// First release with CDI device requests.
const CDI_API: (usize, usize) = (1, 44);

/// A connection to the engine, shared by clones.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) docker: Docker,
    socket: PathBuf,
    api: (usize, usize),
    version: String,
    security: Vec<String>,
    runtimes: Vec<String>,
    default_runtime: String,
}

impl Engine {
    /// Connects, agrees on a version of the API and asks what the engine can do.
    ///
    /// # Errors
    /// If nobody answers.
    pub async fn connect(socket: &Path) -> Result<Self, Fault> {
        let failed = |error: bollard::errors::Error| Fault::NoEngine {
            socket: socket.to_owned(),
            reason: error.to_string(),
        };
        let address = socket.to_string_lossy();
        let docker = Docker::connect_with_unix(&address, ANSWER, bollard::API_DEFAULT_VERSION)
            .map_err(failed)?
            .negotiate_version()
            .await
            .map_err(failed)?;
        let info = docker.info().await.map_err(failed)?;
        let version = docker.client_version();
        let runtimes = info.runtimes.unwrap_or_default();
        Ok(Self {
            api: (version.major_version, version.minor_version),
            docker,
            socket: socket.to_owned(),
            version: info.server_version.unwrap_or_default(),
            security: info.security_options.unwrap_or_default(),
            runtimes: runtimes.into_keys().collect(),
            default_runtime: info.default_runtime.unwrap_or_default(),
        })
    }

    /// The socket that `DOCKER_HOST` names, or the usual one. Only sockets: the engine
    /// must see our folders.
    #[must_use]
    pub fn usual_socket() -> PathBuf {
        let named = std::env::var("DOCKER_HOST").unwrap_or_default();
        match named.strip_prefix("unix://") {
            Some(path) => path.into(),
            None => "/var/run/docker.sock".into(),
        }
    }

    /// Release of the engine, and its runtime: this one, or its default.
    pub(crate) fn description(&self, runtime: Option<&str>) -> String {
        let runtime = runtime.unwrap_or(&self.default_runtime);
        format!("engine {}; {runtime}", self.version)
    }

    /// Whether AppArmor confines containers here; the engine's own profile then does.
    #[must_use]
    pub fn has_apparmor(&self) -> bool {
        self.security.iter().any(|line| line.contains("apparmor"))
    }

    pub(crate) fn check(&self, config: &ContainerConfig) -> Result<(), Fault> {
        if self.api < OLDEST_API {
            return Err(Fault::Unfit(format!(
                "speak version 1.41 of its API (Docker 20.10); it speaks {}.{}",
                self.api.0, self.api.1
            )));
        }
        if !self.security.iter().any(|line| line.contains("seccomp")) {
            return Err(Fault::Unfit("filter system calls".to_owned()));
        }
        if let Some(runtime) = &config.runtime
            && !self.runtimes.contains(runtime)
        {
            return Err(Fault::Unfit(format!(
                "use the runtime {runtime:?}; it has {}",
                self.runtimes.join(", ")
            )));
        }
        if matches!(config.gpus, Gpus::Cdi(_)) && self.api < CDI_API {
            return Err(Fault::Unfit(
                "hand out CDI devices; that takes Docker 25".to_owned(),
            ));
        }
        Ok(())
    }

    /// Whether what we mount is mounted for the engine too: it is another process, and
    /// may live in another mount name space.
    pub(crate) fn shares_our_mounts(&self) -> bool {
        let of = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/mnt")).ok();
        let engine = UnixStream::connect(&self.socket)
            .ok()
            .and_then(|stream| rustix::net::sockopt::socket_peercred(&stream).ok())
            .and_then(|peer| of(&peer.pid.as_raw_nonzero().to_string()));
        engine.is_some() && engine == of("self")
    }
}
