// What a wallet does, through @polkadot/api, against the node at $PARLANCE_URL.
//
// SCENARIOS run in order and print one line each; the last line counts them.

'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');
const { ApiPromise, Keyring, WsProvider } = require('@polkadot/api');
const { createKeyMulti, encodeAddress, sortAddresses } = require('@polkadot/util-crypto');

const TOKEN = 10n ** 12n;
// A vote counts from the next election on and pays at the end of the era after it.
const TWO_ERAS_MS = 240_000;
const ZERO_HASH = `0x${'0'.repeat(64)}`;

/** The client, with the few words that every scenario needs. */
class Wallet {
    constructor(api) {
        this.api = api;
        this.keyring = new Keyring({ type: 'sr25519', ss58Format: api.registry.chainSS58 });
    }

    static async connect(url) {
        const api = await ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true });
        return new Wallet(api);
    }

    key(uri) {
        return this.keyring.addFromUri(uri);
    }

    transfer(to, amount) {
        return this.api.tx.balances.transferKeepAlive(to, amount);
    }

    /** Submits, waits for the final block, and returns the events of a success. */
    async submit(call, signer) {
        const { events, error } = await this.trySubmit(call, signer);
        assert.equal(error, null);
        return events;
    }

    /** Submits and waits for the final block, whatever the outcome. */
    trySubmit(call, signer) {
        return new Promise((resolve, reject) => {
            let stop = () => {};
            call.signAndSend(signer, ({ status, events, dispatchError, isError }) => {
                if (isError) {
                    stop();
                    reject(new Error(`the pool dropped it: ${status.type}`));
                } else if (status.isFinalized) {
                    stop();
                    resolve({ events, error: dispatchError ? this.explain(dispatchError) : null });
                }
            }).then((unsubscribe) => { stop = unsubscribe; }, reject);
        });
    }

    explain(error) {
        if (!error.isModule) return error.toString();
        const { section, name } = this.api.registry.findMetaError(error.asModule);
        return `${section}.${name}`;
    }

    async free(address) {
        return (await this.api.query.system.account(address)).data.free.toBigInt();
    }

    ask(method, ...parameters) {
        return this.api._rpcCore.provider.send(method, parameters);
    }
}

/** Data of the first event of that name. */
function event(events, section, method) {
    const found = events.find((record) => record.event.section === section && record.event.method === method);
    const names = events.map((record) => `${record.event.section}.${record.event.method}`);
    assert.ok(found, `no ${section}.${method} among ${names}`);
    return found.event.data;
}

async function readConstantsAndStorage(wallet) {
    const { api } = wallet;
    assert.deepEqual(api.registry.chainTokens, ['PARL']);
    assert.deepEqual(api.registry.chainDecimals, [12]);
    assert.equal(api.consts.vdpos.maxVotes.toNumber(), 16);
    assert.ok(api.consts.balances.existentialDeposit.toBigInt() > 0n);
    assert.ok((await api.query.timestamp.now()).toNumber() > 1_700_000_000_000);
    assert.ok((await wallet.free(wallet.key('//Bob').address)) > TOKEN);
}

async function transferWithEvents(wallet) {
    const to = wallet.key('//Bob//pay').address;
    const events = await wallet.submit(wallet.transfer(to, 3n * TOKEN), wallet.key('//Alice'));
    const seen = event(events, 'balances', 'Transfer');
    assert.equal(seen.to.toString(), to);
    assert.equal(seen.amount.toBigInt(), 3n * TOKEN);
    assert.equal(await wallet.free(to), 3n * TOKEN);
}

