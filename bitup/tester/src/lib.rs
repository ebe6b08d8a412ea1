//! Runs tests that are written in the language.
//!
//! The test itself is interpreted; the contracts that it makes are the code that goes to the chain, on a chain in memory
//! ([`bitup_local`]). A test with parameters runs many times, with arguments made up from a seed; when it fails, simpler
//! arguments are looked for that fail too.
//!
//! | module | what |
//! | --- | --- |
//! | `arguments` | values from a seed, and simpler ones |
//! | `stage` | the chain as a test sees it |
//! | `session` | calls that are written on a command line |
//! | [`words`] | values as people write them |
//!
//! Pure: the same program and seed give the same report.

mod arguments;
mod session;
mod stage;
pub mod words;

pub use session::{Answer, Session, SessionError};
pub use stage::{ENDOWMENT, NAMES, Stage};

use arguments::{Seeded, simpler};
use bitup_compiler::{
    Span,
    build::TestProgram,
    check::FileNumber,
    interpret::{Machine, Stop, Value},
    ir::{Bodies, Case, Shape},
};
use bitup_local::CodeRefused;

/// Steps that one run of a test may take outside of its contracts.
const MOST_STEPS: u64 = 10_000_000;
/// Runs that look for simpler arguments.
const MOST_SIMPLER: u32 = 2_000;
/// Made up arguments that may not fit, for each that has to.
const UNFIT_FOR_ONE: u32 = 50;

/// How tests are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where made up arguments begin.
    pub seed: u64,
    /// How often a test with parameters runs.
    pub runs: u32,
    /// Only tests whose title has this in it.
    pub only: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            runs: 100,
            only: None,
        }
    }
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What it shows.
    pub title: String,
    /// Its file.
    pub file: FileNumber,
    /// How often it ran.
    pub runs: u32,
    /// The most gas that the calls of one run took.
    pub gas: u64,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// Why a test failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The statement, by file and place.
    pub place: Option<(FileNumber, Span)>,
    /// What is wrong.
    pub reason: String,
    /// The arguments, each with its name.
    pub arguments: Vec<(String, String)>,
}

/// Runs the tests of a program.
///
/// # Errors
/// When the chain would refuse the code of a contract.
pub fn run(program: &TestProgram, options: &Options) -> Result<Vec<Report>, CodeRefused> {
    let stage = Stage::new(&program.program, &program.contracts)?;
    let wanted = |case: &&Case| {
        let only = options.only.as_ref();
        only.is_none_or(|part| case.title.contains(part.as_str()))
    };
    let cases = program.tests.cases.iter().filter(wanted);
    Ok(cases
        .map(|case| run_case(program, &stage, case, options))
        .collect())
}

/// One run of a test.
struct Run {
    ended: Result<(), Stop>,
    place: Option<(FileNumber, Span)>,
    gas: u64,
}

fn run_once(program: &TestProgram, stage: &Stage<'_>, case: &Case, arguments: Vec<Value>) -> Run {
    // Each run begins with a chain of its own.
    let mut stage = stage.clone();
    let bodies = Bodies {
        functions: &program.tests.functions,
        errors: &program.tests.errors,
        events: &[],
    };
    let mut machine = Machine::new(bodies, &mut stage, MOST_STEPS);
    let ended = machine.function(case.function, arguments).map(|_| ());
    let place = machine.standing();
    Run {
        ended,
        place,
        gas: stage.gas(),
    }
}

fn run_case(program: &TestProgram, stage: &Stage<'_>, case: &Case, options: &Options) -> Report {
    let mut report = Report {
        title: case.title.clone(),
        file: case.file,
        runs: 0,
        gas: 0,
        failure: None,
    };
    let shapes: Vec<Shape> =
        program.tests.functions[case.function].locals[..case.parameters.len()].to_vec();
    let runs = if shapes.is_empty() { 1 } else { options.runs };
    let mut seeded = Seeded::new(options.seed, &case.title);
    let mut unfit = 0_u32;
    while report.runs < runs {
        let arguments: Vec<Value> = shapes.iter().map(|shape| seeded.value(shape)).collect();
        let run = run_once(program, stage, case, arguments.clone());
        report.gas = report.gas.max(run.gas);
        match &run.ended {
            Ok(()) => report.runs += 1,
            Err(Stop::Unfit) if !shapes.is_empty() => {
                unfit += 1;
                if unfit > runs.saturating_mul(UNFIT_FOR_ONE) {
                    report.failure = Some(Failure {
                        place: run.place,
                        reason: format!(
                            "only {} of {unfit} made up arguments fit; make them fit: `amount % 1_000`",
                            report.runs
                        ),
                        arguments: Vec::new(),
                    });
                    return report;
                }
            }
            Err(_) => {
                report.runs += 1;
                let (arguments, run) = simplest(program, stage, case, &shapes, arguments, run);
                report.failure = Some(failure(program, case, &shapes, &arguments, &run));
                return report;
            }
        }
    }
    report
}

/// Simpler arguments that fail too.
fn simplest(
    program: &TestProgram,
    stage: &Stage<'_>,
    case: &Case,
    shapes: &[Shape],
    mut arguments: Vec<Value>,
    mut run: Run,
) -> (Vec<Value>, Run) {
    let mut left = MOST_SIMPLER;
    let mut changed = true;
    while changed {
        changed = false;
        for (at, shape) in shapes.iter().enumerate() {
            for value in simpler(shape, &arguments[at]) {
                if left == 0 {
                    return (arguments, run);
                }
                left -= 1;
                let mut tried = arguments.clone();
                tried[at] = value;
                let again = run_once(program, stage, case, tried.clone());
                if matches!(again.ended, Err(ref stop) if *stop != Stop::Unfit) {
                    (arguments, run, changed) = (tried, again, true);
                    break;
                }
            }
        }
    }
    (arguments, run)
}

fn failure(
    program: &TestProgram,
    case: &Case,
    shapes: &[Shape],
    arguments: &[Value],
    run: &Run,
) -> Failure {
    let reason = match &run.ended {
        Ok(()) => String::new(),
        Err(Stop::Failed(error, _)) => {
            let record = program.tests.errors.get(*error);
            let name = record.map_or("an error", |record| record.name.as_str());
            format!("the test itself fails with {name}")
        }
        Err(Stop::Unmet(text)) => text.clone(),
        Err(Stop::Refused(refusal)) => format!("the call fails with {}", refusal.shown),
        Err(Stop::Unfit) => {
            "what a test without parameters requires holds always; write `assert`".to_owned()
        }
        Err(Stop::Steps) => {
            format!("it takes more than {MOST_STEPS} steps; make its loops shorter")
        }
        Err(Stop::Depth) => "its functions call each other too deep".to_owned(),
        Err(Stop::Malformed) => {
            "the test was not built right; this is a fault of the tool".to_owned()
        }
    };
    let named = case.parameters.iter().zip(shapes).zip(arguments);
    let arguments = named
        .map(|(((name, ty), _), value)| (name.clone(), words::shown(&program.program, ty, value)));
    Failure {
        place: run.place,
        reason,
        arguments: arguments.collect(),
    }
}
