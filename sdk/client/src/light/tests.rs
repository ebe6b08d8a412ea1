//! The client against a node made of recorded answers, honest and not.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codec::Encode;
use parlance_primitives::{AccountId, Hash};
use serde_json::{Value, json};

use super::{
    Checkpoint, CheckpointError, Light, LightError, Trust,
    testing::{ChainOf, State, Voters},
};
use crate::{
    chain::{keys, state::AccountState},
    node::{Node, NodeError, as_hex},
    wallet,
};

const TIME: u64 = 1_800_000_000_000;

/// A node that holds one small chain: a genesis block and one after it, both final.
struct Recorded {
    chain: ChainOf,
    state: State,
    voters: Voters,
    lie: Lie,
}

#[derive(Clone, Copy, PartialEq)]
enum Lie {
    None,
    NoGenesisState,
    OtherGenesis,
    OtherHeader,
    Silence,
    Empty,
    Endless,
}

impl Recorded {
    fn new(lie: Lie) -> Self {
        let voters = Voters::new(0..4);
        let data = pallet_balances::AccountData::<u128> {
            free: 1_000,
            ..Default::default()
        };
        let alice = frame_system::AccountInfo {
            nonce: 7_u32,
            consumers: 0,
            providers: 1,
            sufficients: 0,
            data,
        };
        let state = State::new([
            (keys::now(), TIME.encode()),
            (keys::voters(), voters.list().encode()),
            (keys::voters_number(), 0_u64.encode()),
            (keys::account(&who(1)), alice.encode()),
            (keys::account(&who(2)), vec![1, 2, 3]),
        ]);
        let mut chain = ChainOf::with_state(&voters, state.root());
        chain.grow_to(state.root());
        Self {
            chain,
            state,
            voters,
            lie,
        }
    }

    fn genesis(&self) -> Hash {
        self.chain.finalised().header.hash()
    }

    fn prove(&self, params: &[Value]) -> Result<Value, NodeError> {
        let genesis = json!(self.genesis());
        match self.lie {
            Lie::NoGenesisState if params[1] == genesis => {
                return Err(refused("state_getReadProof", "state already discarded"));
            }
            Lie::Empty => return Ok(json!({"proof": []})),
            Lie::Endless => {
                let node = format!("0x{}", "00".repeat(5 << 20));
                return Ok(json!({"proof": [node]}));
            }
            _ => {}
        }
        let names: Vec<Vec<u8>> = params[0]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| hex::decode(&name.as_str().unwrap()[2..]).unwrap())
            .collect();
        let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        let nodes: Vec<Value> = self.state.prove(&names).iter().map(as_hex).collect();
        Ok(json!({"proof": nodes}))
    }
}

fn refused(method: &'static str, message: &str) -> NodeError {
    NodeError::Refused {
        method,
        code: -32000,
        message: message.into(),
    }
}

impl Node for Recorded {
    async fn request(&self, method: &'static str, params: Vec<Value>) -> Result<Value, NodeError> {
        let genesis = self.chain.finalised().header;
        match (method, self.lie) {
            ("chain_getBlockHash", Lie::OtherGenesis) => Ok(json!(Hash::repeat_byte(9))),
            ("chain_getBlockHash", _) => Ok(json!(self.genesis())),
            ("chain_getFinalizedHead", _) => Ok(json!(self.chain.tip().hash())),
            ("chain_getHeader", Lie::OtherHeader) => Ok(json!(self.chain.tip())),
            ("chain_getHeader", _) if params[0] == json!(self.genesis()) => Ok(json!(genesis)),
            ("chain_getHeader", _) => Ok(json!(self.chain.tip())),
            ("parlance_finality", Lie::Silence) => Ok(Value::Null),
            ("parlance_finality", _) => Ok(as_hex(self.chain.proof(&self.voters, 0, 3).encode())),
            ("state_getReadProof", _) => self.prove(&params),
            _ => Err(refused(method, "unknown")),
        }
    }
}

fn who(seed: u8) -> AccountId {
    AccountId::new([seed; 32])
}

fn at(offset: i64) -> SystemTime {
    let time = UNIX_EPOCH + Duration::from_millis(TIME);
    match u64::try_from(offset) {
        Ok(later) => time + Duration::from_secs(later),
        Err(_) => time - Duration::from_secs(offset.unsigned_abs()),
    }
}

async fn begin(lie: Lie) -> Result<Light<Recorded>, LightError> {
    let node = Recorded::new(lie);
    let genesis = Recorded::new(Lie::None).genesis();
    Light::begin(node, Trust::Genesis(genesis)).await
}

