import { MAX_IN_FLIGHT } from "../limits.js";
import type { Delivery, Message } from "./message.js";
import { keyOfHandle, receiptHandle } from "./receipt-handle.js";

/** How a queue treats its messages. Times are in milliseconds. */
export interface QueueSettings {
  visibilityMs: number;
  retentionMs: number;
  delayMs: number;
  /** How often a message is received before it goes to the dead-letter queue; absent: there is none. */
  maxReceiveCount?: number;
}

/** Options of a queue. */
export interface QueueOptions {
  name: string;
  settings: QueueSettings;
  /** Epoch milliseconds. */
  now: () => number;
  /** Returns a unique id. */
  makeId: () => string;
  /** Takes a message that was received too often. */
  onDead: (message: Message) => void;
  /** Called for each message that is dropped after its retention period. */
  onExpired: (message: Message) => void;
  /** How much of each visibility timeout and delay is waited. @default 1 */
  scale?: number;
  faults?: QueueFaults;
}

/** How many messages there are. */
export interface QueueCounts {
  visible: number;
  /** Received, and not deleted. */
  inFlight: number;
  /** Not to be delivered yet. */
  delayed: number;
}

interface Entry {
  key: string;
  message: Message;
  receiveCount: number;
  firstReceivedAt?: number;
  /** Of the newest delivery. */
  handle?: string;
  /** The time until which the message is hidden. */
  hiddenUntil: number;
}

/** A standard queue: messages are received in about the order they were sent in, and again until they are deleted. */
export class Queue {
  settings: QueueSettings;
  readonly #visible = new Map<string, Entry>();
  readonly #hidden = new Map<string, Entry>();
  #nextDue = Infinity;

  constructor(private readonly options: QueueOptions) {
    this.settings = options.settings;
  }

  /** When the next message becomes visible by itself, in epoch milliseconds; `Infinity`: none does. */
  get nextDue(): number {
    return this.#nextDue;
  }

  get counts(): QueueCounts {
    this.#reveal();
    const inFlight = this.#inFlight();
    return { visible: this.#visible.size, inFlight, delayed: this.#hidden.size - inFlight };
  }

  /** @param delayMs instead of the queue's own delay */
  send(message: Message, delayMs = this.settings.delayMs): void {
    const { now, faults, name } = this.options;
    const lateMs = faults?.delayDelivery?.(name, message.id, message.body) ?? 0;
    this.#put({
      key: this.options.makeId(),
      message,
      receiveCount: 0,
      hiddenUntil: now() + this.#scaled(delayMs) + lateMs,
    });
  }

  /**
   * @param max most messages to receive
   * @param visibilityMs instead of the queue's own visibility timeout
   */
  receive(max: number, visibilityMs = this.settings.visibilityMs): Delivery[] {
    this.#reveal();
    const isFar = this.#hidden.size + max <= MAX_IN_FLIGHT;
    const room = isFar ? max : Math.min(max, MAX_IN_FLIGHT - this.#inFlight());
    const taken: Entry[] = [];
    for (const entry of this.#visible.values()) {
      if (taken.length >= room) break;
      this.#visible.delete(entry.key);
      if (this.#isReceivable(entry)) taken.push(entry);
    }
    return taken.map((entry) => this.#deliver(entry, visibilityMs));
  }

  /**
   * Deletes a message by its newest receipt handle. An older handle deletes nothing.
   * @returns whether the handle has a valid format
   */
  delete(handle: string): boolean {
    const key = keyOfHandle(handle);
    if (key === undefined) return false;
    const entry = this.#find(key, handle);
    if (entry) this.#remove(entry);
    return true;
  }

  /** @returns `gone`: the message no longer exists, or has been received again since */
  changeVisibility(handle: string, visibilityMs: number): "changed" | "gone" | "malformed" {
    const key = keyOfHandle(handle);
    if (key === undefined) return "malformed";
    const entry = this.#find(key, handle);
    if (!entry) return "gone";
    this.#remove(entry);
    this.#put({ ...entry, hiddenUntil: this.options.now() + this.#scaled(visibilityMs) });
    return "changed";
  }

  /** Deletes everything. */
  purge(): void {
    this.#visible.clear();
    this.#hidden.clear();
    this.#nextDue = Infinity;
  }

  #deliver(entry: Entry, visibilityMs: number): Delivery {
    const { now, makeId, faults, name } = this.options;
    const { key, message } = entry;
    const firstReceivedAt = entry.firstReceivedAt ?? now();
    const receiveCount = entry.receiveCount + 1;
    const handle = receiptHandle(key, makeId());
    this.#put({ key, message, receiveCount, firstReceivedAt, handle, hiddenUntil: now() + this.#scaled(visibilityMs) });
    if (faults?.duplicateDelivery?.(name, message.id)) {
      this.#put({ key: makeId(), message, receiveCount, firstReceivedAt, hiddenUntil: 0 });
    }
    return { ...message, receiptHandle: handle, receiveCount, firstReceivedAt };
  }

  #isReceivable({ message, receiveCount }: Entry): boolean {
    const { retentionMs, maxReceiveCount = Infinity } = this.settings;
    if (message.sentAt + retentionMs <= this.options.now()) this.options.onExpired(message);
    else if (receiveCount >= maxReceiveCount) this.options.onDead(message);
    else return true;
    return false;
  }

  #put(entry: Entry): void {
    if (entry.hiddenUntil <= this.options.now()) {
      this.#visible.set(entry.key, entry);
      return;
    }
    this.#hidden.set(entry.key, entry);
    this.#nextDue = Math.min(this.#nextDue, entry.hiddenUntil);
  }

  /** Whatever has been hidden for long enough is visible again. */
  #reveal(): void {
    const now = this.options.now();
    if (now < this.#nextDue) return;
    this.#nextDue = Infinity;
    for (const entry of [...this.#hidden.values()]) {
      this.#hidden.delete(entry.key);
      this.#put(entry);
    }
  }

  #find(key: string, handle: string): Entry | undefined {
    const entry = this.#hidden.get(key) ?? this.#visible.get(key);
    return entry?.handle === handle ? entry : undefined;
  }

  #remove({ key }: Entry): void {
    this.#hidden.delete(key);
    this.#visible.delete(key);
  }

  #inFlight(): number {
    return [...this.#hidden.values()].filter(({ receiveCount }) => receiveCount > 0).length;
  }

  #scaled(ms: number): number {
    return ms * (this.options.scale ?? 1);
  }
}

/**
 * Faults of standard queues, which deliver at least once and without a time limit. Every member is optional and called
 * each time. Normal runs use none.
 */
export interface QueueFaults {
  /** Whether to deliver a message that has just been delivered once more, to the next receiver. */
  duplicateDelivery?(queue: string, messageId: string): boolean;
  /** Milliseconds of delay for a sent message, in addition to its own delay. */
  delayDelivery?(queue: string, messageId: string, body: string): number | undefined;
}
