//! Every message as it stands on the wire. Runners and orchestrators of different releases
//! speak with each other: a snapshot here may gain a field that has a default, and lose or
//! change none.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use gauntlet_protocol::{
    AssignedTask, Assignment, Assignments, AttemptReport, Budget, CheckpointScore, CurvePoint,
    Fault, FaultCause, Heartbeat, Lane, LeaseExtended, LeaseRequest, LeasesRequest, Meters,
    Probing, Register, Registered, Report, ReportAnswer, ReportAnswers, ReportProblem, Reports,
    Verdict,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

/// The written form, and that it is read as what it was written from.
fn pinned<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str, message: &T) {
    insta::assert_json_snapshot!(name, message);
    let text = serde_json::to_string(message).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), message);
}

/// What a release before the field was there wrote, and as what it is read.
fn read_without<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    message: &T,
    fields: &[&str],
) {
    let mut old = serde_json::to_value(message).unwrap();
    for field in fields {
        old.as_object_mut().unwrap().remove(*field);
    }
    assert_eq!(&serde_json::from_value::<T>(old).unwrap(), message);
}

const RUN: Uuid = Uuid::from_u128(0x0192_f3a4_5b6c_7d8e_9fa0_b1c2_d3e4_f506);
const RUNNER: Uuid = Uuid::from_u128(0x0192_f3a4_0000_7000_8000_0000_0000_0001);

const METERS: Meters = Meters {
    work: 1_900_000,
    flops: 1_200_000,
    bytes_moved: 700_000,
    operations: 480,
    batches: 12,
    peak_tensor_bytes: 3 << 20,
    wall_micros: 234_567,
};

const PROBE: CheckpointScore = CheckpointScore {
    fraction: 0.25,
    work: 475_000,
    score: 0.5,
};

fn digest(digit: char) -> String {
    digit.to_string().repeat(64)
}

fn curve() -> Vec<CurvePoint> {
    vec![
        CurvePoint {
            step: 10,
            name: "loss".to_owned(),
            value: Some(1.5),
        },
        CurvePoint {
            step: 20,
            name: "loss".to_owned(),
            value: None,
        },
    ]
}

fn assignment() -> Assignment {
    Assignment {
        run: RUN,
        attempt: 2,
        lease_seconds: 30,
        tournament: "cup".to_owned(),
        method: "tiny-mlp".to_owned(),
        artifact: digest('a'),
        lane: Lane::Oci,
        task: AssignedTask {
            name: "digits".to_owned(),
            info: json!({ "name": "digits", "kind": "anything" }),
            train: digest('b'),
            hidden_inputs: digest('c'),
            hidden_labels: digest('d'),
            base: Some(digest('e')),
        },
        seed: "00000000000000ff".to_owned(),
        budget: Budget {
            work: 1_000_000_000,
            predict_share_percent: 20,
            wall_seconds: 60,
            tensor_bytes: 1 << 28,
            guest_bytes: 1 << 26,
            output_bytes: 1 << 24,
        },
        probing: Some(Probing {
            every: 4,
            target: Some(0.9),
        }),
    }
}

fn report() -> Report {
    Report {
        verdict: Verdict::Completed,
        score: Some(0.75),
        model: Some(digest('1')),
        predictions: Some(digest('2')),
        detail: Some("one line".to_owned()),
        train: METERS,
        predict: METERS,
        curve: curve(),
        probes: vec![PROBE],
        to_target: Some(475_000),
    }
}

/// A report that says no more than it must.
fn bare_report() -> Report {
    Report {
        verdict: Verdict::MethodFailed,
        score: None,
        model: None,
        predictions: None,
        detail: None,
        train: Meters::default(),
        predict: Meters::default(),
        curve: Vec::new(),
        probes: Vec::new(),
        to_target: None,
    }
}

