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
