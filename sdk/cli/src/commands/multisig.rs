//! `bimp wallet multisig`.

use parlance_client::{
    chain::{amount::Amount, call::Call},
    light::{Head, Light},
    node::WsNode,
    primitives::AccountId,
    vault::Vault,
    wallet::{account, shared::SharedAccount},
};
use serde_json::json;

use super::{address, transact};
use crate::{
    arguments::{Multisig, Owners, Payment},
    context::Context,
    failure::Failure,
    report::{Report, value},
};

/// What all commands here begin with.
struct Setting {
    vault: Vault,
    light: Light<WsNode>,
    head: Head,
    me: AccountId,
    shared: SharedAccount,
}

pub async fn run(context: &Context, command: Multisig) -> Result<Report, Failure> {
    let owners = match &command {
        Multisig::Address { owners }
        | Multisig::Approve { owners, .. }
        | Multisig::Show { owners, .. }
        | Multisig::Cancel { owners, .. } => owners,
    };
    let setting = begin(context, owners).await?;
    match command {
        Multisig::Address { .. } => show_address(&setting).await,
        Multisig::Approve { payment, yes, .. } => approve(context, setting, &payment, yes).await,
        Multisig::Show { payment, .. } => show(context, &setting, &payment).await,
        Multisig::Cancel { payment, .. } => cancel(context, setting, &payment).await,
    }
}

async fn begin(context: &Context, owners: &Owners) -> Result<Setting, Failure> {
    let vault = context.vault()?;
    let me = vault.account()?;
    let mut all = owners
        .others
        .iter()
        .map(|other| context.account(Some(&vault), other))
        .collect::<Result<Vec<_>, _>>()?;
    all.push(me.clone());
    let shared = SharedAccount::new(all, owners.threshold)?;
    let mut light = context.light(Some(&vault)).await?;
    let head = context.head(&mut light, Some(&vault)).await?;
    Ok(Setting {
        vault,
        light,
        head,
        me,
        shared,
    })
}

async fn show_address(setting: &Setting) -> Result<Report, Failure> {
    let shared = setting.shared.account();
    let state = account(&setting.light, &setting.head, &shared).await?;
    let (account, free) = (address(&shared), Amount(state.data.free));
    Ok(
        Report::new(json!({"account": account, "free": value(&free)}))
            .field("account", account)
            .field("must agree", setting.shared.threshold())
            .field("holds", free),
    )
}

fn call(context: &Context, vault: &Vault, payment: &Payment) -> Result<Call, Failure> {
    let to = context.account(Some(vault), &payment.to)?;
    Ok(Call::transfer(&to, payment.amount.0))
}

async fn approve(
    context: &Context,
    mut setting: Setting,
    payment: &Payment,
    yes: bool,
) -> Result<Report, Failure> {
    let inner = call(context, &setting.vault, payment)?;
    let open = setting
        .shared
        .open_call(&setting.light, &setting.head, &inner)
        .await?;
    let outer = setting
        .shared
        .approve(&setting.me, inner.clone(), open.as_ref())?;
    let from = address(&setting.shared.account());
    context.agree(&format!("From {from}, {outer}?"), yes)?;
    let before = open.map_or(0, |open| open.approvals.len());
    let Setting {
        vault, light, head, ..
    } = &mut setting;
    let included = transact(context, vault, light, head, outer).await?;
    let approvals = before.saturating_add(1);
    let made = approvals >= usize::from(setting.shared.threshold());
    let object = json!({
        "from": from,
        "approvals": approvals,
        "made": made,
        "callHash": format!("0x{}", hex::encode(inner.hash())),
        "included": value(&included),
    });
    let report = Report::new(object)
        .field("from", from)
        .field("approved", &inner);
    Ok(match made {
        true => report.line("all who must have agreed: look at the balance of the receiver"),
        false => report.field(
            "waits for",
            usize::from(setting.shared.threshold()).saturating_sub(approvals),
        ),
    })
}

async fn show(context: &Context, setting: &Setting, payment: &Payment) -> Result<Report, Failure> {
    let inner = call(context, &setting.vault, payment)?;
    let open = setting
        .shared
        .open_call(&setting.light, &setting.head, &inner)
        .await?;
    let from = address(&setting.shared.account());
    let Some(open) = open else {
        let object = json!({"from": from, "open": false});
        return Ok(Report::new(object).line("no such payment waits"));
    };
    let approvals: Vec<String> = open.approvals.iter().map(address).collect();
    let object = json!({
        "from": from,
        "open": true,
        "approvals": approvals,
        "deposit": value(&Amount(open.deposit)),
        "openedBy": address(&open.depositor),
    });
    let report = Report::new(object)
        .field("waits", &inner)
        .field("must agree", setting.shared.threshold());
    Ok(approvals
        .into_iter()
        .fold(report, |report, who| report.field("approved by", who)))
}

async fn cancel(
    context: &Context,
    mut setting: Setting,
    payment: &Payment,
) -> Result<Report, Failure> {
    let inner = call(context, &setting.vault, payment)?;
    let open = setting
        .shared
        .open_call(&setting.light, &setting.head, &inner)
        .await?;
    let outer = setting.shared.cancel(&setting.me, &inner, open.as_ref())?;
    let Setting {
        vault, light, head, ..
    } = &mut setting;
    let included = transact(context, vault, light, head, outer).await?;
    Ok(Report::new(json!({"included": value(&included)})).line("taken back; the deposit returned"))
}
