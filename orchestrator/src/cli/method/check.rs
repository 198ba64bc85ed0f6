//! `gauntlet method check`.

use std::path::PathBuf;

use gauntlet_workbench::check::{image, module};

use super::place::Place;
use crate::failure::{Failure, Fault};
use crate::output::Output;
use crate::show::text::counted;
use crate::show::{image_check, module_check};

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
        let path = super::module(&self.path, output.json)?;
        if image::is_archive(&path) {
            let check = image::check(&path)?;
            output.answer(&check, image_check::show)?;
            return match check.enters {
                true => Ok(()),
                false => Err(Failure::new(Fault::Refused, "the image is refused").field("PATH")),
            };
        }
        let (mut check, wasm) = module::check(&path)?;
        if self.compile && check.enters {
            let local = self.place.sandbox(true)?;
            let compiled = super::runtime()?.block_on(module::compile(&local, &wasm));
            check.compiled = Some(compiled?);
        }
        output.answer(&check, module_check::show)?;
        if check.passes() {
            return Ok(());
        }
        let what = match check.reasons.len() {
            0 => "the module does not compile".to_owned(),
            count => format!("the gate refuses it for {}", counted(count, "reason")),
        };
        Err(Failure::new(Fault::Refused, what).field("PATH"))
    }
}