#[test]
fn registering() {
    pinned(
        "register",
        &Register {
            name: "local-1".to_owned(),
            class: "cpu-2".to_owned(),
            version: "0.1.0".to_owned(),
        },
    );
    pinned(
        "registered",
        &Registered {
            runner: RUNNER,
            heartbeat_seconds: 5,
        },
    );
}

#[test]
fn leasing() {
    let request = LeaseRequest {
        wait_seconds: 30,
        containers: false,
    };
    pinned("lease_request", &request);
    read_without(&request, &["containers"]);
    let request = LeasesRequest {
        most: 4,
        wait_seconds: 30,
        containers: false,
    };
    pinned("leases_request", &request);
    read_without(&request, &["containers"]);
    pinned("assignment", &assignment());
    let bare = Assignment {
        lane: Lane::Wasm,
        probing: None,
        task: AssignedTask {
            base: None,
            ..assignment().task
        },
        ..assignment()
    };
    pinned("assignment_bare", &bare);
    read_without(&bare, &["lane", "probing"]);
    read_without(&bare.task, &["base"]);
    pinned(
        "assignments",
        &Assignments {
            assignments: vec![bare],
        },
    );
}

#[test]
fn staying_alive() {
    let beat = Heartbeat {
        progress: 0.5,
        curve: curve(),
        probes: vec![PROBE],
    };
    pinned("heartbeat", &beat);
    pinned("heartbeat_bare", &Heartbeat::default());
    pinned(
        "lease_extended",
        &LeaseExtended {
            lease_seconds: 30,
            stop: Some("it cannot win any more".to_owned()),
        },
    );
    pinned(
        "lease_extended_bare",
        &LeaseExtended {
            lease_seconds: 30,
            stop: None,
        },
    );
}

#[test]
fn reporting() {
    pinned("report", &report());
    pinned("report_bare", &bare_report());
    let fault = |cause| Fault {
        reason: "disk full".to_owned(),
        cause,
    };
    pinned("fault", &fault(FaultCause::Machine));
    let others = [FaultCause::Unreachable, FaultCause::Stopping].map(fault);
    pinned("faults_of_other_causes", &others);
    let reports = [report(), bare_report()].map(|report| AttemptReport {
        run: RUN,
        attempt: 2,
        report,
    });
    pinned(
        "reports",
        &Reports {
            reports: reports.into(),
        },
    );
    let problem = ReportProblem {
        status: 400,
        kind: "urn:gauntlet:problem:invalid-request".to_owned(),
        detail: "a completed run has a score".to_owned(),
        help: "send the score".to_owned(),
        field: Some("body.reports[1].report.score".to_owned()),
    };
    let answers = [
        None,
        Some(problem.clone()),
        Some(ReportProblem {
            field: None,
            ..problem
        }),
    ];
    pinned(
        "report_answers",
        &ReportAnswers {
            answers: answers
                .map(|problem| ReportAnswer {
                    run: RUN,
                    attempt: 2,
                    problem,
                })
                .into(),
        },
    );
}

#[test]
fn names() {
    pinned(
        "verdicts",
        &[
            Verdict::Completed,
            Verdict::BudgetExceeded,
            Verdict::MemoryExceeded,
            Verdict::MethodFailed,
            Verdict::InvalidPredictions,
            Verdict::Stopped,
        ],
    );
    pinned("lanes", &[Lane::Wasm, Lane::Oci]);
}

/// A newer side may say more than this one knows.
#[test]
fn what_is_not_known_is_passed_over() {
    let newer = |message: Value| {
        let mut message = message;
        message["said_by_a_later_release"] = json!([1, 2]);
        message
    };
    let told = serde_json::to_value(assignment()).unwrap();
    assert_eq!(
        serde_json::from_value::<Assignment>(newer(told)).unwrap(),
        assignment()
    );
    let told = serde_json::to_value(report()).unwrap();
    assert_eq!(
        serde_json::from_value::<Report>(newer(told)).unwrap(),
        report()
    );
}
