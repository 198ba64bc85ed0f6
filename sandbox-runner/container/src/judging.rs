//! Whose fault it is that an image cannot be loaded.
//!
//! The orchestrator's intake has let the image in, by the same rules. So a failure here, be it
//! the runner's refusal or the engine's, speaks against the image only if an image that is
//! known to be good is taken in by the same runner and engine at that time, and, where the
//! engine failed, the image fails again after that.

use gauntlet_image::{Refusal, Rule};

use crate::fault::{Fault, LoadError};

/// Loads an image, or one that must be taken in.
pub(crate) trait Loads {
    /// A loaded image.
    type Loaded;
    /// Tries to load the image.
    fn load(&self) -> impl Future<Output = Result<Self::Loaded, LoadError>> + Send;
    /// Tries to load one that is known to be good.
    fn load_known_good(&self) -> impl Future<Output = Result<(), LoadError>> + Send;
}

/// Tries to load an image, and judges what comes of it.
pub(crate) async fn judged<L: Loads>(image: &L) -> Result<L::Loaded, LoadError> {
    let failure = match image.load().await {
        Err(failure) if may_be_the_images(&failure) => failure,
        ended => return ended,
    };
    if let Err(worse) = image.load_known_good().await {
        tracing::warn!(%failure, "an image is not loaded, and one that is known to be good neither");
        return Err(Fault::KnownGood(gauntlet_text::error_chain(&worse)).into());
    }
    if matches!(failure, LoadError::Refused(_)) {
        return Err(failure);
    }
    match image.load().await {
        Err(LoadError::Fault(fault)) if of_engine_or_reader(&fault) => Err(refusal(&fault).into()),
        ended => ended,
    }
}

fn may_be_the_images(failure: &LoadError) -> bool {
    match failure {
        LoadError::Refused(_) => true,
        LoadError::Fault(fault) => of_engine_or_reader(fault),
    }
}

/// Whether the engine, or what reads images, failed at the image: not at its disk, which is
/// full for a large image before it is for a small one.
fn of_engine_or_reader(fault: &Fault) -> bool {
    const DISK: [&str; 4] = [
        "no space left",
        "quota exceeded",
        "input/output error",
        "read-only file system",
    ];
    match fault {
        Fault::Engine(_, said) => {
            let said = said.to_ascii_lowercase();
            !DISK.iter().any(|of_the_disk| said.contains(of_the_disk))
        }
        Fault::OtherImage(_) | Fault::Reading(_) => true,
        _ => false,
    }
}

fn refusal(fault: &Fault) -> Refusal {
    let said = gauntlet_text::excerpt(&fault.to_string(), 300);
    Refusal {
        rule: Rule::NotAnImage,
        detail: format!("it is not loaded, twice, where others are: {said}"),
        limit: None,
        help: "build it again with an ordinary builder, and try `docker load` with it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use super::*;

    fn engine(said: &str) -> LoadError {
        Fault::Engine("load an image", said.to_owned()).into()
    }

    fn refused() -> LoadError {
        refusal(&Fault::OtherImage("x".to_owned())).into()
    }

    struct Scripted {
        tries: Mutex<VecDeque<Result<(), LoadError>>>,
        good: bool,
    }

    impl Loads for Scripted {
        type Loaded = ();

        async fn load(&self) -> Result<(), LoadError> {
            self.tries.lock().unwrap().pop_front().unwrap()
        }

        async fn load_known_good(&self) -> Result<(), LoadError> {
            if self.good {
                Ok(())
            } else {
                Err(engine("down"))
            }
        }
    }

    /// How it ends if loading ends like this, the first time first, and whether the image that
    /// is known to be good is loaded.
    async fn ends(tries: Vec<Result<(), LoadError>>, good: bool) -> (&'static str, usize) {
        let all = tries.len();
        let image = Scripted {
            tries: Mutex::new(tries.into()),
            good,
        };
        let ended = judged(&image).await;
        let verdict = match ended {
            Ok(()) => "loaded",
            Err(LoadError::Refused(_)) => "refused",
            Err(LoadError::Fault(_)) => "fault",
        };
        (verdict, all - image.tries.lock().unwrap().len())
    }

    #[tokio::test]
    async fn a_failure_is_the_images_only_where_others_are_loaded() {
        let table = [
            (vec![Ok(())], true, ("loaded", 1)),
            (vec![Err(refused())], true, ("refused", 1)),
            (vec![Err(refused())], false, ("fault", 1)),
            (
                vec![Err(engine("bad")), Err(engine("bad"))],
                true,
                ("refused", 2),
            ),
            (
                vec![Err(engine("bad")), Err(engine("bad"))],
                false,
                ("fault", 1),
            ),
            // The engine was restarted meanwhile, say.
            (vec![Err(engine("eof")), Ok(())], true, ("loaded", 2)),
            (
                vec![Err(engine("write: No space left on device"))],
                true,
                ("fault", 1),
            ),
            (
                vec![Err(engine("bad")), Err(engine("no space left on device"))],
                true,
                ("fault", 2),
            ),
            // Killed for lack of memory, say, and then not.
            (
                vec![Err(Fault::Reading("killed".to_owned()).into()), Ok(())],
                true,
                ("loaded", 2),
            ),
            (
                vec![
                    Err(Fault::Reading("killed".to_owned()).into()),
                    Err(Fault::Reading("killed".to_owned()).into()),
                ],
                true,
                ("refused", 2),
            ),
            (
                vec![Err(Fault::Intake("no disk".to_owned()).into())],
                true,
                ("fault", 1),
            ),
            (
                vec![Err(Fault::Slow("load an image", 1800).into())],
                true,
                ("fault", 1),
            ),
        ];
        for (nth, (tries, good, expected)) in table.into_iter().enumerate() {
            assert_eq!(ends(tries, good).await, expected, "row {nth}");
        }
    }
}
