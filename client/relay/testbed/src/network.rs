//! Relays of a static network, each a process of its own on the loopback interface.

use crate::plan::{Plan, PlanError, RECORDS};
use parlance_endpoint::RelayAddress;
use serde_json::Value;
use std::{
    fs::OpenOptions,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Why a network cannot be run on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Its files cannot be written.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A file, a process or a socket.
    #[error("relay {relay}: {what}: {cause}")]
    System {
        /// Which relay.
        relay: usize,
        /// What was tried.
        what: &'static str,
        /// What the system says.
        cause: io::Error,
    },
    /// It is not one of the network, or not in the state for that.
    #[error("relay {relay} {state}: the caller has lost count")]
    State {
        /// Which relay.
        relay: usize,
        /// How it is.
        state: &'static str,
    },
    /// It has ended by itself.
    #[error("relay {relay} ended ({status}):\n{said}")]
    Ended {
        /// Which.
        relay: usize,
        /// How.
        status: ExitStatus,
        /// What it said.
        said: String,
    },
    /// It shows no such figure.
    #[error("relay {relay} shows no figure {name}")]
    NoFigure {
        /// Which.
        relay: usize,
        /// What was looked for.
        name: String,
    },
}

/// Relays. They are killed when this is dropped.
#[derive(Debug)]
pub struct Network {
    binary: PathBuf,
    folder: PathBuf,
    relays: Vec<RelayAddress>,
    metrics: Vec<SocketAddr>,
    children: Vec<Option<Child>>,
}

impl Network {
    /// Writes the files into the folder and starts the program for each relay. Data that is there is used.
    pub fn start(binary: &Path, folder: &Path, plan: &Plan) -> Result<Self, NetworkError> {
        plan.write(folder)?;
        let relays = plan.relays();
        let mut network = Self {
            binary: binary.to_path_buf(),
            folder: folder.to_path_buf(),
            metrics: plan.metrics.clone(),
            children: relays.iter().map(|_| None).collect(),
            relays,
        };
        for n in 0..network.relays.len() {
            network.restart(n)?;
        }
        Ok(network)
    }

    /// The relays, as the records name them.
    pub fn relays(&self) -> &[RelayAddress] {
        &self.relays
    }

    /// Starts one that does not run.
    pub fn restart(&mut self, n: usize) -> Result<(), NetworkError> {
        if self.child(n).is_ok() {
            return Err(state(n, "runs"));
        }
        let mut options = OpenOptions::new();
        let log = options.create(true).append(true).open(self.log(n));
        let child = Command::new(&self.binary)
            .arg("--config")
            .arg(self.folder.join(format!("{n}.json")))
            .stdout(Stdio::null())
            .stderr(log.map_err(system(n, "opening its log"))?)
            .spawn()
            .map_err(system(n, "starting it"))?;
        let place = self.children.get_mut(n);
        *place.ok_or(state(n, "is none of this network"))? = Some(child);
        Ok(())
    }

    /// SIGKILL, also to one that is stopped.
    pub fn kill(&mut self, n: usize) -> Result<(), NetworkError> {
        self.check(n)?;
        let mut child = self.take(n)?;
        child.kill().map_err(system(n, "killing it"))?;
        child.wait().map_err(system(n, "waiting for its end"))?;
        Ok(())
    }

    /// SIGTERM, and how it ended then.
    pub fn terminate(&mut self, n: usize) -> Result<ExitStatus, NetworkError> {
        self.signal(n, "-TERM")?;
        let mut child = self.take(n)?;
        child.wait().map_err(system(n, "waiting for its end"))
    }

    /// SIGSTOP: to everybody else it is cut off from the network, with everything that it has in hand.
    pub fn pause(&mut self, n: usize) -> Result<(), NetworkError> {
        self.signal(n, "-STOP")
    }

    /// SIGCONT: it goes on as if nothing had been.
    pub fn resume(&mut self, n: usize) -> Result<(), NetworkError> {
        self.signal(n, "-CONT")
    }

    fn signal(&mut self, n: usize, name: &str) -> Result<(), NetworkError> {
        self.check(n)?;
        let id = self.child(n)?.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status();
        match sent.map_err(system(n, "sending a signal"))?.success() {
            true => Ok(()),
            false => Err(state(n, "takes no signal")),
        }
    }

    /// Changes what is on record.
    pub fn change(&self, change: impl FnOnce(&mut Value)) -> io::Result<()> {
        let path = self.folder.join(RECORDS);
        let mut records = serde_json::from_slice(&std::fs::read(&path)?)?;
        change(&mut records);
        // In one step: a relay reads it whenever it likes.
        let new = self.folder.join("new.json");
        std::fs::write(&new, records.to_string())?;
        std::fs::rename(new, path)
    }

    /// Memory that a relay's process has, bytes.
    pub fn memory(&self, n: usize) -> Result<u64, NetworkError> {
        let path = format!("/proc/{}/status", self.child(n)?.id());
        let status = std::fs::read_to_string(path).map_err(system(n, "reading its state"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        let kilobytes = kilobytes.ok_or(state(n, "has no memory"))?;
        Ok(kilobytes.saturating_mul(1_024))
    }

    fn log(&self, n: usize) -> PathBuf {
        self.folder.join(format!("{n}.log"))
    }

    /// What a relay said, as far as that can be read.
    pub fn said(&self, n: usize) -> String {
        std::fs::read_to_string(self.log(n)).unwrap_or_else(|error| error.to_string())
    }

    /// One of a relay's figures; an error also while it does not show any.
    pub async fn figure(&self, n: usize, name: &str) -> Result<u64, NetworkError> {
        let address = self.metrics.get(n);
        let address = address.ok_or(state(n, "is none of this network"))?;
        let text = figures(address).await;
        let text = text.map_err(system(n, "reading its figures"))?;
        let line = text.lines().find_map(|line| {
            let rest = line.strip_prefix("parlance_relay_")?;
            rest.strip_prefix(name)?.strip_prefix(' ')?.parse().ok()
        });
        line.ok_or_else(|| NetworkError::NoFigure {
            relay: n,
            name: name.to_owned(),
        })
    }

    /// None of those that should run has ended by itself.
    pub fn check_all(&mut self) -> Result<(), NetworkError> {
        (0..self.children.len()).try_for_each(|n| self.check(n))
    }

    fn check(&mut self, n: usize) -> Result<(), NetworkError> {
        let Some(Some(child)) = self.children.get_mut(n) else {
            return Ok(());
        };
        let ended = child.try_wait().map_err(system(n, "looking at it"))?;
        match ended {
            None => Ok(()),
            Some(status) => Err(NetworkError::Ended {
                relay: n,
                status,
                said: self.said(n),
            }),
        }
    }

    fn child(&self, n: usize) -> Result<&Child, NetworkError> {
        let child = self.children.get(n).and_then(Option::as_ref);
        child.ok_or(state(n, "does not run"))
    }

    fn take(&mut self, n: usize) -> Result<Child, NetworkError> {
        let child = self.children.get_mut(n).and_then(Option::take);
        child.ok_or(state(n, "does not run"))
    }
}

async fn figures(address: &SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = b"GET /metrics HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}

fn state(relay: usize, state: &'static str) -> NetworkError {
    NetworkError::State { relay, state }
}

fn system(relay: usize, what: &'static str) -> impl FnOnce(io::Error) -> NetworkError {
    move |cause| NetworkError::System { relay, what, cause }
}

impl Drop for Network {
    fn drop(&mut self) {
        for child in self.children.iter_mut().flatten() {
            // It may have ended, and whoever cares has looked.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
