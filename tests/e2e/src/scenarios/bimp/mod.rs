//! What a person does with `bimp`: identity without tokens, devices, contacts, wallets.

mod lost;

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use parlance_e2e::{
    bimp::{Person, text},
    chain::{Chain, TOKEN, account, address, call, key},
    facts,
    harness::{Group, Stage},
    node::{Node, Setup},
    wait::seconds,
};
use serde_json::Value as Json;
use subxt::{dynamic::Value, utils::AccountId32};

const NEWCOMER: &str = "a newcomer without tokens has an identity after one command";
const SECOND: &str = "a second device joins by a code and is seen";
const CONTACT: &str = "a contact sees devices that come and go, and the verification breaks";
const INVITED: &str = "an invitation registers once, and no second time";
const PAY: &str = "a payment is proven, and one that is too large is refused";
const COLD: &str = "a machine without a network signs what another one sends";
const SHARED: &str = "two of two pay from a shared account";
const LOST: &str =
    "a lost device is revoked from another, and a contact's client says so before the next text";
const MOVED: &str = "an export takes a device elsewhere, a phrase brings the account back";
const KILLED: &str = "commands that are killed lose nothing that was done";
const BOOK: &str = "the user's guide works as it is written";

pub fn group() -> Group {
    Group {
        name: "bimp",
        scenarios: &[
            NEWCOMER, SECOND, CONTACT, INVITED, PAY, COLD, SHARED, LOST, MOVED, KILLED, BOOK,
        ],
        run: |stage| Box::pin(run(stage)),
    }
}

/// Who takes part.
struct Town {
    chain: Chain,
    node: Node,
    genesis: String,
    root: std::path::PathBuf,
}

impl Town {
    fn person(&self, name: &str) -> Result<Person> {
        Person::new(self.root.join(name), &self.node.url(), &self.genesis)
    }

    /// Alice of the test network, with her key in a folder.
    async fn rich(&self, name: &str, path: &str) -> Result<Person> {
        let person = self.person(name)?;
        let words = [("BIMP_PHRASE", subxt_signer::DEV_PHRASE)];
        let ended = person
            .run_with(&["identity", "restore", "--path", path], &[], &words)
            .await?;
        ensure!(ended.code == 0, "{}", ended.said);
        Ok(person)
    }

    async fn give(&self, to: &str, amount: u128) -> Result<()> {
        let to: AccountId32 = to.parse().map_err(|error| anyhow::anyhow!("{error}"))?;
        let transfer = call(
            "Balances",
            "transfer_keep_alive",
            vec![address(&to), Value::u128(amount)],
        );
        self.chain.submit(&transfer, &key("//Alice")?).await?;
        Ok(())
    }

    async fn free(&self, of: &str) -> Result<u128> {
        let of: AccountId32 = of.parse().map_err(|error| anyhow::anyhow!("{error}"))?;
        self.chain.free(&of).await
    }
}

async fn run(stage: &Stage) -> Result<()> {
    let mut setup = Setup::alone("fast-1", "//Alice");
    // Each scenario may begin to trust at the genesis, whose state must be there.
    setup.flags.push("--state-pruning=archive".to_owned());
    let mut node = Node::prepare(&stage.binary, stage.directory("node")?, setup).await?;
    node.start_and_wait().await?;
    node.first_blocks().await?;
    let town = Town {
        chain: Chain::connect(&node.url()).await?,
        genesis: facts::hash_at(&node.rpc(), 0)
            .await?
            .context("no genesis")?,
        root: stage.directory("people")?,
        node,
    };
    let anna = stage.scenario(NEWCOMER, newcomer(stage, &town)).await?;
    let phone = stage.scenario(SECOND, second_device(&town, &anna)).await?;
    stage
        .scenario(CONTACT, contact(&town, &anna, &phone))
        .await?;
    stage.scenario(INVITED, invited(stage, &town)).await?;
    stage.scenario(PAY, pay(stage, &town, &anna)).await?;
    stage.scenario(COLD, cold(stage, &town)).await?;
    stage.scenario(SHARED, shared(&town)).await?;
    stage.scenario(LOST, lost::lost(&town, &anna)).await?;
    stage.scenario(MOVED, moved(&town, &anna)).await?;
    stage.scenario(KILLED, killed(&town, &anna)).await?;
    stage.scenario(BOOK, book(stage, &town)).await?;
    town.node.must_not_have_panicked()
}

