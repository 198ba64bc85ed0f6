//! Archives of every kind, made byte by byte: what enters, and what is refused for what.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::io::{Read, Write};
use std::slice::from_ref;

use gauntlet_image::{ImageLimits, IntakeError, Packed, Refusal, Rule, check, pack, rewrite};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A layer, entry by entry, with names as they are and not as a careful library has them.
struct Layer(Builder<Vec<u8>>);

impl Layer {
    fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    fn entry(mut self, kind: EntryType, name: &str, link: &str, mode: u32, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        let old = header.as_old_mut();
        old.name[..name.len()].copy_from_slice(name.as_bytes());
        old.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        self.0.append(&header, content).unwrap();
        self
    }

    fn file(self, name: &str, content: &[u8]) -> Self {
        self.entry(EntryType::Regular, name, "", 0o755, content)
    }

    fn folder(self, name: &str) -> Self {
        self.entry(EntryType::Directory, name, "", 0o755, b"")
    }

    fn link(self, kind: EntryType, name: &str, to: &str) -> Self {
        self.entry(kind, name, to, 0o777, b"")
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

fn good() -> Layer {
    Layer::new().file("method", b"#!program")
}

fn started() -> Value {
    json!({ "Entrypoint": ["/method"], "Env": ["PATH=/bin"], "WorkingDir": "/" })
}

fn document(started: &Value, layers: &[Vec<u8>]) -> Value {
    let diff_ids: Vec<_> = layers
        .iter()
        .map(|layer| format!("sha256:{}", hash(layer)))
        .collect();
    let architecture = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    json!({
        "architecture": architecture, "os": "linux", "config": started,
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    })
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut layer = Layer::new();
    for (name, content) in members {
        layer = layer.file(name, content);
    }
    layer.bytes()
}

/// What `docker save` writes; `stored` is how the layers lie in it.
fn saved(started: &Value, layers: &[Vec<u8>], stored: &[Vec<u8>]) -> Vec<u8> {
    let config = serde_json::to_vec(&document(started, layers)).unwrap();
    let config_name = format!("{}.json", hash(&config));
    let names: Vec<String> = (0..stored.len())
        .map(|n| format!("{n}/layer.tar"))
        .collect();
    let manifest = json!([{ "Config": config_name, "RepoTags": ["x:latest"], "Layers": names }]);
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let mut members: Vec<(&str, &[u8])> = vec![(&config_name, &config)];
    members.extend(
        names
            .iter()
            .map(String::as_str)
            .zip(stored.iter().map(Vec::as_slice)),
    );
    // At the end, as some engines have it.
    members.push(("manifest.json", &manifest));
    archive(&members)
}

fn image(started: &Value, layer: Layer) -> Vec<u8> {
    let layers = [layer.bytes()];
    saved(started, &layers, &layers)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn refusal(archive: &[u8]) -> Refusal {
    refusal_within(archive, &ImageLimits::default())
}

fn refusal_within(archive: &[u8], limits: &ImageLimits) -> Refusal {
    match check(archive, limits) {
        Err(IntakeError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

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
    let folder = tempfile::tempdir().unwrap();
    let image = rewrite(
        &image(&started, layer)[..],
        &ImageLimits::default(),
        folder.path(),
    )
    .unwrap();
    assert_eq!(image.facts.privileged_files, 1);
    let mut out = Vec::new();
    image
        .write_to(&mut out, &[("dev.gauntlet.archive", "abc")])
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
        (good().file("/etc/passwd", b""), Rule::Name),
        (good().file("a/../../x", b""), Rule::Name),
        (good().file("a\nb", b""), Rule::Name),
        (good().file("method", b"again"), Rule::Name),
        (good().file(".wh...", b""), Rule::Name),
        (good().file(".wh.x", b"content"), Rule::Name),
        (good().link(Symlink, "x", "../../etc"), Rule::Link),
        (good().link(Symlink, "a/x", "../../../etc"), Rule::Link),
        (good().link(Link, "x", "/etc/passwd"), Rule::Name),
        (good().link(Link, "x", "../etc/passwd"), Rule::Name),
        (good().link(Link, "x", "etc/passwd"), Rule::Link),
        (
            good().link(Symlink, "d", "/etc").file("d/passwd", b""),
            Rule::Link,
        ),
        (good().link(Symlink, "gauntlet", "/etc"), Rule::Reserved),
        (good().file("gauntlet/task.json", b"{}"), Rule::Reserved),
        (good().link(Symlink, "proc", "/tmp"), Rule::Reserved),
        (good().file("dev/null", b""), Rule::Reserved),
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
        EntryType::XGlobalHeader,
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

/// As much of nothing as one asks for.
fn bomb(bytes: usize) -> Vec<u8> {
    Layer::new().file("zeros", &vec![0; bytes]).bytes()
}

#[test]
fn bombs_are_stopped_where_they_meet_a_limit() {
    let limits = ImageLimits {
        unpacked_bytes: 8 << 20,
        file_bytes: 6 << 20,
        ratio_from: 1 << 20,
        entries: 100,
        layers: 2,
        ..ImageLimits::default()
    };
    let layer = bomb(4 << 20);
    for stored in [gzip(&layer), zstd::encode_all(&layer[..], 3).unwrap()] {
        let archive = saved(&started(), from_ref(&layer), &[stored]);
        assert!(archive.len() < 1 << 17);
        assert_eq!(refusal_within(&archive, &limits).rule, Rule::Ratio);
    }
    // One around the other, and the whole archive.
    let archive = saved(&started(), from_ref(&layer), from_ref(&layer));
    assert_eq!(refusal_within(&gzip(&archive), &limits).rule, Rule::Ratio);
    let three = vec![layer.clone(), layer.clone(), layer];
    let archive = saved(&started(), &three, &three);
    assert_eq!(refusal_within(&archive, &limits).rule, Rule::TooLarge);
    let large = vec![bomb(7 << 20)];
    let refused = refusal_within(&saved(&started(), &large, &large), &limits);
    assert_eq!(
        (refused.rule, refused.limit),
        (Rule::TooLarge, Some(6 << 20))
    );
    let mut many = good();
    for number in 0..100 {
        many = many.file(&format!("file{number}"), b"");
    }
    assert_eq!(
        refusal_within(&image(&started(), many), &limits).rule,
        Rule::TooLarge
    );
    let layers = vec![good().bytes(), bomb(1), bomb(2)];
    assert_eq!(
        refusal_within(&saved(&started(), &layers, &layers), &limits).rule,
        Rule::TooLarge
    );
    let small = ImageLimits {
        archive_bytes: 1000,
        ..limits
    };
    assert_eq!(
        refusal_within(&image(&started(), good()), &small).rule,
        Rule::TooLarge
    );
}

#[test]
fn digests_must_be_those_of_the_bytes() {
    let (layer, other) = (good().bytes(), bomb(5));
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
    let twice = r#"[{"Config": "c.json", "Layers": []}, {"Config": "c.json", "Layers": []}]"#;
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
fn configurations_that_want_more_are_refused() {
    let with = |key: &str, value: Value| {
        let mut started = started();
        started[key] = value;
        refusal(&image(&started, good()))
    };
    for (key, value, rule) in [
        ("Volumes", json!({"/x": {}}), Rule::Instruction),
        (
            "Healthcheck",
            json!({"Test": ["CMD", "true"]}),
            Rule::Instruction,
        ),
        ("OnBuild", json!(["RUN x"]), Rule::Instruction),
        ("User", json!("root"), Rule::User),
        ("User", json!("0:0"), Rule::User),
        (
            "WorkingDir",
            json!("/proc/self/fd/8"),
            Rule::WorkingDirectory,
        ),
        ("WorkingDir", json!("relative"), Rule::WorkingDirectory),
        ("WorkingDir", json!("/a/../proc"), Rule::WorkingDirectory),
        ("WorkingDir", json!("/gauntlet/out"), Rule::WorkingDirectory),
        ("Env", json!(["LD_PRELOAD=/x.so"]), Rule::Environment),
        ("Env", json!(["ld_preload=/x.so"]), Rule::Environment),
        (
            "Env",
            json!(["NVIDIA_VISIBLE_DEVICES=all"]),
            Rule::Environment,
        ),
        ("Env", json!(["DOCKER_HOST=tcp://x"]), Rule::Environment),
        ("Env", json!(["GAUNTLET_ROOT=/x"]), Rule::Environment),
        ("Env", json!(["GLIBC_TUNABLES=x"]), Rule::Environment),
        ("Env", json!(["A\nB=c"]), Rule::Environment),
        ("Env", json!(["NOVALUE"]), Rule::Environment),
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
}
