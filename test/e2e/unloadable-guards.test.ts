import { Duration } from "aws-cdk-lib";
import type { PushItProps } from "../../infra/index.js";
import { Meta, SUBPROTOCOL, SUBPROTOCOL_DENIED } from "../../protocol/index.js";
import { TestSystem } from "./support/system.js";

/** The connection guard's timeout where it is to run out. */
const TIMEOUT_MS = 1_000;

/** Waits for a failed invocation of a route's function, which Lambda counts as an error. */
const failed = (system: TestSystem, route: string): Promise<unknown> =>
  system.invoked(
    (all) =>
      all.find(
        ({ event, result }) =>
          JSON.stringify(event).includes(`"routeKey":"${route}"`) &&
          !result.ok &&
          result.message.includes("GuardsNotLoaded"),
      ),
    `${route} to fail`,
  );

/** The behaviour of a module while it is loaded, and its line in the log. */
const BROKEN: [does: string, guards: string, line: RegExp][] = [
  ["throw", 'throw new Error("planted secret");', /planted secret/],
  ["export no object", "export default 1 as unknown as object;", /default export/],
  ["export something that is no guard", "export default { onSubscriptionRequest: 1 };", /is not a function/],
  ["guard a channel that cannot be", 'export default { channels: { "a*": {} } };', /a\*/],
  ["exit", "process.exit(0);", /process\.exit/],
  [
    "leave a rejection unhandled",
    'setInterval(() => undefined, 1_000); void Promise.reject(new Error("planted secret")); await new Promise(() => undefined);',
    /planted secret/,
  ],
  [
    "throw in a timer",
    'setTimeout(() => { throw new Error("planted secret"); }, 20); await new Promise(() => undefined);',
    /planted secret/,
  ],
  ["exhaust their heap", "const all: unknown[] = []; for (;;) all.push(new Array(1_000).fill(all.length));", /memory/],
];

const start = (guards: string, props: PushItProps = {}): Promise<TestSystem> =>
  TestSystem.start({ guards: guards.includes("default") ? guards : `${guards}\nexport default {};`, props });

const request = { action: "connect", channel: Meta.connect };

describe("guards that cannot be loaded", () => {
  it.concurrent.each(BROKEN)(
    "because they %s permit nothing, log it, and fail the denied invocation",
    async (_, guards, line) => {
      const system = await start(guards, { timeouts: { onConnectionRequest: Duration.seconds(10) } });
      try {
        const denied = await system.connect({ credentials: 1 });
        expect(denied.protocol).toBe(SUBPROTOCOL_DENIED);
        const answer = await denied.request(request);
        expect(answer).toMatchObject({ successful: false, code: "guard_failed" });
        expect(answer.error).not.toContain("planted secret");
        expect((await system.rows()).filter(({ u }) => u)).toEqual([]);
        expect(
          system.logs.filter(
            ({ level, message }) => level === "error" && message.includes("guards_not_loaded") && line.test(message),
          ),
        ).not.toEqual([]);
        await failed(system, "connect");
      } finally {
        await system.close();
      }
    },
  );

  it.concurrent("because they loop for ever permit nothing, in time", async () => {
    const system = await start("for (;;);", { timeouts: { onConnectionRequest: Duration.millis(TIMEOUT_MS) } });
    try {
      const denied = await system.connect({ credentials: 1 });
      expect(await denied.request(request)).toMatchObject({ successful: false, code: "guard_timeout" });
      expect((await system.rows()).filter(({ u }) => u)).toEqual([]);
    } finally {
      await system.close();
    }
  });

  it.concurrent("fail the handshake itself of a client that wants no explanation", async () => {
    const system = await start('throw new Error("planted secret");');
    try {
      await expect(system.connect({ protocols: [SUBPROTOCOL] })).rejects.toThrow("502");
      await failed(system, "$connect");
    } finally {
      await system.close();
    }
  });

  it.concurrent("answer a connected agent on every route, and fail each invocation", async () => {
    const system = await start(
      'if (!process.env.AWS_LAMBDA_FUNCTION_NAME?.includes("Connect")) throw new Error("planted secret");',
    );
    try {
      const agent = await system.connect();
      const refused = { successful: false, code: "guard_failed" };
      expect(await agent.subscribe("a")).toMatchObject(refused);
      expect(await agent.unsubscribe("a")).toMatchObject(refused);
      expect(await agent.publish("a", 1)).toMatchObject(refused);
      expect(await agent.request({ action: "refresh", channel: Meta.refresh })).toMatchObject(refused);
      agent.send({ action: "send", channel: "a", uuid: "s", data: 1 });
      for (const route of ["subscribe", "unsubscribe", "publish", "refresh", "send"]) await failed(system, route);
      await agent.close();
      await failed(system, "$disconnect");
    } finally {
      await system.close();
    }
  });
});