async fn newcomer(stage: &Stage, town: &Town) -> Result<Person> {
    let anna = town.person("anna")?;
    let start = Instant::now();
    let said = anna.succeed(&["identity", "new"]).await?;
    let took = start.elapsed().as_secs_f64();
    stage.figure(&format!(
        "one command, no tokens: an identity after {took:.1} s"
    ));
    ensure!(said["registered"] == true, "{said}");
    ensure!(
        said["devices"].as_array().map(Vec::len) == Some(1),
        "{said}"
    );
    let words = text(&said, "phrase")?;
    ensure!(words.split(' ').count() == 12, "the phrase is {words:?}");
    let own = text(&said, "account")?;
    ensure!(town.free(&own).await? == 0, "the newcomer has tokens");

    // A stranger sees the same, and proven.
    let seen = town
        .person("stranger")?
        .succeed(&["identity", "show", &own])
        .await?;
    ensure!(seen["devices"] == said["devices"], "{seen} is not {said}");
    let error = anna.refusal(8, &["identity", "register"]).await?;
    ensure!(error.contains("identity already"), "{error}");
    Ok(anna)
}

async fn second_device(town: &Town, anna: &Person) -> Result<Person> {
    let own = text(&anna.succeed(&["status"]).await?, "account")?;
    let phone = town.person("phone")?;
    let asked = phone.succeed(&["device", "request", &own]).await?;
    let code = text(&asked, "code")?;
    let cut = &code[..code.len() - 2];
    let error = anna.refusal(7, &["device", "add", cut]).await?;
    ensure!(error.contains("cut or mistyped"), "{error}");
    // Whose code it is has to be compared; nobody does that here, so nothing happens unless it is said beforehand.
    let error = anna.refusal(8, &["device", "add", &code]).await?;
    ensure!(error.contains("did not agree"), "{error}");
    let before = anna.succeed(&["device", "list"]).await?;
    ensure!(devices(&before)?.len() == 1, "{before}");
    let added = anna.succeed(&["device", "add", &code, "--yes"]).await?;
    ensure!(
        added["fingerprint"] == asked["fingerprint"] && added["fingerprint"].is_string(),
        "{added} is not {asked}"
    );
    let list = phone.succeed(&["device", "list"]).await?;
    ensure!(devices(&list)?.len() == 2, "{list}");
    ensure!(
        devices(&list)?
            .iter()
            .any(|one| one["id"] == asked["device"] && one["this"] == true),
        "{list}"
    );
    // The phone has no key of the account.
    let error = phone.refusal(8, &["identity", "phrase"]).await?;
    ensure!(error.contains("another device"), "{error}");
    let error = anna.refusal(8, &["device", "add", &code, "--yes"]).await?;
    ensure!(error.contains("request once more"), "{error}");
    Ok(phone)
}

fn devices(said: &Json) -> Result<&Vec<Json>> {
    said["devices"]
        .as_array()
        .with_context(|| format!("no devices in {said}"))
}