async function batchAsAWhole(wallet) {
    const [bob, first, second] = ['//Bob', '//Bob//one', '//Bob//two'].map((uri) => wallet.key(uri));
    const both = (amount) => wallet.api.tx.utility.batchAll([
        wallet.transfer(first.address, TOKEN),
        wallet.transfer(second.address, amount),
    ]);
    const refused = await wallet.trySubmit(both(10n ** 9n * TOKEN), bob);
    assert.ok(refused.error, 'a payment beyond all means went through');
    assert.equal(await wallet.free(first.address), 0n, 'half of a failed batch happened');
    event(await wallet.submit(both(2n * TOKEN), bob), 'utility', 'BatchCompleted');
    assert.equal(await wallet.free(first.address), TOKEN);
    assert.equal(await wallet.free(second.address), 2n * TOKEN);
}

async function shareAnAccountTwoOfThree(wallet) {
    const members = ['//Alice', '//Bob', '//Charlie'].map((uri) => wallet.key(uri));
    const prefix = wallet.api.registry.chainSS58;
    const addresses = members.map((member) => member.address);
    const shared = encodeAddress(createKeyMulti(addresses, 2), prefix);
    const to = wallet.key('//Dave//shared').address;
    await wallet.submit(wallet.transfer(shared, 10n * TOKEN), members[2]);

    const inner = wallet.transfer(to, 4n * TOKEN);
    const weight = { refTime: 2_000_000_000, proofSize: 100_000 };
    const approve = (member, when) => {
        const others = sortAddresses(addresses.filter((address) => address !== member.address), prefix);
        return wallet.submit(wallet.api.tx.multisig.asMulti(2, others, when, inner, weight), member);
    };
    event(await approve(members[0], null), 'multisig', 'NewMultisig');
    const stored = await wallet.api.query.multisig.multisigs(shared, inner.method.hash);
    const done = event(await approve(members[1], stored.unwrap().when), 'multisig', 'MultisigExecuted');
    assert.equal(done.multisig.toString(), shared);
    assert.ok(done.result.isOk, `the shared call failed: ${done.result}`);
    assert.equal(await wallet.free(to), 4n * TOKEN);
}

async function actByProxy(wallet) {
    const [owner, agent, to] = ['//Charlie', '//Dave', '//Dave//agent'].map((uri) => wallet.key(uri));
    const { proxy } = wallet.api.tx;
    const act = () => proxy.proxy(owner.address, null, wallet.transfer(to.address, 5n * TOKEN));
    await wallet.submit(proxy.addProxy(agent.address, 'Any', 0), owner);
    const done = event(await wallet.submit(act(), agent), 'proxy', 'ProxyExecuted');
    assert.ok(done.result.isOk, `the proxied call failed: ${done.result}`);
    assert.equal(await wallet.free(to.address), 5n * TOKEN);
    await wallet.submit(proxy.removeProxy(agent.address, 'Any', 0), owner);
    assert.equal((await wallet.trySubmit(act(), agent)).error, 'proxy.NotProxy');
}

async function followFinalBlocks({ api }) {
    const headers = [];
    await new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('five final blocks took over 60 s')), 60_000);
        const stop = api.rpc.chain.subscribeFinalizedHeads(async (header) => {
            headers.push(header);
            if (headers.length === 5) {
                clearTimeout(late);
                (await stop)();
                resolve();
            }
        });
        stop.catch(reject);
    });
    for (let at = 1; at < 5; at += 1) {
        assert.equal(headers[at].number.toNumber(), headers[at - 1].number.toNumber() + 1);
        assert.equal(headers[at].parentHash.toHex(), headers[at - 1].hash.toHex());
        assert.notEqual(headers[at].stateRoot.toHex(), ZERO_HASH);
    }
}

