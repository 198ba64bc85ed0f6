//! What ordinary builders and archivers write.

use std::slice::from_ref;

use gauntlet_image::{Rule, looks_like_an_archive};
use serde_json::{Value, json};
use tar::EntryType::{Link, Symlink, XGlobalHeader};

use crate::support::{
    Layer, archive, blob, descriptor, document, facts, given, good, gzip, hash, image, layered,
    layout, manifest, refusal, saved, started,
};

/// Members and manifest of an ordinary image.
fn ordinary() -> (Vec<(String, Vec<u8>)>, Vec<u8>) {
    let layer = good().bytes();
    manifest(&started(), &layer, &gzip(&layer))
}

/// The descriptor of a manifest, with more fields.
fn listed(manifest: &[u8], more: &Value) -> Value {
    let mut descriptor = descriptor("manifest.v1+json", manifest);
    for (key, value) in more.as_object().unwrap() {
        descriptor[key] = value.clone();
    }
    descriptor
}

fn here() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    }
}

#[test]
fn names_with_a_slash_or_a_dot_in_front_are_ordinary_names() {
    let layer = Layer::new()
        .folder("/opt")
        .file("/opt/x", b"x")
        .file("./y", b"y")
        .folder("./")
        .link(Link, "z", "/opt/x")
        .file("/method", b"m");
    assert_eq!(
        given(&image(&started(), layer)),
        [["opt/", "opt/x", "y", "z = opt/x", "method"]]
    );
    let (members, manifest) = ordinary();
    for front in ["./", "/"] {
        facts(&layout(front, &members, &[listed(&manifest, &json!({}))]));
    }
}

/// Docker and Podman take no name twice. What archivers write twice without a difference is
/// written once.
#[test]
fn folders_and_links_may_be_there_twice_and_files_once() {
    let layer = good()
        // What they write for a file that is named twice.
        .link(Link, "method", "method")
        .folder("d")
        .folder("./d/")
        .file("e/x", b"")
        .folder("e")
        .folder("e")
        .link(Symlink, "l", "d")
        .link(Symlink, "l", "d");
    assert_eq!(
        given(&image(&started(), layer)),
        [["method", "d/", "e/x", "e/", "l -> d"]]
    );
    for twice in [
        good().file("method", b"again"),
        good().file("./method", b"again"),
        good().folder("method"),
        good().file("d/x", b"").file("d", b""),
        good().folder("d").link(Symlink, "d", "method"),
        good().link(Symlink, "d", "e").folder("d"),
        good()
            .link(Symlink, "bin", "usr/bin")
            .file("usr/bin/x", b"")
            .file("bin/x", b""),
        good().file("x", b"").link(Link, "x", "method"),
    ] {
        let refused = refusal(&image(&started(), twice));
        assert_eq!(refused.rule, Rule::Name);
        assert!(refused.detail.contains("twice"), "{refused}");
    }
}

#[test]
fn of_two_members_with_one_name_the_later_counts() {
    let layer = good().bytes();
    let mut twice = archive(&[("manifest.json", b"[]")]);
    twice.truncate(1024);
    twice.extend(saved(&started(), from_ref(&layer), from_ref(&layer)));
    facts(&twice);
}

/// `/bin` is a link in many distributions, and packages still bring files in `bin/`.
#[test]
fn files_behind_a_link_of_their_layer_lie_where_it_leads() {
    let layer = good()
        .link(Symlink, "bin", "usr/bin")
        .link(Symlink, "lib64", "/usr/lib64")
        .file("bin/sh", b"sh")
        .link(Link, "bin/bash", "bin/sh")
        .file("lib64/ld.so", b"ld")
        .link(Symlink, "usr/bin/up", "../lib64")
        .file("bin/up/libc.so", b"libc");
    assert_eq!(
        given(&image(&started(), layer)),
        [[
            "method",
            "bin -> usr/bin",
            "lib64 -> /usr/lib64",
            "usr/bin/sh",
            "usr/bin/bash = usr/bin/sh",
            "usr/lib64/ld.so",
            "usr/bin/up -> ../lib64",
            "usr/lib64/libc.so"
        ]]
    );
}

#[test]
fn a_hard_link_to_a_link_is_one() {
    let layer = good().link(Symlink, "a", "method").link(Link, "b", "a");
    assert_eq!(
        given(&image(&started(), layer)),
        [["method", "a -> method", "b = a"]]
    );
}

#[test]
fn what_a_flattened_image_brings_along_is_left_out() {
    let layer = good()
        .file(".dockerenv", b"")
        .folder("dev")
        .file("dev/console", b"")
        .entry(tar::EntryType::Char, "dev/null", "", 0o666, b"")
        .folder("dev/pts")
        .folder("etc")
        .file("etc/hosts", b"")
        .link(Symlink, "etc/mtab", "/proc/mounts")
        .link(Symlink, "etc/resolv.conf", "../run/resolv.conf")
        .folder("proc")
        .folder("sys");
    let archive = image(&started(), layer);
    assert_eq!(
        given(&archive),
        [[
            "method",
            ".dockerenv",
            "dev/",
            "etc/",
            "etc/hosts",
            "etc/mtab -> /proc/mounts",
            "proc/",
            "sys/"
        ]]
    );
    let told = facts(&archive).left_out;
    assert!(
        told.len() == 1 && told[0].starts_with("4 name(s)"),
        "{told:?}"
    );
}

