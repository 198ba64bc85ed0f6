//! One newtype per kind of identifier, so that none can stand for another.

macro_rules! id {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

id! {
    /// A task.
    TaskId,
    /// A tournament.
    TournamentId,
    /// A series of tournaments.
    SeriesId,
    /// One immutable version of a method, handed in to one tournament.
    SubmissionId,
    /// A round of a tournament.
    RoundId,
    /// A block: what all methods of a round are run on.
    BlockId,
    /// One method on one block.
    RunId,
    /// A machine that executes runs.
    RunnerId,
    /// Somebody who may do something: a person, a team, a machine.
    AccountId,
    /// An access token.
    TokenId,
    /// An entry of the archive.
    ArchiveId,
}
