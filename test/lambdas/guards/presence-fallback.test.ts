import type { Json } from "../../../protocol/index.js";
import { agentOf } from "../support/fakes.js";
import { guardFolder, TIMEOUT } from "./harness.js";

const agent = agentOf("c1");

/** The verdict of a guard module about the state `{ typing: true }` on a channel. */
const verdictOf = (module: string, channel = "rooms/1") =>
  guardFolder(module).guards.presence(agent, { channel, uuid: "m1", data: { typing: true } });

const publishes = (data: string): string =>
  `onPublicationRequest(channel, agent, message) {
    channel.publish({ data: ${data} });
    agent.publicationSuccess(message);
  }`;

const DENIED = { permitted: false, code: "denied" };
const permitted = (state: Json) => ({ permitted: true, state });

describe("a state without a presence guard", () => {
  it("is permitted if there is no publication guard either", async () => {
    expect(await verdictOf("{}")).toEqual(permitted({ typing: true }));
  });

  it("is denied if the publication guard denies the publication", async () => {
    const module = "{ onPublicationRequest(channel, agent, message) { agent.publicationDenied(message, 'No.'); } }";
    expect(await verdictOf(module)).toEqual({ ...DENIED, reason: "No." });
  });

  it("is not permitted by the subscription guard", async () => {
    const module =
      "{ onSubscriptionRequest(channel, agent) { agent.subscribe(channel); }, onPublicationRequest() { throw 1; } }";
    expect(await verdictOf(module)).toMatchObject({ permitted: false, code: "guard_failed" });
  });

  it("is what the publication guard publishes on the channel", async () => {
    expect(await verdictOf(`{ ${publishes("{ ...message.data, by: agent.uuid }")} }`)).toEqual(
      permitted({ typing: true, by: agent.uuid }),
    );
  });

  it("is denied if the publication guard publishes only elsewhere", async () => {
    const elsewhere = publishes("1").replace("channel.publish", 'agent.channel("other").publish');
    expect(await verdictOf(`{ ${elsewhere} }`)).toMatchObject(DENIED);
    expect(
      await verdictOf("{ onPublicationRequest(channel, agent, message) { agent.publicationSuccess(message); } }"),
    ).toMatchObject(DENIED);
  });
});

describe("a publication guard that decides about a state", () => {
  it("learns that it is one, and can deny it as bad data", async () => {
    const module = `{ onPublicationRequest(channel, agent, message) {
      agent.publicationDenied(message, "state: " + message.isState, { code: "bad_data" });
    } }`;
    expect(await verdictOf(module)).toEqual({ permitted: false, code: "bad_data", reason: "state: true" });
  });

  it("does not call a publication a state", async () => {
    const { guards } = guardFolder(`{ onPublicationRequest(channel, agent, message) {
      agent.publicationDenied(message, "state: " + message.isState);
    } }`);
    const message = { channel: "rooms/1", uuid: "m1", data: 1 };
    expect(await guards.publication(agent, message)).toEqual({ ...DENIED, reason: "state: undefined" });
  });
});

describe("a presence guard", () => {
  it("decides instead of the publication guard", async () => {
    const module = `{
      onPresenceRequest(channel, agent, state) { if (state.typing) agent.presenceSuccess(channel); },
      onPublicationRequest(channel, agent, message) { agent.publicationDenied(message); },
    }`;
    expect(await verdictOf(module)).toEqual(permitted({ typing: true }));
  });

  it.each([
    ["denies", "agent.presenceDenied(channel, 'No.')", "denied"],
    ["throws", "throw new Error('planted')", "guard_failed"],
    ["returns without a verdict", "return { permitted: true }", "guard_timeout"],
    ["uses another guard's verdict", "agent.subscribe(channel)", "guard_failed"],
    ["permits too late", "setTimeout(() => agent.presenceSuccess(channel), 1500)", "guard_timeout"],
  ])("that %s permits nothing", async (_, body, code) => {
    const { guards } = guardFolder(`{ onPresenceRequest(channel, agent, state) { ${body}; } }`, { timeout: TIMEOUT });
    expect(await guards.presence(agent, { channel: "rooms/1", uuid: "m1", data: 1 })).toMatchObject({
      permitted: false,
      code,
    });
  });

  it("of the most specific entry decides", async () => {
    const module = `{
      onPresenceRequest(channel, agent) { agent.presenceSuccess(channel); },
      channels: { "rooms/*": { onPresenceRequest(channel, agent) { agent.presenceDenied(channel, "Quiet."); } } },
    }`;
    expect(await verdictOf(module, "rooms/1")).toEqual({ ...DENIED, reason: "Quiet." });
    expect(await verdictOf(module, "halls/1")).toEqual(permitted({ typing: true }));
  });
});
