//! What enters and what does not, one line per case, with the rule that refuses it.

use gauntlet_gate::{GateLimits, ModuleFacts, Rejection, Rule, check};

/// An honest module with `extra` fields added.
fn module(extra: &str) -> Vec<u8> {
    module_with_imports("", extra)
}

fn module_with_imports(imports: &str, extra: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
            (import "gauntlet_v2" "call" (func $call (param i32 i32) (result i32)))
            {imports}
            (memory (export "memory") 17)
            (func (export "gauntlet_train") (drop (call $call (i32.const 0) (i32.const 0))))
            (func (export "gauntlet_predict"))
            {extra})"#
    ))
    .expect("the test module is well-formed text")
}

fn gate(wasm: &[u8]) -> Result<ModuleFacts, Rejection> {
    check(wasm, &GateLimits::default())
}

fn refusal(wasm: &[u8]) -> Rejection {
    gate(wasm).expect_err("the module should have been refused")
}

#[test]
fn an_honest_module_enters() {
    let facts = gate(&module("")).expect("honest");
    assert_eq!(facts.imports, ["call"]);
    assert_eq!((facts.functions, facts.memory_pages), (2, 17));
    assert_eq!(facts.most_operands, 2);
}

#[test]
fn every_import_of_the_interface_is_accepted() {
    let facts = gate(&module_with_imports(
        r#"(import "gauntlet_v2" "submit" (func (param i32 i32)))
           (import "gauntlet_v2" "upload" (func (param i64 i32 i32 i32 i32)))
           (import "gauntlet_v2" "read" (func (param i32 i32) (result i32)))
           (import "gauntlet_v2" "take" (func (param i32 i32)))
           (import "gauntlet_v2" "sync" (func))
           (import "gauntlet_v2" "dtype_usage" (func (param i32 i32) (result i32)))
           (import "gauntlet_v2" "random" (func (param i32 i32)))
           (import "gauntlet_v2" "log" (func (param i32 i32)))
           (import "gauntlet_v2" "fail" (func (param i32 i32)))"#,
        "",
    ))
    .expect("the whole interface");
    assert_eq!(facts.imports.len(), gauntlet_wire::imports::ALL.len());
}

#[test]
fn what_compilers_emit_is_accepted() {
    let extra = r#"
        (table 10 funcref) (elem (i32.const 1) func $f) (data (i32.const 16) "hello")
        (global (mut i32) (i32.const 1048576))
        (global (export "__heap_base") i32 (i32.const 1048576))
        (func $f (param i32) (result i32 i32)
            (memory.fill (i32.const 0) (i32.const 0) (i32.const 8))
            (drop (i32.trunc_sat_f32_s (f32.const 1)))
            (drop (f32x4.splat (f32.const 1)))
            (i32.extend8_s (local.get 0)) (i32.const 1))"#;
    gate(&module(extra)).expect("MVP with the usual extensions");
}

#[test]
fn files_of_another_kind_are_refused() {
    let component = b"\0asm\x0d\0\x01\0rest";
    let cases: [(&[u8], &str); 9] = [
        (b"", "empty"),
        (b"\0as", "does not begin"),
        (b"\0asm\x01", "within its header"),
        (b"\0asm\x02\0\0\0", "unknown version"),
        (component, "component"),
        (b"\x7fELF\x02\x01\x01", ".cwasm"),
        (b"PK\x03\x04", "compressed"),
        (b"(module (func))", "text"),
        (b"\xff\xd8\xff\xe0 a photograph", "not a WebAssembly module"),
    ];
    for (bytes, words) in cases {
        let refused = refusal(bytes);
        assert_eq!(refused.rule, Rule::NotAModule, "{refused}");
        assert!(refused.detail.contains(words), "{refused}");
        assert!(refused.help.contains("method build"), "{refused}");
    }
}

#[test]
fn a_foreign_import_is_named() {
    let import =
        r#"(import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))"#;
    let refused = refusal(&module_with_imports(import, ""));
    assert_eq!(refused.rule, Rule::ForeignImport);
    assert!(
        refused
            .detail
            .contains("`wasi_snapshot_preview1.random_get`"),
        "{refused}"
    );
    assert!(refused.help.contains("WASI"), "{refused}");
}

