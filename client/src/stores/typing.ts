import type { Member } from "../../../protocol/presence.js";
import { clock } from "./clock.js";
import { isOwn } from "./own.js";
import { Part, type PartContext } from "./part.js";

/** How long after the last key press a member still counts as typing, in milliseconds. */
const STOP_AFTER_MS = 3_000;

/** How often a member that is typing says so again, in milliseconds. */
const REPEAT_MS = 5_000;

/** After how long without a repetition others take a member for silent, in milliseconds: its network may be gone. */
const EXPIRE_AFTER_MS = 12_000;

/** The members that are typing. They say it by their states, as the field `typing`. */
export class Typing extends Part<{ typing: readonly Member[] }> {
  static override readonly empty = { typing: [] };
  readonly #typing = new Map<string, Member>();
  #cancelStop: (() => void) | undefined;
  #isRecent = false;

  constructor(store: PartContext) {
    super(store);
    const remove = (agent: string): void => {
      if (this.#typing.delete(agent)) this.changed();
    };
    this.removals = [
      store.live.on("leave", ({ agent }) => remove(agent)),
      store.live.on("change", (member) => {
        const { agent, state } = member;
        if (isOwn(store.client, member) || !(state as { typing?: unknown } | undefined)?.typing) return remove(agent);
        this.#typing.set(agent, member);
        this.changed();
        clock.after(EXPIRE_AFTER_MS, () => this.#typing.get(agent) === member && remove(agent), store.client);
      }),
    ];
  }

  /** A key was pressed. */
  keystroke(): void {
    const wish = this.store.wishOf(Typing);
    if (!wish) return;
    this.#cancelStop?.();
    this.#cancelStop = clock.after(STOP_AFTER_MS, () => this.stop(), this.store.client);
    // Others see the states of members only.
    wish.present = true;
    if (this.#isRecent && wish.typing) return;
    this.#isRecent = true;
    clock.after(REPEAT_MS, () => (this.#isRecent = false), this.store.client);
    // Another number each time, because others get no event of a state that is the same.
    wish.typing = (wish.typing ?? 0) + 1;
    this.store.apply();
  }

  /** The message is sent, or no key was pressed for a while. */
  stop(): void {
    const wish = this.store.wishOf(Typing);
    this.#cancelStop?.();
    if (wish) wish.typing = undefined;
    this.store.apply();
  }

  protected override read(): { typing: readonly Member[] } {
    return { typing: [...this.#typing.values()] };
  }
}