#[test]
fn comments_of_archivers_are_read_over() {
    let layer = Layer::new()
        .entry(
            XGlobalHeader,
            "pax_global_header",
            "",
            0o644,
            b"52 comment=x\n",
        )
        .file("method", b"m");
    assert_eq!(given(&image(&started(), layer)), [["method"]]);
}

#[test]
fn layers_come_compressed_in_every_way() {
    let layer = good().bytes();
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0][..], b"skip"].concat();
    let (first, second) = layer.split_at(700);
    let mut old = tar::Header::new_old();
    old.set_path("method").unwrap();
    old.set_mode(0o755);
    old.set_size(0);
    old.set_cksum();
    let before_ustar = [old.as_bytes().to_vec(), vec![0; 1024]].concat();
    for (layer, stored) in [
        (&layer, [skipped.clone(), zstd(&layer)].concat()),
        (&layer, [zstd(first), skipped, zstd(second)].concat()),
        (&layer, [gzip(&layer), vec![0; 512]].concat()),
        (&layer, [gzip(first), gzip(second)].concat()),
        (&layer, layer.clone()),
        (&before_ustar, before_ustar.clone()),
    ] {
        let archive = saved(&started(), from_ref(layer), &[stored]);
        assert_eq!(facts(&archive).entries, 1);
    }
}

#[test]
fn a_layer_may_be_empty_and_may_come_twice() {
    let (layer, none, nothing) = (good().bytes(), Layer::new().bytes(), Vec::new());
    for more in [&none, &nothing] {
        for stored in [more.clone(), gzip(more)] {
            let layers = [layer.clone(), more.clone()];
            let archive = saved(&started(), &layers, &[layer.clone(), stored]);
            assert_eq!(given(&archive), [vec!["method"], vec![]]);
        }
    }
    let other = || Layer::new().file("x", b"x");
    let archive = layered(vec![good(), other(), other()]);
    // It is one member, named twice.
    assert_eq!(given(&archive), [["method"], ["x"]]);
    assert_eq!(facts(&archive).layers, 3);
}

#[test]
fn a_repeated_layer_may_be_a_link() {
    let layer = good().bytes();
    let config = document(&started(), &[layer.clone(), layer.clone(), layer.clone()]).to_string();
    let manifest =
        r#"[{"Config": "c.json", "Layers": ["1/layer.tar", "2/layer.tar", "3/layer.tar"]}]"#;
    let archive = Layer::new()
        .file("c.json", config.as_bytes())
        .file("1/layer.tar", &layer)
        .link(Symlink, "2/layer.tar", "../1/layer.tar")
        .link(Link, "3/layer.tar", "2/layer.tar")
        .file("manifest.json", manifest.as_bytes());
    assert_eq!(facts(&archive.bytes()).layers, 3);
}

#[test]
fn one_image_under_several_names_is_one_image() {
    let (members, manifest) = ordinary();
    let tagged = |tag: &str| {
        let note = json!({ "annotations": { "org.opencontainers.image.ref.name": tag } });
        listed(&manifest, &note)
    };
    facts(&layout("", &members, &[tagged("1.0"), tagged("latest")]));

    let layer = good().bytes();
    let config = document(&started(), from_ref(&layer)).to_string();
    let one = json!({ "Config": "c.json", "RepoTags": ["x:1"], "Layers": ["l/layer.tar"] });
    let mut two = one.clone();
    two["RepoTags"] = json!(["y:1", "z:1"]);
    let manifest = json!([one, two]).to_string();
    facts(&archive(&[
        ("c.json", config.as_bytes()),
        ("l/layer.tar", &layer),
        ("manifest.json", manifest.as_bytes()),
    ]));
}

#[test]
fn indexes_lie_within_indexes() {
    let (mut members, manifest) = ordinary();
    let mut inner = listed(&manifest, &json!({}));
    for depth in 1..=5 {
        let index = json!({ "schemaVersion": 2, "manifests": [inner] }).to_string();
        members.push(blob(index.as_bytes()));
        inner = descriptor("index.v1+json", index.as_bytes());
        let archive = layout("", &members, &[inner.clone()]);
        if depth <= 4 {
            facts(&archive);
        } else {
            assert!(refusal(&archive).detail.contains("too deep"));
        }
    }
}

