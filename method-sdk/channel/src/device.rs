//! The device a guest sees.

use std::sync::OnceLock;

use burn_backend::{DeviceOps, RouterDeviceType};
use burn_std::{DeviceSettings, device::DeviceId};
use gauntlet_wire::calls::{Call, DeviceDefaults, Hello};
use serde::de::DeserializeOwned;

use crate::host;

/// The host's device. There is exactly one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteDevice;

impl burn_std::device::Device for RemoteDevice {
    fn from_id(_: DeviceId) -> Self {
        Self
    }

    fn to_id(&self) -> DeviceId {
        DeviceId {
            type_id: RouterDeviceType::Remote.into(),
            index_id: 0,
        }
    }
}

impl DeviceOps for RemoteDevice {
    fn defaults(&self) -> DeviceSettings {
        // Asked of the host, not assumed: a GPU's default integer is not a CPU's.
        static DEFAULTS: OnceLock<DeviceSettings> = OnceLock::new();
        *DEFAULTS.get_or_init(|| {
            let hello: Hello = host::call(&Call::Hello);
            let DeviceDefaults { float, int, bool } = hello.defaults;
            DeviceSettings::with_dtypes(
                named::<burn_std::FloatDType>(float),
                named::<burn_std::IntDType>(int),
                named::<burn_std::BoolDType>(bool),
            )
        })
    }
}

fn named<T: DeserializeOwned>(name: String) -> T {
    let value = serde_json::Value::String(name);
    serde_json::from_value(value).expect("the host names dtypes as this Burn release does")
}
