import { isReserved } from "../../../../protocol/index.js";
import {
  channelKey,
  channelKeys,
  channelOf,
  connectionKey,
  deadlineKey,
  registrationKey,
  shardKey,
  SHARDS,
  connectionRecordKey,
  subscriberKey,
  subscriberKeys,
  subscriptionKey,
} from "../../../../lambdas/aws/dynamodb/keys.js";
import { userChannel } from "../../../../lambdas/subscriptions/user-channel.js";

describe("the rows of a connection", () => {
  test("are in one partition: its agent and its subscriptions", () => {
    expect(connectionRecordKey("c1").pk).toBe(connectionKey("c1"));
    expect(subscriptionKey("c1", "stories/5").pk).toBe(connectionKey("c1"));
    expect(channelOf(subscriptionKey("c1", "stories/5").sk)).toBe("stories/5");
    expect(channelOf(connectionRecordKey("c1").sk)).toBeUndefined();
  });

  test("never collide with its agent's row, whatever its channels' names are", () => {
    const named = ["agent", "s#", "a#c1", "c1"].map((channel) => subscriptionKey("c1", channel).sk);
    expect(named).not.toContain(connectionRecordKey("c1").sk);
    expect(named.map(channelOf)).toEqual(["agent", "s#", "a#c1", "c1"]);
  });
});

test("a subscriber is in its channel's partition, under its connection id", () => {
  expect(subscriberKey("stories/5", "c1")).toEqual({ pk: channelKey("stories/5"), sk: "c1" });
});

describe("a subscriber of a channel with shards", () => {
  /** Ids like API Gateway's, which are alike at the beginning and at the end. */
  const IDS = Array.from(
    { length: 8_000 },
    (_, at) =>
      `L0S${Buffer.from(`${at * 7_919}`)
        .toString("base64")
        .replace(/=/g, "")}cCIhw=`,
  );

  test.each([2, 8, 64])("is in one of %i partitions, which fill evenly", (shards) => {
    const counts = new Map(channelKeys("a", shards).map((pk) => [pk, 0]));
    for (const id of IDS) {
      const { pk } = subscriberKey("a", id, shards);
      counts.set(pk, counts.get(pk)! + 1);
    }
    expect(counts.size).toBe(shards);
    for (const count of counts.values()) expect(Math.abs(count / (IDS.length / shards) - 1)).toBeLessThan(0.4);
  });

  test("may be in a partition of fewer shards, and nowhere else", () => {
    for (const id of IDS.slice(0, 100)) {
      const places = subscriberKeys("a", id, 16);
      expect(new Set(places.map(({ pk }) => pk))).toEqual(
        new Set([16, 8, 4, 2, 1].map((shards) => subscriberKey("a", id, shards).pk)),
      );
      expect(places[0]).toEqual(subscriberKey("a", id, 16));
      expect(places.map(({ pk }) => pk)).toContain(channelKey("a"));
    }
    expect(subscriberKeys("a", "c1", 1)).toEqual([subscriberKey("a", "c1")]);
  });
});

describe("a registration", () => {
  test("sorts by its deadline", () => {
    const { sk } = registrationKey("c1", 1_700_000_000);
    expect(sk < deadlineKey(1_700_000_001)).toBe(true);
    expect(sk < deadlineKey(1_700_000_000)).toBe(false);
    expect(deadlineKey(999) < deadlineKey(1_700_000_000)).toBe(true);
  });

  test("has a key that depends on its connection and deadline only", () => {
    expect(registrationKey("c1", 17)).toEqual(registrationKey("c1", 17));
  });

  // The ids are like API Gateway's.
  test("is in one of the shards, which fill evenly", () => {
    const counts = new Map<string, number>();
    for (let id = 0; id < 16_000; id += 1) {
      const { pk } = registrationKey(`${Buffer.from(`${id * 7_919}`).toString("base64")}AAA=`, 1);
      counts.set(pk, (counts.get(pk) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(Array.from({ length: SHARDS }, (_, shard) => shardKey(shard)).sort());
    expect(Math.max(...counts.values())).toBeLessThan(2_000);
  });
});

test("a user's channel is reserved, whatever the user id is", () => {
  expect(userChannel("ada")).toBe("/meta/user/ada");
  for (const userId of ["ada", "a/*", "../x", "größe 🎉"]) expect(isReserved(userChannel(userId))).toBe(true);
});
