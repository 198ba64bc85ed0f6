//! Series: tournaments that start by themselves, in database time.

use gauntlet_domain::record::PlatformEvent;
use gauntlet_domain::tournament::{Rules, TournamentState};
use gauntlet_scheduler::commands::cancel_tournament::cancel_tournament;
use gauntlet_scheduler::commands::create_series::{NewSeries, create_series};
use gauntlet_scheduler::commands::end_series::end_series;
use gauntlet_scheduler::loops::start_series;
use gauntlet_storage::Access;
use gauntlet_storage::views::{self, SeriesView};
use gauntlet_storage::{events, series};

use crate::support::{Platform, completed, halving, name, nth, reason};

/// Every Monday at nine, open for an hour; the champion defends its title.
fn weekly() -> NewSeries {
    let mut rules = halving();
    rules.terms.defend = true;
    NewSeries {
        name: "weekly".parse().unwrap(),
        task: "digits".parse().unwrap(),
        more_tasks: vec![],
        rules,
        calendar: "0 9 * * MON".to_owned(),
        open_seconds: 3600,
        organiser: None,
        private: false,
    }
}

impl Platform {
    async fn series(&self) -> SeriesView {
        let mut conn = self.ctx.db.acquire().await.unwrap();
        let page = gauntlet_storage::Page::first(10);
        let mut all = views::series(&mut conn, &page, Access::Everything)
            .await
            .unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    /// The clock is the database's; instead of it the date is moved.
    async fn is_due_since(&self, interval: &str) {
        let sql = format!("UPDATE series SET next_at = now() - interval '{interval}'");
        self.database.execute(&sql).await.unwrap();
    }

    /// The tournament's time is up.
    async fn is_over(&self, tournament: &str) {
        let sql = format!("UPDATE tournaments SET closes_at = now() WHERE name = '{tournament}'");
        self.database.execute(&sql).await.unwrap();
    }

    async fn pass(&self) -> usize {
        start_series::once(&self.ctx).await.unwrap()
    }

    /// The platform's events of series, checked as a chain.
    async fn told(&self) -> Vec<PlatformEvent> {
        let mut conn = self.ctx.db.acquire().await.unwrap();
        let chain = events::PLATFORM;
        let links = events::list(&mut conn, chain, 0, 1000).await.unwrap();
        let (_, head) = events::head(&mut conn, chain).await.unwrap().unwrap();
        gauntlet_domain::record::verify(chain, &links, Some(&head)).unwrap();
        let read = links
            .iter()
            .map(|link| serde_json::from_str(&link.body).unwrap());
        read.filter(|event: &PlatformEvent| event.kind().starts_with("series"))
            .collect()
    }

    async fn now(&self) -> time::OffsetDateTime {
        let mut conn = self.ctx.db.acquire().await.unwrap();
        series::now(&mut conn).await.unwrap()
    }
}

#[tokio::test]
async fn a_tournament_starts_when_its_date_has_come_and_not_before() {
    let platform = Platform::new().await;
    create_series(&platform.ctx, weekly()).await.unwrap();
    let first = platform.series().await.next_at.unwrap();
    assert!(first > platform.now().await);
    assert_eq!(first.weekday(), time::Weekday::Monday);
    assert_eq!((first.hour(), first.minute(), first.second()), (9, 0, 0));
    assert_eq!(platform.pass().await, 0);
    assert_eq!(platform.series().await.last_number, 0);

    platform.is_due_since("1 second").await;
    assert_eq!(platform.pass().await, 1);
    assert_eq!(platform.pass().await, 0);
    let series = platform.series().await;
    assert_eq!(series.last_number, 1);
    assert_eq!(series.next_at, Some(first));
    let view = platform.view("weekly-1").await;
    assert_eq!(view.state, TournamentState::Open);
    assert_eq!(view.series.as_deref(), Some("weekly"));
    assert_eq!(
        view.closes_at.unwrap() - view.opened_at.unwrap(),
        time::Duration::HOUR
    );
    assert_eq!(view.rules, weekly().rules);
    platform.check("weekly-1").await;

    // Its time is up: the field is sealed, the rounds are played.
    for nth in 0..2 {
        platform
            .enter("weekly-1", &format!("m{nth}"))
            .await
            .unwrap();
    }
    assert_eq!(platform.pass().await, 0);
    platform.is_over("weekly-1").await;
    assert_eq!(platform.pass().await, 1);
    let late = platform.enter("weekly-1", "m2").await;
    assert_eq!(reason(late).code, "tournament-closed");
    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    let view = platform.view("weekly-1").await;
    assert_eq!(view.champion.unwrap().method, "m1");
    platform.check("weekly-1").await;
    let kinds: Vec<&str> = platform
        .told()
        .await
        .iter()
        .map(PlatformEvent::kind)
        .collect();
    assert_eq!(kinds, ["series_created", "series_started"]);
}

#[tokio::test]
async fn missed_dates_make_one_tournament() {
    let platform = Platform::new().await;
    create_series(&platform.ctx, weekly()).await.unwrap();
    let first = platform.series().await.next_at;
    platform.is_due_since("300 days").await;
    assert_eq!(platform.pass().await, 1);
    assert_eq!(platform.pass().await, 0);
    assert_eq!(platform.series().await.next_at, first);

    // A date that comes while one is under way waits for its end, however it ends.
    platform.is_due_since("20 days").await;
    assert_eq!(platform.pass().await, 0);
    cancel_tournament(&platform.ctx, &name("weekly-1"), "enough")
        .await
        .unwrap();
    assert_eq!(platform.pass().await, 1);
    let series = platform.series().await;
    assert_eq!((series.last_number, series.next_at), (2, first));
    assert_eq!(series.tournaments[0].name, "weekly-2");
    assert_eq!(series.tournaments[1].state, TournamentState::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_orchestrators_do_not_make_two() {
    let platform = Platform::new().await;
    create_series(&platform.ctx, weekly()).await.unwrap();
    for number in 1..=5_u32 {
        platform.is_due_since("1 second").await;
        let mut passes = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let ctx = platform.another().await;
            passes.spawn(async move { start_series::once(&ctx).await.unwrap() });
        }
        let steps: usize = passes.join_all().await.into_iter().sum();
        assert_eq!(steps, 1);
        assert_eq!(platform.series().await.last_number, number);
        // They do not trip over each other when it is closed, either.
        let tournament = format!("weekly-{number}");
        platform.is_over(&tournament).await;
        let mut passes = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let ctx = platform.another().await;
            passes.spawn(async move { start_series::once(&ctx).await.unwrap() });
        }
        passes.join_all().await;
        assert_eq!(
            platform.view(&tournament).await.state,
            TournamentState::Cancelled
        );
        platform.check(&tournament).await;
    }
    assert_eq!(platform.told().await.len(), 6);
}

#[tokio::test]
async fn a_field_that_is_too_small_is_called_off() {
    let platform = Platform::new().await;
    let mut new = weekly();
    new.rules.terms.min_field = 2;
    create_series(&platform.ctx, new).await.unwrap();
    for (number, field, because) in [
        (1, 0, "nobody has entered `weekly-1`"),
        (2, 1, "too few have entered `weekly-2`"),
    ] {
        platform.is_due_since("1 second").await;
        platform.pass().await;
        let tournament = format!("weekly-{number}");
        for nth in 0..field {
            platform
                .enter(&tournament, &format!("m{nth}"))
                .await
                .unwrap();
        }
        platform.is_over(&tournament).await;
        assert_eq!(platform.pass().await, 1);
        let view = platform.view(&tournament).await;
        assert_eq!(view.state, TournamentState::Cancelled);
        let told = view.cancelled_because.unwrap();
        assert!(
            told.contains(because) && told.contains("at least 2 methods"),
            "{told}"
        );
        platform.check(&tournament).await;
    }
}

#[tokio::test]
async fn the_champion_carries_over_from_one_to_the_next() {
    let platform = Platform::new().await;
    create_series(&platform.ctx, weekly()).await.unwrap();
    // Better than the champion, or not: m2 wins the first, keeps the title in the second and
    // loses it in the third.
    for (number, field, defender, champion) in [
        (1, 0..3, None, "m2"),
        (2, 0..2, Some("m2"), "m2"),
        (3, 3..5, Some("m2"), "m4"),
    ] {
        platform.is_due_since("1 second").await;
        platform.pass().await;
        let tournament = format!("weekly-{number}");
        for nth in field {
            platform
                .enter(&tournament, &format!("m{nth}"))
                .await
                .unwrap();
        }
        platform.is_over(&tournament).await;
        platform.pass().await;
        platform.play(|claim| completed(nth(claim) / 10.0)).await;
        platform.check(&tournament).await;
        let view = platform.view(&tournament).await;
        let defends = view.methods.iter().find(|method| method.defender);
        assert_eq!(defends.map(|method| method.name.as_str()), defender);
        assert_eq!(view.champion.unwrap().method, champion);
    }
    // Two entries: the one that defended kept its own.
    assert_eq!(platform.archive().await.len(), 2);
}

#[tokio::test]
async fn an_ended_series_starts_nothing_more() {
    let platform = Platform::new().await;
    create_series(&platform.ctx, weekly()).await.unwrap();
    platform.is_due_since("1 second").await;
    platform.pass().await;
    for _ in 0..2 {
        end_series(&platform.ctx, &"weekly".parse().unwrap())
            .await
            .unwrap();
    }
    let series = platform.series().await;
    assert!(series.ended_at.is_some() && series.next_at.is_none());
    // What is under way goes on.
    platform.enter("weekly-1", "m0").await.unwrap();
    platform.is_over("weekly-1").await;
    platform.pass().await;
    platform.play(|_| completed(0.5)).await;
    assert_eq!(
        platform.view("weekly-1").await.champion.unwrap().method,
        "m0"
    );
    assert_eq!(platform.pass().await, 0);
    assert_eq!(platform.series().await.last_number, 1);
    let ended = platform.told().await;
    assert!(matches!(
        ended[..],
        [
            PlatformEvent::SeriesCreated { .. },
            PlatformEvent::SeriesStarted { number: 1, .. },
            PlatformEvent::SeriesEnded { .. },
        ]
    ));
    let unknown = end_series(&platform.ctx, &"daily".parse().unwrap()).await;
    assert_eq!(reason(unknown).code, "unknown-series");
}

#[tokio::test]
async fn a_name_that_is_taken_is_left_out() {
    let platform = Platform::new().await;
    create_series(&platform.ctx, weekly()).await.unwrap();
    platform.draft("weekly-1").await;
    platform.is_due_since("1 second").await;
    assert_eq!(platform.pass().await, 1);
    assert_eq!(platform.view("weekly-2").await.state, TournamentState::Open);
    assert_eq!(platform.view("weekly-1").await.series, None);
}

#[tokio::test]
async fn what_cannot_recur_is_refused() {
    let platform = Platform::new().await;
    create_series(&platform.ctx, weekly()).await.unwrap();
    let before = platform.told().await;
    let refused = async |change: &dyn Fn(&mut NewSeries)| {
        let mut new = weekly();
        new.name = "other".parse().unwrap();
        change(&mut new);
        let reason = reason(create_series(&platform.ctx, new).await);
        (reason.code, reason.field.unwrap().into_owned())
    };
    let calendar = |text: &'static str| move |new: &mut NewSeries| new.calendar = text.to_owned();
    for text in ["", "soon", "0 0 9 * * MON", "0 0 30 2 *"] {
        assert_eq!(
            refused(&calendar(text)).await,
            ("invalid-calendar", "body.calendar".to_owned()),
            "{text}"
        );
    }
    let long = refused(&|new| new.calendar = "0,".repeat(51)).await;
    assert_eq!(long.0, "invalid-calendar");
    let open = refused(&|new| new.open_seconds = 59).await;
    assert_eq!(open, ("open-time", "body.open_seconds".to_owned()));
    let task = refused(&|new| new.task = "nothing".parse().unwrap()).await;
    assert_eq!(task, ("unknown-task", "body.task".to_owned()));
    let twice = refused(&|new| new.more_tasks = vec![new.task.clone()]).await;
    assert_eq!(twice.0, "tasks-do-not-combine");
    let taken = refused(&|new| new.name = "weekly".parse().unwrap()).await;
    assert_eq!(taken, ("name-taken", "body.name".to_owned()));
    let rules = refused(&|new| {
        new.rules = Rules::from(gauntlet_domain::tournament::Play::RoundRobin(
            gauntlet_domain::tournament::RoundRobin { blocks: 0 },
        ));
    })
    .await;
    assert_eq!(rules.0, "invalid-rules");
    assert_eq!(platform.told().await, before);
}
