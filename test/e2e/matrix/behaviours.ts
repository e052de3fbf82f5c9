/** Where a guard runs. */
export const HOSTS = ["module", "guard Lambda"] as const;

/** Where a guard runs. */
export type Host = (typeof HOSTS)[number];

/** What a guard is asked about. */
export const PLACES = ["connect", "subscribe", "wildcard subscribe", "publish", "unsubscribe", "deliver", "disconnect"] as const;

/** What a guard is asked about. */
export type Place = (typeof PLACES)[number];

/** What a guard does when it is asked. */
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
  "calls two verdicts",
  "stages effects and then denies",
] as const;

/** What a guard does when it is asked. */
export type Behaviour = (typeof BEHAVIOURS)[number];

/** Those that keep a processor busy: they are tried one at a time, so that the time of the others stays their own. */
export const BUSY: ReadonlySet<Behaviour> = new Set<Behaviour>(["loops for ever", "exhausts memory", "exhausts memory outside its heap"]);

/** A behaviour as a segment of a channel name. */
export const segmentOf = (behaviour: Behaviour): string => behaviour.replaceAll(" ", "_");

/**
 * The guards that behave in all these ways, as the source of an object: by the last segment of a channel that is no
 * `*`, by `credentials.connect` and `credentials.disconnect`; where nothing is said they allow.
 */
export const GUARDS = `{
  onConnectionRequest: (agent) =>
    act(agent.credentials?.connect, {
      yes: () => agent.connected(),
      no: () => agent.connectionDenied("No."),
      stage: () => agent.subscribe("staged"),
    }),
  onSubscriptionRequest: (channel, agent) =>
    act(asked(/^(sub|wild)\\//, channel), {
      yes: () => agent.subscribe(channel),
      no: () => agent.subscriptionDenied(channel, "No."),
      stage: () => agent.subscribe("staged"),
    }),
  onUnsubscriptionRequest: (channel, agent) =>
    act(asked(/^unsub\\//, channel), {
      yes: () => agent.unsubscribe(channel),
      no: () => agent.unsubscriptionDenied(channel, "No."),
      stage: () => undefined,
    }),
  onPublicationRequest: (channel, agent, message) =>
    act(asked(/^pub\\//, channel), {
      yes: () => { channel.publish(message); agent.publicationSuccess(message); },
      no: () => agent.publicationDenied(message, "No."),
      stage: () => { agent.subscribe("staged"); channel.publish(message); agent.channel("staged").publish(message); },
    }),
  channels: {
    "deliver/*": {
      onMessageReceived: (channel, agent, message) =>
        act(asked(/^deliver\\//, channel), {
          yes: () => agent.deliver(channel, message),
          no: () => Promise.resolve(),
          stage: () => { message.data = "staged"; },
          // A delivery guard has one verdict; a second one may not deliver again.
          two: () => { agent.deliver(channel, message); agent.deliver(channel, { ...message, data: "second" }); },
        }),
    },
  },
  onDisconnect: (agent) =>
    act(agent.credentials?.disconnect, { yes: () => undefined, no: () => undefined, stage: () => undefined }),
}`;

/** What the guards need around them. */
export const PRELUDE = `
  const modes = {
    allows: ({ yes }) => yes(),
    denies: ({ no }) => no(),
    "never answers": () => new Promise(() => undefined),
    "answers late": ({ yes }) => new Promise((resolve) => setTimeout(() => { yes(); resolve(undefined); }, 4000)),
    throws: () => { throw new Error("planted secret"); },
    rejects: () => Promise.reject(new Error("planted secret")),
    exits: () => process.exit(0),
    "loops for ever": () => { for (;;); },
    "exhausts memory": () => { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); },
    "exhausts memory outside its heap": () => { const all = []; for (;;) all.push(Buffer.alloc(4e6, 1)); },
    "returns garbage": () => ({ permitted: true, connected: true, version: 1, verdict: "yes" }),
    "calls two verdicts": ({ yes, no, two }) => (two ?? (() => { no(); yes(); }))(),
    "stages effects and then denies": ({ stage, no }) => { stage(); return no(); },
  };
  const act = (mode, verdicts) => (modes[mode] ?? modes.allows)(verdicts);
  const asked = (mine, { name }) =>
    mine.test(name) ? name.split("/").filter((segment) => segment !== "*").pop().replaceAll("_", " ") : undefined;
`;
