//! What tensor operations run on.

use std::fmt;
use std::str::FromStr;

/// What tensor operations run on: `cpu` or `cuda:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA GPU, counted from 0 as CUDA counts them.
    Cuda(u16),
}

impl Device {
    /// The program that executes methods on it.
    #[must_use]
    pub fn worker(self) -> &'static str {
        match self {
            Self::Cpu => "gauntlet-worker",
            Self::Cuda(_) => "gauntlet-worker-cuda",
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => formatter.write_str("cpu"),
            Self::Cuda(number) => write!(formatter, "cuda:{number}"),
        }
    }
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = match text {
            "cpu" => return Ok(Self::Cpu),
            "cuda" => "0",
            _ => text
                .strip_prefix("cuda:")
                .ok_or("there is no such device; use cpu or cuda:N")?,
        };
        number
            .parse()
            .map(Self::Cuda)
            .map_err(|_| format!("{number:?} is not the number of a GPU; use cuda:0"))
    }
}

#[cfg(test)]
mod tests {
    use super::Device;

    #[test]
    fn devices_are_written_as_they_are_read() {
        for text in ["cpu", "cuda:0", "cuda:7"] {
            assert_eq!(text.parse::<Device>().unwrap().to_string(), text);
        }
        assert_eq!("cuda".parse(), Ok(Device::Cuda(0)));
        for wrong in ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:70000"] {
            assert!(wrong.parse::<Device>().is_err(), "{wrong}");
        }
    }
}
