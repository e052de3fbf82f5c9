import { Guards } from "../../infra/index.js";
import { type Json, Meta } from "../../protocol/index.js";
import type { GuardRequest } from "push-it-server/guards";
import { pythonTest } from "../python.js";
import { blockOf, everywhere, GuardCode, PATIENT, requestsTo } from "./support/guard-functions.js";
import { TestSystem } from "./support/system.js";

const code = new GuardCode();
afterAll(() => code.remove());

describe("a guard written from docs/GUARDS.md", () => {
  pythonTest("in Python: its own example guards a system", async () => {
    const system = await TestSystem.start({
      props: PATIENT,
      guardFunctions: (stack) =>
        Guards.fromLambda(everywhere(code.python(stack, "Members", blockOf("python", "def handler(")))),
    });
    try {
      const ada = await system.connect({ credentials: { name: "ada", key: "lovelace" } });
      expect(await ada.subscribe("private/ada")).toMatchObject({ successful: true });
      expect(await ada.subscribe("private/bob")).toMatchObject({ code: "denied", error: "Not your channel." });
      expect(await ada.subscribe("stories/*")).toMatchObject({ successful: true });
      expect(await ada.publish("stories/1", { text: "hello" })).toMatchObject({ successful: true });
      await ada.message({ text: "hello", from: "ada" });
      expect(await ada.publish("stories/1", "no text")).toMatchObject({
        code: "denied",
        error: "A message needs a text.",
      });
      await ada.publish("stories/1", { text: "not for ada", to: ["bob"] });
      // A string is not a list: "ada" is in "adam".
      for (const to of ["adam", 5, null, { ada: true }, ["ada", 5]]) {
        expect(await ada.publish("stories/1", { text: "for whom?", to })).toMatchObject({
          code: "denied",
          error: "A message is for a list of names.",
        });
      }
      // Only the delivery guard sees publications of the server API.
      const sent = [{ to: "adam" }, { to: 5 }, { to: ["ada", 5] }, "a text", { to: ["ada"] }].map((data) => ({
        channel: "stories/1",
        data,
      }));
      const publisher = system.running.model.functions.find(({ logicalId }) => /publisher/i.test(logicalId));
      expect(await system.running.invoke(publisher?.logicalId ?? "", { version: 1, publish: sent })).toMatchObject({
        ok: true,
      });
      await ada.message("a text");
      await ada.message({ to: ["ada"] });
      await ada.publish("stories/1", { text: "for ada", to: ["ada"] });
      await ada.message({ text: "for ada", to: ["ada"], from: "ada" });
      expect(ada.messages()).toHaveLength(4);
      expect(await ada.unsubscribe("stories/*")).toMatchObject({ successful: true });

      for (const [credentials, error] of [
        [{ name: "ada", key: "wrong" }, "Wrong name or key."],
        ["ada", "Sign in first."],
        [{ name: "eve", key: "" }, "Wrong name or key."],
      ] as const) {
        const denied = await system.connect({ credentials });
        expect(await denied.request({ action: "connect", channel: Meta.connect })).toMatchObject({
          code: "denied",
          error,
        });
      }

      // The request to renew an agent, as docs/GUARDS.md and its sample show it.
      const refresh = (data?: { credentials: Json }) =>
        ada.request({ action: "refresh", channel: Meta.refresh, ...(data && { data }) });
      const renewals = () =>
        requestsTo(system, "Members", "onConnectionRequest").filter((request) => request.agent?.isConnected);
      const credentials = { name: "ada", key: "lovelace" };
      expect(renewals()).toEqual([]);
      expect(await refresh({ credentials })).toMatchObject({
        successful: true,
        data: { expiresInMs: expect.any(Number) as number },
      });
      expect(renewals()).toMatchObject([
        { agent: { credentials, userId: "ada", expiresAt: expect.any(Number) as number } },
      ]);
      const { agent: sample } = JSON.parse(blockOf("json", '"expiresAt": 1')) as GuardRequest;
      // This guard gives no info, which the sample has.
      expect(Object.keys({ ...renewals()[0]?.agent, info: {} }).sort()).toEqual(Object.keys(sample ?? {}).sort());

      // Without credentials there are none, whatever the agent had; and a denial ends it.
      expect(await refresh()).toMatchObject({ successful: false, code: "denied", error: "Sign in first." });
      expect(renewals()[1]?.agent).toMatchObject({ userId: "ada" });
      expect(renewals()[1]?.agent).not.toHaveProperty("credentials");
      await ada.ended();
      await system.invoked(() => system.logs.some(({ message }) => message.includes("left: ada")), "the departure");
      expect(system.logs.filter(({ message }) => /guard_(failed|timeout)/.test(message))).toEqual([]);
    } finally {
      await system.close();
    }
  });

  it("in TypeScript: its own example is a handler", async () => {
    const source = blockOf("ts", "guardHandler<{ name: string }>");
    const system = await TestSystem.start({
      props: PATIENT,
      guardFunctions: (stack) =>
        Guards.fromLambda({
          channels: { "private/*": { onSubscriptionRequest: code.node(stack, "Private", source) } },
        }),
    });
    try {
      const ada = await system.connect({ credentials: { name: "ada" } });
      expect(await ada.subscribe("private/ada")).toMatchObject({ successful: true });
      expect(await ada.subscribe("private/bob")).toMatchObject({ code: "denied", error: "Not your channel." });
      expect(await ada.subscribe("public")).toMatchObject({ successful: true });
    } finally {
      await system.close();
    }
  });
});
