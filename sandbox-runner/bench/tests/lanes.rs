//! The same method's source in both lanes, on the same block: the same model to the bit, and
//! so the same score. `scripts/static-method` runs this on a statically linked program;
//! else the program is packed with the libraries it is linked to.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::path::{Path, PathBuf};

use gauntlet_container::{ContainerConfig, Containers};
use gauntlet_image::Packed;
use gauntlet_protocol::{Budget, Verdict};
use gauntlet_runner::attempt::{self, Attempt, AttemptResult, Lanes, Method};
use gauntlet_sandbox::{Sandbox, SandboxConfig};
use gauntlet_tasks::{Dataset, TaskDefinition};
use gauntlet_wire::settings::Settings;
use sha2::{Digest, Sha256};

const SEED: u64 = 7;
const BATCHES: u64 = 200;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The example that the caller may have linked statically.
fn adamw_cosine() -> PathBuf {
    let named = std::env::var_os("GAUNTLET_STATIC_METHOD");
    named.map_or_else(|| env!("CARGO_BIN_EXE_adamw-cosine").into(), PathBuf::from)
}

/// A program in an image of its own, and the archive's digest.
fn image(program: &Path, folder: &Path) -> Method {
    let program = program.to_owned();
    let mut files = vec![(program.clone(), "/method".to_owned())];
    for library in gauntlet_test_engine::libraries(&program) {
        files.push((library.clone(), library.to_string_lossy().into_owned()));
    }
    let packed = Packed {
        files,
        entrypoint: vec!["/method".to_owned()],
        environment: Vec::new(),
        working_directory: "/".to_owned(),
    };
    let archive = folder.join("image.tar");
    gauntlet_image::pack(&packed, std::fs::File::create(&archive).unwrap()).unwrap();
    let digest = hex::encode(Sha256::digest(std::fs::read(&archive).unwrap()));
    Method::Image { archive, digest }
}

fn attempt(method: Method, data: &Dataset, folder: &Path) -> Attempt {
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    Attempt {
        method,
        run: "lanes".to_owned(),
        task: data.info.clone(),
        seed: SEED,
        budget: Budget {
            work: u64::MAX,
            predict_share_percent: 100,
            wall_seconds: 120,
            tensor_bytes: 256 << 20,
            guest_bytes: 64 << 20,
            output_bytes: 8 << 20,
        },
        batches: Some(BATCHES),
        threads: 1,
        settings: Settings::new(),
        train: put("train", &data.train),
        base: data.base.as_deref().map(|base| put("base", base)),
        hidden_inputs: put("inputs", &data.hidden_inputs),
        hidden_labels: data.hidden_labels.clone(),
    }
}

/// Performs a method's block in both lanes: the module's findings and the image's.
async fn both(method: &str, program: &Path, task: &str) -> [AttemptResult; 2] {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let data = TaskDefinition::load(&repository().join("examples/tasks").join(task))
        .unwrap()
        .materialise(&[5; 32])
        .unwrap();
    let worker = Path::new(env!("CARGO_BIN_EXE_gauntlet-bench")).with_file_name("gauntlet-worker");
    let sandbox = Sandbox::new(SandboxConfig::new(worker, path("cache"), path("runs"))).unwrap();
    let socket = gauntlet_test_engine::socket();
    let containers = Containers::open(ContainerConfig::new(socket, path("containers")))
        .await
        .unwrap();
    let lanes = Lanes {
        sandbox: &sandbox,
        containers: Some(&containers),
    };
    let module = repository().join(format!("examples/methods/target/gauntlet/{method}.wasm"));
    let module = std::fs::read(&module).expect("`make everything` has built the examples");

    let mut found: Vec<AttemptResult> = Vec::new();
    for method in [Method::Module(module), image(program, folder.path())] {
        let attempt = attempt(method, &data, folder.path());
        let findings = attempt::perform(lanes, folder.path(), &attempt, |_, _| {})
            .await
            .unwrap();
        assert_eq!(findings.verdict, Verdict::Completed, "{:?}", findings.cause);
        found.push(findings);
    }
    found.try_into().unwrap()
}

fn assert_the_same([wasm, oci]: &[AttemptResult; 2], least: f64) {
    assert!(wasm.score.unwrap() > least, "{:?}", wasm.score);
    assert_eq!(wasm.score, oci.score);
    assert_eq!(wasm.model_digest(), oci.model_digest());
    assert_eq!(wasm.predictions, oci.predictions);
    assert_eq!(wasm.train.batches, oci.train.batches);
}

#[tokio::test]
async fn one_source_scores_the_same_in_both_lanes() {
    let found = both("adamw-cosine", &adamw_cosine(), "digits").await;
    assert_the_same(&found, 0.9);
}

/// The container's `train` is given the task's base weights, and its `predict` needs none.
#[tokio::test]
async fn base_weights_reach_both_lanes() {
    let program = Path::new(env!("CARGO_BIN_EXE_fine-tune"));
    let found = both("fine-tune", program, "digits-fine-tune").await;
    assert_the_same(&found, 0.85);
}
