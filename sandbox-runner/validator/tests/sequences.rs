//! Long sequences of operations, some of them refused.

mod support;

use burn_ir::{OperationIr, TensorIr};
use gauntlet_validator::Limits;
use proptest::prelude::*;
use support::catalogue::{Source, catalogue};
use support::{Guest, kept, last, limits};

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_charged_is_what_is_there_and_within_the_limit(
        steps in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<u32>(), prop::collection::vec(any::<u32>(), 40)),
            1..80,
        ),
    ) {
        let all = catalogue();
        let tight = Limits { tensor_bytes: 4_000_000, ..limits() };
        let mut guest = Guest::with(tight);
        let mut live: Vec<TensorIr> = Vec::new();
        let mut work = 0;
        for (kind, drop, choices) in &steps {
            // Uploads are unwrapped by the guest, so there must be room for them: no
            // operation of the catalogue asks for more than 3 MB of operands (most far less).
            while guest.ledger.meters().live_bytes > 1_000_000 {
                let tensor = live.pop().expect("something is alive");
                guest.ledger.check(&OperationIr::Drop(last(&tensor))).unwrap();
            }
            guest.uploads.clear();
            let (_, make) = all[kind.index(all.len())];
            let op = make(&mut Source::new(&mut guest, choices));
            live.extend(guest.uploads.iter().cloned());
            let before = guest.ledger.meters();
            if guest.ledger.check(&op).is_ok() {
                live.extend(op.outputs().map(kept));
            } else {
                prop_assert_eq!(guest.ledger.meters(), before);
            }
            live.retain(|tensor| guest.ledger.tensor(tensor.id.value()).is_some());
            if drop % 3 == 0 && !live.is_empty() {
                let tensor = live.swap_remove(*drop as usize / 3 % live.len());
                guest.ledger.check(&OperationIr::Drop(last(&tensor))).unwrap();
            }
            let meters = guest.ledger.meters();
            let own: u64 = live
                .iter()
                .map(|tensor| guest.ledger.tensor(tensor.id.value()).expect("it is alive").bytes)
                .sum();
            prop_assert_eq!(meters.live_tensors, live.len());
            prop_assert!(own <= meters.live_bytes, "{} are there, {} charged", own, meters.live_bytes);
            prop_assert!(meters.live_bytes <= tight.tensor_bytes);
            prop_assert!(meters.live_bytes <= meters.peak_bytes);
            prop_assert!(meters.peak_bytes <= tight.tensor_bytes);
            prop_assert!(guest.ledger.work_used() >= work);
            work = guest.ledger.work_used();
        }
        for tensor in &live {
            guest.ledger.check(&OperationIr::Drop(last(tensor))).unwrap();
        }
        let meters = guest.ledger.meters();
        prop_assert_eq!((meters.live_bytes, meters.live_tensors), (0, 0));
    }
}
