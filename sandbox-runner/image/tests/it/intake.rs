//! What enters, and what is refused for what.

use std::io::{Cursor, Read};
use std::slice::from_ref;

use gauntlet_image::{ImageLimits, IntakeError, Packed, Rule, check, pack, rewrite};
use serde_json::{Value, json};
use tar::EntryType;

use crate::support::{
    Layer, archive, document, facts, good, gzip, hash, image, refusal, saved, started,
};

#[test]
fn archives_of_every_form_enter() {
    let limits = ImageLimits::default();
    let layer = good().bytes();
    let plain = saved(&started(), from_ref(&layer), from_ref(&layer));
    let zipped = saved(&started(), from_ref(&layer), &[gzip(&layer)]);
    let zstd = saved(
        &started(),
        from_ref(&layer),
        &[zstd::encode_all(&layer[..], 3).unwrap()],
    );
    for archive in [&plain, &zipped, &zstd, &gzip(&plain)] {
        let facts = check(&archive[..], &limits).unwrap();
        assert_eq!(facts.layers, 1);
        assert_eq!(facts.entries, 1);
        assert_eq!(facts.config.entrypoint, ["/method"]);
        assert_eq!(facts.archive_bytes, archive.len() as u64);
    }
}

#[test]
fn what_we_pack_enters_and_is_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    std::fs::write(&program, "x").unwrap();
    let packed = Packed {
        files: vec![
            (program.clone(), "/method".to_owned()),
            (folder.path().to_owned(), "/opt/more".to_owned()),
        ],
        entrypoint: vec!["/method".to_owned()],
        environment: Vec::new(),
        working_directory: "/".to_owned(),
    };
    let (mut first, mut second) = (Vec::new(), Vec::new());
    pack(&packed, &mut first).unwrap();
    pack(&packed, &mut second).unwrap();
    assert!(first == second);
    let facts = check(&first[..], &ImageLimits::default()).unwrap();
    assert_eq!(facts.entries, 4);
}

#[test]
fn the_engine_gets_files_and_nothing_else() {
    let layer = good()
        .folder("usr/")
        .entry(EntryType::Regular, "usr/su", "", 0o4755, b"root")
        .link(EntryType::Symlink, "usr/mounts", "/proc/mounts")
        .link(EntryType::Link, "usr/again", "method");
    let started = json!({
        "Entrypoint": ["/method"], "Cmd": ["sh"], "Labels": {"dev.gauntlet.runner": "mine"},
        "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGKILL", "User": "",
    });
    let mut layers = Vec::new();
    let archive = image(&started, layer);
    let image = rewrite(&archive[..], &ImageLimits::default(), &mut layers).unwrap();
    assert_eq!(image.facts.privileged_files, 1);
    let mut out = Vec::new();
    image
        .write_to(
            Cursor::new(layers),
            &mut out,
            &[("dev.gauntlet.archive", "abc")],
        )
        .unwrap();
    let mut archive = tar::Archive::new(&out[..]);
    let mut seen = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        seen.push((name, bytes));
    }
    let config: Value = serde_json::from_slice(&seen[0].1).unwrap();
    assert_eq!(
        config["config"],
        json!({ "Entrypoint": ["/method"], "Env": [], "WorkingDir": "/", "Labels": {"dev.gauntlet.archive": "abc"} })
    );
    let manifest: Value = serde_json::from_slice(&seen[1].1).unwrap();
    assert_eq!(manifest[0]["RepoTags"], Value::Null);
    let layer = &seen[2].1;
    assert_eq!(image.diff_ids(), [format!("sha256:{}", hash(layer))]);
    for entry in tar::Archive::new(&layer[..]).entries().unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.header().mode().unwrap() & 0o7000, 0);
        assert_eq!(entry.header().uid().unwrap(), 0);
    }
    // What was written enters again.
    check(&out[..], &ImageLimits::default()).unwrap();
}

#[test]
fn names_and_links_that_leave_the_image_are_refused() {
    use EntryType::{Link, Symlink};
    for (layer, rule) in [
        (good().file("../x", b""), Rule::Name),
        (good().file("/../x", b""), Rule::Name),
        (good().file("a/../../x", b""), Rule::Name),
        (good().file("a\nb", b""), Rule::Name),
        (good().file(".wh...", b""), Rule::Name),
        (good().file(".wh.x", b"content"), Rule::Name),
        (good().link(Symlink, "x", "../../etc"), Rule::Link),
        (good().link(Symlink, "a/x", "../../../etc"), Rule::Link),
        (good().link(Link, "x", "/etc/passwd"), Rule::Link),
        (good().link(Link, "x", "../etc/passwd"), Rule::Name),
        (good().link(Link, "x", "etc/passwd"), Rule::Link),
        (
            good()
                .link(Symlink, "d", "/gauntlet")
                .file("d/task.json", b""),
            Rule::Reserved,
        ),
        (good().link(Symlink, "gauntlet", "/etc"), Rule::Reserved),
        (good().file("gauntlet/task.json", b"{}"), Rule::Reserved),
        (good().link(Symlink, "proc", "/tmp"), Rule::Reserved),
        (good().link(Symlink, "tmp", "/"), Rule::Reserved),
    ] {
        assert_eq!(refusal(&image(&started(), layer)).rule, rule);
    }
}

