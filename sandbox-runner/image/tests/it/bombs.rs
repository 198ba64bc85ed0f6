//! Archives that would cost more than they are.

use std::io::Write;
use std::slice::from_ref;

use gauntlet_image::{ImageLimits, Rule, check};

use crate::support::{
    Layer, archive, facts, good, gzip, image, refusal, refusal_within, saved, started,
};

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

/// Members outside the layers cost what they unpack to, whatever they are.
#[test]
fn what_lies_beside_the_layers_is_charged() {
    let limits = ImageLimits {
        unpacked_bytes: 4 << 20,
        ..ImageLimits::default()
    };
    let layer = good().bytes();
    let whole = saved(&started(), from_ref(&layer), from_ref(&layer));
    for beside in [vec![b'x'; 5 << 20], vec![b'{'; 5 << 20]] {
        let mut members = Layer::new().long_file("beside", &beside).bytes();
        // Without the end of the archive, so that the image follows.
        members.truncate(512 + beside.len());
        members.extend_from_slice(&whole);
        for archive in [gzip(&members), members] {
            let refused = refusal_within(&archive, &limits);
            assert_eq!(
                (refused.rule, refused.limit),
                (Rule::TooLarge, Some(4 << 20))
            );
        }
    }
    check(&gzip(&whole)[..], &limits).unwrap();
}

/// A large document beside the image is nobody's business; one that it needs is refused.
#[test]
fn documents_are_kept_as_far_as_an_image_needs_them() {
    let limits = ImageLimits {
        json_bytes: 4_000,
        kept_json_bytes: 10_000,
        ..ImageLimits::default()
    };
    let large = [b"{".to_vec(), vec![b' '; 5_000]].concat();
    let middle = [b"{".to_vec(), vec![b' '; 3_000]].concat();
    let mut members: Vec<(String, Vec<u8>)> = (0..20)
        .map(|number| (format!("sbom{number}"), middle.clone()))
        .collect();
    members.push(("large".to_owned(), large.clone()));
    let layer = good().bytes();
    let beside: Vec<(&str, &[u8])> = members
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    let mut whole = archive(&beside);
    whole.truncate(whole.len() - 1024);
    whole.extend(saved(&started(), from_ref(&layer), from_ref(&layer)));
    check(&whole[..], &limits).unwrap();
    let manifest = archive(&[("l/layer.tar", &layer), ("manifest.json", &large)]);
    assert_eq!(refusal_within(&manifest, &limits).rule, Rule::TooLarge);
}

#[test]
fn members_and_their_names_are_limited() {
    let few = ImageLimits {
        members: 3,
        ..ImageLimits::default()
    };
    let folders = Layer::new().folder("a").folder("b").folder("c").folder("d");
    let refused = refusal_within(&folders.bytes(), &few);
    assert_eq!((refused.rule, refused.limit), (Rule::TooLarge, Some(3)));
    let short = ImageLimits {
        member_name_bytes: 100,
        ..ImageLimits::default()
    };
    let long = Layer::new().long_file(&"x/".repeat(60), b"").bytes();
    assert_eq!(refusal_within(&long, &short).rule, Rule::TooLarge);
}

/// Compressed into more than it is: members and frames of nothing are work without end.
#[test]
fn what_unpacks_to_nothing_is_not_read_for_long() {
    let nothing = gzip(b"");
    let layer = good().bytes();
    let mut stored = gzip(&layer);
    while stored.len() < 5 << 20 {
        stored.extend_from_slice(&nothing);
    }
    let archive = saved(&started(), from_ref(&layer), &[stored]);
    assert_eq!(refusal(&archive).rule, Rule::Ratio);
    let frames = zstd::encode_all(&b""[..], 3).unwrap();
    let mut stored = zstd::encode_all(&layer[..], 3).unwrap();
    while stored.len() < 5 << 20 {
        stored.extend_from_slice(&frames);
    }
    let archive = saved(&started(), from_ref(&layer), &[stored]);
    assert_eq!(refusal(&archive).rule, Rule::Ratio);
}

/// The windows of two decoders within each other are in memory at once.
#[test]
fn windows_of_zstd_are_limited_together() {
    let window = |bytes: &[u8], log: u32| {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        encoder.window_log(log).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let layer = good().bytes();
    let with = |log| saved(&started(), from_ref(&layer), &[window(&layer, log)]);
    let limit = |archive: &[u8]| {
        let refused = refusal(archive);
        assert_eq!(refused.rule, Rule::TooLarge);
        refused.limit.unwrap()
    };
    facts(&with(27));
    assert_eq!(limit(&with(28)), 1 << 27);
    facts(&window(&with(24), 27));
    assert_eq!(limit(&window(&with(25), 27)), 1 << 24);
}

#[test]
fn names_that_only_imply_folders_are_counted() {
    let limits = ImageLimits {
        entries: 100,
        ..ImageLimits::default()
    };
    let deep = "a/".repeat(45);
    let layer = good()
        .file(&format!("x/{deep}f"), b"")
        .file(&format!("y/{deep}f"), b"")
        .file(&format!("z/{deep}f"), b"");
    let refused = refusal_within(&image(&started(), layer), &limits);
    assert_eq!((refused.rule, refused.limit), (Rule::TooLarge, Some(100)));
}
