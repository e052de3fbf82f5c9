import type { Publication } from "./prediction.js";

/** No message is stored for the uuid. */
const NONE = Symbol("none");
type State = Set<string | typeof NONE>;

/** The possible outcomes of a publication on channels with history. */
export interface PossibleOutcomes {
  /** It may be stored, or be stored already. */
  succeeds: boolean;
  /** It may be rejected with `uuid_reused`. */
  reused: boolean;
  /** It cannot have been stored before. */
  fresh: boolean;
}

const keyOf = ({ channel, uuid }: Pick<Publication, "channel" | "uuid">): string => `${uuid} ${channel}`;

/** The messages that one agent's uuids may stand for, on channels with history. */
export class UuidOwnership {
  readonly #states = new Map<string, State>();
  #attempts = new Map<string, string[]>();
  #seen = new Set<string>();

  /** Starts a burst of publications. Their frames may overtake each other. */
  open(publications: readonly Publication[]): void {
    this.#attempts = new Map();
    this.#seen = new Set();
    for (const each of publications) {
      if (each.fingerprint === undefined) continue;
      this.#attempts.set(keyOf(each), [...(this.#attempts.get(keyOf(each)) ?? []), each.fingerprint]);
    }
  }

  /** The possible outcomes of a publication in the burst. */
  possibleOutcomes(publication: Publication): PossibleOutcomes {
    const { fingerprint } = publication;
    if (fingerprint === undefined) return { succeeds: true, reused: false, fresh: true };
    const state = this.#of(publication);
    const rivals = state.has(NONE) ? (this.#attempts.get(keyOf(publication)) ?? []) : [];
    return {
      succeeds: state.has(NONE) || state.has(fingerprint),
      reused: [...state, ...rivals].some((each) => each !== NONE && each !== fingerprint),
      fresh: state.has(NONE) && state.size === 1 && rivals.every((each) => each === fingerprint),
    };
  }

  /**
   * Whether the server may move a message to a later offset, because it or another message of its frame and channel is
   * repeated.
   */
  mayMove({ channel }: Publication, frame: readonly Publication[]): boolean {
    return frame.some((each) => each.channel === channel && this.isRepeated(each));
  }

  /** Whether its uuid is in flight twice, or may be stored. */
  isRepeated(publication: Publication): boolean {
    if (publication.fingerprint === undefined) return false;
    const state = this.#of(publication);
    return !state.has(NONE) || state.size > 1 || (this.#attempts.get(keyOf(publication)) ?? []).length > 1;
  }

  /** Whether the same publication was asked about before. Of identical publications only the first must arrive. */
  isSecond(publication: Publication): boolean {
    if (publication.fingerprint === undefined) return false;
    const key = keyOf(publication);
    return this.#seen.has(key) || !this.#seen.add(key);
  }

  /** A publication was acknowledged: the uuid stands for it. */
  acknowledge(publication: Pick<Publication, "channel" | "uuid"> & { fingerprint: string }): void {
    this.#states.set(keyOf(publication), new Set([publication.fingerprint]));
  }

  /** Ends the burst. @param answered whether all were answered, and none with `rate_limited` */
  close(answered: boolean): void {
    for (const [key, fingerprints] of this.#attempts) {
      const state = this.#states.get(key) ?? new Set([NONE]);
      if (!state.has(NONE)) continue;
      for (const fingerprint of fingerprints) state.add(fingerprint);
      if (answered) state.delete(NONE);
      this.#states.set(key, state);
    }
    this.#attempts = new Map();
  }

  #of(publication: Publication): State {
    return this.#states.get(keyOf(publication)) ?? new Set([NONE]);
  }
}
