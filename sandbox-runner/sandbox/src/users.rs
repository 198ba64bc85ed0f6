//! User ids for workers: each in use by one worker at a time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::fault::Fault;

/// The ids that are free.
#[derive(Debug)]
pub(crate) struct Users {
    count: u32,
    free: Mutex<BTreeSet<u32>>,
}

impl Users {
    pub(crate) fn new(first: u32, count: u32) -> Self {
        Self {
            count,
            free: Mutex::new((first..first.saturating_add(count)).collect()),
        }
    }

    /// Takes an id until the returned value is dropped.
    pub(crate) fn take(self: &Arc<Self>) -> Result<User, Fault> {
        let id = self
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_first();
        let id = id.ok_or(Fault::NoUser(self.count))?;
        Ok(User {
            id,
            users: Arc::clone(self),
        })
    }
}

/// An id in use.
#[derive(Debug)]
pub(crate) struct User {
    id: u32,
    users: Arc<Users>,
}

impl User {
    pub(crate) fn id(&self) -> u32 {
        self.id
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.users
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_workers_share_an_id() {
        let users = Arc::new(Users::new(100, 2));
        let (a, b) = (users.take().unwrap(), users.take().unwrap());
        assert_eq!((a.id(), b.id()), (100, 101));
        assert!(matches!(users.take(), Err(Fault::NoUser(2))));
        drop(a);
        assert_eq!(users.take().unwrap().id(), 100);
    }
}
