//! Without a host there is no training; this only lets the crate compile.

use burn::module::Module;
use burn::tensor::Tensor;
use gauntlet_wire::calls::Measured;
use gauntlet_wire::{BaseParameter, TaskInfo};

use crate::budget::Reading;
use crate::data::Batch;
use crate::error::MethodError;

pub(crate) enum Host {}

impl Host {
    pub(crate) fn next_batch(&mut self, _: &TaskInfo, _: usize) -> Batch {
        match *self {}
    }

    pub(crate) fn train_set(&mut self, _: &TaskInfo) -> Batch {
        match *self {}
    }

    pub(crate) fn base<const D: usize>(&mut self, _: &BaseParameter) -> Tensor<D> {
        match *self {}
    }

    pub(crate) fn progress(&mut self) -> f64 {
        match *self {}
    }

    pub(crate) fn report(&mut self, _: u64, _: &str, _: f64) {
        match *self {}
    }

    pub(crate) fn report_tensor(&mut self, _: u64, _: &str, _: Tensor<1>) {
        match *self {}
    }

    pub(crate) fn log(&mut self, _: &str) {
        match *self {}
    }

    pub(crate) fn checkpoint<M: Module>(&mut self, _: u64, _: Option<Measured>, _: &M) -> bool {
        match *self {}
    }

    pub(crate) fn budget(&mut self) -> Reading {
        match *self {}
    }

    pub(crate) fn restore<M: Module>(&mut self, _: M) -> Result<M, MethodError> {
        match *self {}
    }
}