#[test]
fn signatures_and_attestations_are_no_images() {
    let (mut members, image) = ordinary();
    let empty = json!({ "schemaVersion": 2, "config": { "digest": format!("sha256:{}", "0".repeat(64)) }, "layers": [] });
    let attestation = json!({
        "schemaVersion": 2, "config": descriptor("config.v1+json", b"{}"),
        "layers": [{ "mediaType": "application/vnd.in-toto+json", "digest": "sha256:x" }],
    });
    let artifact = json!({
        "schemaVersion": 2, "artifactType": "application/vnd.example.sbom",
        "config": descriptor("empty.v1+json", b"{}"), "layers": [],
    });
    let unknown = json!({ "platform": { "architecture": "unknown", "os": "unknown" } });
    let signature = json!({ "artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json" });
    for (other, more) in [
        (&empty, &unknown),
        (&empty, &signature),
        (
            &empty,
            &json!({ "annotations": { "vnd.docker.reference.type": "attestation-manifest" } }),
        ),
        (&attestation, &json!({})),
        (&artifact, &json!({})),
    ] {
        let other = other.to_string().into_bytes();
        members.push(blob(&other));
        let both = [listed(&other, more), listed(&image, &json!({}))];
        facts(&layout("", &members, &both));
    }
}

#[test]
fn the_image_for_this_platform_is_taken() {
    let (mut members, image) = ordinary();
    let on = |architecture: &str, variant: Value| json!({ "platform": { "architecture": architecture, "os": "linux", "variant": variant } });
    // One whose blobs are not there is not asked for.
    let absent = listed(b"absent", &on("riscv64", Value::Null));
    facts(&layout(
        "",
        &members,
        &[absent, listed(&image, &on(here(), Value::Null))],
    ));

    let layer = good().file("more", b"").bytes();
    let (others, other) = manifest(&started(), &layer, &layer);
    members.extend(others);
    let newer = listed(&other, &on(here(), json!("v9")));
    let both = [newer.clone(), listed(&image, &on(here(), Value::Null))];
    assert_eq!(facts(&layout("", &members, &both)).entries, 3);
    assert_eq!(given(&layout("", &members, &both)), [["method"]]);
    facts(&layout("", &members, &[newer]));

    let two = [
        listed(
            &image,
            &json!({ "annotations": { "org.opencontainers.image.ref.name": "a" } }),
        ),
        listed(
            &other,
            &json!({ "annotations": { "org.opencontainers.image.ref.name": "b" } }),
        ),
    ];
    let refused = refusal(&layout("", &members, &two));
    assert!(
        refused.detail.contains("2 images") && refused.detail.contains("(a, b)"),
        "{refused}"
    );
}

#[test]
fn platforms_that_the_index_does_not_name_are_looked_up() {
    let (mut members, image) = ordinary();
    let layer = good().bytes();
    let mut config = document(&started(), from_ref(&layer));
    config["architecture"] = json!("riscv64");
    let config = config.to_string().into_bytes();
    let other = json!({
        "schemaVersion": 2, "config": descriptor("config.v1+json", &config),
        "layers": [descriptor("layer.v1.tar", &layer)],
    });
    let other = other.to_string().into_bytes();
    members.extend([blob(&config), blob(&other)]);
    facts(&layout(
        "",
        &members,
        &[listed(&other, &json!({})), listed(&image, &json!({}))],
    ));
}

#[test]
fn a_folder_in_front_is_looked_through() {
    let (members, manifest) = ordinary();
    facts(&layout(
        "layout/",
        &members,
        &[listed(&manifest, &json!({}))],
    ));
}

#[test]
fn other_compressions_are_named_with_the_cure() {
    for (start, name, cure) in [
        (&b"\xfd7zXZ\0\0\x04"[..], "xz", "xz -dc"),
        (b"BZh91AY&SY", "bzip2", "bzip2 -dc"),
        (b"\x04\x22\x4d\x18", "lz4", "lz4 -dc"),
    ] {
        assert!(looks_like_an_archive(start));
        let refused = refusal(start);
        assert_eq!(refused.rule, Rule::NotAnImage);
        assert!(refused.detail.contains(name), "{refused}");
        assert!(refused.help.contains(cure), "{refused}");
        let layer = good().bytes();
        let stored = [start, layer.as_slice()].concat();
        let refused = refusal(&saved(&started(), from_ref(&layer), &[stored]));
        assert_eq!(refused.rule, Rule::Manifest);
        assert!(refused.detail.contains(name), "{refused}");
    }
}

#[test]
fn names_that_are_digests_are_checked_and_others_are_not() {
    // Some builders name the configuration by its digest with the algorithm in front.
    let layer = good().bytes();
    let config = document(&started(), from_ref(&layer)).to_string();
    let name = format!("sha256:{}", hash(config.as_bytes()));
    let manifest = json!([{ "Config": name, "Layers": ["l.tar"] }]).to_string();
    facts(&archive(&[
        (&name, config.as_bytes()),
        ("l.tar", &layer),
        ("manifest.json", manifest.as_bytes()),
    ]));
}
