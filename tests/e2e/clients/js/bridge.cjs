// A device that reads its mailbox at a relay over the node's JSON-RPC, as docs/relay.md says, with nothing of this project.
//
// From the environment: PARLANCE_URL; BIMP_ACCOUNT, BIMP_SEED of the device's signing key and BIMP_RELAY, hexadecimal; BIMP_DEVICE, its number;
// BIMP_MESSAGES, how many to wait for. Says 'ready' when it has subscribed, and last the ids of the messages as JSON.

'use strict';

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { WsProvider } = require('@polkadot/api');
const { blake2AsU8a, ed25519PairFromSeed, ed25519Sign } = require('@polkadot/util-crypto');

const HELLO = 0x8001;
const PING = 0x0003;
const PONG = 0x0004;
const CLOSE = 0x8005;
const DELIVER = 0xb001;
const AUTHENTICATE = 1;
const SUBSCRIBE = 6;
const ACKNOWLEDGE = 8;

const unhex = (text) => Buffer.from(text.replace(/^0x/, ''), 'hex');
const hex = (bytes) => `0x${Buffer.from(bytes).toString('hex')}`;
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();

function u16(number) {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(number);
    return bytes;
}

function u32(number) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(number);
    return bytes;
}

/** A frame: length, kind, request, body. */
function frame(kind, request, ...body) {
    const rest = Buffer.concat([u16(kind), u32(request), ...body]);
    return Buffer.concat([u32(rest.length), rest]);
}

/** A session: frames go out one after the other, and come in as events. */
class Session {
    constructor(provider) {
        this.provider = provider;
        this.said = [];
        this.heard = null;
        this.last = 0;
        this.sending = Promise.resolve();
    }

    async open() {
        await this.provider.subscribe('parlance_relayFrames', 'parlance_relayOpen', [], (error, said) => {
            this.said.push(error ? { failed: error } : said);
            this.heard?.();
        });
        this.opened = (await this.next()).opened;
        assert.ok(this.opened, 'the first thing said is what the session is');
    }

    async next() {
        while (this.said.length === 0) {
            await new Promise((resolve) => { this.heard = resolve; });
        }
        return this.said.shift();
    }

    put(bytes) {
        const call = () => this.provider.send('parlance_relayFrame', [this.opened.session, hex(bytes)]);
        this.sending = this.sending.then(call);
        return this.sending;
    }

    /** The next frame that is not about the connection. */
    async read() {
        for (;;) {
            const said = await this.next();
            assert.ok(said.frame, `the session is over: ${JSON.stringify(said)}`);
            const bytes = unhex(said.frame);
            assert.equal(bytes.readUInt32LE(0), bytes.length - 4, 'one frame each');
            const kind = bytes.readUInt16LE(4);
            const body = bytes.subarray(10);
            assert.notEqual(kind, CLOSE, `closed: ${body.toString('latin1')}`);
            if (kind === PING) {
                await this.put(frame(PONG, 0, body));
            } else if (kind === HELLO || kind >> 12 & 7) {
                return { kind, request: bytes.readUInt32LE(6), body };
            }
        }
    }

    /** Asks, and waits for the answer; what is delivered meanwhile is kept. */
    async ask(number, delivered, ...body) {
        this.last += 1;
        await this.put(frame(0x1000 | number, this.last, ...body));
        for (;;) {
            const read = await this.read();
            if (read.kind === DELIVER) {
                delivered.push(read.body);
                continue;
            }
            assert.equal(read.kind, 0x2000 | number, `refused: ${read.body.toString('hex')}`);
            assert.equal(read.request, this.last);
            return read.body;
        }
    }
}

async function main() {
    const account = unhex(process.env.BIMP_ACCOUNT);
    const mailbox = blake2AsU8a(Buffer.concat([Buffer.from('parlance/mailbox/1'), account, u32(0)]), 256);
    const pair = ed25519PairFromSeed(unhex(process.env.BIMP_SEED));
    const wanted = Number(process.env.BIMP_MESSAGES);
    const provider = new WsProvider(process.env.PARLANCE_URL);
    await provider.isReady;
    const session = new Session(provider);
    await session.open();
    const { challenge, genesis, relay } = session.opened;
    assert.equal(relay, process.env.BIMP_RELAY);

    // Oldest and newest minor version, window, requests.
    await session.put(frame(HELLO, 0, u16(0), u16(0), u32(1 << 24), u16(16)));
    assert.equal((await session.read()).kind, HELLO);

    const credential = Buffer.concat([Buffer.from([0]), account, u32(Number(process.env.BIMP_DEVICE))]);
    const exporter = sha256(Buffer.from('parlance/bimp/bridge/1'), unhex(challenge));
    const statement = Buffer.concat([
        Buffer.from('parlance/bimp/authenticate/1'), unhex(genesis), exporter, unhex(relay), credential,
    ]);
    const delivered = [];
    await session.ask(AUTHENTICATE, delivered, credential, Buffer.from(ed25519Sign(statement, pair)));
    await session.ask(SUBSCRIBE, delivered, Buffer.from(mailbox), u16(0));
    console.log('ready');

    while (delivered.length < wanted) {
        const read = await session.read();
        assert.equal(read.kind, DELIVER);
        delivered.push(read.body);
    }
    const ids = delivered.map((body) => body.subarray(32, 64));
    assert.ok(ids.length < 64, 'the length of the list is one byte');
    await session.ask(ACKNOWLEDGE, delivered, Buffer.from(mailbox), Buffer.from([ids.length << 2]), ...ids);
    console.log(JSON.stringify(ids.map(hex)));
    await provider.disconnect();
}

main().then(() => process.exit(0), (error) => {
    console.error(error);
    process.exit(1);
});