#[test]
fn imports_are_checked_one_by_one() {
    let cases = [
        (
            r#"(import "gauntlet_v2" "exec" (func))"#,
            Rule::ForeignImport,
            "gauntlet_v2.exec",
        ),
        (
            r#"(import "gauntlet_v2" "sync" (memory 1))"#,
            Rule::ForeignImport,
            "not a function",
        ),
        (
            r#"(import "gauntlet_v2" "sync" (global i32))"#,
            Rule::ForeignImport,
            "not a function",
        ),
        (
            r#"(import "gauntlet_v2" "sync" (func (result i32)))"#,
            Rule::ImportType,
            "() -> (i32)",
        ),
        (
            r#"(import "gauntlet_v3" "sync" (func))"#,
            Rule::InterfaceVersion,
            "version 3",
        ),
        (
            r#"(import "env" "\1b[2Jx" (func))"#,
            Rule::ForeignImport,
            r"\u{1b}[2Jx",
        ),
    ];
    for (import, rule, words) in cases {
        // A second memory would be refused for itself: this module defines none.
        let wasm = wat::parse_str(format!(
            r#"(module {import} (func (export "gauntlet_train")) (func (export "gauntlet_predict")))"#
        ))
        .unwrap();
        let refused = refusal(&wasm);
        assert_eq!(refused.rule, rule, "{import}: {refused}");
        assert!(refused.detail.contains(words), "{import}: {refused}");
        assert!(
            !refused.to_string().contains('\u{1b}'),
            "control characters must not survive"
        );
    }
}

