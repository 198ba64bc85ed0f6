//! Devices that containers get by name.

use gauntlet_container::{Containers, Fault, Gpus};

use crate::support::{Place, config};

/// Either the engine is too old for such names, or it does not know this one. Neither is
/// anything that an entrant could be blamed for.
#[tokio::test]
async fn a_device_that_the_engine_does_not_know_is_not_the_methods_fault() {
    let unknown = "gauntlet.test/gpu=none";
    let gpus = Gpus::Cdi(vec![unknown.to_owned()]);
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.gpus = gpus.clone();
    let error = match Containers::open(config).await {
        Err(error @ Fault::Unfit(_)) => {
            assert!(error.to_string().contains("Docker 25"), "{error}");
            return;
        }
        Err(error) => panic!("{error}"),
        Ok(_) => {
            let place = Place::with(|config| config.gpus = gpus).await;
            let image = place.softmax().await;
            place.execute(&place.training(&image)).await.unwrap_err()
        }
    };
    assert!(error.to_string().contains(unknown), "{error}");
}
