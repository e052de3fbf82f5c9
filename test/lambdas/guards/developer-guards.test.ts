import { MAX_REASON_BYTES } from "../../../protocol/index.js";
import type { Agent } from "../../../lambdas/connection/agent.js";
import type { GuardPort, Verdict } from "../../../lambdas/ports.js";
import { truncateReason } from "../../../lambdas/requests/truncate-reason.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { agentOf, messageOf } from "../support/fakes.js";
import { FAILURES } from "./failures.js";
import { closeGuards, GRACE, guardFolder, LONG_TIMEOUT, TIMEOUT, timed } from "./harness.js";

afterEach(closeGuards);

const agent = agentOf("c1");
/** An agent whose guard fails. */
const failingAgent = agentOf("c2", { credentials: "trouble" });
const message = messageOf("stories/5");

/** Each guard that decides: its subject in reasons, its parameters, its verdicts, and how the route calls it. */
const KINDS = {
  onConnectionRequest: {
    subject: "connection",
    signature: "agent",
    grant: "agent.connected()",
    deny: "agent.connectionDenied",
    ask: (guards: GuardPort, who: Agent): Promise<Verdict> => guards.connection(who),
  },
  onSubscriptionRequest: {
    subject: "subscription",
    signature: "channel, agent",
    grant: "agent.subscribe(channel)",
    deny: "agent.subscriptionDenied.bind(agent, channel)",
    ask: (guards: GuardPort, who: Agent): Promise<Verdict> => guards.subscription(who, "stories/5"),
  },
  onPublicationRequest: {
    subject: "publication",
    signature: "channel, agent, message",
    grant: "(channel.publish(message), agent.publicationSuccess(message))",
    deny: "agent.publicationDenied.bind(agent, message)",
    ask: (guards: GuardPort, who: Agent): Promise<Verdict> => guards.publication(who, message),
  },
  onUnsubscriptionRequest: {
    subject: "unsubscription",
    signature: "channel, agent",
    grant: "agent.unsubscribe(channel)",
    deny: "agent.unsubscriptionDenied.bind(agent, channel)",
    ask: (guards: GuardPort, who: Agent): Promise<Verdict> => guards.unsubscription(who, "stories/5"),
  },
} as const;

describe.each(Object.entries(KINDS))("%s", (name, { subject, signature, grant, deny, ask }) => {
  const module = (body: string) => `{ async ${name}(${signature}) { ${body} } }`;

  test("permits if it grants", async () => {
    expect(await ask(guardFolder(module(`${grant};`)).guards, agent)).toMatchObject({ permitted: true });
  });

  test("denies with its reason for the client", async () => {
    const { guards } = guardFolder(module(`(${deny})("Because.");`));
    expect(await ask(guards, agent)).toEqual({ permitted: false, code: "denied", reason: "Because." });
  });

  test("denies with a default reason if it states none", async () => {
    const { guards } = guardFolder(module(`(${deny})();`));
    expect(await ask(guards, agent)).toEqual({
      permitted: false,
      code: "denied",
      reason: `The ${subject} was denied.`,
    });
  });

  test("permits if it is not defined", async () => {
    const folder = guardFolder("{}");
    expect(await ask(folder.guards, agent)).toEqual(await ask(openGuards, agent));
    expect(await ask(openGuards, agent)).toMatchObject({ permitted: true });
  });

  test.each(Object.entries(FAILURES))(
    "that %s denies in time, and the next call works",
    async (_, { body, code, detail }) => {
      const timeout = code === "guard_timeout" ? TIMEOUT : LONG_TIMEOUT;
      const folder = guardFolder(module(`if (agent.credentials === "trouble") { ${body} return; } ${grant};`), {
        timeout,
      });
      await folder.ready();
      const { value, took } = await timed(ask(folder.guards, failingAgent));
      expect(took).toBeLessThan(timeout + GRACE);
      expect(value).toMatchObject({
        permitted: false,
        code,
        reason: expect.stringMatching(new RegExp(`the ${subject} `, "i")),
      });
      expect(JSON.stringify(value)).not.toContain("secret detail");
      const logged = {
        guard: name,
        agent: failingAgent.uuid,
        ...(detail ? { detail: expect.stringMatching(detail) } : {}),
      };
      expect(folder.log.of(code)).toMatchObject([logged]);
      const levels = folder.log.entries
        .filter(({ fields }) => JSON.stringify(fields).includes("secret detail"))
        .map(({ level }) => level);
      expect(levels).toEqual(body.includes("secret detail") ? ["debug"] : []);

      // The timeout is short if the test lets it run out. On a busy machine the next call may need several attempts.
      await folder.ready();
      const next: Verdict[] = [];
      do next.push(await ask(folder.guards, agent));
      while (next.length < 10 && next.at(-1)?.permitted === false && code === "guard_timeout");
      expect(next.at(-1)).toMatchObject({ permitted: true });
    },
  );
});

describe("a token", () => {
  const body = "agent.subscriptionDenied(channel, JSON.stringify([token ?? null, rest.length]))";

  test("is an argument of the call that it was sent with", async () => {
    const { guards } = guardFolder(`{ async onSubscriptionRequest(channel, agent, token, ...rest) { ${body}; } }`);
    const reasons = [{ ticket: 7 }, "x", undefined].map(async (token) =>
      guards.subscription(agent, "stories/5", token),
    );
    expect(await Promise.all(reasons)).toMatchObject([
      { reason: '[{"ticket":7},0]' },
      { reason: '["x",0]' },
      { reason: "[null,0]" },
    ]);
  });

  test("reaches every guard of a wildcard", async () => {
    const guard = `async onSubscriptionRequest(channel, agent, token) {
      if (token === "all") agent.subscribe(channel); else agent.subscriptionDenied(channel, "no"); }`;
    const { guards } = guardFolder(`{ ${guard}, channels: { "stories/5": { ${guard} } } }`);
    expect(await guards.subscription(agent, "stories/*", "all")).toMatchObject({ permitted: true });
    expect(await guards.subscription(agent, "stories/*", "one")).toMatchObject({ permitted: false });
  });
});

describe("a reason", () => {
  test("is cut at 512 bytes, between characters", () => {
    expect(truncateReason("x".repeat(MAX_REASON_BYTES))).toHaveLength(MAX_REASON_BYTES);
    expect(truncateReason("x".repeat(MAX_REASON_BYTES + 1))).toBe("x".repeat(MAX_REASON_BYTES));
    expect(truncateReason(`${"x".repeat(MAX_REASON_BYTES - 1)}é`)).toBe("x".repeat(MAX_REASON_BYTES - 1));
    expect(truncateReason("🎉".repeat(200))).toBe("🎉".repeat(MAX_REASON_BYTES / 4));
    expect(truncateReason(`x${"🎉".repeat(200)}`)).toBe(`x${"🎉".repeat(MAX_REASON_BYTES / 4 - 1)}`);
  });

  // So all reasons of a frame fit into it.
  test("is measured as JSON, with its escapes", () => {
    for (const character of ["\u0001", '"', "\\", "\n", "\ud800"]) {
      const kept = truncateReason(character.repeat(600));
      expect(Buffer.byteLength(JSON.stringify(kept)) - 2).toBeLessThanOrEqual(MAX_REASON_BYTES);
      expect(kept.length).toBeGreaterThan(80);
    }
  });

  test("is logged at debug level only", async () => {
    const folder = guardFolder('{ onConnectionRequest(agent) { agent.connectionDenied("Because."); } }');
    await folder.guards.connection(agent);
    expect(folder.log.entries).toMatchObject([{ level: "debug", event: "guard_denied" }]);
  });
});
