import { someChannel } from "../../protocol/channel-settings.js";
import type { FunctionSpec } from "./function-spec.js";
import {
  answering,
  hasHistory,
  hasPresence,
  hasPresenceState,
  INVOKES_NOTIFIER,
  NOTIFY_AND_CLOSE,
  replayTimeout,
  stateTimeout,
} from "./shared-specs.js";

/** The entries of the registry for requests about the members of a channel. */
export const PRESENCE_ROUTES = {
  presence: {
    id: "Presence",
    entry: "routes/presence",
    route: answering("presence", 200),
    neededIf: hasPresence,
    guards: ["onSubscriptionRequest"],
    permissions: { table: ["GetItem", "Query"], connections: NOTIFY_AND_CLOSE },
    // It reads no history itself, but its guard may.
    permissionsIf: [{ if: hasHistory, ifGuardModule: true, table: ["BatchGetItem", "PutItem", "UpdateItem"] }],
    guardsIf: { if: hasPresenceState, guards: ["onMessageReceived"] },
    timeout: (settings) => ({
      "timeouts.onSubscriptionRequest": settings.timeouts.onSubscriptionRequest,
      ...(someChannel(settings.channels, hasPresenceState) && replayTimeout(settings)),
    }),
  },
  state: {
    id: "State",
    entry: "routes/state",
    route: answering("state", 100),
    neededIf: hasPresenceState,
    // Without a presence guard, the publication guard decides.
    guards: ["onPresenceRequest", "onPublicationRequest"],
    permissions: { table: ["GetItem", "UpdateItem"], connections: NOTIFY_AND_CLOSE },
    // It reads no history itself, but its guard may.
    permissionsIf: [{ if: hasHistory, ifGuardModule: true, table: ["BatchGetItem", "Query", "PutItem"] }],
    invokes: INVOKES_NOTIFIER,
    timeout: stateTimeout,
  },
} as const satisfies Record<string, FunctionSpec>;
