class Writer {
  constructor() {
    this.out = [];
  }
  put(bytes) {
    for (const byte of bytes) this.out.push(byte);
  }
}

class Reader {
  constructor(data) {
    this.data = data;
    this.at = 0;
  }
  take(count) {
    if (count > this.data.length - this.at) throw new RangeError("the answer ends too early");
    this.at += count;
    return this.data.slice(this.at - count, this.at);
  }
}

const little = (value, length) => {
  const out = [];
  for (let at = 0; at < length; at += 1) {
    out.push(Number(value & 255n));
    value >>= 8n;
  }
  return out;
};

const whole = (bytes) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

const integer = (bits, least, most) => ({
  put(writer, value) {
    const number = BigInt(value);
    if (number < least || number > most) throw new RangeError(`${value} does not fit in ${bits} bits`);
    writer.put(little(BigInt.asUintN(bits, number), bits / 8));
  },
  get(reader) {
    let number = whole(reader.take(bits / 8));
    if (number > most) number -= 1n << BigInt(bits);
    return bits <= 32 ? Number(number) : number;
  },
});

const unsigned = (bits) => integer(bits, 0n, (1n << BigInt(bits)) - 1n);
const signed = (bits) => integer(bits, -(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n);

const compact = {
  put(writer, value) {
    const number = BigInt(value);
    if (number < 0n || number >= 1n << 128n) throw new RangeError(`${value} has no compact form`);
    if (number < 1n << 6n) writer.put(little(number << 2n, 1));
    else if (number < 1n << 14n) writer.put(little((number << 2n) | 1n, 2));
    else if (number < 1n << 30n) writer.put(little((number << 2n) | 2n, 4));
    else {
      const length = Math.max(4, Math.ceil(number.toString(16).length / 2));
      writer.put([((length - 4) << 2) | 3, ...little(number, length)]);
    }
  },
  get(reader) {
    const first = reader.take(1)[0];
    const more = [0, 1, 3][first & 3];
    if (more === undefined) return whole(reader.take((first >> 2) + 4));
    return whole([first, ...reader.take(more)]) >> 2n;
  },
};

const unit = { put() {}, get: () => null };

const bool = {
  put(writer, value) {
    if (typeof value !== "boolean") throw new TypeError(`${value} is neither true nor false`);
    writer.put([value ? 1 : 0]);
  },
  get(reader) {
    const byte = reader.take(1)[0];
    if (byte > 1) throw new RangeError("neither true nor false");
    return byte === 1;
  },
};

const bytes = {
  put(writer, value) {
    compact.put(writer, value.length);
    writer.put(value);
  },
  get: (reader) => reader.take(Number(compact.get(reader))),
};

const text = {
  put: (writer, value) => bytes.put(writer, new TextEncoder().encode(value)),
  get: (reader) => new TextDecoder("utf-8", { fatal: true }).decode(bytes.get(reader)),
};

const fixed = (length) => ({
  put(writer, value) {
    if (value.length !== length) throw new RangeError(`${length} bytes are needed`);
    writer.put(value);
  },
  get: (reader) => reader.take(length),
});

const array = (length, item) => ({
  put(writer, value) {
    if (value.length !== length) throw new RangeError(`${length} items are needed`);
    for (const one of value) item.put(writer, one);
  },
  get: (reader) => Array.from({ length }, () => item.get(reader)),
});

const list = (item) => ({
  put(writer, value) {
    compact.put(writer, value.length);
    for (const one of value) item.put(writer, one);
  },
  get(reader) {
    const out = [];
    for (let left = compact.get(reader); left > 0n; left -= 1n) out.push(item.get(reader));
    return out;
  },
});

const tuple = (items) => ({
  put(writer, value) {
    if (value.length !== items.length) throw new RangeError(`${items.length} items are needed`);
    items.forEach((item, at) => item.put(writer, value[at]));
  },
  get: (reader) => items.map((item) => item.get(reader)),
});

const record = (fields) => ({
  put(writer, value) {
    for (const [name, item] of fields) item.put(writer, value[name]);
  },
  get: (reader) => Object.fromEntries(fields.map(([name, item]) => [name, item.get(reader)])),
});

const variants = (list) => {
  const plain = list.every(([, , fields]) => fields.length === 0);
  return {
    put(writer, value) {
      const kind = plain ? value : value.kind;
      const found = list.find(([name]) => name === kind);
      if (found === undefined) throw new TypeError(`there is no ${kind}`);
      writer.put([found[1]]);
      record(found[2]).put(writer, value);
    },
    get(reader) {
      const index = reader.take(1)[0];
      const found = list.find(([, known]) => known === index);
      if (found === undefined) throw new RangeError("an unknown variant");
      return plain ? found[0] : { kind: found[0], ...record(found[2]).get(reader) };
    },
  };
};

const option = (item) => ({
  put(writer, value) {
    writer.put([value === null ? 0 : 1]);
    if (value !== null) item.put(writer, value);
  },
  get: (reader) => (bool.get(reader) ? item.get(reader) : null),
});

const result = (good, bad) => ({
  put(writer, value) {
    writer.put(["error" in value ? 1 : 0]);
    if ("error" in value) bad.put(writer, value.error);
    else good.put(writer, value.ok);
  },
  get: (reader) => (bool.get(reader) ? { error: bad.get(reader) } : { ok: good.get(reader) }),
});

const read = (codec, data) => {
  const reader = new Reader(data);
  const value = codec.get(reader);
  if (reader.at !== data.length) throw new RangeError("the answer is too long");
  return value;
};

const call = (selector, payable, writes, parameters, answer) => ({
  selector: Uint8Array.from(selector),
  payable,
  writes,
  data(...values) {
    const writer = new Writer();
    writer.put(selector);
    tuple(parameters).put(writer, values);
    return Uint8Array.from(writer.out);
  },
  answer: (data) => read(answer, data),
});

const event = (topic, fields) => ({ topic, read: (data) => read(fields, data) });
