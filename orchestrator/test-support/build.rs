//! Migrations are compiled in: a change to them must recompile this crate.
fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
