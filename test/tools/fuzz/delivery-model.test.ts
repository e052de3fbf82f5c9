import { type Changes, DeliveryModel, type Member } from "../../../tools/fuzz/delivery-model.js";
import { MUTED_AGENT } from "../../../tools/fuzz/policy.js";

const nothing: Changes = { subscribe: new Set(), unsubscribe: new Set() };
const changes = (change: { subscribe?: string[]; unsubscribe?: string[] }): Changes => ({
  subscribe: new Set(change.subscribe),
  unsubscribe: new Set(change.unsubscribe),
});
const message = (channel: string) => ({ channel, uuid: "u", data: 1 });

describe("the ledger", () => {
  const ann: Member = { key: 1, name: "ann" };
  const deaf: Member = { key: 2, name: MUTED_AGENT };
  let ledger: DeliveryModel;
  const subscribed = (member: Member, channel: string): void => {
    ledger.open();
    ledger.mayBeSubscribed(member, [channel]);
    ledger.settle(member, changes({ subscribe: [channel] }));
    ledger.open();
  };
  const publish = (channel: string, among: [Member, Changes][] = [[ann, nothing]], echo = true) =>
    ledger.publish(ann, { ...message(channel), echo }, new Map(among));

  beforeEach(() => {
    ledger = new DeliveryModel();
    ledger.join(ann, [], ledger.now);
    ledger.join(deaf, [], ledger.now);
  });

  it("lets a subscriber receive a published message once", () => {
    subscribed(ann, "open/a");
    const entry = publish("open/a");
    expect(entry.missing).toEqual(new Set([ann]));
    expect(ledger.receive(ann, message("open/a"))).toBeUndefined();
    expect(entry.missing.size).toBe(0);
    expect(ledger.receive(ann, message("open/a"))).toMatch(/more often/);
  });

  it("finds messages that are unpublished, changed or sent to a stranger", () => {
    subscribed(ann, "open/a");
    expect(ledger.receive(ann, message("open/a"))).toMatch(/not published in this form/);
    publish("open/a");
    expect(ledger.receive(ann, { ...message("open/a"), data: 2 })).toMatch(/not published in this form/);
    expect(ledger.receive(deaf, message("open/a"))).toMatch(/not subscribed/);
  });

  it("expects the true publisher, unless a delivery guard hides it", () => {
    const [bob, eve]: Member[] = [
      { key: 3, name: "bob", agent: "agent-of-bob" },
      { key: 4, name: "eve", agent: "agent-of-eve" },
    ];
    for (const channel of ["signed/a", "shout/signed/a"]) {
      for (const member of [bob!, eve!]) {
        ledger.join(member, [channel], 0);
        expect(
          ["bob", "agent-of-eve"].map((connection) => {
            ledger.publish(eve!, { ...message(channel), echo: true }, new Map());
            const data = channel === "signed/a" ? 1 : { to: member.name, received: 1 };
            return ledger.receive(member, { ...message(channel), data, from: { connection, info: "eve" } });
          }),
        ).toEqual([
          expect.stringMatching(/another publisher/),
          member === bob && channel !== "signed/a" ? expect.stringMatching(/another publisher/) : undefined,
        ]);
      }
    }
    expect(ledger.receive(bob!, { ...message("signed/a") })).toMatch(/from none/);
  });

  it("expects an ephemeral message without an offset, and never in a history", () => {
    subscribed(ann, "kept/a");
    ledger.publish(ann, { ...message("kept/a"), echo: true, ephemeral: true }, new Map([[ann, nothing]]));
    expect(ledger.isStored(message("kept/a"))).toBe(false);
    expect(ledger.wasPublished(ann, message("kept/a"))).toBe(false);
    expect(ledger.receive(ann, { ...message("kept/a"), offset: 1, epoch: "e" })).toMatch(/not published in this form/);
    expect(ledger.receive(ann, message("kept/a"))).toBeUndefined();
  });

  it("finds what comes after an unsubscription, or before a subscription", () => {
    subscribed(ann, "open/a");
    ledger.settle(ann, changes({ unsubscribe: ["open/a"] }));
    ledger.open();
    const entry = publish("open/a");
    expect(entry.missing.size).toBe(0);
    expect(ledger.receive(ann, message("open/a"))).toMatch(/not subscribed/);
    ledger.finish(entry);
    subscribed(ann, "open/a");
    expect(ledger.receive(ann, message("open/a"))).toMatch(/not subscribed/);
  });

  it("owes nothing if frames overtake each other, and allows either", () => {
    subscribed(ann, "open/a");
    const both = changes({ subscribe: ["open/a"], unsubscribe: ["open/a"] });
    expect(publish("open/a", [[ann, both]]).missing.size).toBe(0);
    ledger.settle(ann, both);
    expect(publish("open/a").missing.size).toBe(0);
    expect(ledger.receive(ann, message("open/a"))).toBeUndefined();
  });

  it("knows wildcards, echo, and what delivery guards make of a message", () => {
    subscribed(ann, "open/*");
    expect(publish("open/x/y").missing).toEqual(new Set([ann]));
    expect(publish("open/z", [[ann, nothing]], false).missing.size).toBe(0);
    expect(ledger.receive(ann, message("open/z"))).toMatch(/own without echo/);
    for (const each of [ann, deaf]) subscribed(each, "shout/a");
    expect(
      publish("shout/a", [
        [ann, nothing],
        [deaf, nothing],
      ]).missing,
    ).toEqual(new Set([ann]));
    expect(ledger.receive(ann, message("shout/a"))).toMatch(/not published in this form/);
    expect(ledger.receive(ann, { ...message("shout/a"), data: { to: "ann", received: 1 } })).toBeUndefined();
  });
});