async fn contact(town: &Town, anna: &Person, phone: &Person) -> Result<()> {
    let bert = town.rich("bert", "//Bob").await?;
    bert.succeed(&["identity", "register"]).await?;
    let me = text(&anna.succeed(&["status"]).await?, "account")?;
    let said = bert.succeed(&["contact", "add", "anna", &me]).await?;
    let number = text(&said, "safetyNumber")?;
    let him = text(&bert.succeed(&["status"]).await?, "account")?;
    let hers = anna.succeed(&["contact", "add", "bert", &him]).await?;
    ensure!(
        hers["safetyNumber"] == number.as_str(),
        "{hers} is not {number}"
    );
    let other = number.replace(' ', "").chars().rev().collect::<String>();
    bert.refusal(5, &["contact", "verify", "anna", "--number", &other])
        .await?;
    let said = bert
        .succeed(&["contact", "verify", "anna", "--number", &number])
        .await?;
    ensure!(said["verification"] == "verified", "{said}");

    // The phone is lost: whoever was compared stays verified.
    let lost = text(&phone.succeed(&["status"]).await?, "device")?;
    anna.succeed(&["device", "remove", &lost[..8]]).await?;
    let seen = only_contact(&bert.succeed(&["contact", "list"]).await?)?;
    ensure!(changes(&seen).contains("does not use device"), "{seen}");
    ensure!(seen["verification"] == "verified", "{seen}");

    // New keys are not what was compared.
    anna.succeed(&["identity", "rotate"]).await?;
    let seen = only_contact(&bert.succeed(&["contact", "list"]).await?)?;
    ensure!(changes(&seen).contains("has a new device"), "{seen}");
    ensure!(seen["verification"] == "verification broken", "{seen}");
    let again = only_contact(&bert.succeed(&["contact", "list"]).await?)?;
    ensure!(changes(&again).is_empty(), "told twice: {again}");
    let listed = anna.succeed(&["device", "list"]).await?;
    ensure!(
        devices(&listed)?.len() == 1 && listed["devices"][0]["this"] == true,
        "{listed}"
    );
    Ok(())
}

fn only_contact(said: &Json) -> Result<Json> {
    said["contacts"]
        .get(0)
        .cloned()
        .with_context(|| format!("no contact in {said}"))
}

fn changes(contact: &Json) -> String {
    let list = contact["changes"].as_array().cloned().unwrap_or_default();
    let words: Vec<&str> = list.iter().filter_map(Json::as_str).collect();
    words.join("; ")
}

async fn invited(stage: &Stage, town: &Town) -> Result<()> {
    let host = town.rich("host", "//Charlie").await?;
    host.succeed(&["identity", "register"]).await?;
    // The fee of the invitation makes the deposit, which inviting needs.
    let said = host.succeed(&["identity", "invite"]).await?;
    let error = host.refusal(6, &["identity", "back"]).await?;
    ensure!(error.contains("has a deposit already"), "{error}");
    let code = said["invitations"][0]
        .as_str()
        .with_context(|| format!("no code in {said}"))?
        .to_owned();
    let start = Instant::now();
    let guest = town.person("guest")?;
    let said = guest
        .succeed(&["identity", "new", "--invitation", &code])
        .await?;
    let took = start.elapsed().as_secs_f64();
    stage.figure(&format!("invited: an identity after {took:.1} s"));
    ensure!(said["registered"] == true, "{said}");
    let late = town.person("late")?;
    let error = late
        .refusal(6, &["identity", "new", "--invitation", &code])
        .await?;
    ensure!(error.contains("ask for another"), "{error}");
    Ok(())
}

async fn pay(stage: &Stage, town: &Town, anna: &Person) -> Result<()> {
    let own = text(&anna.succeed(&["status"]).await?, "account")?;
    town.give(&own, 10 * TOKEN).await?;
    let said = anna.succeed(&["wallet", "balance"]).await?;
    ensure!(said["free"] == "10", "{said}");
    let to = account(&key("//Eve//bimp")?).to_string();
    let start = Instant::now();
    let said = anna
        .succeed(&["wallet", "send", &to, "2.5", "--yes"])
        .await?;
    let took = start.elapsed().as_secs_f64();
    stage.figure(&format!("a payment, final and proven, after {took:.1} s"));
    ensure!(said["included"]["block"].is_u64(), "{said}");
    ensure!(
        town.free(&to).await? == 5 * TOKEN / 2,
        "the receiver has another sum"
    );
    let error = anna
        .refusal(8, &["wallet", "send", &to, "1000", "--yes"])
        .await?;
    ensure!(error.contains("more than the"), "{error}");
    let error = anna.refusal(8, &["wallet", "send", &to, "1"]).await?;
    ensure!(error.contains("did not agree"), "{error}");
    let error = anna
        .refusal(7, &["wallet", "send", "5Grw", "1", "--yes"])
        .await?;
    ensure!(error.contains("no address"), "{error}");
    Ok(())
}

