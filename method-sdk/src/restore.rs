//! The checkpoint that the host keeps, back into a module that is being trained.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Bool, Int, Tensor};

use crate::error::MethodError;
use crate::parameters::Source;

/// Replaces every parameter of `module` by the kept one of the same path, trainable or
/// frozen as it was. `kept` names what is kept, with its shapes; nothing is loaded unless
/// all of it fits.
pub(crate) fn restore<M: Module>(
    source: &mut impl Source,
    kept: Vec<(String, Vec<usize>)>,
    module: M,
) -> Result<M, MethodError> {
    if kept.is_empty() {
        return Err(MethodError::new("nothing has been checked in yet"));
    }
    let mut check = Check {
        kept: kept.into_iter().collect(),
        path: Vec::new(),
        fault: None,
    };
    module.visit(&mut check);
    match check.fault {
        Some(fault) => Err(fault),
        None => Ok(module.map(&mut Load {
            source,
            path: Vec::new(),
        })),
    }
}

struct Check {
    kept: HashMap<String, Vec<usize>>,
    path: Vec<String>,
    fault: Option<MethodError>,
}

impl Check {
    fn parameter(&mut self, wanted: &[usize]) {
        let name = self.path.join(".");
        let fault = match self.kept.get(&name) {
            None => format!("the checkpoint has no parameter `{name}`"),
            Some(shape) if shape != wanted => format!(
                "the model's parameter `{name}` has shape {wanted:?}, the checkpoint's {shape:?}"
            ),
            Some(_) => return,
        };
        self.fault.get_or_insert_with(|| MethodError::new(fault));
    }
}

impl ModuleVisitor for Check {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.parameter(&param.lazy_shape().to_vec());
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.parameter(&param.lazy_shape().to_vec());
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.parameter(&param.lazy_shape().to_vec());
    }
}

struct Load<'a, S> {
    source: &'a mut S,
    path: Vec<String>,
}

impl<S: Source> ModuleMapper for Load<'_, S> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let tensor = self.source.float::<D>(&self.path.join("."));
        let id = param.id;
        param.transform_for_load(tensor.autodiff(), id)
    }

    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        let tensor = self.source.int::<D>(&self.path.join("."));
        Param::initialized(param.id, tensor)
    }

    fn map_bool<const D: usize>(
        &mut self,
        param: Param<Tensor<D, Bool>>,
    ) -> Param<Tensor<D, Bool>> {
        let tensor = self.source.bool::<D>(&self.path.join("."));
        Param::initialized(param.id, tensor)
    }
}
