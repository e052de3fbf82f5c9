import type { Publication } from "./prediction.js";

/** Nothing is stored for the uuid. */
const NONE = Symbol("none");
type State = Set<string | typeof NONE>;

/** What may become of a publication on channels with history. */
export interface PossibleOutcomes {
  /** It may be stored, or be the one that is. */
  succeeds: boolean;
  /** It may be refused with `uuid_reused`. */
  reused: boolean;
  /** Nobody can have stored it before. */
  fresh: boolean;
}

const keyOf = ({ channel, uuid }: Pick<Publication, "channel" | "uuid">): string => `${uuid} ${channel}`;

/** What one agent's uuids stand for on channels with history, as far as that can be known. */
export class UuidOwnership {
  readonly #states = new Map<string, State>();
  #attempts = new Map<string, string[]>();
  #seen = new Set<string>();

  /** Publications are about to be sent at once; their frames may overtake each other. */
  open(publications: readonly Publication[]): void {
    this.#attempts = new Map();
    this.#seen = new Set();
    for (const each of publications) {
      if (each.fingerprint === undefined) continue;
      this.#attempts.set(keyOf(each), [...(this.#attempts.get(keyOf(each)) ?? []), each.fingerprint]);
    }
  }

  /** What may become of one of them. */
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

  /** Whether the server may move a message to a later offset: because it, or another of its frame and channel, is repeated. */
  mayMove({ channel }: Publication, frame: readonly Publication[]): boolean {
    return frame.some((each) => each.channel === channel && this.isRepeated(each));
  }

  /** Whether its uuid is under way once more, or may be stored. */
  isRepeated(publication: Publication): boolean {
    if (publication.fingerprint === undefined) return false;
    const state = this.#of(publication);
    return !state.has(NONE) || state.size > 1 || (this.#attempts.get(keyOf(publication)) ?? []).length > 1;
  }

  /** Whether one of them has been asked about before: of those that are the same only the first has to come. */
  isSecond(publication: Publication): boolean {
    if (publication.fingerprint === undefined) return false;
    const key = keyOf(publication);
    return this.#seen.has(key) || !this.#seen.add(key);
  }

  /** One of them was acknowledged: the uuid stands for it. */
  acknowledge(publication: Pick<Publication, "channel" | "uuid"> & { fingerprint: string }): void {
    this.#states.set(keyOf(publication), new Set([publication.fingerprint]));
  }

  /** All of them are over. @param answered whether all were answered, and none of them refused for its rate */
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
