//! Runs the rows of the table and writes it, as JSON and, into the documents, as text and pictures.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use parlance_link_sim::{
    SimulationError,
    contender::Contender,
    plot::picture,
    report::{RowResult, json, table},
    scenario::{Outcome, Row, rows},
    trace::Trace,
};

const HELP: &str = "\
Runs the links of docs/udx.md with UDX, CUBIC, BBRv3 and NewReno in simulated time.

  parlance-link-sim [--runs N] [--docs DIR] [--pictures DIR] [--json] [--steps] [ROW...]

  --runs N         runs per row and controller, each with its own seed (default 5)
  --docs DIR       writes the table into DIR/udx.md, between its marks
  --pictures DIR   writes a picture per row to DIR/udx-ROW.svg
  --json           prints everything as JSON instead of the table
  --only NAME      runs this controller alone
  --steps          prints what the first run's senders did, every 100 ms
";

#[derive(Default)]
struct Options {
    runs: u64,
    docs: Option<PathBuf>,
    pictures: Option<PathBuf>,
    json: bool,
    steps: bool,
    only: Option<String>,
    rows: Vec<String>,
}

fn main() -> ExitCode {
    let result = options().and_then(|options| options.map_or(Ok(()), |options| work(&options)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// None where help was asked for and printed.
fn options() -> Result<Option<Options>, String> {
    let mut options = Options {
        runs: 5,
        ..Options::default()
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "-h" | "--help" => {
                print!("{HELP}");
                return Ok(None);
            }
            "--runs" => options.runs = value()?.parse().map_err(|_| "--runs needs a number")?,
            "--docs" => options.docs = Some(value()?.into()),
            "--pictures" => options.pictures = Some(value()?.into()),
            "--only" => options.only = Some(value()?),
            "--json" => options.json = true,
            "--steps" => options.steps = true,
            _ => options.rows.push(word),
        }
    }
    Ok(Some(options))
}

fn work(options: &Options) -> Result<(), String> {
    let names = &options.rows;
    let mut chosen = rows();
    if let Some(unknown) = names.iter().find(|name| Row::named(name).is_none()) {
        let known: Vec<_> = chosen.iter().map(|row| row.name).collect();
        return Err(format!(
            "no row '{unknown}'; there are: {}",
            known.join(" ")
        ));
    }
    chosen.retain(|row| names.is_empty() || names.iter().any(|name| name == row.name));
    let contenders: Vec<_> = Contender::ALL
        .into_iter()
        .filter(|contender| {
            options
                .only
                .as_ref()
                .is_none_or(|only| *only == contender.to_string())
        })
        .collect();
    let (results, traces) =
        run_all(chosen, &contenders, options.runs).map_err(|e| e.to_string())?;
    if options.steps {
        print_steps(&results, &traces);
    }
    if let Some(folder) = &options.pictures {
        write_pictures(folder, &results, traces)?;
    }
    if let Some(folder) = &options.docs {
        write_table(&folder.join("udx.md"), &table(&results))?;
    }
    if options.json {
        println!("{}", json(&results));
    } else {
        print!("{}", table(&results));
    }
    Ok(())
}

type Traces = BTreeMap<(&'static str, Contender), Trace>;

/// Runs everything on all cores; what comes out does not depend on the order.
fn run_all(
    rows: Vec<Row>,
    contenders: &[Contender],
    runs: u64,
) -> Result<(Vec<RowResult>, Traces), SimulationError> {
    let mut jobs = Vec::new();
    for row in 0..rows.len() {
        for contender in contenders {
            jobs.extend((1..=runs).map(|seed| (row, *contender, seed)));
        }
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new((
        BTreeMap::<(usize, Contender), Vec<Outcome>>::new(),
        Traces::new(),
    ));
    let failed = Mutex::new(None);
    let work = || {
        while let Some((row, contender, seed)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            match rows[*row].run(*contender, *seed) {
                Ok((outcome, trace)) => {
                    let mut done = done.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    done.0.entry((*row, *contender)).or_default().push(outcome);
                    if *seed == 1 {
                        done.1.insert((rows[*row].name, *contender), trace);
                    }
                }
                Err(error) => {
                    *failed
                        .lock()
                        .unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(error);
                    return;
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    if let Some(error) = failed
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
    {
        return Err(error);
    }
    let (mut outcomes, traces) = done
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let results = rows.into_iter().enumerate().map(|(number, row)| {
        let runs = contenders.iter().map(|contender| {
            let mut runs = outcomes.remove(&(number, *contender)).unwrap_or_default();
            runs.sort_unstable_by_key(|run| run.seed);
            (*contender, runs)
        });
        RowResult {
            row,
            runs: runs.collect(),
        }
    });
    Ok((results.collect(), traces))
}

fn write_pictures(folder: &Path, results: &[RowResult], mut traces: Traces) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for RowResult { row, runs } in results {
        let of_row = runs.iter().filter_map(|(contender, _)| {
            Some((*contender, traces.remove(&(row.name, *contender))?))
        });
        let file = folder.join(format!("udx-{}.svg", row.name));
        let svg = picture(row, &of_row.collect::<Vec<_>>());
        fs::write(&file, svg).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

const BEGIN: &str = "<!-- Written by scripts/bench P8; do not edit. -->\n";
const END: &str = "<!-- End of what scripts/bench P8 writes. -->\n";

fn write_table(file: &Path, table: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", file.display());
    let text = fs::read_to_string(file).map_err(failed)?;
    let (before, rest) = text
        .split_once(BEGIN)
        .ok_or(format!("{}: no mark {BEGIN}", file.display()))?;
    let (_, after) = rest
        .split_once(END)
        .ok_or(format!("{}: no mark {END}", file.display()))?;
    fs::write(file, format!("{before}{BEGIN}\n{table}\n{END}{after}")).map_err(failed)
}

fn print_steps(results: &[RowResult], traces: &Traces) {
    for ((name, contender), trace) in traces {
        let Some(result) = results.iter().find(|result| result.row.name == *name) else {
            continue;
        };
        for (number, flow) in trace.flows.iter().enumerate() {
            println!(
                "{name} {contender} flow {number}: ms, kbit/s, window/BDP, queue/BDP, base ms, phase, lost"
            );
            for (step, glance) in flow.sender.iter().enumerate() {
                let at = parlance_link_sim::trace::FLOW_STEP * step as u32;
                let product = result.row.link.bandwidth_delay(at) as f64;
                let arrived = flow.received[step] - flow.received[step.saturating_sub(1)];
                let queue = trace.queue.get(step * 100).copied().unwrap_or(0);
                println!(
                    "{:6} {:6} {:5.2} {:5.2} {:6.1} {:?} {}",
                    at.as_millis(),
                    arrived * 8 / 100,
                    glance.window as f64 / product,
                    queue as f64 / product,
                    glance.base_rtt.unwrap_or_default().as_secs_f64() * 1e3,
                    glance.phase,
                    glance.lost,
                );
            }
        }
    }
}
