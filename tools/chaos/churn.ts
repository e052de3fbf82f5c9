import { CHANNELS, WILDCARDS } from "./channels.js";
import type { ChaosClient, ChurnTrigger } from "./client.js";
import type { Component } from "./page.js";
import { maySubscribe, STATE_CHANNEL } from "./policy.js";
import { randomInteger, pick, type Random, randomFor } from "../lib/random.js";
import { Schedule, type Counts } from "./schedule.js";

/**
 * The actions of applications on their subscriptions, and their number in a run of 5,000 messages. Smaller runs have
 * proportionally fewer.
 */
const TIMES = {
  /** A component is unmounted and another is mounted in the same turn. */
  remounted: 260,
  /** A component is unmounted, and mounted again later. */
  unmounted: 260,
  /** A component unsubscribes and subscribes in the same turn, with the same handle. */
  flipped: 120,
  /** A component is mounted and unmounted in the same turn. */
  blinked: 120,
  /** A second component of the same channel is mounted for some time. */
  doubled: 140,
  /** A wildcard is subscribed for some time. */
  widened: 100,
  /** A member sets or removes its state. */
  stated: 900,
} as const satisfies Counts<string>;

/** An action on subscriptions. */
export type ChurnAction = keyof typeof TIMES;

const CHURN_ACTIONS = Object.keys(TIMES) as ChurnAction[];

/** The actions that a trigger may cause. */
const TRIGGERED_ACTIONS: readonly ChurnAction[] = [
  "remounted",
  "remounted",
  "flipped",
  "unmounted",
  "blinked",
  "doubled",
  "stated",
  "stated",
];

/** The share of the triggers that cause an action. */
const TRIGGER_SHARES: Record<ChurnTrigger, number> = { cut: 0.35, state: 0.06, socket: 0.08 };

/** Maximum delay after a trigger, in milliseconds. */
const MAX_TRIGGER_DELAY_MS = 60;

/** Ranges of durations: short, medium and long. In milliseconds. */
const DURATIONS_MS: readonly [number, number][] = [
  [0, 80],
  [0, 80],
  [200, 2_500],
  [200, 2_500],
  [2_500, 20_000],
];

/**
 * Changes the subscriptions of clients by a seed: with each publication, and after triggers such as a lost connection.
 */
export class SubscriptionChurn {
  /** Number of performed actions. */
  readonly done: Record<ChurnAction, number>;
  readonly #schedule: Schedule<ChurnAction>;
  readonly #random: Random;
  readonly #timers = new Set<NodeJS.Timeout>();
  #over = true;

  constructor(
    seed: number,
    messages: number,
    private readonly clients: readonly ChaosClient[],
  ) {
    this.#schedule = new Schedule(seed, messages, TIMES);
    this.#random = randomFor(seed, "moves");
    this.done = Object.fromEntries(CHURN_ACTIONS.map((move) => [move, 0])) as Record<ChurnAction, number>;
    for (const client of clients) client.onTrigger = (occasion) => this.#onTrigger(client, occasion);
  }

  /** Starts the churn. */
  begin(): void {
    this.#over = false;
  }

  /** Advances the schedule by one publication. */
  advance(): void {
    this.#schedule.advance();
    for (const move of CHURN_ACTIONS)
      if (this.#schedule.isDue(move)) this.#do(move, pick(this.#random, this.clients), this.#random);
  }

  /** Stops the churn and restores the base subscriptions of each client. */
  end(): void {
    this.#over = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const client of this.clients) {
      const kept = new Set<string>();
      for (const component of client.components) {
        if (client.baseSubscriptions.has(component.name) && !kept.has(component.name)) kept.add(component.name);
        else client.unmount(component);
      }
      for (const name of client.baseSubscriptions) if (!kept.has(name)) client.mount(name);
    }
  }

  #onTrigger(client: ChaosClient, occasion: ChurnTrigger): void {
    const { random } = client;
    if (this.#over || random() >= TRIGGER_SHARES[occasion]) return;
    const move = pick(random, TRIGGERED_ACTIONS);
    // An application may react inside of a listener. Sockets open inside of the SDK, outside of application code.
    if (occasion !== "socket" && random() < 0.5) this.#do(move, client, random);
    else this.#later(randomInteger(random, 0, MAX_TRIGGER_DELAY_MS), () => this.#do(move, client, random));
  }

  #do(move: ChurnAction, client: ChaosClient, random: Random): void {
    if (this.#perform(move, client, random)) this.done[move] += 1;
  }

  /** @returns whether the action was possible */
  #perform(move: ChurnAction, client: ChaosClient, random: Random): boolean {
    const mounted = client.components;
    const component = mounted.length > 0 ? pick(random, mounted) : undefined;
    const allowed = (names: readonly string[]): string[] => names.filter((name) => maySubscribe(name, client.who));
    switch (move) {
      case "remounted":
        if (component) client.remount(component);
        return component !== undefined;
      case "flipped":
        if (component) client.resubscribe(component);
        return component !== undefined;
      case "unmounted":
        if (component) this.#unmountFor(client, component, random);
        return component !== undefined;
      case "blinked":
        client.mountBriefly(
          pick(
            random,
            allowed([...CHANNELS.map(({ name }) => name), ...client.baseSubscriptions, ...client.baseSubscriptions]),
          ),
        );
        return true;
      case "doubled":
        if (component) this.#mountFor(client, component.name, random);
        return component !== undefined;
      case "widened":
        this.#mountFor(client, pick(random, allowed(WILDCARDS)), random);
        return true;
      case "stated":
        if (!client.isDesired(STATE_CHANNEL)) return false;
        void client.changeState(STATE_CHANNEL, random);
        return true;
    }
  }

  #unmountFor(client: ChaosClient, component: Component, random: Random): void {
    const { name, api } = component;
    client.unmount(component);
    this.#later(randomDuration(random), () => client.baseSubscriptions.has(name) && client.mount(name, api));
  }

  /** Another action or a reload may unmount it earlier. */
  #mountFor(client: ChaosClient, name: string, random: Random): void {
    client.mount(name, random() < 0.2 ? "callbacks" : "handle");
    this.#later(randomDuration(random), () => {
      const last = client.components.findLast((each) => each.name === name);
      if (last) client.unmount(last);
    });
  }

  #later(ms: number, act: () => unknown): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#over) act();
    }, ms);
    this.#timers.add(timer);
  }
}

const randomDuration = (random: Random): number => randomInteger(random, ...pick(random, DURATIONS_MS));
