import { Duration } from "aws-cdk-lib";
import { Guards } from "../../infra/index.js";
import { atOnce } from "./matrix/at-once.js";
import {
  BEHAVIOURS,
  BUSY,
  BUSY_AT_ONCE,
  GUARDS,
  type Host,
  HOSTS,
  LATE_MS,
  type Place,
  PLACES,
  PRELUDE,
} from "./matrix/behaviours.js";
import { TIMEOUT_MS } from "./matrix/checks.js";
import { cellOf } from "./matrix/table.js";
import { TRIALS } from "./matrix/trials.js";
import { GuardCode } from "./support/guard-functions.js";
import { TestSystem, type TestSystemOptions } from "./support/system.js";
import type { Wire } from "./support/wire.js";

/**
 * The same guards, in a Lambda. Invalid verdicts bypass `guardHandler`, which would refuse them. It also stops before its
 * caller does, so a guard that has to answer late gets a request with a longer timeout.
 */
const HANDLER = `
  import { guardHandler } from "push-it-server/guards";
  ${PRELUDE}
  const inner = guardHandler(${GUARDS});
  const mine = {
    onConnectionRequest: ({ agent }) => agent.credentials?.connect,
    onDisconnect: ({ agent }) => agent.credentials?.disconnect,
    onSubscriptionRequest: ({ channel, token }) => token?.mode ?? (/^(sub|wild)\\//.test(channel) && channel),
    onUnsubscriptionRequest: ({ channel }) => /^unsub\\//.test(channel) && channel,
    onPresenceRequest: ({ channel }) => /^state\\//.test(channel) && channel,
    onPublicationRequest: ({ channel }) => /^pub\\//.test(channel) && channel,
    onMessageReceived: ({ channel }) => channel,
  };
  export const handler = (request) => {
    const about = mine[request.guard](request) || "";
    if (/returns.garbage/.test(about)) return modes["returns garbage"]();
    return inner(/answers.late/.test(about) ? { ...request, timeoutMs: 60_000 } : request);
  };
`;

/** The guard function's own timeout: that of its places would end it before it has answered late. */
const FUNCTION_TIMEOUT = Duration.millis(LATE_MS + 2_000);

const code = new GuardCode();
afterAll(() => code.remove());

const GUARDS_OF: Record<Host, Pick<TestSystemOptions, "guards" | "guardFunctions">> = {
  module: { guards: `${PRELUDE}\nexport default ${GUARDS};` },
  "guard Lambda": {
    guardFunctions(stack) {
      const fn = code.node(stack, "Guard", HANDLER, FUNCTION_TIMEOUT);
      return Guards.fromLambda({
        onConnectionRequest: fn,
        onSubscriptionRequest: fn,
        onUnsubscriptionRequest: fn,
        onPresenceRequest: fn,
        onPublicationRequest: fn,
        onDisconnect: fn,
        channels: { "deliver/*": { onMessageReceived: fn } },
      });
    },
  },
};

describe.each(HOSTS)("guards in a %s", (host) => {
  let system: TestSystem;
  let listener: Wire;
  beforeAll(async () => {
    const time = Duration.millis(TIMEOUT_MS);
    const timeouts = {
      onConnectionRequest: time,
      onSubscriptionRequest: time,
      onUnsubscriptionRequest: time,
      onPresenceRequest: time,
      onPublicationRequest: time,
      onMessageReceived: time,
      onDisconnect: time,
    };
    system = await TestSystem.start({
      ...GUARDS_OF[host],
      props: { timeouts, wildcards: ["wild/*"], channels: { "state/*": { presence: { state: true } } } },
    });
    // A cold start is not a guard's: every function has run once before anything is timed.
    const warm = await system.connect({ credentials: {} });
    await warm.subscribe("warm");
    await warm.publish("warm", 1);
    await warm.unsubscribe("warm");
    await warm.request({ action: "state", channel: "/meta/presence", data: { channel: "state/warm", state: 1 } });
    listener = await system.connect({ credentials: {} });
    await listener.subscribe("staged");
  });
  afterAll(() => system.close());

  describe.each(BEHAVIOURS)("that %s", (behaviour) => {
    const trials = new Map<Place, Promise<void>>();
    beforeAll(() => {
      const most = BUSY.has(behaviour) ? BUSY_AT_ONCE : PLACES.length;
      const started = atOnce(most, PLACES, (place) =>
        TRIALS[place]({ system, host, behaviour, outcome: cellOf(host, place, behaviour).outcome, listener }),
      );
      PLACES.forEach((place, at) => trials.set(place, started[at]!));
    });

    it.each(PLACES)("%s", (place) => trials.get(place));
  });
});
