//! A model's parameters by name: out of a module, and back into one.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Bool, Int, Tensor};

/// Takes every parameter that a walk over a module meets.
pub(crate) trait Sink {
    fn float<const D: usize>(&mut self, name: String, tensor: Tensor<D>);
    fn int<const D: usize>(&mut self, name: String, tensor: Tensor<D, Int>);
    fn bool<const D: usize>(&mut self, name: String, tensor: Tensor<D, Bool>);
}

/// Gives every parameter that a walk over a module asks for.
pub(crate) trait Source {
    fn float<const D: usize>(&mut self, name: &str) -> Tensor<D>;
    fn int<const D: usize>(&mut self, name: &str) -> Tensor<D, Int>;
    fn bool<const D: usize>(&mut self, name: &str) -> Tensor<D, Bool>;
}

/// Walks a module's parameters, without gradients, named by their path (`layers.0.weight`).
///
/// Running statistics are up to date: their last update waits inside the module until it
/// is asked for its validation form, which Burn's own records do not do.
pub(crate) fn collect<M: Module>(module: &M, sink: &mut impl Sink) {
    module.valid().visit(&mut Walk {
        path: Vec::new(),
        target: sink,
    });
}

/// Replaces every parameter of a module by the source's of the same name.
pub(crate) fn restore<M: Module>(module: M, source: &mut impl Source) -> M {
    module.map(&mut Walk {
        path: Vec::new(),
        target: source,
    })
}

struct Walk<'a, T> {
    path: Vec<String>,
    target: &'a mut T,
}

impl<T> Walk<'_, T> {
    fn name(&self) -> String {
        self.path.join(".")
    }
}

impl<S: Sink> ModuleVisitor for Walk<'_, S> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let tensor = if tensor.is_autodiff() {
            tensor.inner()
        } else {
            tensor
        };
        let name = self.name();
        self.target.float(name, tensor);
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        let name = self.name();
        self.target.int(name, param.val());
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        let name = self.name();
        self.target.bool(name, param.val());
    }
}

impl<S: Source> ModuleMapper for Walk<'_, S> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    // `initialized` rather than `map`: mapping would first compute the fresh
    // parameter that is about to be thrown away.
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.name();
        Param::initialized(param.id, self.target.float(&name))
    }

    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        let name = self.name();
        Param::initialized(param.id, self.target.int(&name))
    }

    fn map_bool<const D: usize>(
        &mut self,
        param: Param<Tensor<D, Bool>>,
    ) -> Param<Tensor<D, Bool>> {
        let name = self.name();
        Param::initialized(param.id, self.target.bool(&name))
    }
}