#[test]
fn devices_fifos_and_sparse_files_are_refused() {
    for kind in [
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::GNUSparse,
        EntryType::new(b'M'),
    ] {
        let layer = good().entry(kind, "x", "", 0o644, b"");
        assert_eq!(
            refusal(&image(&started(), layer)).rule,
            Rule::Kind,
            "{kind:?}"
        );
    }
}

#[test]
fn extended_headers_are_bounded_and_may_not_contradict() {
    let large = good().entry(EntryType::XHeader, "x", "", 0o644, &vec![b'1'; 70_000]);
    assert_eq!(refusal(&image(&started(), large)).rule, Rule::TooLarge);
    let long = good().entry(EntryType::GNULongName, "x", "", 0o644, &vec![b'a'; 70_000]);
    assert_eq!(refusal(&image(&started(), long)).rule, Rule::TooLarge);
    let other_size = good()
        .entry(EntryType::XHeader, "x", "", 0o644, b"12 size=1000\n")
        .file("y", b"short");
    assert_eq!(
        refusal(&image(&started(), other_size)).rule,
        Rule::NotAnImage
    );
    let hidden_name = good()
        .entry(EntryType::XHeader, "x", "", 0o644, b"14 path=../up\n")
        .file("y", b"");
    assert_eq!(refusal(&image(&started(), hidden_name)).rule, Rule::Name);
    let sparse = good()
        .entry(
            EntryType::XHeader,
            "x",
            "",
            0o644,
            b"22 GNU.sparse.major=1\n",
        )
        .file("y", b"");
    assert_eq!(refusal(&image(&started(), sparse)).rule, Rule::NotAnImage);
}

#[test]
fn digests_must_be_those_of_the_bytes() {
    let (layer, other) = (good().bytes(), Layer::new().file("x", b"y").bytes());
    let swapped = saved(&started(), from_ref(&layer), &[other]);
    assert_eq!(refusal(&swapped).rule, Rule::Digest);
    let config = serde_json::to_vec(&document(&started(), from_ref(&layer))).unwrap();
    let wrong_name = format!("{}.json", "0".repeat(64));
    let manifest = json!([{ "Config": wrong_name, "Layers": ["l/layer.tar"] }]).to_string();
    let misnamed = archive(&[
        (&wrong_name, &config),
        ("l/layer.tar", &layer),
        ("manifest.json", manifest.as_bytes()),
    ]);
    assert_eq!(refusal(&misnamed).rule, Rule::Digest);
}

#[test]
fn an_archive_must_hold_one_image_for_this_platform() {
    let layer = good().bytes();
    let mut other = document(&started(), from_ref(&layer));
    other["architecture"] = json!("s390x");
    let other = other.to_string();
    let manifest = r#"[{"Config": "c.json", "Layers": ["l/layer.tar"]}]"#;
    let twice = r#"[{"Config": "c.json", "Layers": []}, {"Config": "d.json", "Layers": []}]"#;
    let named = |manifest: &str| {
        refusal(&archive(&[
            ("c.json", other.as_bytes()),
            ("l/layer.tar", &layer),
            ("manifest.json", manifest.as_bytes()),
        ]))
    };
    assert!(named(manifest).detail.contains("s390x"));
    assert!(named(twice).detail.contains("2 images"));
    assert_eq!(named("[]").rule, Rule::Manifest);
    assert_eq!(named("{\"x\": 1}").rule, Rule::Manifest);
    assert_eq!(refusal(&archive(&[("x", b"y")])).rule, Rule::Manifest);
    let index = r#"{"manifests": [{"digest": "sha256:../../etc/passwd"}]}"#;
    assert_eq!(
        refusal(&archive(&[("index.json", index.as_bytes())])).rule,
        Rule::Manifest
    );
}

#[test]
fn what_is_no_archive_is_named() {
    for bytes in [&b""[..], b"\0asm\x01\0\0\0", b"#!/bin/sh\n", &gzip(b"text")] {
        assert_eq!(refusal(bytes).rule, Rule::NotAnImage, "{bytes:?}");
    }
    let whole = image(&started(), good());
    let half = &whole[..whole.len() / 2];
    assert!(matches!(
        refusal(half).rule,
        Rule::NotAnImage | Rule::Manifest
    ));
    let zipped = gzip(&whole);
    assert_eq!(refusal(&zipped[..zipped.len() - 10]).rule, Rule::NotAnImage);
}

