//! Real manifests read by the real cargo; compilation by scripts in its place,
//! since the real one takes minutes.

use std::os::unix::fs::PermissionsExt as _;

use super::super::rustc::Rustc;
use super::*;

fn toolchain(cargo: PathBuf, library: Library, linker: Option<&str>) -> Toolchain {
    let rustc = Rustc {
        program: "/somewhere/bin/rustc".into(),
        sysroot: "/somewhere".into(),
        release: "1.96.0".into(),
        host: "x86_64-unknown-linux-gnu".into(),
        llvm: 22,
    };
    Toolchain {
        cargo,
        rustc,
        library,
        linker: linker.map(PathBuf::from),
    }
}

fn real() -> Toolchain {
    let cargo = env::var_os("CARGO").expect("cargo tells the tests it runs where it is");
    let rustc = Rustc::probe(Path::new("rustc"), Path::new("/")).expect("rustc is on PATH");
    Toolchain {
        rustc,
        ..toolchain(cargo.into(), Library::Installed, None)
    }
}

fn package(dir: &Path, name: &str, kind: &str) {
    fs::create_dir_all(dir.join(name).join("src")).unwrap();
    fs::write(dir.join(name).join("src/lib.rs"), "").unwrap();
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"{kind}\"]\n"
    );
    fs::write(dir.join(name).join("Cargo.toml"), manifest).unwrap();
}

fn workspace() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    package(dir.path(), "plain_sgd", "cdylib");
    package(dir.path(), "warm-up", "cdylib");
    package(dir.path(), "shared", "lib");
    let manifest =
        "[workspace]\nresolver = \"3\"\nmembers = [\"plain_sgd\", \"warm-up\", \"shared\"]\n";
    fs::write(dir.path().join("Cargo.toml"), manifest).unwrap();
    dir
}

fn names(methods: &Methods) -> Vec<&str> {
    methods
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect()
}

#[test]
fn a_workspaces_root_stands_for_all_its_methods_and_a_member_for_itself() {
    let dir = workspace();
    let toolchain = real();
    assert_eq!(
        names(&methods(dir.path(), &toolchain, Options::default()).unwrap()),
        ["plain_sgd", "warm-up"]
    );
    assert_eq!(
        names(&methods(&dir.path().join("warm-up"), &toolchain, Options::default()).unwrap()),
        ["warm-up"]
    );
}

#[test]
fn default_members_are_built_alone_unless_the_whole_workspace_is_asked_for() {
    let dir = workspace();
    let manifest = dir.path().join("Cargo.toml");
    let mut text = fs::read_to_string(&manifest).unwrap();
    text.push_str("default-members = [\"warm-up\"]\n");
    fs::write(&manifest, text).unwrap();
    let toolchain = real();
    let everything = Options {
        workspace: true,
        ..Options::default()
    };
    let root = dir.path();
    assert_eq!(
        names(&methods(root, &toolchain, Options::default()).unwrap()),
        ["warm-up"]
    );
    for folder in [root, &root.join("warm-up")] {
        assert_eq!(
            names(&methods(folder, &toolchain, everything).unwrap()),
            ["plain_sgd", "warm-up"]
        );
    }
}

#[test]
fn knows_what_comes_from_elsewhere_on_this_machine() {
    let dir = workspace();
    let elsewhere = tempfile::tempdir().unwrap();
    package(elsewhere.path(), "sdk", "lib");
    let sdk = elsewhere.path().join("sdk");
    let manifest = dir.path().join("warm-up/Cargo.toml");
    let mut text = fs::read_to_string(&manifest).unwrap();
    text.push_str(&format!(
        "[dependencies]\nsdk = {{ path = {sdk:?} }}\nshared = {{ path = \"../shared\" }}\n"
    ));
    fs::write(&manifest, text).unwrap();
    // Building another member gives the same answer: the flags must not change with the choice.
    for member in ["warm-up", "plain_sgd"] {
        let methods = methods(&dir.path().join(member), &real(), Options::default()).unwrap();
        assert_eq!(
            methods.neighbours,
            BTreeSet::from([("sdk".to_owned(), sdk.clone())])
        );
    }
}