async fn cold(stage: &Stage, town: &Town) -> Result<()> {
    let vault = town.person("cold")?;
    let own = text(
        &vault.succeed(&["identity", "new", "--offline"]).await?,
        "account",
    )?;
    town.give(&own, 5 * TOKEN).await?;
    let online = town.person("online")?;
    let to = account(&key("//Eve//cold")?).to_string();
    let path = |name: &str| town.root.join(name).display().to_string();
    let (prepared, signed) = (path("prepared.json"), path("signed.json"));
    let prepare = [
        "wallet", "prepare", &to, "1.25", "--from", &own, "--out", &prepared,
    ];
    online.succeed(&prepare).await?;
    // A network namespace of its own, in which not even loopback is up.
    let alone = ["unshare", "--map-root-user", "--net"];
    let sign = [
        "wallet",
        "sign-offline",
        &prepared,
        "--out",
        &signed,
        "--yes",
    ];
    let ended = vault.run_with(&sign, &alone, &[]).await?;
    ensure!(ended.code == 0, "{}", ended.said);
    let words = text(&ended.said, "call")?;
    ensure!(words == format!("pay 1.25 tokens to {to}"), "{words}");
    let ended = vault.run_with(&["wallet", "balance"], &alone, &[]).await?;
    ensure!(ended.code == 4, "there is a network: {}", ended.said);

    let start = Instant::now();
    online.succeed(&["wallet", "broadcast", &signed]).await?;
    let took = start.elapsed().as_secs_f64();
    stage.figure(&format!("a cold payment, broadcast to proven, {took:.1} s"));
    ensure!(
        town.free(&to).await? == 5 * TOKEN / 4,
        "the payment is missing"
    );
    let error = online.refusal(6, &["wallet", "broadcast", &signed]).await?;
    ensure!(error.contains("begin again"), "{error}");
    let stranger = town.person("guest")?;
    let error = stranger.refusal(8, &sign).await?;
    ensure!(error.contains("whose key is not here"), "{error}");
    Ok(())
}

async fn shared(town: &Town) -> Result<()> {
    let (one, two) = (
        town.rich("one", "//Dave").await?,
        town.rich("two", "//Eve").await?,
    );
    let name = |path: &str| -> Result<String> { Ok(account(&key(path)?).to_string()) };
    let (dave, eve) = (name("//Dave")?, name("//Eve")?);
    let to = name("//Eve//shared")?;
    let said = one
        .succeed(&["wallet", "multisig", "address", "--with", &eve])
        .await?;
    let shared = text(&said, "account")?;
    let same = two
        .succeed(&["wallet", "multisig", "address", "--with", &dave])
        .await?;
    ensure!(same["account"] == shared.as_str(), "{same} is not {said}");
    town.give(&shared, 20 * TOKEN).await?;

    let approve = |other: &str| {
        [
            "wallet", "multisig", "approve", &to, "7", "--with", other, "--yes",
        ]
        .map(str::to_owned)
    };
    let run = async |person: &Person, other: &str| {
        let arguments = approve(other);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        person.run(&arguments).await
    };
    let first = run(&one, &eve).await?;
    ensure!(first.said["made"] == false, "{}", first.said);
    ensure!(town.free(&to).await? == 0, "one was enough");
    let twice = run(&one, &eve).await?;
    ensure!(twice.code == 8, "{}", twice.said);
    let waits = two
        .succeed(&["wallet", "multisig", "show", &to, "7", "--with", &dave])
        .await?;
    ensure!(
        waits["open"] == true && waits["openedBy"] == dave.as_str(),
        "{waits}"
    );
    let second = run(&two, &dave).await?;
    ensure!(second.said["made"] == true, "{}", second.said);
    ensure!(
        town.free(&to).await? == 7 * TOKEN,
        "the shared payment is missing"
    );
    Ok(())
}

