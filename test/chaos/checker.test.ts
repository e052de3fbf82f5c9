import { type History, judge } from "../../chaos/checker.js";
import { type Event, Journal, type Stored, type Subscription } from "../../chaos/journal.js";
import type { Credentials, Payload } from "../../chaos/policy.js";

const INSIDER: Credentials = { name: "s1", ear: 0, insider: true };
const OUTSIDER: Credentials = { name: "s2", ear: 0, insider: false };

/** A run as it should go: a subscriber that receives three messages, each acknowledged, in their order. */
class Story {
  readonly journal = new Journal();
  readonly stored: Stored[] = [];

  subscriber(channel: string, who = INSIDER): Subscription {
    const subscription = this.journal.subscription(who, channel);
    subscription.events.push({ at: this.journal.tick(), is: "subscribed" });
    return subscription;
  }

  publish(uuid: string, { channel = "log/a", acknowledged = true, ...data }: Partial<Payload> & { channel?: string; acknowledged?: boolean } = {}): void {
    const publication = this.journal.begin({ uuid, channel, by: "p", data: { by: "p", n: 1, ...data } });
    const offset = this.stored.filter((each) => each.channel === channel).length + 1;
    if (channel !== "plain/a" && acknowledged) this.stored.push({ channel, epoch: "e", uuid, offset });
    publication.told = { at: this.journal.tick(), acknowledged };
  }

  receive(subscription: Subscription, uuid: string, more: Partial<Event & { is: "message" }> = {}): void {
    const data = this.journal.publications.get(uuid)?.data;
    subscription.events.push({ at: this.journal.tick(), is: "message", uuid, data, ...more });
  }

  tell(subscription: Subscription, event: { is: "subscribed" | "unsubscribed" } | { is: "missed"; code: string }): void {
    subscription.events.push({ at: this.journal.tick(), ...event });
  }

  judged(more: Partial<History> = {}): string[] {
    const { publications, subscriptions } = this.journal;
    const keeps = (channel: string) => (channel === "plain/a" ? "nothing" : channel === "log/short" ? "some" : "all");
    return judge({ publications, subscriptions, stored: this.stored, keeps, ...more }).map(({ wrong, uuid }) => `${wrong} ${uuid ?? ""}`.trim());
  }
}

