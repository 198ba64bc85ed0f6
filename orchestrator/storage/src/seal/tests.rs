//! What was sealed comes back, and nothing else does.

use std::io::Cursor;

use bytes::Bytes;
use gauntlet_domain::Digest;
use proptest::prelude::*;

use super::stream::{HEADER, SEALED_SEGMENT, SEGMENT, Sealer, plain_size};
use super::{BlobKey, BlobKeys, SealedFile};
use crate::Error;

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

fn key(byte: u8) -> BlobKey {
    BlobKey::from_bytes([byte; 32])
}

/// Handed over in pieces of this size.
fn seal(plain: &[u8], piece: usize) -> Vec<u8> {
    let (mut sealer, header) = Sealer::new(&key(7), &Digest::of(plain)).unwrap();
    let mut sealed = vec![header];
    for piece in plain.chunks(piece) {
        sealer.push(piece, &mut sealed).unwrap();
    }
    sealed.push(sealer.finish().unwrap());
    sealed.concat()
}

fn open(sealed: &[u8], keys: &BlobKeys, digest: &Digest) -> Result<Vec<u8>, Error> {
    let length = sealed.len() as u64;
    let mut file = SealedFile::open(Cursor::new(sealed), length, keys, digest)?;
    let mut plain = Vec::new();
    while let Some(segment) = file.next()? {
        plain.extend(segment);
    }
    assert_eq!(file.size(), plain.len() as u64);
    Ok(plain)
}

/// Refused, with the name of the blob and this reason.
fn refused(sealed: &[u8], keys: &BlobKeys, digest: &Digest, because: &str) {
    match open(sealed, keys, digest) {
        Err(Error::Corrupt(what)) => {
            assert!(what.contains(&digest.to_string()), "{what}");
            assert!(what.contains(because), "{what}");
        }
        other => panic!("{other:?}"),
    }
}

fn around_borders() -> impl Strategy<Value = usize> {
    let near = (0usize..4, -20isize..=20);
    let near = near.prop_map(|(segments, off)| (segments * SEGMENT).saturating_add_signed(off));
    prop_oneof![near, 0..4 * SEGMENT]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_size_comes_back_however_it_came(size in around_borders(), piece in 1usize..200_000) {
        let plain = bytes(size);
        // Single bytes take long for nothing.
        let sealed = seal(&plain, piece.max(size / 1_000 + 1));
        prop_assert_eq!(plain_size(sealed.len() as u64), Some(size as u64));
        let back = open(&sealed, &[7; 32].into(), &Digest::of(&plain)).unwrap();
        prop_assert!(back == plain);
    }

    #[test]
    fn a_flipped_bit_anywhere_is_noticed(size in around_borders(), at: prop::sample::Index, bit in 0u8..8) {
        let plain = bytes(size);
        let mut sealed = seal(&plain, usize::MAX);
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        let opened = open(&sealed, &[7; 32].into(), &Digest::of(&plain));
        prop_assert!(matches!(opened, Err(Error::Corrupt(_))));
    }

    #[test]
    fn cut_off_anywhere_is_noticed(size in around_borders(), at: prop::sample::Index) {
        let plain = bytes(size);
        let sealed = seal(&plain, usize::MAX);
        let cut = &sealed[..at.index(sealed.len())];
        let opened = open(cut, &[7; 32].into(), &Digest::of(&plain));
        prop_assert!(matches!(opened, Err(Error::Corrupt(_))));
    }
}

#[test]
fn segments_left_out_or_swapped_and_other_content_are_noticed() {
    let plain = bytes(3 * SEGMENT + 5);
    let (digest, keys) = (Digest::of(&plain), BlobKeys::from([7; 32]));
    let sealed = seal(&plain, usize::MAX);
    let (header, body) = sealed.split_at(HEADER);
    let segments: Vec<&[u8]> = body.chunks(SEALED_SEGMENT).collect();
    let segment = "a segment of it is not as it was sealed";
    for order in [
        &[0, 1, 2][..],
        &[1, 2, 3],
        &[1, 0, 2, 3],
        &[0, 1, 1, 2, 3],
        &[0, 0, 2, 3],
    ] {
        let mut other = header.to_vec();
        order.iter().for_each(|at| other.extend(segments[*at]));
        refused(&other, &keys, &digest, segment);
    }
    refused(header, &keys, &digest, "it breaks off");
    refused(&sealed, &keys, &Digest::of(b"another blob"), segment);
    let again = seal(&plain, usize::MAX);
    assert_ne!(again, sealed);
    let mixed = [header, &again[HEADER..]].concat();
    refused(&mixed, &keys, &digest, segment);
    refused(
        &plain,
        &keys,
        &digest,
        "it does not begin as sealed files do",
    );
}

#[test]
fn a_wrong_key_is_named_and_an_old_one_opens() {
    let plain = Bytes::from_static(b"labels");
    let (sealed, digest) = (seal(&plain, 4), Digest::of(&plain));
    let named = format!("the key {}, which was not given", key(7).id());
    refused(&sealed, &[8; 32].into(), &digest, &named);
    let both = BlobKeys::new(key(8), [key(7)]);
    assert_eq!(open(&sealed, &both, &digest).unwrap(), plain);
    // A key that only says it is the right one.
    let mut renamed = sealed;
    renamed[16..24].copy_from_slice(&key(8).id().0);
    refused(&renamed, &both, &digest, "a segment of it is not");
}

#[test]
fn keys_are_read_from_lines_and_not_shown() {
    let text = format!("# now\n{}\n\n {}\n", "07".repeat(32), "08".repeat(32));
    let keys: BlobKeys = text.parse().unwrap();
    assert_eq!(keys.first(), &key(7));
    assert!(keys.get(key(8).id()).is_some());
    assert!(!format!("{keys:?}").contains("07070707"));
    for (text, error) in [
        ("", "there is no key in it"),
        ("# none\n", "there is no key in it"),
        ("# now\n0707\n", "line 2 is no key, which is 64 hex digits"),
    ] {
        let refused = text.parse::<BlobKeys>().unwrap_err();
        assert_eq!(refused.to_string(), error);
    }
}

/// What is on disks must stay readable.
#[test]
fn the_name_of_a_key_is_always_the_same() {
    assert_eq!(key(7).id().to_string().len(), 16);
    assert_eq!(key(7).id(), key(7).id());
    assert_ne!(key(7).id(), key(8).id());
}