async fn moved(town: &Town, anna: &Person) -> Result<()> {
    let before = anna.succeed(&["status"]).await?;
    let file = town.root.join("export").display().to_string();
    let secret = [("BIMP_EXPORT_PASSPHRASE", "another passphrase")];
    let ended = anna
        .run_with(&["identity", "export", &file], &[], &secret)
        .await?;
    ensure!(ended.code == 0, "{}", ended.said);
    let there = town.person("moved")?;
    let restore = ["identity", "restore", "--file", &file];
    let ended = there.run_with(&restore, &[], &secret).await?;
    ensure!(ended.code == 0, "{}", ended.said);
    let after = there.succeed(&["status"]).await?;
    for field in ["account", "device", "listed", "contacts"] {
        ensure!(
            after[field] == before[field],
            "{field}: {after} is not {before}"
        );
    }
    // Another passphrase takes the place of the old one.
    let new = [("BIMP_NEW_PASSPHRASE", "a new passphrase")];
    let ended = there.run_with(&["passphrase"], &[], &new).await?;
    ensure!(ended.code == 0, "{}", ended.said);
    there.refusal(3, &["status"]).await?;
    let new = [("BIMP_PASSPHRASE", "a new passphrase")];
    let ended = there.run_with(&["status"], &[], &new).await?;
    ensure!(ended.said["device"] == before["device"], "{}", ended.said);

    let wrong = [("BIMP_EXPORT_PASSPHRASE", "not the passphrase")];
    let third = town.person("third")?;
    let ended = third.run_with(&restore, &[], &wrong).await?;
    ensure!(ended.code == 3, "{}", ended.said);

    // The words alone bring the account, and a new device that has yet to be listed.
    let words = text(&anna.succeed(&["identity", "phrase"]).await?, "phrase")?;
    let words = [("BIMP_PHRASE", words.as_str())];
    let ended = third
        .run_with(&["identity", "restore"], &[], &words)
        .await?;
    ensure!(ended.said["account"] == before["account"], "{}", ended.said);
    ensure!(ended.said["device"] != before["device"], "{}", ended.said);
    third.succeed(&["device", "add", "--this"]).await?;
    let listed = third.succeed(&["device", "list"]).await?;
    ensure!(devices(&listed)?.len() == 2, "{listed}");
    Ok(())
}

/// Kills commands that write, at moments spread over their run, and looks at what is there afterwards.
async fn killed(town: &Town, anna: &Person) -> Result<()> {
    let someone = account(&key("//Ferdie")?).to_string();
    let before = anna.succeed(&["status"]).await?;
    let mut done = Vec::new();
    for round in 0..12_u64 {
        let name = format!("contact-{round}");
        let arguments = ["contact", "add", &name, &someone];
        let moment = std::time::Duration::from_millis(150 + 60 * round);
        match tokio::time::timeout(moment, anna.run(&arguments)).await {
            // Dropping the command kills it, as kill -9 does.
            Err(_) => {}
            Ok(ended) => {
                let ended = ended?;
                ensure!(ended.code == 0, "adding {name}: {}", ended.said);
                done.push(name);
            }
        }
    }
    let after = anna.succeed(&["status"]).await?;
    for field in ["account", "device", "registered", "listed"] {
        ensure!(
            after[field] == before[field],
            "{field}: {after} is not {before}"
        );
    }
    let list = anna.succeed(&["contact", "list"]).await?;
    for name in done {
        let there = list["contacts"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["name"] == name.as_str()));
        ensure!(there, "{name} is lost: {list}");
    }
    ensure!(!town.node.log_tail(1).is_empty(), "the node says nothing");
    Ok(())
}

async fn book(stage: &Stage, town: &Town) -> Result<()> {
    let harness = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = harness.ancestors().nth(2).context("two levels deep")?;
    let person = town.person("reader")?;
    let folder = person.binary().parent().context("a binary in no folder")?;
    let paths = std::env::var("PATH").unwrap_or_default();
    let log = std::fs::File::create(town.root.join("book.log"))?;
    let start = Instant::now();
    let run = tokio::process::Command::new(harness.join("doc-blocks"))
        .arg(root.join("docs/bimp.md"))
        .env("PATH", format!("{}:{paths}", folder.display()))
        .env("NODE", town.node.url())
        .env("GENESIS", &town.genesis)
        .env("BASE", person.folder())
        .stdin(std::process::Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .status();
    let outcome = tokio::time::timeout(seconds(600), run).await;
    let text = std::fs::read(town.root.join("book.log")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(40)..].join("\n");
    let status = outcome.with_context(|| format!("no end:\n{tail}"))??;
    ensure!(status.success(), "it ended with {status}:\n{tail}");
    let took = start.elapsed().as_secs_f64();
    stage.figure(&format!("all of docs/bimp.md in {took:.0} s"));
    Ok(())
}
