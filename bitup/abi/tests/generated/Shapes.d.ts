// `Shapes`, written by `bitup bindings`: it is written anew when the contract changes.

/** What came back: a value, or an error. */
export type Result<Ok, Err> = { ok: Ok } | { error: Err };

/** A constructor or method. */
export interface Call<Values extends unknown[], Answer> {
  /** The bytes in front of the arguments. */
  selector: Uint8Array;
  /** Whether tokens may come with it. */
  payable: boolean;
  /** Whether it may write. */
  writes: boolean;
  /** What is sent to the contract. */
  data(...values: Values): Uint8Array;
  /** Reads what came back. */
  answer(data: Uint8Array): Answer;
}

/** An event. */
export interface Event<Fields> {
  /** Its first topic. */
  topic: string | null;
  /** Reads its data. */
  read(data: Uint8Array): Fields;
}

/** The hash of the contract's code. */
export declare const codeHash: string;

export interface Share { owner: Uint8Array; perMille: number }

export type Offer = { kind: "Empty" } | { kind: "Sold"; by: Uint8Array; share: Share } | { kind: "Sum"; value0: bigint };

export type Stage = "Open" | "Closed";

export type LangError = "CouldNotReadInput";

export declare const constructors: {
  // Makes one.
  new: Call<[], Result<Result<Offer, Stage>, LangError>>;
};

export declare const methods: {
  allOf: Call<[yes: boolean, name: string, type: number, who: Uint8Array, data: Uint8Array, list: Array<number>, two: Array<boolean>, pair: [number, string], maybe: bigint | null, stage: Stage, offers: Array<Offer>, small: bigint], Result<Result<Offer, Stage>, LangError>>;
};

export declare const events: {
  // It was sold.
  Sold: Event<{ share: Share; price: bigint }>;
};