describe("the checker", () => {
  let story: Story;
  let subscriber: Subscription;
  beforeEach(() => {
    story = new Story();
    subscriber = story.subscriber("log/a");
    for (const uuid of ["m1", "m2", "m3"]) story.publish(uuid);
  });
  const receive = (...uuids: string[]): void => uuids.forEach((uuid) => story.receive(subscriber, uuid));

  it("finds nothing wrong with a run in which everything comes once, in order", () => {
    receive("m1", "m2", "m3");
    expect(story.judged()).toEqual([]);
  });

  it("finds a loss in the middle and at the end", () => {
    receive("m1", "m3");
    expect(story.judged()).toEqual(["lost m2"]);
    story.publish("m4");
    expect(story.judged()).toEqual(["lost m2", "lost m4"]);
  });

  it("finds that somebody received nothing at all", () => {
    expect(story.judged()).toEqual(["lost m1", "lost m2", "lost m3"]);
  });

  it("finds a duplicate, also one that nobody acknowledged", () => {
    story.publish("m4", { acknowledged: false });
    receive("m1", "m2", "m2", "m3", "m4", "m4");
    expect(story.judged()).toEqual(["duplicated m2", "duplicated m4"]);
  });

  it("finds a swap, by what the table says and not by what subscribers are told", () => {
    story.receive(subscriber, "m2", { offset: 1 });
    story.receive(subscriber, "m1", { offset: 2 });
    receive("m3");
    expect(story.judged()).toEqual(["reordered m1"]);
  });

  it("finds a swap by what publishers were told, before the table is read", () => {
    for (const [index, uuid] of ["m1", "m2", "m3"].entries()) {
      const publication = story.journal.publications.get(uuid);
      if (publication?.told) publication.told.position = { epoch: "e", offset: index + 1 };
    }
    receive("m1", "m3", "m2");
    expect(story.judged({ stored: [] }).filter((each) => !each.startsWith("lost"))).toEqual(["reordered m2"]);
  });

  it("finds that the table and an answer do not agree, and two messages at one place", () => {
    receive("m1", "m2", "m3");
    const publication = story.journal.publications.get("m2");
    if (publication?.told) publication.told.position = { epoch: "e", offset: 7 };
    expect(story.judged()).toEqual(["reordered m2"]);
    story.stored[2] = { channel: "log/a", epoch: "e", uuid: "m3", offset: 2 };
    expect(story.judged()).toEqual(["reordered m2", "reordered m3"]);
  });

  it("finds that a channel has begun anew", () => {
    receive("m1", "m2", "m3");
    story.stored[2] = { channel: "log/a", epoch: "other", uuid: "m3", offset: 3 };
    expect(story.judged()).toEqual(["reordered m3"]);
  });

  it("finds what is acknowledged and not stored, and what is stored twice", () => {
    receive("m1", "m2", "m3");
    story.stored.pop();
    story.stored.push({ channel: "log/a", epoch: "e", uuid: "m1", offset: 9 });
    expect(story.judged()).toEqual(["duplicated m1", "lost m3"]);
  });

  it.each<[string, Partial<Payload>]>([
    ["that a guard denied", { do: "deny" }],
    ["whose guard died", { do: "exit" }],
  ])("finds a leak of a message %s, received or stored", (_, data) => {
    receive("m1", "m2", "m3");
    story.publish("m4", { acknowledged: false, ...data });
    expect(story.judged()).toEqual([]);
    receive("m4");
    expect(story.judged()).toEqual(["leaked m4"]);
    story.stored.push({ channel: "log/a", epoch: "e", uuid: "m4", offset: 4 });
    expect(story.judged()).toEqual(["leaked m4", "leaked m4"]);
  });

  it("finds a leak to who may not subscribe, and to whom a delivery guard withholds it", () => {
    receive("m1", "m2", "m3");
    const outsider = story.subscriber("private/a", OUTSIDER);
    story.publish("m4", { channel: "private/a" });
    story.receive(outsider, "m4");
    const hearer = story.subscriber("heard/a");
    story.publish("m5", { channel: "heard/a", n: 3 });
    expect(story.judged()).toEqual(["leaked m4"]);
    story.receive(hearer, "m5");
    expect(story.judged()).toEqual(["leaked m4", "leaked m5"]);
  });

  it("finds what nobody has published, has published elsewhere, or otherwise", () => {
    receive("m1", "m2", "m3", "m9");
    story.publish("m4", { channel: "log/short" });
    receive("m4");
    story.publish("m5");
    story.receive(subscriber, "m5", { data: { by: "p", n: 2 } });
    expect(story.judged().sort()).toEqual(["leaked m4", "leaked m5", "leaked m9"]);
  });

  it("expects what a guard publishes on two channels on both, once each", () => {
    receive("m1", "m2", "m3");
    const other = story.subscriber("log/b");
    story.publish("m4", { channel: "spread/a" });
    expect(story.judged()).toEqual(["lost m4", "lost m4"]);
    story.stored.push({ channel: "log/b", epoch: "f", uuid: "m4", offset: 1 });
    expect(story.judged()).toEqual(["lost m4"]);
    story.receive(other, "m4");
    expect(story.judged()).toEqual([]);
    story.receive(other, "m4");
    expect(story.judged()).toEqual(["duplicated m4"]);
  });

  it("finds rows of the dead", () => {
    receive("m1", "m2", "m3");
    expect(story.judged({ staleRows: ["a row"] })).toEqual(["staleRows"]);
  });

  it("expects nothing of what was published before the subscription, or nobody acknowledged", () => {
    receive("m1", "m2", "m3");
    story.subscriber("log/a", OUTSIDER);
    story.publish("m4", { acknowledged: false });
    expect(story.judged()).toEqual([]);
  });

  it("expects what stands behind what came, whenever it was published", () => {
    const late = story.subscriber("log/a", { ...INSIDER, name: "late" });
    receive("m1", "m2", "m3");
    story.receive(late, "m1");
    story.receive(late, "m3");
    expect(story.judged()).toEqual(["lost m2"]);
  });

  it("does not excuse what a subscriber was told that it missed, where all is kept", () => {
    receive("m1", "m2", "m3");
    story.tell(subscriber, { is: "missed", code: "too_far_behind" });
    expect(story.judged()).toEqual(["lost"]);
  });

  describe("where only some is kept", () => {
    beforeEach(() => {
      receive("m1", "m2", "m3");
      subscriber = story.subscriber("log/short");
      for (const uuid of ["s1", "s2", "s3"]) story.publish(uuid, { channel: "log/short" });
    });

    it("excuses what a subscriber was told that it missed, and nothing behind it", () => {
      receive("s1");
      story.tell(subscriber, { is: "missed", code: "too_far_behind" });
      expect(story.judged()).toEqual([]);
      story.publish("s4", { channel: "log/short" });
      story.publish("s5", { channel: "log/short" });
      receive("s5");
      expect(story.judged()).toEqual(["lost s4"]);
    });

    it("still finds a hole in what came before it was told so", () => {
      receive("s1", "s3");
      story.tell(subscriber, { is: "missed", code: "too_far_behind" });
      expect(story.judged()).toEqual(["lost s2"]);
    });
  });

  it("does not take a reconnection for an excuse", () => {
    receive("m1");
    story.tell(subscriber, { is: "subscribed" });
    receive("m3");
    expect(story.judged()).toEqual(["lost m2"]);
  });

  it("expects nothing of who is not subscribed any more", () => {
    receive("m1");
    story.tell(subscriber, { is: "unsubscribed" });
    expect(story.judged()).toEqual([]);
  });

  it("judges plain channels by what comes only", () => {
    receive("m1", "m2", "m3");
    const plain = story.subscriber("plain/a");
    story.publish("m4", { channel: "plain/a" });
    story.publish("m5", { channel: "plain/a" });
    story.receive(plain, "m5");
    expect(story.judged()).toEqual([]);
    story.receive(plain, "m5");
    expect(story.judged()).toEqual(["duplicated m5"]);
  });

  it("tells the first message that went wrong first", () => {
    receive("m3", "m2", "m2");
    expect(story.judged()[0]).toBe("lost m1");
  });
});
