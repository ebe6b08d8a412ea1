//! The compiler: wasmtime.
//!
//! A contract runs on a fiber. At a system call the host function waits for the answer, which suspends the fiber; the
//! answer resumes it. wasmtime does this for futures: [`execution`] polls one by hand, whose waiting is nothing but
//! "there is no answer yet". Nothing here needs a runtime for tasks.
//!
//! Instances come out of a pool: memory, table and stack are reserved when the engine is made.

mod config;
mod execution;
mod host;

use crate::{Authentic, Code, Engine, EngineError, EntryPoint, Execution, Gas, Step};
use parlance_vm_abi as abi;
use parlance_vm_prepare::{Rules, exports};
use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};
use wasmtime::{ExternType, InstancePre, Linker, Module, ModuleExport};

pub use config::Compiler;

/// Changes when something here changes what is executed how.
const REVISION: &str = "parlance wasmtime revision 2";

/// The engine that compiles.
pub struct Compiled {
    engine: wasmtime::Engine,
    linker: Linker<host::State>,
    compiler: Compiler,
}

impl Compiled {
    /// An engine for contracts that were prepared by these rules, of which so many can be running or waiting at once.
    ///
    /// # Errors
    /// If the machine has not the processor or the address space for it.
    pub fn new(rules: &Rules, compiler: Compiler, instances: u32) -> Result<Self, EngineError> {
        let setup = |error: wasmtime::Error| EngineError::Setup(format!("{error:#}"));
        let config = config::config(rules, compiler, instances);
        let engine = wasmtime::Engine::new(&config).map_err(setup)?;
        let mut linker = Linker::new(&engine);
        for entry in abi::ENTRIES {
            host::define(&mut linker, entry).map_err(setup)?;
        }
        Ok(Compiled {
            engine,
            linker,
            compiler,
        })
    }

    fn ready(&self, module: &Module) -> wasmtime::Result<Arc<dyn Code>> {
        Ok(Arc::new(Ready {
            pre: self.linker.instantiate_pre(module)?,
            deploy: EntryExport::of(module, abi::DEPLOY)?,
            call: EntryExport::of(module, abi::CALL)?,
            gas: export(module, exports::GAS)?,
            stack: export(module, exports::STACK)?,
            memory: module.get_export_index(exports::MEMORY),
        }))
    }
}

impl Engine for Compiled {
    fn name(&self) -> &'static str {
        self.compiler.name()
    }

    fn build(&self) -> [u8; 32] {
        // wasmtime's own: its version, its settings, and the features of the processor.
        struct Digest(blake3::Hasher);
        impl Hasher for Digest {
            fn write(&mut self, bytes: &[u8]) {
                self.0.update(bytes);
            }
            fn finish(&self) -> u64 {
                0
            }
        }
        let mut digest = Digest(blake3::Hasher::new());
        REVISION.hash(&mut digest);
        self.name().hash(&mut digest);
        self.engine
            .precompile_compatibility_hash()
            .hash(&mut digest);
        *digest.0.finalize().as_bytes()
    }

    fn compile(&self, prepared: &[u8]) -> Result<Arc<dyn Code>, EngineError> {
        Module::from_binary(&self.engine, prepared)
            .and_then(|module| self.ready(&module))
            .map_err(|error| EngineError::Compile(format!("{error:#}")))
    }

    // Machine code is machine code: what is given here will be executed.
    #[allow(unsafe_code)]
    fn restore(&self, artifact: &Authentic) -> Option<Arc<dyn Code>> {
        // SAFETY: the bytes are what `Module::serialize` gave. An `Authentic` is made by `Artifacts` alone, from bytes
        // under a code of this node's own key, which binds them to the build of the engine, too. wasmtime itself checks
        // its version, settings and the processor's features once more, and refuses what does not match.
        let module = unsafe { Module::deserialize(&self.engine, artifact.bytes()) };
        module.and_then(|module| self.ready(&module)).ok()
    }
}

fn export(module: &Module, name: &str) -> wasmtime::Result<ModuleExport> {
    module
        .get_export_index(name)
        .ok_or_else(|| wasmtime::Error::msg(format!("{name} is missing")))
}

/// `deploy` or `call`.
#[derive(Clone, Copy)]
struct EntryExport {
    export: ModuleExport,
    /// Whether it has a result.
    result: bool,
}

impl EntryExport {
    fn of(module: &Module, name: &str) -> wasmtime::Result<Self> {
        let result = match module.get_export(name) {
            Some(ExternType::Func(ty)) => ty.results().len() > 0,
            _ => false,
        };
        Ok(EntryExport {
            export: export(module, name)?,
            result,
        })
    }
}

/// A contract that is ready to run: compiled, its imports resolved, its exports looked up.
#[derive(Clone)]
struct Ready {
    pre: InstancePre<host::State>,
    deploy: EntryExport,
    call: EntryExport,
    gas: ModuleExport,
    stack: ModuleExport,
    memory: Option<ModuleExport>,
}

impl Code for Ready {
    fn start(
        &self,
        entry: EntryPoint,
        gas: Gas,
    ) -> Result<(Box<dyn Execution>, Step), EngineError> {
        let mut execution = execution::Running::new(self.clone(), entry, gas);
        let step = execution.advance()?;
        Ok((Box::new(execution), step))
    }

    fn artifact(&self) -> Option<Vec<u8>> {
        self.pre.module().serialize().ok()
    }
}
