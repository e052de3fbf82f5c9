/** The place in which a guard runs. */
export const HOSTS = ["module", "guard Lambda"] as const;

/** The place in which a guard runs. */
export type Host = (typeof HOSTS)[number];

/** The subject of a guard's decision. */
export const PLACES = [
  "connect",
  "subscribe",
  "wildcard subscribe",
  "subscribe with a token",
  "publish",
  "unsubscribe",
  "state",
  "deliver",
  "disconnect",
] as const;

/** The subject of a guard's decision. */
export type Place = (typeof PLACES)[number];

/** The behaviour of a guard. */
export const BEHAVIOURS = [
  "allows",
  "denies",
  "never answers",
  "answers late",
  "throws",
  "rejects",
  "exits",
  "loops for ever",
  "exhausts memory",
  "exhausts memory outside its heap",
  "returns garbage",
  "calls two verdicts, denies and then allows",
  "calls two verdicts, allows and then denies",
  "stages effects and then denies",
] as const;

/** The behaviour of a guard. */
export type Behaviour = (typeof BEHAVIOURS)[number];

/** Behaviours that keep a processor busy, or take much memory. A few of their trials run at a time. */
export const BUSY: ReadonlySet<Behaviour> = new Set<Behaviour>([
  "loops for ever",
  "exhausts memory",
  "exhausts memory outside its heap",
]);

/**
 * The number of such trials that run at the same time. Busy guards end by their timeout, at whatever speed they run. The
 * other guards of these trials need little of a processor, and have seconds.
 */
export const BUSY_AT_ONCE = 4;

/** An action that keeps a guard's function running for a moment. Its result is not checked. */
export const HOLDING = "holds on";

/** A behaviour as a segment of a channel name. */
export const segmentOf = (behaviour: Behaviour | typeof HOLDING): string => behaviour.replaceAll(" ", "_");

/** After which time a guard answers late, in milliseconds. */
export const LATE_MS = 4_000;

const LATE_MARK = "has answered late: ";

/** The line that a late guard logs after its answer. */
export const lateMark = (place: Place): string => `${LATE_MARK}${place}`;

/**
 * The guards with all these behaviours, as the source of an object. The last segment of a channel that is not `*`, or
 * `credentials.connect` and `credentials.disconnect`, or the token of a subscription, names the behaviour. The default
 * is to allow, or without a token to deny. Guards also try to
 * stage effects and to give verdicts in places that do not permit them.
 */
export const GUARDS = `{
  onConnectionRequest: (agent) =>
    act("connect", agent.credentials?.connect, {
      yes: () => agent.connected(),
      no: () => agent.connectionDenied("No."),
      stage: () => agent.subscribe("staged"),
    }),
  onSubscriptionRequest: (channel, agent, token) => {
    const [place, mode] = /^token\\//.test(channel.name)
      ? ["subscribe with a token", token?.mode ?? "denies"]
      : [/^wild\\//.test(channel.name) ? "wildcard subscribe" : "subscribe", asked(/^(sub|wild)\\//, channel)];
    return act(place, mode, {
      yes: () => agent.subscribe(channel),
      no: () => agent.subscriptionDenied(channel, "No."),
      stage: () => agent.subscribe("staged"),
    });
  },
  onUnsubscriptionRequest: (channel, agent) =>
    act("unsubscribe", asked(/^unsub\\//, channel), {
      yes: () => agent.unsubscribe(channel),
      no: () => agent.unsubscriptionDenied(channel, "No."),
      stage: () => each(
        () => agent.subscribe("staged"),
        () => agent.channel("staged").publish({ data: "staged" }),
        () => channel.publish({ data: "staged" }),
      ),
    }),
  onPresenceRequest: (channel, agent, state) =>
    act("state", asked(/^state\\//, channel), {
      yes: () => agent.presenceSuccess(channel),
      no: () => agent.presenceDenied(channel, "No."),
      stage: () => each(
        () => agent.subscribe("staged"),
        () => agent.channel("staged").publish({ data: "staged" }),
        () => channel.publish({ data: "staged" }),
      ),
    }),
  onPublicationRequest: (channel, agent, message) =>
    act("publish", asked(/^pub\\//, channel), {
      yes: () => { channel.publish(message); agent.publicationSuccess(message); },
      no: () => agent.publicationDenied(message, "No."),
      stage: () => { agent.subscribe("staged"); channel.publish(message); agent.channel("staged").publish(message); },
    }),
  channels: {
    "deliver/*": {
      onMessageReceived: (channel, agent, message) =>
        act("deliver", asked(/^deliver\\//, channel), {
          yes: () => agent.deliver(channel, message),
          no: () => Promise.resolve(),
          stage: () => {
            message.data = "staged";
            each(
              () => agent.subscribe("staged"),
              () => agent.channel("staged").publish(message),
              () => channel.publish(message),
            );
          },
          // A delivery guard has one verdict, and denies by returning without it: what comes then may not deliver, or not again.
          noThenYes: () => { setTimeout(() => agent.deliver(channel, message)); return Promise.resolve(); },
          yesThenNo: () => { agent.deliver(channel, message); agent.deliver(channel, { ...message, data: "second" }); return Promise.resolve(); },
        }),
    },
  },
  onDisconnect: (agent) =>
    agent.credentials?.disconnect && act("disconnect", agent.credentials.disconnect, {
      yes: () => agent.connected(),
      no: () => agent.connectionDenied("No."),
      stage: () => each(
        () => agent.subscribe("staged"),
        () => agent.channel("staged").publish({ data: "staged" }),
      ),
    }),
}`;

/** Definitions that the guards need. */
export const PRELUDE = `
  const modes = {
    allows: ({ yes }) => yes(),
    denies: ({ no }) => no(),
    "never answers": () => new Promise(() => undefined),
    "answers late": async ({ yes }, place) => {
      await new Promise((resolve) => setTimeout(resolve, ${LATE_MS}));
      try { yes(); } finally { console.info("${LATE_MARK}" + place); }
    },
    "${HOLDING}": async () => { await new Promise((resolve) => setTimeout(resolve, 300)); throw new Error("has held on"); },
    throws: () => { throw new Error("planted secret"); },
    rejects: () => Promise.reject(new Error("planted secret")),
    exits: () => process.exit(0),
    "loops for ever": () => { for (;;); },
    "exhausts memory": () => { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); },
    "exhausts memory outside its heap": () => { const all = []; for (;;) all.push(Buffer.alloc(4e6, 1)); },
    "returns garbage": () => ({ permitted: true, connected: true, version: 1, verdict: "yes" }),
    "calls two verdicts, denies and then allows": ({ yes, no, noThenYes }) => (noThenYes ?? (() => { no(); yes(); }))(),
    "calls two verdicts, allows and then denies": ({ yes, no, yesThenNo }) => (yesThenNo ?? (() => { yes(); no(); }))(),
    "stages effects and then denies": ({ stage, no }) => { stage(); return no(); },
  };
  const act = (place, mode, verdicts) => (modes[mode] ?? modes.allows)(verdicts, place);
  // Does all of them, whatever becomes of the others, and then fails as the first that did.
  const each = (...deeds) => {
    const failures = deeds.flatMap((deed) => { try { deed(); return []; } catch (error) { return [error]; } });
    if (failures.length > 0) throw failures[0];
  };
  const asked = (mine, { name }) =>
    mine.test(name) ? name.split("/").filter((segment) => segment !== "*").pop().replaceAll("_", " ") : undefined;
`;