#[test]
fn a_reader_that_fails_is_our_fault() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk fails"))
        }
    }
    let whole = image(&started(), good());
    let half = whole[..whole.len() / 2].chain(Broken);
    let error = check(half, &ImageLimits::default()).unwrap_err();
    assert!(matches!(error, IntakeError::Io(..)), "{error:?}");
}

#[test]
fn configurations_that_no_container_can_be_started_with_are_refused() {
    let with = |key: &str, value: Value| {
        let mut started = started();
        started[key] = value;
        refusal(&image(&started, good()))
    };
    for (key, value, rule) in [
        (
            "WorkingDir",
            json!("/proc/self/fd/8"),
            Rule::WorkingDirectory,
        ),
        ("WorkingDir", json!("relative"), Rule::WorkingDirectory),
        ("WorkingDir", json!("/a/../proc"), Rule::WorkingDirectory),
        ("WorkingDir", json!("/gauntlet/out"), Rule::WorkingDirectory),
        ("Env", json!(vec!["A=b"; 129]), Rule::TooLarge),
        ("Entrypoint", json!(null), Rule::Entrypoint),
        ("Entrypoint", json!([]), Rule::Entrypoint),
        (
            "Entrypoint",
            json!(["/bin/sh", "-c", "train"]),
            Rule::Entrypoint,
        ),
        ("Entrypoint", json!(["/proc/self/exe"]), Rule::Entrypoint),
        ("Entrypoint", json!(["../x"]), Rule::Entrypoint),
        (
            "Entrypoint",
            json!(["/gauntlet/data/train.safetensors"]),
            Rule::Entrypoint,
        ),
        ("Entrypoint", json!(["/tmp/x"]), Rule::Entrypoint),
        (
            "Entrypoint",
            json!(["/method", "\u{1b}[2J"]),
            Rule::Entrypoint,
        ),
    ] {
        let refused = with(key, value.clone());
        assert_eq!(refused.rule, rule, "{key} {value}");
        assert!(!refused.to_string().contains(char::is_control), "{refused}");
    }
    let command = image(&json!({ "Cmd": ["/method"] }), good());
    assert!(refusal(&command).detail.contains("CMD"));
}

/// No builder can take away what a base image says.
#[test]
fn what_a_base_image_says_is_left_out_and_told() {
    for (key, value, told) in [
        ("Volumes", json!({"/x": {}}), "VOLUME"),
        (
            "Healthcheck",
            json!({"Test": ["CMD", "true"]}),
            "HEALTHCHECK",
        ),
        ("Healthcheck", json!({"Test": ["NONE"]}), "HEALTHCHECK"),
        ("OnBuild", json!(["RUN x"]), "ONBUILD"),
        ("User", json!("root"), "USER root"),
        ("User", json!("65532"), "USER 65532"),
        ("User", json!("a\u{1b}[2J"), "USER a"),
        ("Env", json!(["LD_PRELOAD=/x.so"]), "\"LD_PRELOAD\""),
        ("Env", json!(["ld_preload=/x.so"]), "\"ld_preload\""),
        (
            "Env",
            json!(["NVIDIA_VISIBLE_DEVICES=all"]),
            "\"NVIDIA_VISIBLE_DEVICES\", which speaks to the GPU runtime",
        ),
        ("Env", json!(["DOCKER_HOST=tcp://x"]), "\"DOCKER_HOST\""),
        ("Env", json!(["GAUNTLET_ROOT=/x"]), "\"GAUNTLET_ROOT\""),
        ("Env", json!(["GLIBC_TUNABLES=x"]), "\"GLIBC_TUNABLES\""),
        ("Env", json!(["A\nB=c"]), "a name that is none"),
        ("Env", json!(["A=\u{1b}[2J"]), "control characters"),
        ("Env", json!(["NOVALUE"]), "\"NOVALUE\", which has no value"),
    ] {
        let mut started = started();
        started[key] = value.clone();
        let facts = facts(&image(&started, good()));
        let [only] = facts.left_out.as_slice() else {
            panic!("{key} {value}: {:?}", facts.left_out)
        };
        assert!(only.contains(told), "{key} {value}: {only}");
        assert!(!only.contains(char::is_control), "{only}");
        if key == "Env" {
            assert!(facts.config.environment.is_empty(), "{value}");
        }
    }
    let kept = ["PATH=/bin", "my.setting=1", "MOTD=a\nb"];
    let mut started = started();
    started["Env"] = json!(kept);
    started["Labels"] = json!({"a": "b"});
    started["Shell"] = json!(["/bin/bash", "-c"]);
    let facts = facts(&image(&started, good()));
    assert_eq!(facts.config.environment, kept);
    assert_eq!(facts.left_out, [""; 0]);
}
