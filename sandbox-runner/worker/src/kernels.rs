//! Which of the CPU backend's kernels this machine gets, since they decide the bits.
//!
//! burn-flex takes two libraries whose kernels are chosen by what the CPU can do:
//! `macerator` (its feature `simd`) adds up rows in as many lanes as the widest
//! registers have, AVX-512's included; `gemm` multiplies matrices with fused
//! multiply-add where there is FMA. Without `simd` the first is gone, and every x86-64
//! machine with FMA gives the same bits: that is the pinned worker.

/// What the kernels of this machine are called in its hardware class.
///
/// # Errors
/// If the worker is pinned to an instruction set that this machine does not have.
pub(crate) fn chosen() -> Result<&'static str, &'static str> {
    if cfg!(feature = "simd") {
        Ok(widest())
    } else if fused() {
        Ok(PINNED)
    } else {
        Err("this worker is pinned to x86-64-v3, and this machine has no AVX2 with FMA")
    }
}

#[cfg(target_arch = "x86_64")]
const PINNED: &str = "x86-64-v3 (pinned)";
#[cfg(not(target_arch = "x86_64"))]
const PINNED: &str = "baseline (pinned)";

#[cfg(target_arch = "x86_64")]
fn fused() -> bool {
    is_x86_feature_detected!("fma") && is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn fused() -> bool {
    // gemm's kernels for NEON fuse always.
    true
}

/// The order is macerator's own.
#[cfg(target_arch = "x86_64")]
fn widest() -> &'static str {
    let all = |sets: [bool; 5]| sets.into_iter().all(|set| set);
    if fused()
        && all([
            is_x86_feature_detected!("avx512f"),
            is_x86_feature_detected!("avx512bw"),
            is_x86_feature_detected!("avx512cd"),
            is_x86_feature_detected!("avx512dq"),
            is_x86_feature_detected!("avx512vl"),
        ])
    {
        "avx512"
    } else if fused() {
        "avx2 fma"
    } else if is_x86_feature_detected!("sse4.2") {
        "sse4.2"
    } else {
        "sse2"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn widest() -> &'static str {
    "native"
}
