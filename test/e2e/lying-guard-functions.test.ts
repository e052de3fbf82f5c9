import { Duration } from "aws-cdk-lib";
import { Guards } from "../../infra/index.js";
import type { GuardRequest } from "../../lambdas/guards/contract.js";
import type { InvocationReport } from "../../local/services/lambda/runtime/pool.js";
import type { InvokeResult } from "../../local/core/invoker.js";
import { type Reply, Meta, SUBPROTOCOL_DENIED } from "../../protocol/index.js";
import { everywhere, GuardCode } from "./support/guard-functions.js";
import { TestSystem } from "./support/system.js";
import type { Wire } from "./support/wire.js";

const code = new GuardCode();
afterAll(() => code.remove());

describe("a guard function that gives no valid verdict", () => {
  /** Responses to `request` that break the contract. */
  const RESPONSES: Record<string, string> = {
    nothing: "undefined",
    "a text": '"planted secret"',
    "a list": "[yes]",
    "no version": "{ ...yes, version: undefined }",
    "another version": "{ ...yes, version: 2 }",
    "no verdict": "{ ...yes, verdict: undefined }",
    "an unknown verdict": '{ ...yes, verdict: "planted secret" }',
    "another guard's verdict": '{ ...yes, verdict: yes.verdict === "unsubscribe" ? "connected" : "unsubscribe" }',
    "another channel":
      '{ ...yes, verdict: yes.verdict === "connected" ? "planted" : yes.verdict, channel: "planted/secret" }',
    "a field of a wrong type":
      '{ ...yes, subscribe: "planted", publish: "planted", deliveries: "planted", channel: yes.verdict === "unsubscribe" ? 1 : yes.channel }',
    "too much":
      '{ ...yes, info: "x".repeat(5000), result: "x".repeat(5000), subscribe: Array.from({ length: 26 }, (_, at) => "c" + at), deliveries: Array.from({ length: 101 }, () => ({ agent: "x" })), channel: yes.verdict === "unsubscribe" ? "x".repeat(5000) : yes.channel }',
    "an impossible channel":
      '{ ...yes, subscribe: ["/meta/planted"], publish: [{ channel: "planted/*", data: 1 }], deliveries: [{ agent: "planted" }], channel: yes.verdict === "unsubscribe" ? "/meta/planted" : yes.channel }',
  };

  /** Other behaviours. */
  const DEEDS: Record<string, { deed: string; code: "guard_failed" | "guard_timeout" }> = {
    throws: { deed: 'throw new TypeError("planted secret");', code: "guard_failed" },
    exits: { deed: "process.exit(0);", code: "guard_failed" },
    "never answers": { deed: "await new Promise((resolve) => setTimeout(resolve, 60_000));", code: "guard_timeout" },
    "answers late": {
      deed: "await new Promise((resolve) => setTimeout(resolve, 5_500)); return yes;",
      code: "guard_timeout",
    },
    "loops for ever": { deed: "for (;;);", code: "guard_timeout" },
  };

  const MODES = {
    ...Object.fromEntries(
      Object.entries(RESPONSES).map(([name, response]) => [
        `returns ${name}`,
        { deed: `return ${response};`, code: "guard_failed" as const },
      ]),
    ),
    ...DEEDS,
  };

  const LIAR = `
    const deeds = { ${Object.entries(MODES)
      .map(([name, { deed }]) => `${JSON.stringify(name)}: async (yes) => { ${deed} }`)
      .join(",\n")} };
    export const handler = async (request) => {
      const { guard, channel, message, agent, recipients } = request;
      const yes = {
        onConnectionRequest: { verdict: "connected" },
        onSubscriptionRequest: { verdict: "subscribe" },
        onUnsubscriptionRequest: { verdict: "unsubscribe" },
        onPublicationRequest: { verdict: "publicationSuccess", publish: [{ channel, data: message?.data }] },
        onMessageReceived: { verdict: "deliver", deliveries: recipients?.map(({ uuid }) => ({ agent: uuid })) },
      }[guard];
      const mode = guard === "onConnectionRequest" ? agent.credentials?.mode : channel.startsWith(guard) ? channel.split("/").pop() : undefined;
      const deed = Object.entries(deeds).find(([name]) => name.replace(/\\W/g, "_") === mode)?.[1] ?? (async (said) => said);
      return deed({ version: 1, channel, ...yes });
    };`;

  const TIMEOUT = Duration.seconds(4);
  /** The function's own: that of its places would end it before it has answered late. */
  const FUNCTION_TIMEOUT = Duration.seconds(8);
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({
      props: {
        timeouts: {
          onConnectionRequest: TIMEOUT,
          onSubscriptionRequest: TIMEOUT,
          onUnsubscriptionRequest: TIMEOUT,
          onPublicationRequest: TIMEOUT,
          onMessageReceived: TIMEOUT,
        },
      },
      guardFunctions(stack) {
        const { onDisconnect: _nobody, ...guards } = everywhere(code.node(stack, "Liar", LIAR, FUNCTION_TIMEOUT));
        return Guards.fromLambda(guards);
      },
    });
    // The first cold start of all is not the subject of this test.
    await system.connect({ credentials: {} }).catch(() => undefined);
  });
  afterAll(() => system.close());

  /** Publishes until the guard has decided within its time, which it need not do on a busy machine. */
  const publishInTime = async (agent: Wire, channel: string, data: string): Promise<void> => {
    let reply: Reply;
    do reply = await agent.publish(channel, data);
    while (reply.code === "guard_timeout");
  };

  /** Whether a request has one guard do what the mode says. */
  const isAbout = (event: unknown, mode: string): boolean => {
    const { guard, channel, agent } = event as Partial<GuardRequest>;
    return guard === "onConnectionRequest"
      ? JSON.stringify(agent?.credentials) === JSON.stringify({ mode })
      : channel === `${guard}/${mode}`;
  };
  const permits = (result: InvokeResult): boolean =>
    result.ok &&
    /"verdict":"(connected|subscribe|unsubscribe|publicationSuccess|deliver)"/.test(JSON.stringify(result.payload));

  it.each(Object.entries(MODES))("but %s permits nothing", async (name, { code: expected }) => {
    const mode = name.replace(/\W/g, "_");
    const channelOf = (guard: string) => `${guard}/${mode}`;
    const agent = await system.connect({ credentials: {} });
    await agent.subscribe(channelOf("onUnsubscriptionRequest"));
    await agent.subscribe(channelOf("onMessageReceived"));
    await agent.subscribe(channelOf("onPublicationRequest"));
    const logged = system.logs.length;
    const failed = (channel: string): object => ({ successful: false, code: expected, channel });

    const connecting = async (): Promise<void> => {
      const denied = await system.connect({ credentials: { mode } });
      expect(denied.protocol).toBe(SUBPROTOCOL_DENIED);
      expect(await denied.request({ action: "connect", channel: Meta.connect })).toMatchObject(failed("/meta/connect"));
    };
    const asking = async (answer: Promise<Reply>, channel: string): Promise<void> =>
      expect(await answer).toMatchObject(failed(channel));
    await Promise.all([
      connecting(),
      asking(agent.subscribe(channelOf("onSubscriptionRequest")), "/meta/subscribe"),
      asking(agent.unsubscribe(channelOf("onUnsubscriptionRequest")), "/meta/unsubscribe"),
      asking(agent.publish(channelOf("onPublicationRequest"), "not permitted"), "/meta/error"),
      agent
        .publish(channelOf("onMessageReceived"), "not permitted")
        .then((answer) => expect(answer).toMatchObject({ successful: true })),
    ]);

    const look = async (...permitted: string[]): Promise<void> => {
      // Still subscribed, and nothing of what was not permitted has come before this.
      const last = permitted.at(-1) ?? "";
      await publishInTime(agent, channelOf("onUnsubscriptionRequest"), last);
      await agent.message(last);
      expect(agent.messages().map(({ data }) => data)).toEqual(permitted);
      const rows = await system.rows();
      expect(rows.filter(({ pk }) => pk === `c#${channelOf("onSubscriptionRequest")}`)).toEqual([]);
      expect(rows.filter(({ c }) => c === JSON.stringify({ mode }))).toEqual([]);
    };
    await look("permitted");
    if (name === "answers late") {
      const late = (all: readonly InvocationReport[]) =>
        all.filter(({ event, result }) => permits(result) && isAbout(event, mode));
      await system.invoked(
        (all) => new Set(late(all).map(({ event }) => (event as GuardRequest).guard)).size === 5,
        "five late answers",
      );
      await look("permitted", "permitted still");
    }

    const lines = system.logs.slice(logged).map(({ message }) => message);
    for (const guard of [
      "onConnectionRequest",
      "onSubscriptionRequest",
      "onUnsubscriptionRequest",
      "onPublicationRequest",
      "onMessageReceived",
    ]) {
      expect([
        guard,
        lines.filter((line) => line.includes(`"event":"${expected}"`) && line.includes(guard)).length,
      ]).toEqual([guard, 1]);
    }
    // The function's own log may have its error. The logs of its callers may not.
    const own = system.functionOf("Liar");
    const asked = system.logs.slice(logged).filter(({ source }) => source !== own && !source.includes("Liar"));
    expect(JSON.stringify(asked)).not.toContain("planted");
  });
});