#[test]
fn required_exports_are_checked() {
    let train = r#"(func (export "gauntlet_train"))"#;
    let predict = r#"(func (export "gauntlet_predict"))"#;
    let memory = r#"(memory (export "memory") 1)"#;
    let cases = [
        (format!("{train}{memory}"), "gauntlet_predict"),
        (format!("{predict}{memory}"), "gauntlet_train"),
        (format!("{train}{predict}"), "memory"),
        (
            format!(r#"{train}{predict}(func (export "memory"))"#),
            "not a memory",
        ),
        (
            format!(r#"{predict}{memory}(func (export "gauntlet_train") (param i32))"#),
            "(i32) -> ()",
        ),
        (
            format!(r#"{predict}{memory}(global (export "gauntlet_train") i32 (i32.const 1))"#),
            "not a function",
        ),
    ];
    for (fields, words) in cases {
        let refused = refusal(&wat::parse_str(format!("(module {fields})")).unwrap());
        assert_eq!(refused.rule, Rule::Export, "{fields}: {refused}");
        assert!(refused.detail.contains(words), "{fields}: {refused}");
    }
}

#[test]
fn a_start_function_is_refused() {
    let refused = refusal(&module("(func $s (loop (br 0))) (start $s)"));
    assert_eq!(refused.rule, Rule::StartFunction);
}

#[test]
fn features_that_are_off_are_refused() {
    let cases = [
        ("threads", "(memory 1 1 shared)"),
        ("memory64", "(memory i64 1)"),
        ("several memories", "(memory 1)"),
        ("garbage collection", "(type (struct (field i32)))"),
        ("externref", "(func (param externref))"),
        ("exceptions", "(tag)"),
        ("tail calls", "(func $t (return_call $t))"),
        (
            "relaxed SIMD",
            "(func (param v128) (drop (i32x4.relaxed_trunc_f32x4_s (local.get 0))))",
        ),
        ("custom page sizes", "(memory 1 (pagesize 1))"),
    ];
    for (what, extra) in cases {
        let refused = refusal(&module(extra));
        assert!(
            matches!(refused.rule, Rule::Feature | Rule::Invalid),
            "{what} should be refused for its feature: {refused}"
        );
    }
}

#[test]
fn an_invalid_body_is_refused() {
    let refused = refusal(&module("(func (result i32))"));
    assert_eq!(refused.rule, Rule::Invalid);
}

#[test]
fn a_module_cut_short_or_changed_never_panics() {
    let whole =
        module(r#"(table 4 funcref) (elem (i32.const 0) func 0 1) (data (i32.const 0) "abc")"#);
    gate(&whole).expect("the whole module is fine");
    // Cut after the code section, before the data, or before the names, it is complete again.
    let complete = (0..whole.len())
        .filter(|end| gate(&whole[..*end]).is_ok())
        .count();
    assert!(complete <= 2, "{complete} prefixes were accepted");
    for position in 0..whole.len() {
        for value in [0x00, 0x01, 0x40, 0x7f, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[position] = value;
            let _either = gate(&changed);
        }
    }
}

#[test]
fn sizes_over_a_limit_are_refused_with_numbers() {
    let list = |count: usize, item: &str| item.repeat(count);
    let cases: [(&str, String, u64, u64); 9] = [
        (
            "locals",
            format!("(func (local{}))", list(5_001, " i32")),
            5_000,
            5_001,
        ),
        (
            "parameters",
            format!("(func (param{}))", list(129, " i32")),
            128,
            129,
        ),
        (
            "results",
            format!("(type (func (result{})))", list(17, " i32")),
            16,
            17,
        ),
        ("tables", list(5, "(table 1 funcref)"), 4, 5),
        (
            "initial elements",
            "(table 100001 funcref)".into(),
            100_000,
            100_001,
        ),
        (
            "globals",
            list(1_001, "(global i32 (i32.const 0))"),
            1_000,
            1_001,
        ),
        (
            "operands",
            format!(
                "(func {}{})",
                list(2_001, "i32.const 0 "),
                list(2_001, "drop ")
            ),
            2_000,
            2_001,
        ),
        (
            "blocks",
            format!("(func {}{})", list(3_000, "block "), list(3_000, "end ")),
            3_000,
            3_001,
        ),
        (
            "bytes of one function",
            format!("(func {})", list(200_000, "(drop (i32.const 0))")),
            512 << 10,
            600_002,
        ),
    ];
    for (what, extra, limit, found) in cases {
        let refused = refusal(&module(&extra));
        assert_eq!(refused.rule, Rule::TooLarge, "{what}: {refused}");
        assert!(refused.detail.contains(what), "{what}: {refused}");
        assert_eq!(
            (refused.limit, refused.found),
            (Some(limit), Some(found)),
            "{what}: {refused}"
        );
    }
}

#[test]
fn a_huge_initial_memory_is_refused() {
    let wasm = wat::parse_str(
        r#"(module (memory (export "memory") 65536)
            (func (export "gauntlet_train")) (func (export "gauntlet_predict")))"#,
    )
    .unwrap();
    let refused = refusal(&wasm);
    assert_eq!((refused.limit, refused.found), (Some(4_096), Some(65_536)));
}

#[test]
fn a_file_over_the_size_limit_is_refused() {
    let mut wasm = module("");
    let padding = (16 << 20) + 1 - wasm.len();
    // A custom section would be parsed; the size is looked at before anything is.
    wasm.resize(wasm.len() + padding, 0);
    let refused = refusal(&wasm);
    assert_eq!(
        (refused.rule, refused.limit),
        (Rule::TooLarge, Some(16 << 20))
    );
}

#[test]
fn compile_bombs_are_refused_before_they_are_compiled() {
    // 49,000 live locals took Cranelift 44 s, 100,000 functions 24.5 s and 641 MiB.
    let mut one_function = "(func (export \"f\") (result i64) (local".to_owned();
    one_function.push_str(&" i64".repeat(49_000));
    one_function.push_str(") (i64.const 0)");
    for local in 0..49_000 {
        one_function.push_str(&format!("local.get {local} i64.add "));
    }
    one_function.push(')');
    let bombs = [
        ("locals of one function", one_function),
        ("functions", "(func)".repeat(100_000)),
    ];
    for (what, extra) in bombs {
        let wasm = module(&extra);
        let refused = refusal(&wasm);
        assert_eq!(refused.rule, Rule::TooLarge, "{refused}");
        assert!(refused.detail.contains(what), "{refused}");
    }
}

#[test]
fn a_declared_count_costs_no_memory() {
    // A section that claims four billion functions, types and imports in a few bytes.
    for section in [1_u8, 2, 3] {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([section, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert!(gate(&wasm).is_err());
    }
}

#[test]
fn an_author_is_told_every_reason_and_the_first_is_the_gates() {
    let wasm = module_with_imports(
        r#"(import "env" "clock" (func))
           (import "wasi_snapshot_preview1" "fd_write" (func))
           (import "gauntlet_v2" "sync" (func (param i32)))
           (import "gauntlet_v9" "call" (func))
           (import "gauntlet_v9" "read" (func))"#,
        "(func $start) (start $start) (table 200000 funcref)",
    );
    let review = gauntlet_gate::review(&wasm, &GateLimits::default());
    let rules: Vec<_> = review.rejections.iter().map(|reason| reason.rule).collect();
    assert_eq!(
        rules,
        [
            Rule::ForeignImport,
            Rule::ForeignImport,
            Rule::ImportType,
            // Once, though two imports show it.
            Rule::InterfaceVersion,
            Rule::TooLarge,
            Rule::StartFunction,
        ]
    );
    assert_eq!(review.rejections[0], refusal(&wasm));
    assert_eq!(
        review.facts.exports,
        ["gauntlet_predict", "gauntlet_train", "memory"]
    );
}

#[test]
fn what_is_missing_is_told_at_once() {
    let wasm = wat::parse_str("(module)").unwrap();
    let review = gauntlet_gate::review(&wasm, &GateLimits::default());
    assert_eq!(review.rejections.len(), 3, "{:?}", review.rejections);
    assert_eq!(review.rejections[0], refusal(&wasm));
}

/// An honest module with so many bytes of data, in so many segments.
fn carrying(bytes: usize, segments: usize) -> Vec<u8> {
    let data = "x".repeat(bytes / segments);
    let segment = format!("(data \"{data}\")");
    module(&segment.repeat(segments))
}

#[test]
fn a_module_carries_only_so_much_data() {
    let usual = GateLimits::default().data_bytes as usize;
    for segments in [1, 8] {
        let facts = gate(&carrying(usual, segments)).unwrap();
        assert_eq!(facts.data_bytes, usual as u64);
        let refused = refusal(&carrying(usual + segments, segments));
        assert_eq!(refused.rule, Rule::TooLarge);
        assert_eq!(refused.limit, Some(1 << 20));
        assert_eq!(refused.found, Some((usual + segments) as u64));
        assert!(refused.detail.contains("bytes of all data segments"));
        assert!(refused.help.contains("module_data_bytes"), "{refused}");
    }
    // What a tournament's rules allow.
    let limits = GateLimits {
        data_bytes: 100,
        ..GateLimits::platform()
    };
    assert!(check(&carrying(100, 1), &limits).is_ok());
    assert_eq!(
        check(&carrying(101, 1), &limits).unwrap_err().limit,
        Some(100)
    );
    assert!(check(&carrying(2 * usual, 1), &GateLimits::platform()).is_ok());
}

#[test]
fn custom_sections_are_bounded_together() {
    let section = |bytes: usize| format!("(@custom \"notes\" \"{}\")", "x".repeat(bytes));
    let facts = gate(&module(&section(1 << 19))).unwrap();
    // The text's names are one, too.
    assert!(
        (1 << 19..600_000).contains(&facts.custom_bytes),
        "{facts:?}"
    );
    let refused = refusal(&module(&section(1 << 17).repeat(9)));
    assert!(refused.detail.contains("bytes of all custom sections"));
    assert_eq!(refused.limit, Some(1 << 20));
}

#[test]
fn a_review_ends_though_the_reasons_do_not() {
    let imports: String = (0..60)
        .map(|n| format!("(import \"env\" \"f{n}\" (func))"))
        .collect();
    let wasm = module_with_imports(&imports, "");
    let review = gauntlet_gate::review(&wasm, &GateLimits::default());
    assert_eq!(review.rejections.len(), gauntlet_gate::MOST_REASONS);
}

#[test]
fn a_review_of_an_honest_module_finds_what_the_gate_finds() {
    let wasm = module("");
    let review = gauntlet_gate::review(&wasm, &GateLimits::default());
    assert!(review.rejections.is_empty());
    assert_eq!(review.facts, gate(&wasm).unwrap());
}

/// An honest module that says this about itself.
fn saying(json: &str) -> Vec<u8> {
    let text = json.replace('\\', "\\\\").replace('"', "\\\"");
    module(&format!("(@custom \"gauntlet.method\" \"{text}\")"))
}

fn manifest(interface: u32, burn: &str, parameters: &str) -> String {
    format!(
        r#"{{"interface":{interface},"burn":"{burn}","sdk":"0.1.0","parameters":[{parameters}]}}"#
    )
}

#[test]
fn what_a_module_says_about_itself_is_read() {
    let declared =
        r#"{"name":"rate","doc":"a","type":"float","default":0.1,"min":0.01,"max":1,"log":true}"#;
    let (interface, burn) = (gauntlet_wire::VERSION, gauntlet_wire::BURN_VERSION);
    let facts = gate(&saying(&manifest(interface, burn, declared))).expect("it is understood");
    let manifest = facts.manifest.expect("it is there");
    assert_eq!(manifest.parameters[0].name, "rate");
    assert_eq!(gate(&module("")).expect("honest").manifest, None);
}

#[test]
fn a_module_that_needs_something_else_is_refused_and_the_older_side_named() {
    let (interface, burn) = (gauntlet_wire::VERSION, gauntlet_wire::BURN_VERSION);
    for (json, older) in [
        (
            manifest(interface + 1, burn, ""),
            "the platform is the older one",
        ),
        (
            manifest(interface - 1, burn, ""),
            "the module is the older one",
        ),
        (
            manifest(interface, "0.21.0", ""),
            "the module is the older one",
        ),
    ] {
        let refused = refusal(&saying(&json));
        assert_eq!(refused.rule, Rule::InterfaceVersion, "{json}");
        assert!(refused.to_string().contains(older), "{refused}");
    }
    for json in ["", "{}", "[1]", "{\"interface\":\"one\"}"] {
        assert_eq!(refusal(&saying(json)).rule, Rule::Manifest, "{json}");
    }
    let long = manifest(interface, &"9".repeat(70_000), "");
    assert_eq!(refusal(&saying(&long)).rule, Rule::TooLarge);
    let once = manifest(interface, burn, "").replace('"', "\\\"");
    let once = format!("(@custom \"gauntlet.method\" \"{once}\")");
    let twice = refusal(&module(&format!("{once}{once}")));
    assert_eq!(twice.rule, Rule::Manifest);
    assert!(twice.detail.contains("two sections"), "{twice}");
}
