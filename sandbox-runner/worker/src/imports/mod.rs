//! The host functions: exactly the imports of [`gauntlet_wire::imports`].

mod calls;

use burn_backend::{DType, Shape, TensorData};
use burn_ir::TensorIr;
use gauntlet_validator::price;
use gauntlet_wire::{MODULE, imports as names};
use rand_chacha::rand_core::Rng;
use serde::de::DeserializeOwned;
use wasmtime::{Caller, Linker};

use crate::session::Session;
use crate::stop::Stop;

type Host<'a> = Caller<'a, Session>;

/// A linker with our imports and nothing else.
pub(crate) fn link(linker: &mut Linker<Session>) -> wasmtime::Result<()> {
    linker
        .func_wrap(
            MODULE,
            names::SUBMIT,
            |mut host: Host<'_>, ptr: u32, len: u32| {
                with(&mut host, |memory, session| {
                    session.submit(bytes(memory, ptr, len)?)
                })
            },
        )?
        .func_wrap(
            MODULE,
            names::UPLOAD,
            |mut host: Host<'_>, id: u64, head: u32, head_len: u32, data: u32, len: u32| {
                with(&mut host, |memory, session| {
                    let (shape, dtype): (Shape, DType) = decode(memory, head, head_len)?;
                    let data = bytes(memory, data, len)?;
                    upload(session, id, &shape, dtype, data)
                })
            },
        )?
        .func_wrap(
            MODULE,
            names::READ,
            |mut host: Host<'_>, ptr: u32, len: u32| {
                with(&mut host, |memory, session| {
                    let tensor: TensorIr = decode(memory, ptr, len)?;
                    let data = session.read(tensor)?;
                    answer(session, data.as_bytes().to_vec())
                })
            },
        )?
        .func_wrap(
            MODULE,
            names::TAKE,
            |mut host: Host<'_>, ptr: u32, len: u32| {
                with(&mut host, |memory, session| {
                    let reply = std::mem::take(&mut session.reply);
                    if reply.len() != len as usize {
                        return Err(Stop::Method(format!(
                            "the reply has {} bytes, not {len}",
                            reply.len()
                        )));
                    }
                    bytes_mut(memory, ptr, len)?.copy_from_slice(&reply);
                    Ok(())
                })
            },
        )?
        .func_wrap(MODULE, names::SYNC, |mut host: Host<'_>| {
            with(&mut host, |_, session| session.sync())
        })?
        .func_wrap(
            MODULE,
            names::DTYPE_USAGE,
            |mut host: Host<'_>, ptr: u32, len: u32| {
                with(&mut host, |memory, session| {
                    let dtype: DType = decode(memory, ptr, len)?;
                    session.dtype_usage(dtype)
                })
            },
        )?
        .func_wrap(
            MODULE,
            names::RANDOM,
            |mut host: Host<'_>, ptr: u32, len: u32| {
                with(&mut host, |memory, session| {
                    let bytes = bytes_mut(memory, ptr, len)?;
                    let work = bytes.len() as u64 * price::RANDOM_BYTE;
                    session.checker.spend("random bytes", work)?;
                    session.random.fill_bytes(bytes);
                    Ok(())
                })
            },
        )?
        .func_wrap(
            MODULE,
            names::LOG,
            |mut host: Host<'_>, ptr: u32, len: u32| {
                with(&mut host, |memory, session| {
                    session.log(text(memory, ptr, len)?)
                })
            },
        )?
        .func_wrap(
            MODULE,
            names::FAIL,
            |mut host: Host<'_>, ptr: u32, len: u32| {
                with(&mut host, |memory, _| -> Result<(), Stop> {
                    Err(Stop::Method(text(memory, ptr, len)?))
                })
            },
        )?
        .func_wrap(
            MODULE,
            names::CALL,
            |mut host: Host<'_>, ptr: u32, len: u32| {
                with(&mut host, |memory, session| {
                    let request = bytes(memory, ptr, len)?;
                    let work =
                        price::STRUCTURED_CALL + request.len() as u64 * price::STRUCTURED_BYTE;
                    session.checker.spend("a call", work)?;
                    let call = serde_json::from_slice(request)
                        .map_err(|error| Stop::Method(format!("a call cannot be read: {error}")))?;
                    let reply = calls::call(session, call)?;
                    let work = reply.len() as u64 * price::STRUCTURED_BYTE;
                    session.checker.spend("the answer to a call", work)?;
                    session.tell_progress()?;
                    answer(session, reply)
                })
            },
        )?;
    Ok(())
}