#[test]
fn a_folder_without_a_method_says_what_a_method_is() {
    let dir = workspace();
    let toolchain = real();
    let error = methods(&dir.path().join("shared"), &toolchain, Options::default()).unwrap_err();
    assert!(
        matches!(error, BuildError::NoMethod { .. }) && error.is_input(),
        "{error}"
    );
    assert!(error.to_string().contains("cdylib"), "{error}");
    let error = methods(&dir.path().join("nowhere"), &toolchain, Options::default()).unwrap_err();
    assert!(
        matches!(error, BuildError::NoManifest { .. }) && error.is_input(),
        "{error}"
    );
}

#[test]
fn a_broken_manifest_is_quoted() {
    let dir = workspace();
    fs::write(dir.path().join("warm-up/Cargo.toml"), "[package\n").unwrap();
    let error = methods(dir.path(), &real(), Options::default()).unwrap_err();
    assert!(
        matches!(error, BuildError::Metadata { .. }) && error.is_input(),
        "{error}"
    );
    assert!(error.to_string().contains("warm-up/Cargo.toml"), "{error}");
}

fn some_methods() -> Methods {
    let package = |name: &str| Package {
        name: name.to_owned(),
        id: format!("path+file:///m/{name}#0.0.0"),
        manifest_path: format!("/m/{name}/Cargo.toml").into(),
        targets: Vec::new(),
        dependencies: Vec::new(),
    };
    Methods {
        target_directory: "/m/target".into(),
        workspace_root: "/m".into(),
        neighbours: BTreeSet::from([("gauntlet-method".into(), "/sdk".into())]),
        packages: vec![package("plain_sgd"), package("warm-up")],
    }
}

fn words(toolchain: &Toolchain) -> Vec<String> {
    let words = arguments(toolchain, &some_methods());
    words
        .into_iter()
        .map(|word| word.into_string().unwrap())
        .collect()
}

#[test]
fn everything_the_target_needs_is_on_the_command_line() {
    let installed = words(&toolchain("/c".into(), Library::Installed, None));
    assert!(
        !installed
            .iter()
            .any(|word| word.starts_with("-Z") || word.contains(".linker="))
    );
    let flags = installed
        .iter()
        .find(|word| word.contains(".rustflags="))
        .unwrap();
    let (key, value) = flags.split_once('=').unwrap();
    assert_eq!(key, "target.wasm32-unknown-unknown.rustflags");
    let value: toml::Table = toml::from_str(&format!("it = {value}")).unwrap();
    let value: Vec<_> = value["it"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap())
        .collect();
    assert_eq!(value[..2], ["--cfg", "getrandom_backend=\"custom\""]);
    assert!(
        value.contains(&"--remap-path-prefix=/m=/method"),
        "{value:?}"
    );

    let source = words(&toolchain(
        "/c".into(),
        Library::FromSource,
        Some("/a \"b\"/wasm-ld"),
    ));
    assert!(source.contains(&"-Zbuild-std=std,panic_abort".to_owned()));
    let linker = source
        .iter()
        .find(|word| word.contains(".linker="))
        .unwrap();
    let linker: toml::Table = toml::from_str(linker).unwrap();
    assert_eq!(
        linker["target"][TARGET]["linker"].as_str(),
        Some("/a \"b\"/wasm-ld")
    );
}

#[test]
fn the_more_precise_prefix_comes_later_because_the_last_one_wins() {
    let pairs = remap(&some_methods(), None, Some("/users/ann".into()));
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(from, to)| (from.to_str().unwrap(), to.as_str()))
        .collect();
    assert_eq!(
        pairs,
        [
            ("/users/ann", "home"),
            ("/users/ann/.cargo", "cargo"),
            ("/m", "method"),
            ("/sdk", "gauntlet-method"),
        ]
    );
    // Remapping the root folder would rewrite every path there is.
    assert_eq!(remap(&some_methods(), None, Some("/".into())).len(), 3);
}

