//! How long tournaments stand between their rounds, as a histogram. It is counted in the
//! database, so what is written here is what was read there last.

use std::sync::{Arc, Mutex, PoisonError};

use gauntlet_storage::round_gaps::{BOUNDS, Counted, Until};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

/// What ended a gap.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    until: &'static str,
}

/// The histogram. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub(super) struct RoundGaps(Arc<Mutex<[Counted; 2]>>);

impl RoundGaps {
    pub(super) fn set(&self, counted: [Counted; 2]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = counted;
    }
}

impl Collector for RoundGaps {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counted = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut metric = encoder.encode_descriptor(
            "round_gap",
            "Time from a round's last result to the next round's first lease, or to the \
             tournament's end; counted when the next round is decided",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for (until, counted) in Until::ALL.iter().zip(&counted) {
            let ended = Ended {
                until: until.as_str(),
            };
            let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(counted.counts).collect();
            metric
                .encode_family(&ended)?
                .encode_histogram::<NoLabelSet>(counted.seconds, counted.count(), &buckets, None)?;
        }
        Ok(())
    }
}
