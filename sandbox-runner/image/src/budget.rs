//! What may still have to be remembered or looked up, over all layers of an image.

use crate::limits::ImageLimits;
use crate::refusal::Refusal;

/// Parts of names and of links' targets that are looked at for a whole image: twice what
/// the longest names can have.
const STEPS: u64 = 64 << 20;

/// See the module.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: ImageLimits,
    nodes: u64,
    link_bytes: u64,
    steps: u64,
}

impl Budget {
    pub(crate) fn new(limits: &ImageLimits) -> Self {
        Self {
            limits: *limits,
            nodes: 0,
            link_bytes: 0,
            steps: 0,
        }
    }

    /// One part of a name is looked at.
    pub(crate) fn step(&mut self) -> Result<(), Refusal> {
        self.steps += 1;
        if self.steps > STEPS {
            return Err(Refusal::too_large("steps that names lead through", STEPS));
        }
        Ok(())
    }

    /// One name is remembered.
    pub(crate) fn node(&mut self) -> Result<(), Refusal> {
        self.nodes += 1;
        if self.nodes > self.limits.entries {
            return Err(Refusal::too_large(
                "files and folders in the image",
                self.limits.entries,
            ));
        }
        Ok(())
    }

    /// A link's target is remembered.
    pub(crate) fn link(&mut self, target: &str) -> Result<(), Refusal> {
        self.link_bytes += target.len() as u64;
        if self.link_bytes > self.limits.link_bytes {
            return Err(Refusal::too_large(
                "bytes of all links' targets",
                self.limits.link_bytes,
            ));
        }
        Ok(())
    }
}
