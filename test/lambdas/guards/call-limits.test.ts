import { MAX_CHANNELS_PER_FRAME, DEFAULT_LIMITS, MAX_PUBLICATIONS_PER_GUARD_CALL } from "../../../protocol/index.js";
import { guardCall } from "./call-fixture.js";

const LIMITS = { ...DEFAULT_LIMITS, channelLength: 9, channelPunctuation: "", channelsPerFrame: 1 };

describe("channel names of a deployment with limits of its own", () => {
  test.each(["stories/55", "a-b", "stories/9-/*"])("a guard cannot subscribe its agent to %s", (name) => {
    const { agent, decisions } = guardCall("onConnectionRequest", {}, LIMITS);
    expect(() => agent.subscribe(name)).toThrow(`agent.subscribe: "${name}" cannot be subscribed to (bad_channel)`);
    expect(decisions).toEqual([]);
  });

  test.each(["stories/55", "a-b"])("a guard cannot publish on %s", (name) => {
    const { agent, message } = guardCall("onPublicationRequest", {}, LIMITS);
    expect(() => agent.channel(name).publish(message)).toThrow(
      `channel.publish: "${name}" cannot be published on (bad_channel)`,
    );
  });

  test("a guard may subscribe to more channels than one client frame", () => {
    const { agent, channel, decisions } = guardCall("onSubscriptionRequest", {}, LIMITS);
    for (const name of ["a", "b", "c"]) agent.subscribe(name);
    agent.subscribe(channel);
    expect(decisions).toMatchObject([{ permitted: true, subscribe: ["stories/5", "a", "b", "c"] }]);
  });
});

describe("the number of publications and subscriptions of a guard call", () => {
  // The limit holds for all channels together. The message that is too many is not staged.
  test("publishing throws once the guard call has reached the limit", () => {
    const { agent, channel, message, decisions, ignored } = guardCall("onPublicationRequest");
    for (let count = 0; count < MAX_PUBLICATIONS_PER_GUARD_CALL; count += 1)
      (count % 2 === 0 ? channel : agent.channel(`c${count}`)).publish(message);
    for (const one of [channel, agent.channel("another")]) {
      expect(() => one.publish(message)).toThrow(
        new RangeError("channel.publish: at most 100 messages in one guard call"),
      );
    }
    agent.publicationSuccess(message);
    channel.publish(message);
    expect(decisions.map((decision) => decision.permitted && decision.publish.length)).toEqual([100]);
    expect(ignored).toEqual(["channel.publish"]);
  });

  test("subscribing throws once the guard call has reached the limit", () => {
    const { agent } = guardCall("onConnectionRequest");
    for (let count = 0; count < MAX_CHANNELS_PER_FRAME; count += 1) agent.subscribe(`c${count}`);
    expect(() => agent.subscribe("another")).toThrow(RangeError);
  });
});
