//! The Trino server: fetched by Maven, compiled once, run as a child process that ends with this one.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a start may take: on a busy machine a minute is not rare.
const START: Duration = Duration::from_secs(300);
const STOP: Duration = Duration::from_secs(10);

const JVM: [&str; 9] = [
    "-Xmx3g",
    "-XX:ReservedCodeCacheSize=256m",
    "-Djdk.attach.allowAttachSelf=true",
    // Measuring objects by attaching a debugger takes ten seconds and is of no use here.
    "-Djol.skipHotspotSAAttach=true",
    "-Duser.timezone=UTC",
    "-Dfile.encoding=UTF-8",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "-XX:-OmitStackTraceInFastThrow",
];

/// Words in Maven's output that say that its repository can't be reached, or lacks something.
const UNREACHABLE: [&str; 6] = [
    "Could not transfer",
    "Could not find artifact",
    "was not found in",
    "Unknown host",
    "Connection refused",
    "offline mode",
];

pub(crate) enum Started {
    Running(Server),
    /// Why there is no server to be had on this machine.
    Unavailable(String),
}

pub(crate) struct Server {
    process: Child,
    /// Its end is the server's.
    stdin: Option<ChildStdin>,
    /// Host and port.
    pub(crate) host: String,
    pub(crate) port: u16,
    data: PathBuf,
    log: PathBuf,
    keep: bool,
}

impl Server {
    /// Starts a server. `home` is where its parts and its data go, `sources` has the pom and the Java files.
    ///
    /// # Errors
    /// Its parts are there, and it does not start.
    pub(crate) fn start(home: &Path, sources: &Path, catalogs: usize, keep: bool) -> Result<Started> {
        let (Some(java), Some(javac)) = (tool("java"), tool("javac")) else {
            return Ok(Started::Unavailable("there is no Java development kit".to_owned()));
        };
        fs::create_dir_all(home)?;
        if let Some(reason) = fetch(home, sources)? {
            return Ok(Started::Unavailable(reason));
        }
        let plugin = only_folder(&home.join("hive"))?;
        let libraries = format!("{}/*", home.join("lib").display());
        let spi = format!("{}/*:{}", plugin.display(), jar(&home.join("lib"), "trino-spi-")?.display());
        compile(&javac, &sources.join("Server.java"), &libraries, &home.join("classes"))?;
        compile(&javac, &sources.join("LocalHive.java"), &spi, &home.join("plugin"))?;
        remove_left_data(home);
        let data = home.join(format!("data-{}", std::process::id()));
        fs::create_dir_all(&data)?;
        let log = home.join(format!("server-{}.log", std::process::id()));
        let mut process = Command::new(java)
            .args(JVM)
            .arg("-cp")
            .arg(format!("{}:{libraries}", home.join("classes").display()))
            .arg("Server")
            .args([&data, &plugin, &home.join("plugin")])
            .arg(catalogs.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .context("Java can't be started")?;
        let stdin = process.stdin.take();
        let stdout = process.stdout.take();
        let mut server = Server { process, stdin, host: String::new(), port: 0, data, log, keep };
        let (say, hear) = mpsc::channel();
        std::thread::spawn(move || {
            let line = stdout.and_then(|out| BufReader::new(out).lines().next()).and_then(Result::ok);
            let _ = say.send(line);
        });
        let line = hear.recv_timeout(START).ok().flatten();
        let address = line.as_deref().and_then(|l| l.strip_prefix("http://")).and_then(|a| a.split_once(':'));
        let Some((host, port)) = address else {
            let end = server.log_end(40);
            bail!("Trino does not start; the end of {}:\n{end}", server.log.display());
        };
        server.host = host.to_owned();
        server.port = port.trim_end_matches('/').parse().context("Trino's address has no port")?;
        Ok(Started::Running(server))
    }

    /// The folder of the catalog with a number.
    pub(crate) fn catalog_folder(&self, number: usize) -> PathBuf {
        self.data.join(format!("hive{number}"))
    }

    /// The last lines of the server's log.
    pub(crate) fn log_end(&self, lines: usize) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Waits until somebody ends the server.
    pub(crate) fn wait(&mut self) {
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stdin.take();
        let until = Instant::now() + STOP;
        while Instant::now() < until && matches!(self.process.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
        if !self.keep {
            let _ = fs::remove_dir_all(&self.data);
        }
    }
}

/// Has Maven put the parts into the folder, unless they are there; gives the reason why they can't be had.
fn fetch(home: &Path, sources: &Path) -> Result<Option<String>> {
    let pom = sources.join("pom.xml");
    let wanted = fs::read(&pom).with_context(|| pom.display().to_string())?;
    let mark = home.join("fetched.xml");
    if fs::read(&mark).is_ok_and(|got| got == wanted) {
        return Ok(None);
    }
    let Some(maven) = tool("mvn") else {
        return Ok(Some("there is no Maven".to_owned()));
    };
    for part in ["lib", "hive", "markers"] {
        let _ = fs::remove_dir_all(home.join(part));
    }
    println!("fetching Trino's parts from Maven Central …");
    let output = Command::new(maven)
        .args(["-q", "-B", "-U", "-f"])
        .arg(&pom)
        .arg(format!("-Dfolder={}", home.display()))
        .arg("package")
        .output()?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        let first = said.lines().find(|line| line.contains("ERROR")).unwrap_or("no message").to_owned();
        if UNREACHABLE.iter().any(|words| said.contains(words)) {
            return Ok(Some(format!("Maven Central can't be reached, or lacks a part: {first}")));
        }
        bail!("Maven fails:\n{said}");
    }
    fs::write(mark, wanted)?;
    Ok(None)
}

fn compile(javac: &Path, source: &Path, class_path: &str, into: &Path) -> Result<()> {
    let class = into.join(source.with_extension("class").file_name().unwrap_or_default());
    let time = |path: &Path| fs::metadata(path).and_then(|m| m.modified()).ok();
    if time(&class).zip(time(source)).is_some_and(|(made, written)| made > written) {
        return Ok(());
    }
    fs::create_dir_all(into)?;
    let output = Command::new(javac).args(["-nowarn", "-cp", class_path, "-d"]).arg(into).arg(source).output()?;
    if !output.status.success() {
        bail!("{} does not compile:\n{}", source.display(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// A program of Java's, or one on the path.
fn tool(name: &str) -> Option<PathBuf> {
    let home = std::env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    home.into_iter().chain(std::env::split_paths(&path)).map(|folder| folder.join(name)).find(|p| p.is_file())
}

fn only_folder(folder: &Path) -> Result<PathBuf> {
    let mut found = fs::read_dir(folder)?.flatten().map(|e| e.path()).filter(|p| p.is_dir());
    found.next().with_context(|| format!("{} is empty", folder.display()))
}

fn jar(folder: &Path, prefix: &str) -> Result<PathBuf> {
    let named = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(prefix));
    let mut found = fs::read_dir(folder)?.flatten().map(|e| e.path()).filter(named);
    found.next().with_context(|| format!("{} lacks {prefix}*.jar", folder.display()))
}

/// Removes the data of runs that were cut off.
fn remove_left_data(home: &Path) {
    for entry in fs::read_dir(home).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.strip_prefix("data-").or_else(|| name.strip_prefix("server-")?.strip_suffix(".log"));
        let Some(process) = number else { continue };
        if Path::new("/proc").is_dir() && !Path::new("/proc").join(process).exists() {
            let _ = fs::remove_dir_all(entry.path());
            let _ = fs::remove_file(entry.path());
        }
    }
}
