//! A tournament's state from its events.

use crate::record::apply::IllegalEvent;
use crate::record::event::Event;
use crate::tournament::{Effect, Tournament};

/// Applies `event` and says what follows from it. The shell carries the
/// effects out and reports each back as an event.
pub fn step(
    mut tournament: Tournament,
    event: &Event,
) -> Result<(Tournament, Vec<Effect>), IllegalEvent> {
    tournament.apply(event)?;
    let effects = tournament.next().into_iter().collect();
    Ok((tournament, effects))
}

impl Tournament {
    /// The tournament that `events` tell of; the first must be its creation.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Self, IllegalEvent> {
        let mut events = events.into_iter();
        let Some(Event::Created {
            rules,
            metric,
            more_tasks,
            ..
        }) = events.next()
        else {
            return Err(IllegalEvent::Contradiction {
                event: "created",
                why: "it must come first",
            });
        };
        let metrics = std::iter::once(metric)
            .chain(more_tasks.iter().map(|task| &task.metric))
            .cloned()
            .collect();
        let mut tournament = Self::new(rules.clone(), metrics);
        for event in events {
            tournament.apply(event)?;
        }
        Ok(tournament)
    }
}
