import type { Position } from "../../../protocol/history.js";
import type { Json } from "../../../protocol/json.js";
import { isOwn } from "./own.js";
import { Part, type PartContext } from "./part.js";
import type { ListedMessage, MessagesSnapshot } from "./types.js";

/** How many of the newest messages a list begins with. */
export const DEFAULT_LAST = 50;

/** The most messages that a list keeps. */
export const DEFAULT_MAX = 1_000;

type MessagesData = Pick<MessagesSnapshot, "messages" | "hasOlder">;

/** The messages of a channel: the newest of its history, then all that arrive, and this client's own at once. */
export class Messages extends Part<MessagesData> {
  static override readonly empty = { messages: [], hasOlder: false };
  /** Oldest first. Messages that are not published yet come last. */
  #list: readonly ListedMessage[] = [];
  /** The uuids of the messages that this client has published. */
  readonly #own = new Set<string>();
  /** The last message that arrived. */
  #newest: Partial<Position> = {};
  /** How many older messages were loaded. */
  #loaded = 0;
  #hasOlder: boolean | undefined;
  /** Messages are lost, and the newest ones follow. */
  #isStale = false;
  #loading: Promise<void> | undefined;

  constructor(store: PartContext) {
    super(store);
    this.removals = [
      store.reader.on("message", (message) => this.#receive(message as ListedMessage)),
      store.reader.on("deleted", ({ messages }) =>
        this.#keep(
          ({ status, epoch, offset }) =>
            status !== "sent" ||
            (!!messages && !messages.some((each) => each.epoch === epoch && each.offset === offset)),
        ),
      ),
      store.client.on("me", () => {
        this.#list = this.#list.map((message) => this.#marked(message));
        this.changed();
      }),
    ];
  }

  override onSubscribed(recovered?: boolean): void {
    this.#isStale = recovered === false;
  }

  /** Shows a message at once, and publishes it. Returns its uuid. */
  publish(data: unknown, known?: string): string {
    const { client, live } = this.store;
    // As it will arrive.
    const payload = JSON.parse(JSON.stringify(data) ?? "null") as Json;
    const settle = (change: Pick<ListedMessage, "status" | "error">): void => {
      const message = this.#find(uuid, "pending");
      if (message) this.#insert({ ...message, ...change });
    };
    const uuid = client.publish(
      { channel: live.name, data: data as Json, uuid: known },
      (error) => settle({ status: "failed", error }),
      () => settle({ status: "sent" }),
    );
    this.#own.add(uuid);
    this.#insert({
      channel: live.name,
      uuid,
      data: payload,
      payload,
      at: Date.now(),
      status: "pending",
      own: true,
    });
    return uuid;
  }

  /** Publishes a failed message again, with the same uuid. */
  retry(uuid: string): void {
    const failed = this.#find(uuid, "failed");
    if (failed) this.publish(failed.data, uuid);
  }

  /** Removes a failed message. */
  discard(uuid: string): void {
    const failed = this.#find(uuid, "failed");
    this.#keep((message) => message !== failed);
  }

  /** Reads the page of the history before the oldest message. */
  loadOlder(): Promise<void> | undefined {
    const { reader, live, last } = this.store;
    const oldest = this.#list.find(({ epoch }) => epoch);
    if (!oldest || !this.#hasOlder) return undefined;
    this.#loading ??= reader
      .history({ reverse: true, limit: last, since: { epoch: oldest.epoch!, offset: oldest.offset! } })
      .then(({ messages, more, position: { epoch } }) => {
        // Another list may have taken the place of this one meanwhile.
        if (!this.#list.includes(oldest)) return;
        this.#loaded += messages.length;
        this.#hasOlder = !!more;
        for (const message of messages)
          this.#insert({ ...message, channel: live.name, epoch, payload: message.data, status: "sent", own: false });
        this.changed();
      })
      .finally(() => (this.#loading = undefined));
    // A rejection that no code awaits is not an uncaught error.
    this.#loading.catch(() => {});
    return this.#loading;
  }

  protected override read(): MessagesData {
    this.#hasOlder ??= this.store.reader.hasOlder;
    return { messages: this.#list, hasOlder: !!this.#hasOlder };
  }

  #receive(message: ListedMessage): void {
    const { epoch, offset } = message;
    // The newest messages after a loss. The shown list stays only if they continue it.
    if (this.#isStale && !(epoch === this.#newest.epoch && offset! <= this.#newest.offset! + 1)) {
      this.#keep(({ status }) => status !== "sent");
      this.#hasOlder = undefined;
    }
    this.#isStale = false;
    this.#newest = message;
    this.#insert({ ...message, status: "sent" });
    if (this.#list.length > this.store.max + this.#loaded) {
      this.#hasOlder = epoch !== undefined;
      this.#list = this.#list.slice(1);
    }
  }

  /** Inserts a message by its offset. It takes the place of its copy, if there is one. */
  #insert(message: ListedMessage): void {
    const { uuid, epoch, offset, status } = message;
    const isCopy = (each: ListedMessage): boolean =>
      each.uuid === uuid && (each.offset ?? offset) === (offset ?? each.offset);
    const isLater = (each: ListedMessage): boolean =>
      status === "sent" && (each.status !== "sent" || (each.epoch === epoch && each.offset! > offset!));
    const others = this.#list.filter((each) => !isCopy(each));
    let index = others.length;
    while (index > 0 && isLater(others[index - 1]!)) index -= 1;
    others.splice(index, 0, this.#marked(message));
    this.#list = others;
    this.changed();
  }

  #keep(condition: (message: ListedMessage) => boolean): void {
    this.#list = this.#list.filter(condition);
    this.changed();
  }

  #find(uuid: string, status: ListedMessage["status"]): ListedMessage | undefined {
    return this.#list.find((message) => message.uuid === uuid && message.status === status);
  }

  /** The message, and whether it is an own one. */
  #marked(message: ListedMessage): ListedMessage {
    const { uuid, from } = message;
    const own = this.#own.has(uuid) || (!!from && isOwn(this.store.client, { ...from, agent: from.connection }));
    return { ...message, own };
  }
}
