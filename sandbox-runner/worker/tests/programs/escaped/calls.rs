//! System calls that the standard library does not offer.
#![expect(unsafe_code, reason = "an attacker uses what there is")]

use nix::libc;

/// A system call; the error in words if it fails.
pub(crate) fn call<const COUNT: usize>(
    number: libc::c_long,
    arguments: [libc::c_long; COUNT],
) -> Result<i64, String> {
    let mut all: [libc::c_long; 6] = [0; 6];
    all[..COUNT].copy_from_slice(&arguments);
    let [a, b, c, d, e, f] = all;
    // Sound: the callers pass numbers and addresses of buffers that live through the call.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if result < 0 {
        return Err(std::io::Error::last_os_error().to_string());
    }
    Ok(result)
}

pub(crate) fn close(descriptor: i32) {
    // Sound: nothing uses the descriptor afterwards.
    let _ = unsafe { libc::close(descriptor) };
}

/// Forks twice, leaves the session and the process group, and sleeps under nobody's eyes.
pub(crate) fn daemon() {
    // Sound: this process has one thread, and the children call only what is safe after
    // a fork.
    unsafe {
        if libc::fork() == 0 {
            libc::setsid();
            if libc::fork() == 0 {
                for descriptor in 0..64 {
                    libc::close(descriptor);
                }
                loop {
                    libc::sleep(1000);
                }
            }
            libc::_exit(0);
        }
    }
}

pub(crate) fn stop_self() {
    // Sound: raises a signal.
    let _ = unsafe { libc::raise(libc::SIGSTOP) };
}

/// Maps writable memory and touches none of it, also where the machine has less.
pub(crate) fn map(bytes: usize) -> Result<(), String> {
    // Sound: a fresh mapping that nobody uses.
    let address = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    if address == libc::MAP_FAILED {
        return Err(std::io::Error::last_os_error().to_string());
    }
    Ok(())
}
