//! `gauntlet method check`.

use std::path::PathBuf;
use std::time::Instant;

use gauntlet_sandbox::{CompileError, CompileLimits};

use crate::failure::{Failure, Fault};
use crate::image_check;
use crate::local::Place;
use crate::method_check::{self, Compiled};
use crate::method_run;
use crate::output::Output;
use crate::show::text::counted;

/// Say whether the gate would let a method in, with every reason.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Nothing is sent anywhere: the gate is the server's own code. Exit codes: 0 it \
                  would be let in, 1 it would not, 2 there is no such file."
)]
pub(crate) struct Check {
    /// A .wasm file, an image's archive, or the folder of a crate, which is built first.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Compile it too, in the sandbox and within its limits, and say how long that takes.
    #[arg(long)]
    compile: bool,
    #[command(flatten)]
    place: Place,
}

impl Check {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        let path = method_run::module(&self.path, output.json)?;
        if image_check::is_archive(&path) {
            let check = image_check::check(&path)?;
            output.answer(&check, image_check::show)?;
            return match check.enters {
                true => Ok(()),
                false => Err(Failure::new(Fault::Refused, "the image is refused").field("PATH")),
            };
        }
        let (mut check, wasm) = method_check::check(&path)?;
        if self.compile && check.enters {
            check.compiled = Some(self.compile(&wasm)?);
        }
        output.answer(&check, method_check::show)?;
        if check.passes() {
            return Ok(());
        }
        let what = match check.reasons.len() {
            0 => "the module does not compile".to_owned(),
            count => format!("the gate refuses it for {}", counted(count, "reason")),
        };
        Err(Failure::new(Fault::Refused, what).field("PATH"))
    }

    fn compile(&self, wasm: &[u8]) -> Result<Compiled, Failure> {
        let local = self.place.sandbox(true)?;
        let began = Instant::now();
        let compiled = super::runtime()?.block_on(local.sandbox.compile(wasm));
        let error = match compiled {
            Ok(_) => None,
            Err(CompileError::Fault(fault)) => {
                return Err(Failure::ours("compile the module", fault));
            }
            Err(error) => Some(error.to_string()),
        };
        Ok(Compiled {
            seconds: began.elapsed().as_secs_f64(),
            limit_seconds: CompileLimits::default().cpu_seconds,
            error,
        })
    }
}
