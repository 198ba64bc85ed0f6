//! The end of a container: killed, then removed with its volumes.

use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, ContainerCreateResponse};
use bollard::query_parameters::{
    CreateContainerOptions, KillContainerOptions, RemoveContainerOptions,
};
use tokio::task::JoinHandle;

use crate::fault::Fault;

/// How long the engine may take to kill or remove a container.
const PATIENCE: Duration = Duration::from_secs(60);

/// Kills a container: every process of it at once, whatever they do with signals. One
/// that runs no more is as good.
pub(crate) async fn kill(docker: &Docker, id: &str) -> Result<(), Fault> {
    let options = KillContainerOptions {
        signal: "SIGKILL".to_owned(),
    };
    let killed = docker.kill_container(id, Some(options));
    match tokio::time::timeout(PATIENCE, killed).await {
        Ok(
            Ok(())
            | Err(Error::DockerResponseServerError {
                status_code: 404 | 409,
                ..
            }),
        ) => Ok(()),
        Ok(Err(error)) => Err(Fault::engine("kill a container")(error)),
        Err(_) => Err(Fault::Slow("kill a container", PATIENCE.as_secs())),
    }
}

/// Removes a container and its anonymous volumes, running or not.
pub(crate) async fn remove(docker: &Docker, id: &str) -> Result<(), Fault> {
    let options = RemoveContainerOptions {
        force: true,
        // Without it, each would leave its anonymous volumes.
        v: true,
        link: false,
    };
    let removed = docker.remove_container(id, Some(options));
    match tokio::time::timeout(PATIENCE, removed).await {
        Ok(
            Ok(())
            | Err(Error::DockerResponseServerError {
                status_code: 404, ..
            }),
        ) => Ok(()),
        Ok(Err(error)) => Err(Fault::engine("remove a container")(error)),
        Err(_) => Err(Fault::Slow("remove a container", PATIENCE.as_secs())),
    }
}

/// A container that is removed when this is dropped: a run that is called off is dropped
/// in the middle, perhaps while the engine is still making its container.
#[derive(Debug)]
pub(crate) struct Created {
    docker: Docker,
    state: State,
}

#[derive(Debug)]
enum State {
    Making(JoinHandle<Result<ContainerCreateResponse, Error>>),
    Made(String),
    Gone,
}

impl Created {
    /// Begins to make a container.
    pub(crate) fn begin(docker: &Docker, body: ContainerCreateBody) -> Self {
        let engine = docker.clone();
        // A task of its own: an answer that nobody waits for any more would leave a
        // container that nobody knows.
        let making = tokio::spawn(async move {
            engine
                .create_container(None::<CreateContainerOptions>, body)
                .await
        });
        Self {
            docker: docker.clone(),
            state: State::Making(making),
        }
    }

    /// Its id, once it is made.
    pub(crate) async fn id(&mut self) -> Result<String, Fault> {
        if let State::Making(making) = &mut self.state {
            let made = making
                .await
                .map_err(|error| Fault::Engine("create a container", error.to_string()))?;
            self.state = match made {
                Ok(made) => State::Made(made.id),
                Err(error) => {
                    self.state = State::Gone;
                    return Err(Fault::engine("create a container")(error));
                }
            };
        }
        match &self.state {
            State::Made(id) => Ok(id.clone()),
            _ => Err(Fault::Engine("create a container", "it is gone".to_owned())),
        }
    }

    /// Removes it now.
    pub(crate) async fn remove(mut self) -> Result<(), Fault> {
        if let State::Made(id) = &self.state {
            remove(&self.docker, id).await?;
            self.state = State::Gone;
        }
        Ok(())
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        let docker = self.docker.clone();
        let state = std::mem::replace(&mut self.state, State::Gone);
        let removal = async move {
            let id = match state {
                State::Making(making) => match making.await {
                    Ok(Ok(made)) => made.id,
                    _ => return,
                },
                State::Made(id) => id,
                State::Gone => return,
            };
            if let Err(error) = remove(&docker, &id).await {
                tracing::warn!(id, %error, "a container was not removed; the next start will");
            }
        };
        // Outside a runtime nothing is left to do it; the next start reaps.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(removal);
        }
    }
}
