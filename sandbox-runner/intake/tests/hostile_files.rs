//! What hostile files get from the real program, and what a program that they have taken over
//! gets from the machine.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot do its part fails the test"
)]

use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use gauntlet_image::{ImageLimits, Packed, Rewritten};
use gauntlet_intake::{Intake, IntakeError, Question};
use nix::unistd::geteuid;

const MODULE: Question = Question::Module {
    data_bytes: 1 << 20,
};

fn real() -> Intake {
    Intake::with_program(Path::new(env!("CARGO_BIN_EXE_gauntlet-intake")))
}

/// The real program's place taken.
fn escaped() -> Intake {
    let folder = Path::new(env!("CARGO_BIN_EXE_gauntlet-intake"));
    let program = folder.with_file_name("examples").join("escaped-intake");
    assert!(
        program.is_file(),
        "{} is not built; `cargo nextest run --release --workspace` with all tests does it",
        program.display()
    );
    Intake::with_program(&program)
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

async fn refused(intake: &Intake, question: Question, bytes: &[u8]) -> IntakeError {
    intake.ask(question, &file(bytes)).await.unwrap_err()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An archive of one member.
fn archive(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, name, bytes).unwrap();
    tar.into_inner().unwrap()
}

#[tokio::test]
async fn hostile_files_are_refused_by_the_rule_they_break() {
    let intake = real();
    // Brackets within brackets, where a document is expected.
    let deep = archive("manifest.json", &vec![b'['; 900_000]);
    // A thousand times what it is, again and again.
    let bomb = gzip(&archive("layer.tar", &vec![0; 80 << 20]));
    let images: [(&[u8], &str); 4] = [
        (&[], "not_an_image"),
        (b"#!/bin/sh\nrm -rf /\n", "not_an_image"),
        (&deep, "manifest"),
        (&bomb, "ratio"),
    ];
    for (image, rule) in images {
        match refused(&intake, Question::Image, image).await {
            IntakeError::Image(refusal) => assert_eq!(refusal.rule.as_str(), rule, "{refusal}"),
            other => panic!("{rule}: {other}"),
        }
    }
    let nested = format!("{} {}", "block ".repeat(4000), "end ".repeat(4000));
    let locals = format!("(local {})", "i64 ".repeat(49_000));
    let module = |body: &str| {
        let train = format!("(func (export \"gauntlet_train\") {body})");
        let predict = "(func (export \"gauntlet_predict\"))";
        let memory = "(memory (export \"memory\") 17)";
        wat::parse_str(format!("(module {memory} {train} {predict})")).unwrap()
    };
    intake.ask(MODULE, &file(&module(""))).await.unwrap();
    let modules = [
        (b"\0asm\x01\0\0\0".to_vec(), "export"),
        (b"no module".to_vec(), "not_a_module"),
        (module(&nested), "too_large"),
        (module(&locals), "too_large"),
        ([b"\0asm\x01\0\0\0", &[0xff; 4096][..]].concat(), "invalid"),
        (vec![0; (16 << 20) + 1], "not_a_module"),
    ];
    for (module, rule) in modules {
        match refused(&intake, MODULE, &module).await {
            IntakeError::Module(rejection) => {
                assert_eq!(rejection.rule.as_str(), rule, "{rejection}");
            }
            other => panic!("{rule}: {other}"),
        }
    }
}

#[tokio::test]
async fn a_reader_that_comes_to_a_bad_end_is_a_refusal_that_names_the_limits() {
    let intake = escaped();
    for told in ["panic", "abort", "kill", "flood", "garbage"] {
        for told in [told.to_owned(), format!("confined {told}")] {
            let error = refused(&intake, Question::Image, told.as_bytes()).await;
            let IntakeError::Crashed {
                memory_bytes,
                cpu_seconds,
                ..
            } = &error
            else {
                panic!("{told}: {error}");
            };
            assert!(*memory_bytes > 0 && *cpu_seconds > 0);
            assert!(
                error
                    .to_string()
                    .starts_with("the check of the image broke off")
            );
        }
    }
    for told in ["memory", "confined memory"] {
        let error = refused(&intake, MODULE, told.as_bytes()).await;
        assert_eq!(
            error.to_string(),
            "checking the module takes more than 268435456 bytes of memory"
        );
    }
}

/// An image whose program is `contents`.
fn image(folder: &Path, contents: &[u8]) -> File {
    let program = folder.join("program");
    std::fs::write(&program, contents).unwrap();
    let packed = Packed {
        files: vec![(program, "/method".to_owned())],
        entrypoint: vec!["/method".to_owned()],
        environment: vec!["A=b".to_owned()],
        working_directory: "/".to_owned(),
    };
    let mut archive = Vec::new();
    gauntlet_image::pack(&packed, &mut archive).unwrap();
    file(&archive)
}

#[tokio::test]
async fn an_image_is_written_anew_by_the_program_as_in_this_process() {
    let folder = tempfile::tempdir().unwrap();
    // More than is written at once.
    let archive = image(folder.path(), &vec![b'\n'; 3 << 20]);
    let layers = file(&[]);
    let rewritten = real().rewrite(&archive, &layers).await.unwrap();

    let mut here = Vec::new();
    (&archive).rewind().unwrap();
    let expected = gauntlet_image::rewrite(&archive, &ImageLimits::default(), &mut here).unwrap();
    assert_eq!(rewritten, expected);
    let engine_gets = |image: &Rewritten, layers: &mut dyn ReadSeek| {
        let mut archive = Vec::new();
        image.write_to(layers, &mut archive, &[("a", "b")]).unwrap();
        archive
    };
    let given = engine_gets(&rewritten, &mut &layers);
    assert_eq!(given, engine_gets(&expected, &mut Cursor::new(here)));
}

trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

#[tokio::test]
async fn an_image_that_is_refused_is_refused_with_the_rule_also_when_it_is_written_anew() {
    let bomb = gzip(&archive("layer.tar", &vec![0; 80 << 20]));
    for (bytes, rule) in [(&b"#!/bin/sh"[..], "not_an_image"), (&bomb, "ratio")] {
        let error = real().rewrite(&file(bytes), &file(&[])).await.unwrap_err();
        assert!(
            matches!(&error, IntakeError::Image(refusal) if refusal.rule.as_str() == rule),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_a_reader_that_was_taken_over_says_of_an_image_is_checked() {
    let intake = escaped();
    let rewrite = async |told: &str| {
        let layers = file(&[]);
        let image = intake.rewrite(&file(told.as_bytes()), &layers).await;
        image.map(|image| image.facts.config.entrypoint)
    };
    // What is plausible is taken: that the layer has another digest, the engine finds out.
    assert_eq!(rewrite("confined image").await.unwrap(), ["/x"]);
    for told in [
        "image elsewhere",
        "accepted at the end",
        "garbage",
        "panic",
        "kill",
    ] {
        let error = rewrite(&format!("confined {told}")).await.unwrap_err();
        assert!(
            matches!(error, IntakeError::Crashed { .. }),
            "{told}: {error}"
        );
    }
    let error = rewrite("disk").await.unwrap_err().to_string();
    assert!(error.ends_with("bytes written"), "{error}");
}

#[tokio::test]
async fn what_it_says_drives_no_terminal() {
    let left_out = escaped().ask(Question::Image, &file(b"terminal")).await;
    assert_eq!(left_out.unwrap(), ["\\u{1b}[2J"]);
}

#[tokio::test]
async fn a_reader_that_was_taken_over_gets_at_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let intake = escaped();
    let reached = async |told: String| {
        let mut reached = intake
            .ask(Question::Image, &file(told.as_bytes()))
            .await
            .unwrap();
        reached.sort();
        reached
    };
    // After the first byte was read.
    let nothing: [&str; 0] = [];
    assert_eq!(reached(format!("confined {address}")).await, nothing);
    // And before: system programs, that get no further, and as much of files as this kernel
    // cannot restrict.
    let early = reached(address).await;
    for never in [
        "root",
        "its own file",
        "the network",
        "an environment",
        "memory",
    ] {
        assert!(!early.iter().any(|what| what == never), "{early:?}");
    }
    if geteuid().is_root() {
        assert!(!early.contains(&"its parent".to_owned()), "{early:?}");
    }
}

#[tokio::test]
async fn a_program_that_is_missing_is_our_fault() {
    let intake = Intake::with_program(&PathBuf::from("/nowhere/gauntlet-intake"));
    assert!(matches!(intake.check(), Err(IntakeError::Fault(_))));
    let error = refused(&intake, MODULE, b"").await;
    assert!(matches!(error, IntakeError::Fault(_)), "{error}");
    // One that is there and cannot be executed.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("gauntlet-intake");
    std::fs::write(&program, "no program").unwrap();
    let error = refused(&Intake::with_program(&program), MODULE, b"").await;
    assert!(matches!(error, IntakeError::Fault(_)), "{error}");
}

#[tokio::test]
async fn a_program_where_other_users_cannot_go_is_started_all_the_same() {
    let closed = tempfile::tempdir().unwrap();
    let program = closed.path().join("gauntlet-intake");
    std::fs::copy(env!("CARGO_BIN_EXE_gauntlet-intake"), &program).unwrap();
    let error = refused(&Intake::with_program(&program), MODULE, b"no module").await;
    assert!(matches!(error, IntakeError::Module(_)), "{error}");
}
