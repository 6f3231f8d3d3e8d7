//! The one thread that starts every process.
//!
//! The kernel's parent-death signal goes by thread, not by process: a child whose starting thread ends is killed although
//! the program goes on. Threads of an asynchronous runtime come and go, so children are started by one that never ends.

use std::{
    io,
    process::{Child, Command},
    sync::{LazyLock, mpsc},
};

struct Wanted {
    command: Command,
    started: mpsc::Sender<io::Result<Child>>,
}

static SPAWNER: LazyLock<mpsc::Sender<Wanted>> = LazyLock::new(|| {
    let (sender, wanted) = mpsc::channel::<Wanted>();
    std::thread::spawn(move || {
        for Wanted { mut command, started } in wanted {
            // Who asked may have given up meanwhile; the child then ends with its handle's owner.
            started.send(command.spawn()).ok();
        }
    });
    sender
});

/// Starts a command from a thread that lives as long as this program.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    let gone = || io::Error::other("the thread that starts processes has ended");
    let (started, outcome) = mpsc::channel();
    SPAWNER.send(Wanted { command, started }).ok().ok_or_else(gone)?;
    outcome.recv().ok().ok_or_else(gone)?
}
