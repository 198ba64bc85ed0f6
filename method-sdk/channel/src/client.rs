//! Burn's routing traits over the channel to the host.

use burn_backend::{DType, DTypeUsageSet, ExecutionError, Shape, TensorData};
use burn_ir::{GraphBindings, GraphId, OperationIr, TensorId, TensorIr};
use burn_router::{MultiBackendBridge, RouterChannel, RouterClient, RouterTensor};
use burn_std::future::DynFut;

use crate::{RemoteDevice, queue, raw};

/// The one way from a guest to the host's backend.
#[derive(Clone, Debug)]
pub struct HostChannel;

/// Handle on the channel; all state is in the queue.
#[derive(Clone, Debug)]
pub struct HostClient;

/// There is one device, so nothing ever moves between devices.
pub struct NoBridge;

impl MultiBackendBridge for NoBridge {
    type TensorHandle = TensorIr;
    type Device = RemoteDevice;

    fn change_backend_float(tensor: TensorIr, _: Shape, _: &RemoteDevice) -> TensorIr {
        tensor
    }

    fn change_backend_int(tensor: TensorIr, _: Shape, _: &RemoteDevice) -> TensorIr {
        tensor
    }

    fn change_backend_bool(tensor: TensorIr, _: Shape, _: &RemoteDevice) -> TensorIr {
        tensor
    }
}

impl RouterChannel for HostChannel {
    type Device = RemoteDevice;
    type Bridge = NoBridge;
    type Client = HostClient;

    fn name(_: &RemoteDevice) -> String {
        "gauntlet-host".to_owned()
    }

    fn init_client(_: &RemoteDevice) -> HostClient {
        HostClient
    }

    fn get_tensor_handle(tensor: &TensorIr, _: &HostClient) -> TensorIr {
        tensor.clone()
    }

    fn register_tensor(
        _: &HostClient,
        handle: TensorIr,
        shape: Shape,
        dtype: DType,
    ) -> RouterTensor<HostClient> {
        RouterTensor::new(handle.id, shape, dtype, HostClient)
    }

    fn change_client_backend(
        tensor: RouterTensor<HostClient>,
        _: &RemoteDevice,
    ) -> RouterTensor<HostClient> {
        tensor
    }
}

impl RouterClient for HostClient {
    type Device = RemoteDevice;

    fn register_op(&self, op: OperationIr) {
        queue::push_operation(&op);
    }

    fn read_tensor_async(&self, tensor: TensorIr) -> DynFut<Result<TensorData, ExecutionError>> {
        queue::flush();
        let bytes = raw::read(&tensor);
        let data = TensorData::try_from_bytes_vec(bytes, tensor.shape, tensor.dtype)
            .map_err(|error| ExecutionError::with_context(format!("a tensor as read: {error:?}")));
        // The host has answered already: the future is ready at its first poll.
        Box::pin(std::future::ready(data))
    }

    fn sync(&self) -> Result<(), ExecutionError> {
        queue::flush();
        raw::sync();
        Ok(())
    }

    fn flush(&self) {
        queue::flush();
    }

    fn create_empty_handle(&self) -> TensorId {
        TensorId::new(queue::new_id())
    }

    fn register_tensor_data(&self, data: TensorData) -> RouterTensor<Self> {
        queue::flush();
        let id = queue::new_id();
        raw::upload(id, &data);
        let (_, shape, dtype) = data.into_parts();
        RouterTensor::new(TensorId::new(id), shape, dtype, self.clone())
    }

    fn device(&self) -> RemoteDevice {
        RemoteDevice
    }

    fn seed(&self, seed: u64) {
        queue::push_seed(seed);
    }

    fn dtype_usage(&self, dtype: DType) -> DTypeUsageSet {
        DTypeUsageSet::from_u32_truncated(raw::dtype_usage(dtype))
    }

    fn register_and_execute_graph(&self, _: GraphId, _: Vec<OperationIr>, _: GraphBindings) {
        unreachable!(
            "graphs come from fusion, which is off in a guest: it costs more than it saves"
        )
    }

    fn execute_graph(&self, _: GraphId, _: GraphBindings) {
        unreachable!(
            "graphs come from fusion, which is off in a guest: it costs more than it saves"
        )
    }

    fn register_alias(&self, _: TensorId, _: TensorId) {
        unreachable!("aliases come from fusion, which is off in a guest")
    }
}
