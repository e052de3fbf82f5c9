import WebSocket from "ws";
import { PushIt, type PushItOptions } from "push-it-client";
import { type Framework, type Page, until, useSilentConsole } from "../../client/bindings/framework.js";
import { TestSystem } from "./system.js";

const GUARDS = `
  export default {
    onConnectionRequest: (agent) => agent.connected({ userId: agent.credentials, info: { name: agent.credentials } }),
    onSubscriptionRequest(channel, agent) {
      if (channel.name === "rooms/closed") agent.subscriptionDenied(channel, "You are not invited.");
      else agent.subscribe(channel);
    },
    onPublicationRequest(channel, agent, message) {
      if (message.data === "rude") return agent.publicationDenied(message, "Be nice.");
      channel.publish(message);
      agent.publicationSuccess(message);
    },
  };
`;

/** Tests of a framework's binding on the local system, with its page in Node. */
export const bindingTests = (framework: Framework): void => {
  const { probe } = framework;
  const { useChannel, useLatest, useMembers, useMessages, usePresence, useTyping } = framework.hooks;
  let system: TestSystem;
  const clients: PushIt[] = [];
  const pages: Page[] = [];

  beforeAll(async () => {
    system = await TestSystem.start({
      guards: GUARDS,
      props: {
        channels: {
          "rooms/*": { history: { size: 100 }, presence: { state: true }, from: true },
          "values/*": { latest: true },
        },
      },
    });
  });

  afterEach(() => {
    for (const page of pages.splice(0)) page.unmount();
  });

  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await system.close();
  });

  const client = (user: string, options: Partial<PushItOptions> = {}): PushIt => {
    const pushIt = new PushIt({
      url: system.running.websocketUrl,
      WebSocket,
      retryBase: 50,
      credentials: user,
      ...options,
    });
    clients.push(pushIt);
    return pushIt;
  };

  const pageOf = (user: string): { pushIt: PushIt; page: Page } => {
    const pushIt = client(user);
    const page = framework.page(pushIt);
    pages.push(page);
    return { pushIt, page };
  };

  useSilentConsole();

  it("show two people one room", async () => {
    const room = "rooms/5";
    const writer = client("cy").channel(room);
    for (let number = 1; number <= 8; number += 1) await writer.publish(number);
    const people = ["ann", "bob"].map((user) => {
      const { page, pushIt } = pageOf(user);
      const all = probe(() => ({
        list: useMessages(room, { last: 3 }),
        members: useMembers(room),
        typing: useTyping(room),
        entered: usePresence(room, { mood: user }),
      }));
      return { page, pushIt, all, user };
    });
    const [ann, bob] = people as [(typeof people)[0], (typeof people)[0]];
    for (const { page, all } of people) await page.show(all.Component);
    for (const { all } of people) {
      await until(() => all.value.list.messages.length === 3);
      await until(() => all.value.members.members.length === 2);
      await until(() => all.value.members.members.every(({ state }) => state));
    }
    const named = ann.all.value.members.members.map(({ userId, own, state }) => [userId, own, state]);
    expect(named.sort()).toEqual([
      ["ann", true, { mood: "ann" }],
      ["bob", false, { mood: "bob" }],
    ]);

    await ann.all.value.list.loadOlder();
    await until(() => ann.all.value.list.messages.length === 6);
    expect(ann.all.value.list.messages.map(({ data }) => data)).toEqual([3, 4, 5, 6, 7, 8]);

    ann.all.value.typing.keystroke();
    await until(() => bob.all.value.typing.typing.length === 1);
    expect(bob.all.value.typing.typing[0]!.userId).toBe("ann");
    ann.all.value.list.publish("Hello");
    ann.all.value.typing.stop();
    await until(() => bob.all.value.list.messages.at(-1)!.data === "Hello" && !bob.all.value.typing.typing.length);
    await until(() => ann.all.value.list.messages.at(-1)!.offset === 9);
    const ends = [ann, bob].map(({ all }) => all.value.list.messages.at(-1)!);
    expect(ends.map(({ own, status, from }) => [own, status, from?.userId])).toEqual([
      [true, "sent", "ann"],
      [false, "sent", "ann"],
    ]);

    bob.all.value.list.publish("rude");
    await until(() => bob.all.value.list.messages.at(-1)!.status === "failed");
    expect(bob.all.value.list.messages.at(-1)!.error!.message).toBe("Be nice.");
  });

  it("heal over a reconnection in which messages were published", async () => {
    const room = "rooms/6";
    const writer = client("cy").channel(room);
    await writer.publish(0);
    const { page, pushIt } = pageOf("dan");
    const list = probe(() => useMessages(room));
    await page.show(list.Component);
    await until(() => list.value.messages.length === 1);
    pushIt.disconnect();
    for (let number = 1; number <= 60; number += 1) await writer.publish(number);
    pushIt.connect();
    await until(() => list.value.messages.length === 61);
    expect(list.value.messages.map(({ data }) => data)).toEqual(Array.from({ length: 61 }, (_, number) => number));
    expect(list.value.recovered).toBe(true);
  });

  it("render a denial, a plain channel and a latest value", async () => {
    const { page } = pageOf("eve");
    await client("cy").channel("values/1").publish(21);
    const all = probe(() => ({
      closed: useMessages("rooms/closed"),
      plain: useMessages("plain"),
      channel: useChannel("plain"),
      latest: useLatest("values/1"),
    }));
    await page.show(all.Component);
    await until(() => all.value.closed.status === "denied" && all.value.plain.status === "subscribed");
    expect(all.value.closed.error!.message).toBe("You are not invited.");
    await until(() => all.value.latest.message?.data === 21);
    await all.value.channel.publish("hi");
    await until(() => all.value.plain.messages.length === 1);
    expect(all.value.plain).toMatchObject({ hasOlder: false, error: undefined });
  });
};
