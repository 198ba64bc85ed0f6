use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// Ratings over the completed tournaments of a task; docs/FORMATS.md says what they mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ratings {
    /// Name of the task.
    pub task: String,
    /// How many tournaments they rest on.
    pub tournaments: u32,
    /// The methods, by `at_least`, best first.
    pub methods: Vec<Rating>,
    /// With this as `after`, the next ones are given; left out, there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The rating of a method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rating {
    /// Its place by `at_least`, from 1; methods of equal strength share one.
    #[serde(default)]
    pub place: u32,
    /// Its name in the last tournament it took part in.
    pub method: String,
    /// Digest of its module: this is what is rated, whatever it was called.
    #[schema(value_type = gauntlet_domain::Digest)]
    pub digest: String,
    /// The estimate of its strength (Weng and Lin); who is new has 25.
    pub rating: f64,
    /// Standard deviation of the estimate; who is new has 25 / 3.
    pub uncertainty: f64,
    /// `rating` less three times `uncertainty`.
    pub at_least: f64,
    /// How many tournaments it won, defended titles included.
    pub titles: u32,
    /// The tournaments it took part in, in the order of their end.
    pub history: Vec<RatingStep>,
}

/// What a tournament did to a method's rating.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RatingStep {
    /// Name of the tournament.
    pub tournament: String,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339")]
    pub ended_at: OffsetDateTime,
    /// The method's place in the final ranking, from 1.
    pub place: u32,
    /// How many were ranked.
    pub of: u32,
    /// Whether it won.
    pub champion: bool,
    /// Its rating afterwards.
    pub rating: f64,
    /// Its uncertainty afterwards.
    pub uncertainty: f64,
}
