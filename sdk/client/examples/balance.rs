//! Reads a balance as a light wallet does, and says what it took.
//!
//! ```text
//! balance URL GENESIS ADDRESS
//! ```

use std::{
    error::Error,
    time::{Instant, SystemTime},
};

use parlance_client::{
    chain::amount::Amount,
    keys::parse_account,
    light::{Light, Trust},
    node::WsNode,
    wallet,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, genesis, address] = arguments.as_slice() else {
        return Err("usage: balance URL GENESIS ADDRESS".into());
    };
    let account = parse_account(address)?;
    let start = Instant::now();
    let node = WsNode::connect(url).await?;
    let connected = start.elapsed();
    let mut light = Light::begin(node, Trust::Genesis(genesis.parse()?)).await?;
    let head = light.head(SystemTime::now()).await?;
    let followed = start.elapsed();
    let state = wallet::account(&light, &head, &account).await?;
    let read = start.elapsed();
    println!(
        "{} tokens, proven in block {} of set {}",
        Amount(state.data.free),
        head.number,
        light.checkpoint().finalised.set_id
    );
    println!(
        "connected {:.1} ms, head {:.1} ms, balance {:.1} ms; keeps {} bytes; most memory {}",
        connected.as_secs_f64() * 1e3,
        (followed - connected).as_secs_f64() * 1e3,
        (read - followed).as_secs_f64() * 1e3,
        light.checkpoint().to_bytes().len(),
        most_memory().unwrap_or_else(|| "not known here".into())
    );
    Ok(())
}

/// The highest resident memory of this process, as Linux counts it.
fn most_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().to_owned())
}
