//! What a killed runner left behind.

use bollard::query_parameters::{ListContainersOptions, ListVolumesOptions, RemoveVolumeOptions};

use crate::engine::Engine;
use crate::fault::Fault;
use crate::labels::Labels;
use crate::removal;

/// Removes every container and volume of this runner. No attempt survives its
/// runner, so there is nothing to spare.
pub(crate) async fn reap(engine: &Engine, labels: &Labels) -> Result<(), Fault> {
    let docker = &engine.docker;
    let options = ListContainersOptions {
        all: true,
        filters: Some(labels.ours()),
        ..ListContainersOptions::default()
    };
    let containers = docker.list_containers(Some(options)).await;
    for container in containers.map_err(Fault::engine("list containers"))? {
        let Some(id) = container.id else { continue };
        tracing::warn!(id, "removing a container that a killed runner left");
        removal::remove(docker, &id).await?;
    }
    let options = ListVolumesOptions {
        filters: Some(labels.ours()),
    };
    let volumes = docker.list_volumes(Some(options)).await;
    let volumes = volumes.map_err(Fault::engine("list volumes"))?;
    for volume in volumes.volumes.unwrap_or_default() {
        docker
            .remove_volume(&volume.name, Some(RemoveVolumeOptions { force: true }))
            .await
            .map_err(Fault::engine("remove a volume"))?;
    }
    Ok(())
}