#[tokio::test]
async fn an_honest_node_is_followed_and_read() {
    let mut light = begin(Lie::None).await.unwrap();
    let head = light.head(at(3)).await.unwrap();
    assert_eq!((head.number, head.time), (1, TIME));
    let alice = wallet::account(&light, &head, &who(1)).await.unwrap();
    assert_eq!((alice.nonce, alice.data.free), (7, 1_000));
    let nobody = wallet::account(&light, &head, &who(3)).await.unwrap();
    assert_eq!(nobody, AccountState::default());
    let parent = light.parent_of(&head).await.unwrap();
    assert_eq!((parent.number, parent.hash), (0, light.genesis()));
}

#[tokio::test]
async fn all_ways_to_begin_lead_to_the_same_head() {
    let mut heads = Vec::new();
    let genesis = Recorded::new(Lie::None);
    let checkpoint = Checkpoint {
        genesis: genesis.genesis(),
        finalised: genesis.chain.finalised(),
    };
    for trust in [
        Trust::FirstUse,
        Trust::Genesis(genesis.genesis()),
        Trust::Checkpoint(checkpoint),
    ] {
        let mut light = Light::begin(Recorded::new(Lie::None), trust).await.unwrap();
        heads.push(light.head(at(0)).await.unwrap());
    }
    assert!(heads.windows(2).all(|two| two[0] == two[1]));
}

#[tokio::test]
async fn a_head_must_be_of_the_present() {
    let mut light = begin(Lie::None).await.unwrap();
    assert!(light.head(at(119)).await.is_ok());
    assert!(matches!(
        light.head(at(121)).await,
        Err(LightError::Stale { behind: 121 })
    ));
    assert!(light.head(at(-29)).await.is_ok());
    assert!(matches!(
        light.head(at(-31)).await,
        Err(LightError::ClockBehind { ahead: 31 })
    ));
}

#[tokio::test]
async fn a_proven_value_of_an_unknown_form_says_so() {
    let mut light = begin(Lie::None).await.unwrap();
    let head = light.head(at(0)).await.unwrap();
    assert!(matches!(
        wallet::account(&light, &head, &who(2)).await,
        Err(LightError::Unknown { block: 1, .. })
    ));
}

#[tokio::test]
async fn lies_at_the_beginning_are_told_apart() {
    use CheckpointError::{NoGenesisState, OtherChain};
    assert!(matches!(
        begin(Lie::NoGenesisState).await.err(),
        Some(LightError::Checkpoint(NoGenesisState { .. }))
    ));
    assert!(matches!(
        begin(Lie::OtherGenesis).await.err(),
        Some(LightError::Checkpoint(OtherChain { .. }))
    ));
    assert!(matches!(
        begin(Lie::OtherHeader).await.err(),
        Some(LightError::WrongHeader { .. })
    ));
    assert!(matches!(
        begin(Lie::Empty).await.err(),
        Some(LightError::Unproven { .. })
    ));
    assert!(matches!(
        begin(Lie::Endless).await.err(),
        Some(LightError::TooLong { .. })
    ));
    let mut silent = begin(Lie::Silence).await.unwrap();
    assert!(matches!(
        silent.head(at(0)).await,
        Err(LightError::Node(NodeError::Malformed { .. }))
    ));
}

#[tokio::test]
async fn who_was_off_for_longer_than_voters_answer_begins_anew() {
    use CheckpointError::TooOld;
    const DAY: i64 = 24 * 3_600;
    let mut light = begin(Lie::None).await.unwrap();
    light.head(at(0)).await.unwrap();
    let kept = light.checkpoint().clone();
    // The block is two seconds younger than its slot says here.
    let within = light.head(at(7 * DAY)).await;
    assert!(
        matches!(within, Err(LightError::Stale { .. })),
        "{within:?}"
    );
    let beyond = light.head(at(7 * DAY + 3)).await;
    assert!(matches!(
        beyond,
        Err(LightError::Checkpoint(TooOld { days: 7 }))
    ));
    let file = Checkpoint::from_json(&kept.to_json()).unwrap();
    let mut light = Light::begin(Recorded::new(Lie::None), Trust::Checkpoint(file))
        .await
        .unwrap();
    assert!(matches!(
        light.head(at(30 * DAY)).await,
        Err(LightError::Checkpoint(TooOld { days: 29 | 30 }))
    ));
    assert_eq!(light.checkpoint(), &kept, "it moved");
}
