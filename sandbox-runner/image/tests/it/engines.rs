//! What every engine refuses, and what engines understand each in its own way: the first is
//! refused here, the second is written so that it means one thing.

use gauntlet_image::Rule;
use serde_json::json;
use tar::EntryType::{Link, Symlink};

use crate::support::{Layer, facts, given, good, image, layered, layered_with, refusal, started};

#[test]
fn no_more_layers_than_docker_chains() {
    let layers = |count: usize| {
        let more = (1..count).map(|number| Layer::new().file(&format!("f{number}"), b""));
        layered(std::iter::once(good()).chain(more).collect())
    };
    assert_eq!(facts(&layers(125)).layers, 125);
    let refused = refusal(&layers(126));
    assert_eq!((refused.rule, refused.limit), (Rule::TooLarge, Some(125)));
    assert!(refused.help.contains("chain"), "{refused}");
}

#[test]
fn nothing_lies_below_a_file() {
    for layer in [
        good().file("a", b"").file("a/b", b""),
        good().file("a", b"").folder("a/b"),
        good().file("a", b"").file("a/.wh.b", b""),
        good()
            .file("a", b"")
            .link(Symlink, "l", "a")
            .file("l/b", b""),
    ] {
        let refused = refusal(&image(&started(), layer));
        assert_eq!(refused.rule, Rule::Name);
        assert!(
            refused.detail.contains("\"a\", which is a file"),
            "{refused}"
        );
    }
    // A folder over a file of a layer below.
    facts(&layered(vec![
        good().file("a", b""),
        Layer::new().file("a/b", b""),
    ]));
}

#[test]
fn links_that_lead_nowhere_hold_nothing() {
    for layer in [
        good()
            .link(Symlink, "a", "b")
            .link(Symlink, "b", "a")
            .file("a/x", b""),
        good().link(Symlink, "a", "none/../x").file("a/x", b""),
        good().link(Link, "x", "none"),
        good().folder("d").link(Link, "x", "d"),
    ] {
        assert_eq!(refusal(&image(&started(), layer)).rule, Rule::Link);
    }
    // An engine unpacks each layer by itself.
    let below = layered(vec![good(), Layer::new().link(Link, "x", "method")]);
    assert_eq!(refusal(&below).rule, Rule::Link);
}

#[test]
fn names_have_room_for_the_engines_own_folder() {
    let long = |length: usize| {
        let name = "x/".repeat(length / 2);
        image(
            &started(),
            good().long_file(name.trim_end_matches('/'), b""),
        )
    };
    facts(&long(3_840));
    assert_eq!(refusal(&long(3_844)).rule, Rule::Name);
}

/// Some engines cannot make a mark over what is there, and some delete what is there.
#[test]
fn marks_of_removal_hide_layers_below_only() {
    let layers = |upper: Layer| layered(vec![good().file("d/x", b"").file("y", b""), upper]);
    for (upper, expected) in [
        // What is there replaces what was below by itself.
        (Layer::new().file("y", b"").file(".wh.y", b""), vec!["y"]),
        (
            Layer::new().folder("d").file(".wh.d", b""),
            vec!["d/", "d/.wh..wh..opq"],
        ),
        (
            Layer::new().file(".wh.y", b"").file(".wh.y", b""),
            vec![".wh.y"],
        ),
        (
            Layer::new().file(".wh.y", b"").file("y", b""),
            vec![".wh.y", "y"],
        ),
        (
            Layer::new().file(".wh.d", b"").folder("d"),
            vec![".wh.d", "d/", "d/.wh..wh..opq"],
        ),
        (
            Layer::new().file(".wh.d", b"").file("d/z", b""),
            vec![".wh.d", "d/", "d/.wh..wh..opq", "d/z"],
        ),
        (
            Layer::new()
                .file("d/.wh..wh..opq", b"")
                .file("d/z", b"")
                .file("d/.wh..wh..opq", b""),
            vec!["d/.wh..wh..opq", "d/z"],
        ),
        (
            Layer::new().file(".wh.nothing", b"").file("e/.wh.x", b""),
            vec![".wh.nothing", "e/.wh.x"],
        ),
        (Layer::new().file(".wh..wh..opq", b""), vec![".wh..wh..opq"]),
    ] {
        assert_eq!(given(&layers(upper))[1], expected);
    }
}

#[test]
fn the_working_directory_is_a_folder_or_can_be_made_one() {
    let at = |directory: &str, layers: Vec<Layer>| {
        let mut started = started();
        started["WorkingDir"] = json!(directory);
        layered_with(&started, layers)
    };
    let below = || good().file("a", b"").folder("d").file("d/f", b"");
    for (directory, upper) in [
        ("/d", Layer::new()),
        ("/none/at/all", Layer::new()),
        // No longer a file: removed, or a folder by now.
        ("/a", Layer::new().file(".wh.a", b"")),
        ("/a", Layer::new().folder("a")),
        ("/d/f", Layer::new().file("d/.wh..wh..opq", b"")),
        ("/l", Layer::new().link(Symlink, "l", "d")),
        ("/l/x", Layer::new().link(Symlink, "l", "/none")),
    ] {
        facts(&at(directory, vec![below(), upper]));
    }
    for (directory, upper, why) in [
        ("/a", Layer::new(), "which is a file"),
        ("/a/b", Layer::new(), "\"/a\", which is a file"),
        ("/d/f", Layer::new().file("d/other", b""), "which is a file"),
        ("/d", Layer::new().file("d", b""), "which is a file"),
        // Not every engine understands a mark at the top.
        (
            "/d/f",
            Layer::new().file(".wh..wh..opq", b""),
            "which is a file",
        ),
        (
            "/l/a",
            Layer::new().link(Symlink, "l", "d/.."),
            "which is a file",
        ),
        (
            "/l",
            Layer::new().link(Symlink, "l", "/proc/self/fd"),
            "file system of the kernel",
        ),
        (
            "/l",
            Layer::new().link(Symlink, "l", "m").link(Symlink, "m", "l"),
            "in a circle",
        ),
    ] {
        let refused = refusal(&at(directory, vec![below(), upper]));
        assert_eq!(refused.rule, Rule::WorkingDirectory, "{refused}");
        assert!(refused.detail.contains(why), "{refused}");
    }
}
