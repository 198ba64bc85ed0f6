//! The raw imports. This is the only unsafe code of a guest.
#![expect(unsafe_code, reason = "calling the host")]
// Sound because every pointer comes from a live slice and travels with its
// length, and the host reads or writes only those bytes, during the call.

mod raw {
    #[link(wasm_import_module = "gauntlet_v2")]
    unsafe extern "C" {
        pub(super) fn submit(ptr: *const u8, len: usize);
        pub(super) fn upload(
            id: u64,
            header: *const u8,
            header_len: usize,
            data: *const u8,
            data_len: usize,
        );
        pub(super) fn read(ptr: *const u8, len: usize) -> u32;
        pub(super) fn take(ptr: *mut u8, len: usize);
        pub(super) fn sync();
        pub(super) fn dtype_usage(ptr: *const u8, len: usize) -> u32;
        pub(super) fn random(ptr: *mut u8, len: usize);
        pub(super) fn log(ptr: *const u8, len: usize);
        pub(super) fn fail(ptr: *const u8, len: usize) -> !;
        pub(super) fn call(ptr: *const u8, len: usize) -> u32;
    }
}

pub(super) fn submit(batch: &[u8]) {
    unsafe { raw::submit(batch.as_ptr(), batch.len()) }
}

pub(super) fn upload(id: u64, header: &[u8], data: &[u8]) {
    unsafe { raw::upload(id, header.as_ptr(), header.len(), data.as_ptr(), data.len()) }
}

pub(super) fn read(tensor: &[u8]) -> u32 {
    unsafe { raw::read(tensor.as_ptr(), tensor.len()) }
}

pub(super) fn take(bytes: &mut [u8]) {
    unsafe { raw::take(bytes.as_mut_ptr(), bytes.len()) }
}

pub(super) fn sync() {
    unsafe { raw::sync() }
}

pub(super) fn dtype_usage(dtype: &[u8]) -> u32 {
    unsafe { raw::dtype_usage(dtype.as_ptr(), dtype.len()) }
}

pub(super) fn random(bytes: &mut [u8]) {
    unsafe { raw::random(bytes.as_mut_ptr(), bytes.len()) }
}

pub(super) fn log(line: &[u8]) {
    unsafe { raw::log(line.as_ptr(), line.len()) }
}

pub(super) fn fail(message: &[u8]) -> ! {
    unsafe { raw::fail(message.as_ptr(), message.len()) }
}

pub(super) fn call(request: &[u8]) -> u32 {
    unsafe { raw::call(request.as_ptr(), request.len()) }
}

// getrandom 0.3 and 0.4 both ask this symbol when built with
// `--cfg getrandom_backend="custom"`; all randomness is the host's.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    destination: *mut u8,
    length: usize,
) -> Result<(), getrandom::Error> {
    unsafe { raw::random(destination, length) };
    Ok(())
}
