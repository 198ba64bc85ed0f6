//! Programs of different releases speak with each other: what the last release wrote is read
//! today, and what it looks for is still written.
//!
//! `released/VERSION` has every message as that release wrote it; nothing in there changes. With a
//! release, the present snapshots become a folder of their own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod comparing;

use comparing::{Reader, reader, today, with_more};
use gauntlet_protocol::{
    Assignment, Assignments, Fault, Heartbeat, Lane, LeaseExtended, LeaseRequest, LeasesRequest,
    Register, Registered, Report, ReportAnswers, Reports, Verdict,
};

/// What each file in `released` and in `snapshots` is.
const MESSAGES: &[(&str, Reader)] = &[
    ("assignment", reader::<Assignment>),
    ("assignment_bare", reader::<Assignment>),
    ("assignments", reader::<Assignments>),
    ("fault", reader::<Fault>),
    ("faults_of_other_causes", reader::<Vec<Fault>>),
    ("heartbeat", reader::<Heartbeat>),
    ("heartbeat_bare", reader::<Heartbeat>),
    ("lanes", reader::<Vec<Lane>>),
    ("lease_extended", reader::<LeaseExtended>),
    ("lease_extended_bare", reader::<LeaseExtended>),
    ("lease_request", reader::<LeaseRequest>),
    ("leases_request", reader::<LeasesRequest>),
    ("register", reader::<Register>),
    ("registered", reader::<Registered>),
    ("report", reader::<Report>),
    ("report_answers", reader::<ReportAnswers>),
    ("report_bare", reader::<Report>),
    ("reports", reader::<Reports>),
    ("verdicts", reader::<Vec<Verdict>>),
];

#[test]
fn every_message_is_in_the_table() {
    comparing::are_all(MESSAGES.iter().map(|(name, ..)| *name));
}

#[test]
fn what_the_last_release_wrote_is_read() {
    comparing::what_was_written_is_read(MESSAGES.iter().map(|(name, read, ..)| (*name, *read)));
}

#[test]
fn what_the_last_release_looks_for_is_written() {
    comparing::what_was_looked_for_is_written();
}

/// A later release says more than is known today, anywhere.
#[test]
fn what_is_not_known_is_passed_over() {
    for (name, read) in MESSAGES {
        let known = &today()[*name];
        // What a method is told is anything.
        let newer = with_more(known, &["info"]);
        assert_eq!(read(newer).as_ref(), Ok(known), "{name}");
    }
}
