import { DEFAULT_LIMITS } from "../../../protocol/index.js";
import { guardCall } from "./call-fixture.js";

const LIMITS = { ...DEFAULT_LIMITS, channelLength: 9, channelPunctuation: "", channelsPerFrame: 1 };

describe("what a guard stages is held to the names that its deployment allows", () => {
  test.each(["stories/55", "a-b", "stories/9-/*"])("subscriptions: %s", (name) => {
    const { agent, decisions } = guardCall("onConnectionRequest", {}, LIMITS);
    expect(() => agent.subscribe(name)).toThrow(`nobody can be subscribed to "${name}" (bad_channel)`);
    expect(decisions).toEqual([]);
  });

  test.each(["stories/55", "a-b"])("publications: %s", (name) => {
    const { agent, message } = guardCall("onPublicationRequest", {}, LIMITS);
    expect(() => agent.channel(name).publish(message)).toThrow(`nothing can be published on "${name}" (bad_channel)`);
  });

  test("and may be more than what a client may ask for in one frame", () => {
    const { agent, channel, decisions } = guardCall("onSubscriptionRequest", {}, LIMITS);
    for (const name of ["a", "b", "c"]) agent.subscribe(name);
    agent.subscribe(channel);
    expect(decisions).toMatchObject([{ permitted: true, subscribe: ["stories/5", "a", "b", "c"] }]);
  });
});
