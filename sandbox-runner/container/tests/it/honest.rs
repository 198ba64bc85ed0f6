//! Methods that mean well, and what goes wrong beside them.

use std::time::{Duration, Instant};

use bollard::query_parameters::ListContainersOptions;
use gauntlet_container::{Containers, Fault};
use gauntlet_worker_protocol::{Event, Outcome};

use crate::support::{Place, config};

#[tokio::test]
async fn a_c_program_that_speaks_the_contract_trains_and_predicts() {
    let place = Place::new().await;
    let image = place.softmax().await;
    let (outcome, meters, events) = place.execute(&place.training(&image)).await.unwrap();
    assert_eq!(outcome, Outcome::Completed);
    assert!(meters.wall_micros > 0 && meters.peak_tensor_bytes > 0);
    let losses = events
        .iter()
        .filter(|event| matches!(event, Event::Metric { name, .. } if name == "loss"));
    assert_eq!(losses.count(), 60);
    let accuracy = place.accuracy(&image).await;
    assert!(accuracy > 0.9, "{accuracy}");
    // The image is there now, and the same archive is not loaded again.
    let again = place.softmax().await;
    assert_eq!(again, image);
    // Which runtime it was belongs to the hardware class, and what keeps the output small.
    let description = place.containers.description();
    assert!(
        description.starts_with("engine ")
            && description.contains("; run")
            && description.contains("; output "),
        "{description}"
    );
}

#[tokio::test]
async fn a_python_program_with_several_processes_trains_and_predicts() {
    let place = Place::new().await;
    let script =
        gauntlet_test_engine::repository().join("examples/containers/centroids-py/method.py");
    let archive = place.path("python.tar");
    gauntlet_test_engine::pack_python(&script, &archive);
    let image = place.load(archive).await.unwrap();
    let accuracy = place.accuracy(&image).await;
    assert!(accuracy > 0.85, "{accuracy}");
}

#[tokio::test]
async fn a_run_that_is_called_off_leaves_no_container() {
    let place = Place::new().await;
    let image = place.softmax().await;
    let order = place.training(&image);
    // Somewhere in the middle of it, whatever it does there.
    for millis in [1, 100, 300, 500] {
        let (sender, _receiver) = tokio::sync::mpsc::channel(1_000);
        let run = place.containers.execute(&order, sender);
        let _cut_off = tokio::time::timeout(Duration::from_millis(millis), run).await;
    }
    let deadline = Instant::now() + Duration::from_secs(120);
    while !containers(&place).await.is_empty() {
        assert!(Instant::now() < deadline, "a container was left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(place.accuracy(&image).await > 0.9);
}

#[tokio::test]
async fn what_a_killed_runner_left_is_removed_at_the_next_start() {
    let place = Place::new().await;
    let image = place.softmax().await;
    let order = place.training(&image);
    let (sender, _receiver) = tokio::sync::mpsc::channel(1_000);
    // A container whose runner is gone: made, and its future forgotten instead of dropped.
    let mut run = Box::pin(place.containers.execute(&order, sender));
    while containers(&place).await.is_empty() {
        let step = tokio::time::timeout(Duration::from_millis(10), &mut run).await;
        assert!(step.is_err(), "it ended before its container was seen");
    }
    std::mem::forget(run);
    let again = Containers::open(config(place.folder.path())).await.unwrap();
    assert!(containers(&place).await.is_empty());
    let left: Vec<_> = std::fs::read_dir(place.path("runs")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    drop(again);
}

#[tokio::test]
async fn without_an_engine_the_error_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.socket = folder.path().join("nobody");
    let error = Containers::open(config).await.unwrap_err();
    assert!(matches!(error, Fault::NoEngine { .. }));
    assert!(error.to_string().contains("scripts/setup --containers"));
}

#[tokio::test]
async fn what_reads_images_must_be_there_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.intake = Some(folder.path().join("no-reader"));
    let error = Containers::open(config).await.unwrap_err().to_string();
    assert!(error.contains("no-reader"), "{error}");
}

#[tokio::test]
async fn a_runtime_that_the_engine_lacks_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.runtime = Some("no-such-runtime".to_owned());
    let error = Containers::open(config).await.unwrap_err().to_string();
    assert!(
        error.contains("no-such-runtime") && error.contains("runc"),
        "{error}"
    );
}

/// Containers of this test's runner. Tests run beside one another, so others are not counted.
async fn containers(place: &Place) -> Vec<String> {
    let options = ListContainersOptions {
        all: true,
        ..ListContainersOptions::default()
    };
    let docker = bollard::Docker::connect_with_unix(
        &gauntlet_test_engine::socket().to_string_lossy(),
        60,
        bollard::API_DEFAULT_VERSION,
    )
    .unwrap()
    .negotiate_version()
    .await
    .unwrap();
    let runs = place.path("runs").canonicalize().unwrap();
    let all = docker.list_containers(Some(options)).await.unwrap();
    all.into_iter()
        .filter(|container| {
            container.mounts.iter().flatten().any(|mount| {
                mount
                    .source
                    .as_deref()
                    .is_some_and(|source| source.starts_with(&*runs.to_string_lossy()))
            })
        })
        .filter_map(|container| container.id)
        .collect()
}
