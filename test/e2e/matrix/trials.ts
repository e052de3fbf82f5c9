import { setTimeout as sleep } from "node:timers/promises";
import type { GuardRequest } from "../../../lambdas/guards/contract.js";
import { type Reply, type Json, Meta, SUBPROTOCOL, SUBPROTOCOL_DENIED } from "../../../protocol/index.js";
import type { Row } from "../support/rows.js";
import type { TestSystem } from "../support/system.js";
import type { Wire } from "../support/wire.js";
import { type Behaviour, HOLDING, type Host, LATE_MS, lateMark, type Place, segmentOf } from "./behaviours.js";
import { codesOf, expectAnswer, expectChange, goesOn, inTime, keyOf, TIMEOUT_MS } from "./checks.js";
import type { Outcome } from "./table.js";

/** The time in which a late answer has to show an effect. */
const SLACK_MS = 300;

/** The parameters of a trial. */
export interface Trial {
  system: TestSystem;
  host: Host;
  behaviour: Behaviour;
  outcome: Outcome;
  /** Subscribed to `staged`, a channel that must stay silent. */
  listener: Wire;
}

/** How a guard function is asked about each place, and how it says yes. */
const ASKED: Record<Place, [guard: GuardRequest["guard"], yes: RegExp]> = {
  connect: ["onConnectionRequest", /"verdict":"connected"/],
  subscribe: ["onSubscriptionRequest", /"verdict":"subscribe"/],
  "wildcard subscribe": ["onSubscriptionRequest", /"verdict":"subscribe"/],
  "subscribe with a token": ["onSubscriptionRequest", /"verdict":"subscribe"/],
  publish: ["onPublicationRequest", /"verdict":"publicationSuccess".*"publish":\[\{/],
  unsubscribe: ["onUnsubscriptionRequest", /"verdict":"unsubscribe"/],
  state: ["onPresenceRequest", /"verdict":"presenceSuccess"/],
  deliver: ["onMessageReceived", /"verdict":"deliver".*"deliveries":\[\{/],
  disconnect: ["onDisconnect", /./],
};

/** The prefix of the channels of a place's trials. */
const PREFIX = {
  connect: "",
  subscribe: "sub/",
  "wildcard subscribe": "wild/",
  "subscribe with a token": "token/",
  publish: "pub/",
  unsubscribe: "unsub/",
  state: "state/",
  deliver: "deliver/",
  disconnect: "left/",
};

/** Part of each token. It must be in no row. */
const TOKEN_SECRET = "planted-token";

/** The token with which a guard shows a behaviour. */
const tokenFor = (mode: Behaviour | typeof HOLDING): Json => ({ mode, secret: TOKEN_SECRET });

/** A trial's channel. */
const channelOf = (place: Place, behaviour: Parameters<typeof segmentOf>[0]): string =>
  `${PREFIX[place]}${segmentOf(behaviour)}`;

/** An agent for one trial, and the rows of the agent and of the trial's channel. */
const agentIn = async ({ system }: Trial, channel: string) => {
  const wire = await system.connect({ credentials: {} });
  await goesOn(wire);
  const { connectionId } = await system.connectionOf(wire);
  const rows = async (): Promise<Row[]> =>
    (await system.rows()).filter((row) => row["pk"] === `c#${channel}` || JSON.stringify(row).includes(connectionId));
  const subscription = [`a#${connectionId} s#${channel}`, `c#${channel} ${connectionId}`];
  return { wire, rows, subscription };
};

/** As many events at once as make every environment of a function run that has run in a trial. */
const AT_ONCE = 6;

/** Has the function that asks about a place run again for a moment: in between it is frozen, its guards' thread with it. */
const runAgain = async (place: Place, { system, listener }: Trial): Promise<void> => {
  if (place === "connect" || place === "disconnect")
    return (await system.connect({ credentials: { [place]: HOLDING } })).close();
  const channel = channelOf(place, HOLDING);
  if (place === "publish" || place === "deliver") await listener.publish(channelOf("publish", HOLDING), 1);
  else if (place === "unsubscribe") await listener.unsubscribe(channel);
  else if (place === "subscribe with a token") await listener.subscribe(channel, { token: tokenFor(HOLDING) });
  else if (place === "state") await setState(listener, channel, "again");
  else await listener.subscribe(channel);
};

/**
 * Resolves when a guard that answers late has done so. A thread says so, in the midst of what its function is asked
 * next; of a guard function it is what it returned.
 */
const answeredLate = async (trial: Trial, place: Place): Promise<void> => {
  const { system, host, behaviour } = trial;
  const [guard, yes] = ASKED[place];
  const mark = lateMark(place);
  if (host === "module" || place === "disconnect") {
    const said = (): boolean => system.logs.some(({ message }) => message.includes(mark));
    if (host === "module") {
      await sleep(LATE_MS - TIMEOUT_MS);
      for (let tries = 0; tries < 20 && !said(); tries += 1)
        await Promise.all(Array.from({ length: AT_ONCE }, () => runAgain(place, trial)));
    }
    return void (await system.invoked(said, mark));
  }
  const named: Partial<Record<Place, string>> = { connect: "connect", "subscribe with a token": "mode" };
  const key = named[place];
  const about = key === undefined ? `"channel":"${channelOf(place, behaviour)}` : `"${key}":"${behaviour}"`;
  const { result } = await system.invoked(
    (all) => all.find(({ event }) => (event as GuardRequest).guard === guard && JSON.stringify(event).includes(about)),
    `the late answer about ${place}`,
  );
  expect(JSON.stringify(result.ok && result.payload)).toMatch(yes);
};

/** Checks the outcome. If the guard answers late, checks it again after the answer. */
const settled = async (trial: Trial, place: Place, look: (times: number) => Promise<void>): Promise<void> => {
  await look(1);
  expect(trial.listener.messages("staged")).toEqual([]);
  if (trial.behaviour !== "answers late") return;
  await answeredLate(trial, place);
  await sleep(SLACK_MS);
  await goesOn(trial.listener);
  await look(2);
  expect(trial.listener.messages("staged")).toEqual([]);
};

/** The connection of a handshake with these credentials. */
const handshakeOf = (system: TestSystem, credentials: Json): Promise<string> => {
  const offered = Buffer.from(JSON.stringify(credentials)).toString("base64url");
  const idOf = (event: unknown): string | undefined => {
    const { requestContext } = event as { requestContext?: { eventType?: string; connectionId?: string } };
    return requestContext?.eventType === "CONNECT" && JSON.stringify(event).includes(offered)
      ? requestContext.connectionId
      : undefined;
  };
  return system.invoked((all) => all.map(({ event }) => idOf(event)).find((id) => id !== undefined), "the handshake");
};

const subscribing =
  (place: "subscribe" | "wildcard subscribe", suffix: string) =>
  async (trial: Trial): Promise<void> => {
    const { behaviour, outcome } = trial;
    const channel = `${channelOf(place, behaviour)}${suffix}`;
    const { wire, rows, subscription } = await agentIn(trial, channel);
    const before = await rows();
    expectAnswer(await inTime(() => wire.subscribe(channel)), outcome, Meta.subscribe);
    await settled(trial, place, async () =>
      expectChange(before, await rows(), outcome === "permitted" ? { come: subscription } : {}),
    );
    await goesOn(wire);
  };

const setState = (wire: Wire, channel: string, state: Json): Promise<Reply> =>
  wire.request({ action: "state", channel: Meta.presence, data: { channel, state } });

/** The trial of each cell: asks the guard, and checks the reply and the stored rows. */
export const TRIALS: Record<Place, (trial: Trial) => Promise<void>> = {
  async connect(trial) {
    const { system, behaviour, outcome } = trial;
    const credentials = { connect: behaviour };
    const wire = await inTime(() => system.connect({ credentials }));
    expect(wire.protocol).toBe(outcome === "permitted" ? SUBPROTOCOL : SUBPROTOCOL_DENIED);
    expectAnswer(await wire.request({ action: "connect", channel: Meta.connect }), outcome, Meta.connect);
    const connectionId = await handshakeOf(system, credentials);
    if (outcome !== "permitted") {
      await wire.ended();
      await system.disconnected(connectionId);
    }
    await settled(trial, "connect", async () => {
      const rows = (await system.rows()).filter((row) => JSON.stringify(row).includes(connectionId));
      const agent = [`a#${connectionId} agent`, expect.stringMatching(/^r#/)];
      expect(rows.map(keyOf).sort()).toEqual(outcome === "permitted" ? agent : []);
    });
  },
  subscribe: subscribing("subscribe", ""),
  "wildcard subscribe": subscribing("wildcard subscribe", "/*"),
  async "subscribe with a token"(trial) {
    const { system, behaviour, outcome } = trial;
    const place = "subscribe with a token";
    const channel = channelOf(place, behaviour);
    const { wire, rows, subscription } = await agentIn(trial, channel);
    const before = await rows();
    for (const token of [undefined, tokenFor("denies")])
      expectAnswer(await wire.subscribe(channel, { token }), "denied", Meta.subscribe);
    expectChange(before, await rows(), {});
    expectAnswer(await inTime(() => wire.subscribe(channel, { token: tokenFor(behaviour) })), outcome, Meta.subscribe);
    await settled(trial, place, async () => {
      expectChange(before, await rows(), outcome === "permitted" ? { come: subscription } : {});
      expect(JSON.stringify(await system.rows())).not.toContain(TOKEN_SECRET);
    });
    await goesOn(wire);
  },
  async publish(trial) {
    const { behaviour, outcome } = trial;
    const channel = channelOf("publish", behaviour);
    const { wire, rows } = await agentIn(trial, channel);
    await wire.subscribe(channel);
    const before = await rows();
    expectAnswer(await inTime(() => wire.publish(channel, "published")), outcome, Meta.successful, Meta.error);
    await settled(trial, "publish", async () => {
      await goesOn(wire);
      expect(wire.messages(channel)).toHaveLength(outcome === "permitted" ? 1 : 0);
      expectChange(before, await rows(), {});
    });
  },
  async unsubscribe(trial) {
    const { behaviour, outcome } = trial;
    const channel = channelOf("unsubscribe", behaviour);
    const { wire, rows, subscription } = await agentIn(trial, channel);
    await wire.subscribe(channel);
    const before = await rows();
    expectAnswer(await inTime(() => wire.unsubscribe(channel)), outcome, Meta.unsubscribe);
    await settled(trial, "unsubscribe", async (times) => {
      expectChange(before, await rows(), outcome === "permitted" ? { gone: subscription } : {});
      await wire.publish(channel, "to who is subscribed");
      await goesOn(wire);
      expect(wire.messages(channel).map(({ data }) => data)).toEqual(
        outcome === "permitted" ? [] : Array(times).fill("to who is subscribed"),
      );
    });
  },
  async state(trial) {
    const { system, behaviour, outcome } = trial;
    const channel = channelOf("state", behaviour);
    const [{ wire }, other] = await Promise.all([agentIn(trial, channel), system.connect({ credentials: {} })]);
    await other.subscribe(channel, { present: false });
    await wire.subscribe(channel);
    expectAnswer(await inTime(() => setState(wire, channel, "planted state")), outcome, Meta.presence);
    const stored = async (): Promise<unknown[]> =>
      (await system.rows()).flatMap(({ pk, S }) => (pk === `p#${channel}` && S !== undefined ? [S] : []));
    if (outcome === "permitted")
      await other.until(() => other.frames.some((frame) => frame.includes("planted state")), "the state");
    await settled(trial, "state", async () => {
      expect(await stored()).toEqual(outcome === "permitted" ? ['"planted state"'] : []);
      expect(other.frames.some((frame) => frame.includes("planted state"))).toBe(outcome === "permitted");
    });
    await goesOn(wire);
  },
  async deliver(trial) {
    const { system, behaviour, outcome } = trial;
    const channel = channelOf("deliver", behaviour);
    const [{ wire, rows }, publisher] = await Promise.all([
      agentIn(trial, channel),
      system.connect({ credentials: {} }),
    ]);
    await wire.subscribe(channel);
    const before = await rows();
    const answer = await inTime(() => publisher.publish(channel, "delivered"));
    expect(answer).toMatchObject({ channel: Meta.successful, successful: true });
    await settled(trial, "deliver", async () => {
      await goesOn(wire);
      expect(wire.messages(channel).map(({ data }) => data)).toEqual(outcome === "permitted" ? ["delivered"] : []);
      expectChange(before, await rows(), {});
    });
  },
  async disconnect(trial) {
    const { system, host, behaviour, outcome } = trial;
    const wire = await system.connect({ credentials: { disconnect: behaviour } });
    const { agent } = (await wire.ping()).data as { agent: string };
    const { connectionId } = await system.connectionOf(wire);
    await wire.subscribe(channelOf("disconnect", behaviour));
    await wire.close();
    expect((await system.disconnected(connectionId)).result.ok).toBe(true);
    const nothing = async (): Promise<void> =>
      expect((await system.rows()).filter((row) => JSON.stringify(row).includes(connectionId))).toEqual([]);
    await settled(trial, "disconnect", nothing);
    if (host === "module") await expectLogged(system, agent, outcome);
    else {
      const told = ({ guard, agent: about }: GuardRequest): boolean =>
        guard === "onDisconnect" && about?.uuid === agent;
      const { result } = await system.invoked(
        (all) => all.find(({ event }) => told(event as GuardRequest)),
        "the departure",
      );
      expect(result.ok).toBe(outcome === "permitted");
    }
    await nothing();
  },
};

/** Checks the log after a departure that a thread's guard handled. */
const expectLogged = async (system: TestSystem, agent: string, outcome: Outcome): Promise<void> => {
  const lines = (): string[] =>
    system.logs.map(({ message }) => message).filter((line) => line.includes("onDisconnect") && line.includes(agent));
  if (outcome === "permitted") return expect(lines()).toEqual([]);
  const [line] = await system.invoked(() => lines().length > 0 && lines(), "what the log says of the departure");
  expect(line).toMatch(new RegExp(codesOf(outcome).join("|")));
};
