//! What processes have used, as the kernel counts it.

use std::{fs, time::Duration};

use anyhow::Context as _;
use procfs::{
    CurrentSI as _, KernelStats,
    process::{Process, Stat, all_processes},
};

/// Kilobytes of a mebibyte.
const KIB_OF_MIB: u64 = 1024;
/// Longest name of a process that the kernel keeps.
const NAME_LENGTH: usize = 15;
/// What this thread has used: nanoseconds on a processor come first.
const THREAD: &str = "/proc/thread-self/schedstat";

/// CPU seconds, user and system, since the process began.
pub fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = process(pid)?.stat()?;
    seconds(stat.utime + stat.stime)
}

/// CPU seconds of a process and its children, those that have ended included. For servers with a process per connection.
pub fn cpu_seconds_with_children(pid: u32) -> anyhow::Result<f64> {
    let parent = process(pid)?.stat()?;
    let ended = u64::try_from(parent.cutime + parent.cstime)?;
    let children: u64 = children_of(pid)?.iter().map(|child| child.utime + child.stime).sum();
    seconds(parent.utime + parent.stime + ended + children)
}

/// CPU seconds of this process's children that have ended. For programs that run to their end.
pub fn cpu_seconds_of_ended() -> anyhow::Result<f64> {
    let stat = process(std::process::id())?.stat()?;
    seconds(u64::try_from(stat.cutime + stat.cstime)?)
}

/// What a thousand of something take, where so many took so long.
#[must_use]
pub fn per_thousand(seconds: f64, count: f64) -> f64 {
    seconds / count * 1_000.0
}

/// CPU time of the calling thread.
pub fn cpu_of_thread() -> anyhow::Result<Duration> {
    let text = fs::read_to_string(THREAD).with_context(|| format!("cannot read {THREAD}"))?;
    let nanoseconds = text.split_whitespace().next().and_then(|first| first.parse().ok());
    nanoseconds.map(Duration::from_nanos).with_context(|| format!("{THREAD} says {text:?}"))
}

/// Resident memory, in MiB.
pub fn resident_mib(pid: u32) -> anyhow::Result<u64> {
    let status = process(pid)?.status()?;
    Ok(status.vmrss.context("the kernel does not say how much is resident")? / KIB_OF_MIB)
}

/// The process of a program that this one started, by the program's name.
pub fn child_named(name: &str) -> anyhow::Result<u32> {
    let kept = name.get(..NAME_LENGTH).unwrap_or(name);
    let children = children_of(std::process::id())?;
    let found = children.iter().find(|child| child.comm == kept);
    Ok(u32::try_from(found.with_context(|| format!("no {name} was started"))?.pid)?)
}

fn children_of(pid: u32) -> anyhow::Result<Vec<Stat>> {
    let parent = i32::try_from(pid)?;
    // Processes come and go while they are listed.
    let stats = all_processes()?.flatten().filter_map(|process| process.stat().ok());
    Ok(stats.filter(|stat| stat.ppid == parent).collect())
}

fn process(pid: u32) -> anyhow::Result<Process> {
    Process::new(i32::try_from(pid)?).with_context(|| format!("no process {pid}"))
}

fn seconds(ticks: u64) -> anyhow::Result<f64> {
    let ticks = u32::try_from(ticks).context("more ticks than a run has")?;
    let per_second = u32::try_from(procfs::ticks_per_second())?;
    Ok(f64::from(ticks) / f64::from(per_second))
}

/// The processors of the machine, at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Processors {
    idle: u64,
    all: u64,
}

impl Processors {
    /// As they are now.
    pub fn now() -> anyhow::Result<Self> {
        let total = KernelStats::current()?.total;
        let idle = total.idle + total.iowait.unwrap_or(0);
        let interrupts = total.irq.unwrap_or(0) + total.softirq.unwrap_or(0);
        let busy = total.user + total.nice + total.system + interrupts + total.steal.unwrap_or(0);
        Ok(Self { idle, all: idle + busy })
    }

    /// What part of them was busy since then, with whatever the machine does besides.
    pub fn busy_since(&self) -> anyhow::Result<f64> {
        let now = Self::now()?;
        let idle = seconds(now.idle - self.idle)?;
        Ok(1.0 - idle / seconds(now.all - self.all)?)
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_child_is_found_by_its_name_until_it_ends() {
        let mut cat = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        assert_eq!(child_named("cat").unwrap(), cat.id());
        cat.kill().unwrap();
        cat.wait().unwrap();
        assert!(child_named("cat").is_err());
    }

    #[test]
    fn a_thread_that_works_uses_time() {
        let before = cpu_of_thread().unwrap();
        let sum: u64 = (0..1_000_000_u64).map(std::hint::black_box).sum();
        assert!(sum > 0 && cpu_of_thread().unwrap() > before);
    }
}