#[test]
fn a_shared_target_folder_is_not_told_where_one_of_its_users_lies() {
    let methods = Methods {
        target_directory: "/cache/target".into(),
        ..some_methods()
    };
    let toolchain = toolchain("/c".into(), Library::Installed, None);
    let words = arguments(&toolchain, &methods);
    assert!(
        !words
            .iter()
            .any(|word| word.to_string_lossy().contains("remap")),
        "{words:?}"
    );
    let remap = remap(&methods, None, None);
    assert!(remap.contains(&("/cache/target".into(), "target".into())));
}

#[test]
fn the_surrounding_builds_settings_stay_outside() {
    let command = command(
        Path::new("/"),
        &toolchain("/c".into(), Library::Installed, None),
    );
    let setting = |name: &str| {
        command
            .get_envs()
            .find(|(key, _)| *key == name)
            .map(|(_, v)| v)
    };
    for name in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_BOOTSTRAP",
        "CARGO_BUILD_TARGET",
    ] {
        assert_eq!(setting(name), Some(None), "{name} must be removed");
    }
    assert_eq!(
        setting("RUSTC"),
        Some(Some("/somewhere/bin/rustc".as_ref()))
    );
}

/// Something that stands in for cargo.
fn script(dir: &Path, body: &str) -> Toolchain {
    let program = dir.join("cargo");
    fs::write(&program, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    toolchain(program, Library::FromSource, None)
}

#[test]
fn takes_the_modules_from_cargos_own_report() {
    let dir = tempfile::tempdir().unwrap();
    let artifact = |name: &str, file: &str| {
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"path+file:///m/{name}#0.0.0","filenames":["{file}"],"fresh":true}}"#
        )
    };
    let lines = [
        r#"{"reason":"build-script-executed","package_id":"x"}"#.to_owned(),
        artifact("dependency", "/m/target/dependency.wasm"),
        artifact("warm-up", "/m/target/warm_up.wasm"),
        artifact("plain_sgd", "/m/target/plain_sgd.wasm"),
        r#"{"reason":"build-finished","success":true}"#.to_owned(),
    ];
    let body = format!(
        "test \"$RUSTC_BOOTSTRAP\" = 1 || exit 9\ncat <<'END'\n{}\nEND",
        lines.join("\n")
    );
    let toolchain = script(dir.path(), &body);
    let quiet = Options {
        quiet: true,
        ..Options::default()
    };
    let artifacts = compile(dir.path(), &toolchain, &some_methods(), quiet).unwrap();
    let expected = [
        ("plain-sgd", "/m/target/plain_sgd.wasm"),
        ("warm-up", "/m/target/warm_up.wasm"),
    ]
    .map(|(name, path)| Artifact {
        name: name.into(),
        path: path.into(),
    });
    assert_eq!(artifacts, expected);
}

#[test]
fn a_failed_compilation_repeats_what_the_compiler_said() {
    let dir = tempfile::tempdir().unwrap();
    let toolchain = script(
        dir.path(),
        "echo 'error[E0425]: cannot find `lr`' >&2; exit 101",
    );
    let quiet = Options {
        quiet: true,
        ..Options::default()
    };
    let error = compile(dir.path(), &toolchain, &some_methods(), quiet).unwrap_err();
    assert!(error.is_input());
    assert!(error.to_string().contains("cannot find `lr`"), "{error}");
}

#[test]
fn success_without_a_module_is_not_success() {
    let dir = tempfile::tempdir().unwrap();
    let toolchain = script(dir.path(), "exit 0");
    let error = compile(dir.path(), &toolchain, &some_methods(), Options::default()).unwrap_err();
    assert!(matches!(error, BuildError::NoArtifact { .. }), "{error}");
}
