import type { Mutation } from "./mutation.js";

const SUBSCRIPTIONS = "subscriptions/subscriptions.ts";
const CONNECTION = "connection/connection.ts";
const PRESENCE = "presence/presence.ts";
const STATES = "presence/own-states.ts";

/** Faults of presence, states and heartbeats that the model must find. */
export const PRESENCE_MUTATIONS: readonly Mutation[] = [
  {
    fault: "35: the last object decides alone whether the client is a member",
    edits: [
      {
        file: "subscriptions/subscription.ts",
        search: '[...holders.values()].includes("member") ? "member" : "observer"',
        replace: "[...holders.values()].pop()",
      },
    ],
  },
  {
    fault: "36: the client stays a member when the object that wanted it has left",
    edits: [
      {
        file: SUBSCRIPTIONS,
        search: "defer(() => this.#reconcile(subscription));\n    settle();",
        replace: "settle();",
      },
    ],
  },
  {
    fault: "37: the state is not set again after a reconnection",
    edits: [
      {
        file: PRESENCE,
        search: "this.#states.onSubscribed(channel);",
        replace: "if (presenceIntervalMs === undefined) this.#states.onSubscribed(channel);",
      },
    ],
  },
  {
    fault: "38: a state is lost if it cannot be set again at once",
    edits: [
      {
        file: STATES,
        search: "const isLate = isResent &&",
        replace: "const isLate = !isResent && isResent &&",
      },
    ],
  },
  {
    fault: "39: after a denied state, the accepted one is not set again",
    edits: [{ file: STATES, search: "own.state = own.accepted ?? null;", replace: "own.state = null;" }],
  },
  {
    fault: "40: an observer that sets a state never gets a result",
    edits: [
      {
        file: STATES,
        search: "else if (connection.transport?.subscriptions.get(channel) === subscriptions.roleOf(channel))",
        replace: "else if (!subscriptions.roleOf(channel) && connection)",
      },
    ],
  },
  {
    fault: "41: a state that arrives before its member joins is lost",
    edits: [
      {
        file: PRESENCE,
        search: "if (joined && change && change.at > at)",
        replace: "if (joined && change && change.at < at)",
      },
    ],
  },
  {
    fault: "42: news in reply to a heartbeat is ignored",
    edits: [
      {
        file: CONNECTION,
        search: "if (channel === Meta.ping || channel === Meta.refresh",
        replace: "if ((channel === Meta.ping && wasAsked) || channel === Meta.refresh",
      },
    ],
  },
  {
    fault: "43: the client sends heartbeats to a server that was rolled back",
    edits: [
      {
        file: CONNECTION,
        search: 'if (code === "unknown_action" && uuid === transport.lastHeartbeat',
        replace: 'if (code === "unknown_action" && uuid === undefined && transport.lastHeartbeat',
      },
    ],
  },
  {
    fault: "44: after a rollback of the server, the client keeps to the interval of the newer version",
    edits: [
      {
        file: PRESENCE,
        search: "for (const channel of this.#channels) this.#client.subscriptions.subscribeAgain(channel);",
        replace: "",
      },
    ],
  },
  {
    fault: "45: a client whose first ping fails never learns who it is",
    edits: [{ file: CONNECTION, search: "if (error && !transport.me)", replace: "if (error && !transport)" }],
  },
];
