//! `gauntlet method pack`.

use std::path::PathBuf;

use gauntlet_image::Packed;
use gauntlet_workbench::check::image;

use crate::failure::Failure;
use crate::output::Output;
use crate::show::image_check;

/// Pack a program into a container image, without an engine.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The program speaks the file contract (docs/OCI-CONTRACT.md) and lies in the image as \
                  /method. One that is linked statically needs nothing else; for others add files, or \
                  build the image with any tool and hand in what `docker save` writes. The same files \
                  give the same archive."
)]
pub(crate) struct Pack {
    /// The program.
    program: PathBuf,
    /// The archive to write [default: the program's name with .tar].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Another file or folder, and its place in the image; may be given again.
    #[arg(long, value_name = "PATH:PLACE")]
    add: Vec<String>,
    /// A program of the image that is to run /method, such as an interpreter; may be given again
    /// for its arguments.
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    with: Vec<String>,
    /// A variable of the environment; may be given again.
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
}

impl Pack {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        let place = "/method".to_owned();
        let mut files = vec![(self.program.clone(), place.clone())];
        for added in &self.add {
            let (from, to) = added.rsplit_once(':').ok_or_else(|| {
                Failure::input(format!("{added:?} has no place in the image"))
                    .field("--add")
                    .help("give a path here and one in the image, as in data:/opt/data")
            })?;
            files.push((from.into(), to.to_owned()));
        }
        let mut entrypoint = self.with;
        entrypoint.push(place);
        let packed = Packed {
            files,
            entrypoint,
            environment: self.env,
            working_directory: "/".to_owned(),
        };
        let archive = self.output.unwrap_or_else(|| {
            let mut name = self.program.file_name().unwrap_or_default().to_owned();
            name.push(".tar");
            name.into()
        });
        let file = std::fs::File::create(&archive)
            .map_err(|error| Failure::file("write", &archive, error))?;
        gauntlet_image::pack(&packed, std::io::BufWriter::new(file))
            .map_err(|error| Failure::input(error.to_string()).field("PROGRAM"))?;
        let check = image::check(&archive)?;
        output.answer(&check, image_check::show)
    }
}
