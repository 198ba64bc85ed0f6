//! Machines made of shell scripts that answer as the programs would.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

struct Machine {
    root: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self {
            root: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(machine.at("usr/bin")).unwrap();
        fs::create_dir_all(machine.at("toolchains")).unwrap();
        machine
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn program(&self, path: &str, script: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn file(&self, path: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    /// A compiler and its cargo in `prefix/bin`, with `prefix` as the sysroot.
    fn compiler(&self, prefix: &str, release: &str, llvm: u32) {
        let sysroot = self.at(prefix);
        self.program(
            &format!("{prefix}/bin/rustc"),
            &format!(
                "case \"$1\" in --print) echo {};; *) echo 'rustc {release}'; \
                 echo 'host: x86_64-unknown-linux-gnu'; echo 'release: {release}'; \
                 echo 'LLVM version: {llvm}.1.0';; esac",
                sysroot.display()
            ),
        );
        self.program(
            &format!("{prefix}/bin/cargo"),
            &format!("echo 'cargo {release} (abc 2026-01-01)'"),
        );
    }

    fn target(&self, prefix: &str) {
        self.file(&format!(
            "{prefix}/lib/rustlib/wasm32-unknown-unknown/lib/libstd-0123.rlib"
        ));
    }

    fn rust_lld(&self, prefix: &str, version: &str) {
        self.program(
            &format!("{prefix}/lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld"),
            &format!("echo 'LLD {version} (somewhere)'"),
        );
    }

    /// The distribution's source, linked into the sysroot as Debian does.
    fn debian_source(&self, release: &str) {
        self.file(&format!("usr/src/rustc-{release}/library/Cargo.lock"));
        fs::create_dir_all(self.at("usr/lib/rustlib/src")).unwrap();
        std::os::unix::fs::symlink(
            self.at(&format!("usr/src/rustc-{release}")),
            self.at("usr/lib/rustlib/src/rust"),
        )
        .unwrap();
    }

    fn discover(&self) -> Result<Toolchain, NoToolchain> {
        discover(&Places {
            dir: self.root.path().to_path_buf(),
            path: vec![self.at("usr/bin")],
            rustup: Some(self.at("toolchains")),
            system: self.at("usr/bin"),
        })
    }
}

#[test]
fn an_installed_target_comes_before_a_source_build() {
    let machine = Machine::new();
    machine.compiler("usr", "1.96.0", 22);
    machine.debian_source("1.96.0");
    machine.program("usr/bin/wasm-ld-22", "echo 'Debian LLD 22.1.8'");
    machine.compiler("toolchains/1.95.0", "1.95.0", 22);
    machine.target("toolchains/1.95.0");
    machine.rust_lld("toolchains/1.95.0", "22.1.2");

    let toolchain = machine.discover().unwrap();
    assert_eq!(
        toolchain.rustc.program,
        machine.at("toolchains/1.95.0/bin/rustc")
    );
    assert_eq!(toolchain.cargo, machine.at("toolchains/1.95.0/bin/cargo"));
    assert_eq!(toolchain.library, Library::Installed);
    assert_eq!(toolchain.linker, None);
}

#[test]
fn the_distributions_compiler_borrows_the_linker_of_rustup() {
    let machine = Machine::new();
    machine.compiler("usr", "1.96.0", 22);
    machine.debian_source("1.96.0");
    machine.compiler("toolchains/stable", "1.95.0", 22);
    machine.rust_lld("toolchains/stable", "22.1.2");

    let toolchain = machine.discover().unwrap();
    assert_eq!(toolchain.rustc.program, machine.at("usr/bin/rustc"));
    assert_eq!(toolchain.library, Library::FromSource);
    let own = "toolchains/stable/lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld";
    assert_eq!(toolchain.linker, Some(machine.at(own)));
}

#[test]
fn an_old_cargo_beside_a_new_compiler_is_passed_over() {
    let machine = Machine::new();
    machine.compiler("usr", "1.96.0", 22);
    machine.debian_source("1.96.0");
    machine.program("usr/bin/wasm-ld-22", "echo 'Debian LLD 22.1.8'");
    machine.program("usr/bin/cargo", "echo 'cargo 0.66.0'");
    machine.compiler("toolchains/stable", "1.90.0", 20);

    let toolchain = machine.discover().unwrap();
    assert_eq!(toolchain.cargo, machine.at("toolchains/stable/bin/cargo"));
    assert_eq!(toolchain.linker, Some(machine.at("usr/bin/wasm-ld-22")));
}

#[test]
fn a_linker_older_than_the_compiler_is_no_linker() {
    let machine = Machine::new();
    machine.compiler("usr", "1.96.0", 22);
    machine.debian_source("1.96.0");
    machine.program("usr/bin/wasm-ld", "echo 'Debian LLD 14.0.6'");

    let error = machine.discover().unwrap_err();
    assert_eq!(
        error.found,
        [(
            machine.at("usr/bin/rustc"),
            "1.96.0".into(),
            Lack::Linker(22)
        )]
    );
    assert!(
        error
            .to_string()
            .contains("apt-get install rustc-web cargo-web rust-web-src lld-22")
    );
}

#[test]
fn a_source_of_another_release_is_not_used() {
    let machine = Machine::new();
    machine.compiler("usr", "1.96.0", 22);
    machine.debian_source("1.85.0");
    machine.rust_lld("usr", "22.1.8");

    let error = machine.discover().unwrap_err();
    assert_eq!(error.found[0].2, Lack::Source("1.85.0".into()));
}

#[test]
fn says_what_each_compiler_lacks_and_what_to_type() {
    let machine = Machine::new();
    machine.compiler("usr", "1.63.0", 14);
    machine.target("usr");
    machine.compiler("toolchains/stable", "1.95.0", 22);

    let text = machine.discover().unwrap_err().to_string();
    assert!(text.contains("1.63.0: older than 1.95"), "{text}");
    assert!(
        text.contains("1.95.0: has neither the target nor rust-src installed"),
        "{text}"
    );
    assert!(
        text.contains("rustup target add wasm32-unknown-unknown"),
        "{text}"
    );
}

#[test]
fn a_machine_without_rust_is_told_so() {
    let text = Machine::new().discover().unwrap_err().to_string();
    assert!(text.contains("no rustc was found at all"), "{text}");
}
