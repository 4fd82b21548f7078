//! The streams that workers share.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::stream::Stream;

/// What there is to be read.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Open files that somebody can go on with.
    open: VecDeque<(usize, Box<Stream>)>,
    /// Files that nobody has opened.
    next: usize,
    files: usize,
    /// Streams that workers are reading from.
    taken: usize,
    /// Somebody has failed: nothing more is to be done.
    stopped: bool,
}

/// What a worker does next.
pub(super) enum Task {
    Open(usize),
    Continue(usize, Box<Stream>),
}

impl Queue {
    pub(super) fn new(files: usize) -> Self {
        let state = State { open: VecDeque::new(), next: 0, files, taken: 0, stopped: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A worker that panics holds nothing half done here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task: open files first. Waits while others may put one back; `None` when all is read. Whoever has a task
    /// must give it back or end it.
    pub(super) fn take(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some((file, stream)) = state.open.pop_front() {
                state.taken += 1;
                return Some(Task::Continue(file, stream));
            }
            if state.next < state.files {
                let file = state.next;
                state.next += 1;
                state.taken += 1;
                return Some(Task::Open(file));
            }
            if state.taken == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Puts a stream back that has more.
    pub(super) fn give_back(&self, file: usize, stream: Box<Stream>) {
        let mut state = self.lock();
        state.open.push_front((file, stream));
        state.taken -= 1;
        self.changed.notify_one();
    }

    /// A stream is read.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.taken -= 1;
        if state.taken == 0 {
            self.changed.notify_all();
        }
    }

    /// Lets all workers come to their end.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }
}
