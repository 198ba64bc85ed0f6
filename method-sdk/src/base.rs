//! Base weights of a fine-tuning task, into a module.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use gauntlet_wire::{BaseParameter, TaskInfo};

use crate::error::MethodError;
use crate::host::Host;

/// The tensor of that name in the task's base weights.
pub(crate) fn find<'a>(task: &'a TaskInfo, name: &str) -> Result<&'a BaseParameter, MethodError> {
    let Some(base) = &task.base else {
        return Err(MethodError::new(format!(
            "the task `{}` carries no base weights",
            task.name
        )));
    };
    base.parameters
        .iter()
        .find(|parameter| parameter.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = base.parameters.iter().map(|p| p.name.as_str()).collect();
            MethodError::new(format!(
                "the base weights have no tensor `{name}`; they have {}",
                names.join(", ")
            ))
        })
}

/// A single tensor, checked against the number of dimensions wanted.
pub(crate) fn tensor<const D: usize>(
    task: &TaskInfo,
    host: &mut Host,
    name: &str,
) -> Result<Tensor<D>, MethodError> {
    let parameter = find(task, name)?;
    if parameter.shape.len() != D {
        return Err(MethodError::new(format!(
            "the base weights' `{name}` has shape {:?}, the method wants {D} dimensions",
            parameter.shape
        )));
    }
    Ok(host.base(parameter))
}

/// Replaces every float parameter of `module` by the base weights' tensor of the same
/// path behind `prefix`. Nothing is loaded unless all of them are there and fit.
pub(crate) fn restore<M: Module>(
    task: &TaskInfo,
    host: &mut Host,
    prefix: &str,
    module: M,
) -> Result<M, MethodError> {
    let mut check = Check {
        task,
        path: path(prefix),
        fault: None,
    };
    module.visit(&mut check);
    if let Some(fault) = check.fault {
        return Err(fault);
    }
    Ok(module.map(&mut Load {
        task,
        host,
        path: path(prefix),
    }))
}

fn path(prefix: &str) -> Vec<String> {
    match prefix {
        "" => Vec::new(),
        prefix => vec![prefix.to_owned()],
    }
}

/// Looks at shapes only, so that no fresh parameter is computed to be thrown away.
struct Check<'a> {
    task: &'a TaskInfo,
    path: Vec<String>,
    fault: Option<MethodError>,
}

impl ModuleVisitor for Check<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.join(".");
        let wanted = param.lazy_shape().to_vec();
        let fault = match find(self.task, &name) {
            Err(fault) => Some(fault),
            Ok(parameter) if parameter.shape != wanted => Some(MethodError::new(format!(
                "the model's parameter `{name}` has shape {wanted:?}, the base weights' {:?}",
                parameter.shape
            ))),
            Ok(_) => None,
        };
        self.fault = self.fault.take().or(fault);
    }
}

struct Load<'a> {
    task: &'a TaskInfo,
    host: &'a mut Host,
    path: Vec<String>,
}

impl ModuleMapper for Load<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        let parameter = find(self.task, &name).expect("the check found every parameter");
        let id = param.id;
        // Trainable or frozen, as the parameter was.
        param.transform_for_load(self.host.base::<D>(parameter).autodiff(), id)
    }
}