async function standAsACandidate(wallet) {
    const [candidate, voter] = ['//Eve', '//Dave'].map((uri) => wallet.key(uri));
    const owner = `0x${Buffer.from(candidate.publicKey).toString('hex')}`;
    const made = await wallet.ask('author_rotateKeysWithOwner', owner);
    await wallet.submit(wallet.api.tx.session.setKeys(made.keys, made.proof), candidate);
    const register = wallet.api.tx.vdpos.register(50_000_000, 1_000n * TOKEN);
    event(await wallet.submit(register, candidate), 'vdpos', 'Registered');
    const rows = await wallet.ask('parlance_producers');
    const row = rows.find(({ account }) => account === candidate.address);
    assert.equal(BigInt(row.bond), 1_000n * TOKEN);
    // Small on purpose: elected, it would hold half of this chain's votes on finality, and one node
    // can cast only one.
    const vote = wallet.api.tx.vdpos.vote([candidate.address], 10n * TOKEN);
    event(await wallet.submit(vote, voter), 'vdpos', 'Voted');
}

async function readTheBlockOfARegistration(wallet) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'parlance-js-'));
    const program = process.env.BIMP_BIN ?? path.join(path.dirname(process.env.PARLANCE_BIN), 'bimp');
    const trust = wallet.api.genesisHash.toHex();
    let made;
    try {
        const words = ['identity', 'new', '--json', '--node', process.env.PARLANCE_URL, '--trust', trust];
        const env = { ...process.env, BIMP_FOLDER: folder, BIMP_PASSPHRASE: 'of a test' };
        // Not the variant that blocks: the connection to the node lives on meanwhile.
        made = JSON.parse((await promisify(execFile)(program, words, { env, timeout: 120_000 })).stdout);
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
    const { registered } = await wallet.ask('parlance_identityStanding', made.account);
    const { block } = await wallet.api.rpc.chain.getBlock(await wallet.api.rpc.chain.getBlockHash(registered));
    const found = block.extrinsics.find(({ method }) => method.section === 'accounts' && method.method === 'register');
    assert.ok(found && !found.isSigned, `no registration among ${block.extrinsics.length} extrinsics`);
    const [registration] = found.method.args;
    assert.equal(registration.account.toString(), made.account);
}

async function claimWhatAVoteEarned(wallet) {
    const voter = wallet.key('//Ferdie');
    const end = Date.now() + TWO_ERAS_MS;
    let due = 0n;
    while (due === 0n) {
        assert.ok(Date.now() < end, 'the voter earned nothing in two eras');
        await new Promise((resolve) => { setTimeout(resolve, 1_000); });
        due = BigInt(await wallet.ask('parlance_claimable', voter.address));
    }
    const seen = event(await wallet.submit(wallet.api.tx.vdpos.claim(), voter), 'vdpos', 'Claimed');
    assert.ok(seen.amount.toBigInt() >= due, `${due} were due, ${seen.amount} were paid`);
}

const SCENARIOS = [
    ['read constants and storage', readConstantsAndStorage],
    ['transfer with events', transferWithEvents],
    ['batch as a whole', batchAsAWhole],
    ['share an account two of three', shareAnAccountTwoOfThree],
    ['act by proxy', actByProxy],
    ['follow final blocks', followFinalBlocks],
    ['stand as a candidate', standAsACandidate],
    ['read the block of a registration', readTheBlockOfARegistration],
    ['claim what a vote earned', claimWhatAVoteEarned],
];

async function main() {
    const wallet = await Wallet.connect(process.env.PARLANCE_URL);
    // Cast first: what it earns is claimed last.
    const alice = wallet.key('//Alice').address;
    await wallet.submit(wallet.api.tx.vdpos.vote([alice], 500n * TOKEN), wallet.key('//Ferdie'));
    let failed = 0;
    for (const [name, scenario] of SCENARIOS) {
        const start = Date.now();
        const seconds = () => ((Date.now() - start) / 1000).toFixed(1);
        try {
            await scenario(wallet);
            console.log(`ok    js: ${name} (${seconds()} s)`);
        } catch (error) {
            failed += 1;
            console.log(`FAIL  js: ${name} (${seconds()} s)\n      ${error.message}`);
        }
    }
    await wallet.api.disconnect();
    console.log(`${SCENARIOS.length - failed} passed, ${failed} failed`);
    process.exitCode = failed ? 1 : 0;
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
