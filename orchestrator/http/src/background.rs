//! The tasks behind the handlers. Without one of them the server would go on and answer, and
//! runners would wait for ever: one that panics ends the server.

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::task::JoinHandle;

/// Tasks by name. Dropping it lets them go on.
#[derive(Default)]
pub(crate) struct Background(Vec<(&'static str, JoinHandle<()>)>);

/// A task that panicked.
#[derive(Debug, thiserror::Error)]
#[error("the task that {task} ended: {why}")]
pub(crate) struct Died {
    task: &'static str,
    why: String,
}

impl Background {
    /// Starts a task, named by what it does.
    pub(crate) fn start(
        &mut self,
        task: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        self.0.push((task, tokio::spawn(work)));
    }

    /// Waits for the first that does not end in order; for ever if all do.
    pub(crate) async fn died(self) -> Died {
        let ends = self
            .0
            .into_iter()
            .map(|(task, handle)| async move { (task, handle.await) });
        let mut ends: FuturesUnordered<_> = ends.collect();
        while let Some((task, ended)) = ends.next().await {
            if let Err(error) = ended {
                let why = error.to_string();
                return Died { task, why };
            }
        }
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::Background;

    #[tokio::test]
    async fn a_task_that_panics_is_named_and_one_that_ends_is_not() {
        let mut tasks = Background::default();
        tasks.start("ends", async {});
        tasks.start("hands out work", async { panic!("out of ideas") });
        let died = tasks.died().await.to_string();
        assert!(died.contains("hands out work"), "{died}");
        assert!(died.contains("out of ideas"), "{died}");
    }
}
