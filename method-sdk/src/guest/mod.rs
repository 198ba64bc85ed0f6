//! The method's side of the sandbox: entry points and the host's services.

pub(crate) mod host;
mod model;

use burn::tensor::{Device, Tensor};
use burn_remote::{RemoteBackend, RemoteDevice, host as raw};
use gauntlet_wire::calls::{BatchReply, Call, Hello};

use host::Host;

use crate::allocator::FreeLists;
use crate::method::Method;
use crate::parameters;
use crate::training::Training;

#[global_allocator]
static ALLOCATOR: FreeLists = FreeLists::new();

/// Trains and checks the model in. Called by the host, once.
pub fn train<M: Method>() {
    let hello = start();
    let method = configured::<M>(&hello);
    let device = device().autodiff();
    let model = method.build(&hello.task, &device);
    let mut run = Training::new(hello.task, hello.seed, device, Host);
    match method.train(&mut run, model) {
        Ok(model) => run.checkpoint(&model),
        Err(error) => raw::fail(&error.report()),
    }
}

/// Loads the model and hands in predictions. Called by the host, once, in a fresh sandbox.
pub fn predict<M: Method>() {
    let hello = start();
    let method = configured::<M>(&hello);
    let model = method.build(&hello.task, &device());
    let model = parameters::restore(model, &mut model::Loader::new());
    let inputs = burn_remote::new_id();
    let reply: BatchReply = raw::call(&Call::HiddenInputs { inputs });
    let inputs = host::inputs(&hello.task, inputs, reply.rows);
    match method.predict(&model, &inputs) {
        Ok(predictions) => hand_in(predictions),
        Err(error) => raw::fail(&error.report()),
    }
}

fn configured<M: Method>(hello: &Hello) -> M {
    M::configure(&hello.settings).unwrap_or_else(|error| raw::fail(&error.report()))
}

fn hand_in(predictions: Tensor<2>) {
    let tensor = predictions
        .try_into_primitive::<RemoteBackend>()
        .expect("predictions are on the host's device");
    let () = raw::call(&Call::Predictions {
        tensor: tensor.id().value(),
    });
}

fn device() -> Device {
    Device::new(RemoteDevice)
}

fn start() -> Hello {
    // A panic's message would be lost in the trap that follows it.
    std::panic::set_hook(Box::new(|panic| raw::fail(&panic.to_string())));
    raw::call(&Call::Hello)
}
