//! What to type to train under a debugger.

use std::path::Path;

/// The commands for `program`, whose task and data are laid out in `folder`.
pub(crate) fn commands(program: &Path, folder: &Path) -> String {
    let (program, folder) = (program.display(), folder.display());
    format!(
        "The program and its data are ready: training, with the task and seed you gave.\n\n\
         a debugger:   rust-gdb --args {program} train --root {folder}\n\
         \x20             (or rust-lldb -- {program} train --root {folder})\n\
         a backtrace:  RUST_BACKTRACE=full {program} train --root {folder}\n\
         a profiler:   perf record -g {program} train --root {folder}\n\n\
         Break at your own code with `break lib.rs:LINE`; it is compiled without optimisation, \
         what it is built on with.\n\
         The folder is yours: remove {folder} when you are done."
    )
}