/// Gives a host function the guest's memory and the session, and turns a stop into a trap.
/// What the guest has computed until now is charged first.
fn with<T>(
    host: &mut Host<'_>,
    act: impl FnOnce(&mut [u8], &mut Session) -> Result<T, Stop>,
) -> wasmtime::Result<T> {
    let memory = host.data().memory.ok_or_else(|| {
        wasmtime::Error::new(Stop::Method(
            "an import was called before the module was ready".into(),
        ))
    })?;
    let fuel_left = host.get_fuel()?;
    let (memory, session) = memory.data_and_store_mut(&mut *host);
    let done = session
        .charge_guest(fuel_left)
        .and_then(|()| {
            session
                .checker
                .spend("a call of the host's", price::CROSSING)
        })
        .and_then(|()| session.check_deadline())
        .and_then(|()| session.hand_out())
        .and_then(|()| act(memory, session));
    let fuel = session.refuel();
    host.set_fuel(fuel)?;
    done.map_err(wasmtime::Error::new)
}

fn range(memory: &[u8], ptr: u32, len: u32) -> Result<std::ops::Range<usize>, Stop> {
    let start = ptr as usize;
    let end = start
        .checked_add(len as usize)
        .filter(|end| *end <= memory.len());
    end.map(|end| start..end).ok_or_else(|| {
        Stop::Method(format!(
            "{len} bytes at {ptr} are not within the module's memory"
        ))
    })
}

fn bytes(memory: &[u8], ptr: u32, len: u32) -> Result<&[u8], Stop> {
    Ok(&memory[range(memory, ptr, len)?])
}

fn bytes_mut(memory: &mut [u8], ptr: u32, len: u32) -> Result<&mut [u8], Stop> {
    let range = range(memory, ptr, len)?;
    Ok(&mut memory[range])
}

fn text(memory: &[u8], ptr: u32, len: u32) -> Result<String, Stop> {
    // Longer texts are cut anyway; this bounds the copy.
    Ok(String::from_utf8_lossy(bytes(memory, ptr, len.min(4096))?).into_owned())
}

fn decode<T: DeserializeOwned>(memory: &[u8], ptr: u32, len: u32) -> Result<T, Stop> {
    postcard::from_bytes(bytes(memory, ptr, len)?)
        .map_err(|error| Stop::Method(format!("a header cannot be decoded: {error}")))
}

fn answer(session: &mut Session, reply: Vec<u8>) -> Result<u32, Stop> {
    let length = u32::try_from(reply.len()).map_err(|_| Stop::Memory("guest"))?;
    session.reply = reply;
    Ok(length)
}

fn upload(
    session: &mut Session,
    id: u64,
    shape: &Shape,
    dtype: DType,
    data: &[u8],
) -> Result<(), Stop> {
    // Checked by the ledger too, but `TensorData` must not be made of lengths that do not match.
    let elements = shape
        .iter()
        .try_fold(1usize, |product, dim| product.checked_mul(*dim));
    let expected = elements.and_then(|elements| elements.checked_mul(dtype.size()));
    if expected != Some(data.len()) || matches!(dtype, DType::QFloat(_)) {
        return Err(Stop::Method(format!(
            "an upload of {} bytes cannot be {dtype:?} {shape:?}",
            data.len()
        )));
    }
    // A backend reads these bytes as booleans, and any other value is none.
    if matches!(dtype, DType::Bool(_)) && data.iter().any(|byte| *byte > 1) {
        return Err(Stop::Method(
            "an uploaded boolean is neither 0 nor 1".to_owned(),
        ));
    }
    let data = TensorData::try_from_bytes_vec(data.to_vec(), shape.clone(), dtype)
        .map_err(|error| Stop::Method(format!("an upload is not valid: {error:?}")))?;
    session.put(id, data)
}
