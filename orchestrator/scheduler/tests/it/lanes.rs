//! Images go to runners that have a container engine, and to no other.

use bytes::Bytes;
use gauntlet_domain::run::Lane;
use gauntlet_scheduler::commands::claim::claim;
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::submit::{Artifact, NewSubmission, submit};
use gauntlet_scheduler::loops::advance_rounds;

use crate::support::{Platform, method, name};

#[tokio::test]
async fn a_runner_gets_the_lanes_that_it_asks_for() {
    let platform = Platform::new().await;
    platform.open("t").await;
    platform.enter("t", "module").await.unwrap();
    let bytes = Bytes::from_static(b"an archive");
    let digest = platform.ctx.blobs.put(bytes).await.unwrap();
    let image = NewSubmission {
        tournament: name("t"),
        name: method("image"),
        artifact: Artifact::Image { digest, bytes: 10 },
        token: platform.miner,
    };
    let entered = submit(&platform.ctx, image).await.unwrap();
    assert_eq!(entered.digest, digest);
    close_tournament(&platform.ctx, &name("t")).await.unwrap();
    advance_rounds::once(&platform.ctx).await.unwrap();

    let ask = async |lanes: &[Lane]| {
        claim(&platform.ctx, platform.runner, platform.runner_token, lanes)
            .await
            .unwrap()
            .map(|claim| (claim.work.method.to_string(), claim.work.lane))
    };
    while let Some(module) = ask(&[Lane::Wasm]).await {
        assert_eq!(module, ("module".to_owned(), Lane::Wasm));
    }
    let mut images = 0;
    while let Some(image) = ask(&[Lane::Wasm, Lane::Oci]).await {
        assert_eq!(image, ("image".to_owned(), Lane::Oci));
        images += 1;
    }
    assert!(images > 0);
}
