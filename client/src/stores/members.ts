import type { Member } from "../../../protocol/presence.js";
import { backoff } from "../connection/backoff.js";
import type { PushItError } from "../errors.js";
import { clock } from "./clock.js";
import { isOwn } from "./own.js";
import { Part, type PartContext } from "./part.js";
import type { ListedMember } from "./types.js";

/** The longest random wait before the members are read again after an error, in milliseconds. It doubles up to the cap. */
const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 30_000;

/** A change of the members. */
type Change = (members: Map<string, Member>) => void;

/** The members of a channel: read after each subscription, and kept by their events. */
export class Members extends Part<{ members: readonly ListedMember[] }> {
  static override readonly empty = { members: [] };
  #members = new Map<string, Member>();
  /** The changes since the current reading of the members has begun. They count more than the members that were read. */
  #changes: Change[] = [];
  /** How many readings have failed since the last success. */
  #failures = 0;

  constructor(store: PartContext) {
    super(store);
    const { live, client } = store;
    const set = ({ channel: _, ...member }: Member & { channel: string }): void =>
      this.#change((members) => members.set(member.agent, { ...members.get(member.agent), ...member }));
    this.removals = [
      live.on("join", set),
      live.on("change", (member) => set({ state: undefined, ...member })),
      live.on("leave", ({ agent }) => this.#change((members) => members.delete(agent))),
      client.on("me", () => this.changed()),
      () => (this.#changes = []),
    ];
    if (store.state.status === "subscribed") this.onSubscribed();
  }

  override onSubscribed(): void {
    const { store } = this;
    const changes: Change[] = (this.#changes = []);
    store.live.presence().then(
      ({ members }) => {
        if (changes !== this.#changes) return;
        this.#failures = 0;
        this.#members = new Map(members.map((member) => [member.agent, member]));
        for (const change of changes) change(this.#members);
        this.changed();
      },
      (error: PushItError) => {
        if (changes !== this.#changes) return;
        store.fail(error, false);
        // After a loss of the connection, the next subscription reads them.
        if (!error.retryable || store.state.status !== "subscribed") return;
        const delay = backoff(this.#failures++, RETRY_BASE_MS, RETRY_CAP_MS, Math.random());
        clock.after(delay, () => changes === this.#changes && this.onSubscribed(), store.client);
      },
    );
  }

  protected override read(): { members: readonly ListedMember[] } {
    const { client } = this.store;
    return { members: [...this.#members.values()].map((member) => ({ ...member, own: isOwn(client, member) })) };
  }

  #change(change: Change): void {
    this.#changes.push(change);
    change(this.#members);
    this.changed();
  }
}
