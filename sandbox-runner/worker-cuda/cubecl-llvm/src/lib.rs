//! Stands in for CubeCL's LLVM compiler.
//!
//! cubecl-cuda has two ways to compile a kernel and always links both. With its
//! feature `cpp` it takes the other one, CUDA C++ through NVRTC, so this crate
//! has the names that cubecl-cuda uses and panics if its compiler is ever run.

use std::ffi::c_char;
use std::fmt;

use cubecl_core::ir::nvidia::SmArch;
use cubecl_core::prelude::KernelDefinition;
use cubecl_runtime::compiler::{CompilationError, Compiler};
use cubecl_runtime::kernel::BufferIOAttr;

use nvptx::ptx_version::PtxVersion;

fn absent() -> ! {
    panic!(
        "this worker is built without LLVM: build cubecl-cuda with its feature `cpp`, \
         so that kernels are compiled with NVRTC"
    )
}

/// What a compiler would compile for.
#[derive(Clone, Copy, Debug)]
pub enum LlvmTarget {
    /// NVIDIA GPUs.
    Nvptx,
}

/// The compiler that is not there.
#[derive(Clone, Debug)]
pub struct PlironCompiler {
    /// Its target.
    pub target: LlvmTarget,
}

/// Its options; nothing reads them.
#[derive(Clone, Debug, Default)]
pub struct PlironOptions {
    /// Architecture of an AMD GPU: there is none here.
    pub arch: Option<()>,
    /// Architecture of the NVIDIA GPU.
    pub sm_arch: Option<SmArch>,
    /// The newest PTX that the driver loads.
    pub ptx_version: Option<PtxVersion>,
    /// Whether scalars travel in the kernel's parameters.
    pub grid_constants: bool,
    /// Options of other targets.
    pub other: (),
}

/// A compiled kernel, were there one.
#[derive(Clone, Debug)]
pub struct NvptxModule {
    /// PTX, ended by a NUL.
    pub ptx: Vec<c_char>,
    /// LLVM's text of the kernel.
    pub ir: String,
    /// Shared memory that a launch needs, in bytes.
    pub shared_memory_size: usize,
    /// How the kernel uses each buffer.
    pub io: Vec<BufferIOAttr>,
}

/// What compiling would give.
#[derive(Clone, Debug)]
pub enum PlironArtifact {
    /// PTX.
    NvptxCode(NvptxModule),
    /// Code for other targets.
    Other,
}

impl fmt::Display for PlironArtifact {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        absent()
    }
}

impl Compiler for PlironCompiler {
    type Representation = PlironArtifact;
    type CompilationOptions = PlironOptions;

    fn compile(
        &mut self,
        _: KernelDefinition,
        _: &PlironOptions,
    ) -> Result<PlironArtifact, CompilationError> {
        absent()
    }

    fn extension(&self) -> &'static str {
        "ll"
    }

    fn lang_tag(&self) -> &'static str {
        "llvm"
    }
}

/// What is particular to NVIDIA GPUs.
pub mod nvptx {
    /// Versions of PTX.
    pub mod ptx_version {
        use std::fmt;

        /// A version of PTX: never known, because only LLVM would ask.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum PtxVersion {}

        impl PtxVersion {
            /// The newest version that a driver loads. cubecl-cuda asks on every start.
            pub fn for_driver(_: i32) -> Option<Self> {
                None
            }
        }

        impl fmt::Display for PtxVersion {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {}
            }
        }
    }
}

/// What the targets have in common.
pub mod shared {
    /// What a device may advertise to programs that LLVM compiles.
    pub mod lowered_features {
        use cubecl_core::ir::DeviceProperties;

        /// The kind of GPU.
        #[derive(Clone, Copy, Debug)]
        pub enum GpuTarget {
            /// NVIDIA GPUs.
            Nvptx,
        }

        /// Would take away what LLVM does not compile.
        pub fn restrict_features(_: &mut DeviceProperties, _: GpuTarget) {
            crate::absent()
        }
    }
}
