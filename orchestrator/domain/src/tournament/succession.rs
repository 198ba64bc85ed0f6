//! Whether a challenger takes the title.

use std::collections::BTreeSet;

use crate::ids::SubmissionId;
use crate::run::Metric;
use crate::tournament::decision::{Decision, Title};
use crate::tournament::evidence::Evidence;
use crate::tournament::round::Round;
use crate::tournament::rules::Succession;
use crate::tournament::state::Tournament;

/// Decides the champion's round: the title changes hands only for good reason.
pub(crate) fn decide(tournament: &Tournament, round: &Round, defender: SubmissionId) -> Decision {
    let points = tournament.points();
    let only = (round.number, round.number);
    let standings = tournament.standings_of(round, &points, only);
    let challenger = round
        .entrants
        .iter()
        .copied()
        .find(|who| *who != defender && !tournament.is_disqualified(*who));
    let Some(challenger) = challenger else {
        // Nobody is left to ask for it.
        return Decision::new(
            tournament,
            &points,
            round,
            standings,
            &BTreeSet::from([defender]),
            round.number,
        );
    };
    let pairs = points.pairs(challenger, defender, round.number, round.number);
    let scale = tournament.scale();
    let evidence = Evidence::new(&scale, challenger, defender, &pairs);
    let (earned, won) = earned(
        &tournament.rules().terms.succession,
        &scale,
        &pairs,
        &evidence,
    );
    // A walk-over: a champion that may not play any more has no title to defend.
    let walk_over = tournament.is_disqualified(defender);
    // Failures are results like others: a champion whose every run failed loses to one that
    // completed enough of them for the rule. Who never completed a run wins nothing.
    let dethroned = (earned || walk_over) && tournament.has_completed_a_run(challenger);
    let winner = if dethroned { challenger } else { defender };
    let keep = if !dethroned && walk_over {
        BTreeSet::new()
    } else {
        BTreeSet::from([winner])
    };
    let mut decision = Decision::new(tournament, &points, round, standings, &keep, round.number);
    decision.title = Some(Title {
        defender,
        challenger,
        dethroned,
        evidence,
        won,
    });
    decision
}

/// Whether the rule gives the title to the first of the pairs, and blocks won under a margin.
fn earned(
    rule: &Succession,
    scale: &Metric,
    pairs: &[(f64, f64)],
    evidence: &Evidence,
) -> (bool, Option<u32>) {
    match *rule {
        Succession::SignFlip {
            alpha,
            minimum_effect,
            ..
        } => {
            let significant = evidence.p_value.is_some_and(|p| p <= alpha);
            // Blocks may have been voided since: fewer than five prove nothing.
            let enough = pairs.len() >= 5;
            (
                enough && significant && evidence.effect > minimum_effect,
                None,
            )
        }
        Succession::Margin { margin, .. } => {
            let won = pairs
                .iter()
                .filter(|(challenger, defender)| {
                    let advantage = scale.advantage(*challenger, *defender);
                    advantage > 0.0 && advantage >= margin * (scale.best - defender).abs()
                })
                .count();
            (2 * won > pairs.len(), Some(won as u32))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::earned;
    use crate::ids::SubmissionId;
    use crate::run::{Direction, Metric};
    use crate::tournament::evidence::Evidence;
    use crate::tournament::rules::Succession;
    use uuid::Uuid;

    fn verdict(rule: &Succession, scale: &Metric, pairs: &[(f64, f64)]) -> (bool, Option<u32>) {
        let who = |nth| SubmissionId(Uuid::from_u128(nth));
        earned(
            rule,
            scale,
            pairs,
            &Evidence::new(scale, who(1), who(2), pairs),
        )
    }

    #[test]
    fn luck_does_not_dethrone() {
        let rule = Succession::default();
        let accuracy = Metric::default();
        // Eight of eight: p = 1/256. Equal everywhere: p = 1.
        assert!(verdict(&rule, &accuracy, &[(0.9, 0.8); 8]).0);
        assert!(!verdict(&rule, &accuracy, &[(0.8, 0.8); 8]).0);
        // Better on the whole, but one large block carries it.
        let mut lucky = [(0.5, 0.5); 8];
        lucky[0] = (1.0, 0.0);
        assert!(!verdict(&rule, &accuracy, &lucky).0);
        // Four blocks prove nothing, whatever they say and however little is asked for.
        let lax = Succession::SignFlip {
            blocks: 8,
            alpha: 0.1,
            minimum_effect: 0.0,
        };
        assert!(!verdict(&lax, &accuracy, &[(0.9, 0.1); 4]).0);
        assert!(verdict(&lax, &accuracy, &[(0.9, 0.1); 5]).0);
    }

    #[test]
    fn an_advantage_below_the_minimum_is_not_worth_a_title() {
        let rule = Succession::SignFlip {
            blocks: 8,
            alpha: 0.05,
            minimum_effect: 0.02,
        };
        let accuracy = Metric::default();
        assert!(!verdict(&rule, &accuracy, &[(0.81, 0.80); 8]).0);
        assert!(verdict(&rule, &accuracy, &[(0.85, 0.80); 8]).0);
    }

    #[test]
    fn a_margin_is_a_share_of_what_is_left_to_gain() {
        let rule = Succession::Margin {
            blocks: 3,
            margin: 0.05,
        };
        let loss = Metric {
            name: "loss".to_owned(),
            unit: None,
            better: Direction::Lower,
            best: 0.0,
            miss: 10.0,
        };
        // Five per cent of 2.0 is 0.1.
        let close = (1.92, 2.0);
        let clear = (1.89, 2.0);
        assert_eq!(
            verdict(&rule, &loss, &[clear, clear, close]),
            (true, Some(2))
        );
        assert_eq!(
            verdict(&rule, &loss, &[clear, close, close]),
            (false, Some(1))
        );
        // Half is not more than half, and equals win nothing even without a margin.
        assert!(!verdict(&rule, &loss, &[clear, close]).0);
        let none = Succession::Margin {
            blocks: 3,
            margin: 0.0,
        };
        assert!(!verdict(&none, &loss, &[(2.0, 2.0); 3]).0);
    }
}
