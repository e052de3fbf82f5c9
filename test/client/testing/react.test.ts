/** @jest-environment jsdom */
import { act, createElement, type FunctionComponent } from "react";
import { createRoot, type Root } from "react-dom/client";
import type { PushIt } from "push-it-client";
import { PushItProvider, useMembers, useMessages, useTyping } from "push-it-client/react";
import { FakePushIt } from "push-it-client/testing";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

const Chat: FunctionComponent = () => {
  const { status, error, messages, publish } = useMessages<string>("rooms/5", { last: 50 });
  const { members } = useMembers("rooms/5");
  const { typing, keystroke } = useTyping("rooms/5");
  return createElement(
    "main",
    null,
    createElement("h1", null, error ? error.message : `${status}: ${members.map(({ userId }) => userId).join()}`),
    ...messages.map((message) =>
      createElement("p", { key: message.uuid }, `${message.from?.userId}: ${message.data} (${message.status})`),
    ),
    createElement("i", null, typing.map(({ userId }) => `${userId} is typing`).join()),
    createElement("button", { onClick: () => publish("Hi!") }, "Send"),
    createElement("textarea", { onKeyDown: keystroke }),
  );
};

let fake: FakePushIt;
let page: HTMLElement;
let root: Root;

const show = async (client: PushIt): Promise<void> => {
  page = document.body.appendChild(document.createElement("div"));
  root = createRoot(page);
  await act(async () => {
    root.render(createElement(PushItProvider, { client, children: createElement(Chat) }));
    await fake.settled();
  });
};

const texts = (selector: string): (string | null)[] =>
  [...page.querySelectorAll(selector)].map(({ textContent }) => textContent);

const begin = (): void => {
  fake = new FakePushIt({ channels: { "rooms/*": { history: true, presence: { state: true }, from: true } } });
};

const end = async (): Promise<void> => {
  await act(async () => {
    root.unmount();
    await fake.advance(1_000);
  });
  fake.close();
  page.remove();
};

const tests = (): void => {
  beforeEach(begin);
  afterEach(end);

  it("renders the history, and sends what its user types", async () => {
    await fake.publish("rooms/5", "Welcome");
    const bob = fake.client({ credentials: { userId: "bob" } });
    await bob.channel("rooms/5").subscribe();
    await show(fake.client({ credentials: { userId: "ada" } }));
    expect(texts("h1")).toEqual(["subscribed: bob"]);
    await act(async () => {
      page.querySelector("button")!.click();
      await fake.settled();
    });
    expect(texts("p")).toEqual(["undefined: Welcome (sent)", "ada: Hi! (sent)"]);
    expect(fake.messages("rooms/5").map(({ data }) => data)).toEqual(["Welcome", "Hi!"]);
  });

  it("shows a pending message, and heals a dead network", async () => {
    const ada = fake.client({ credentials: { userId: "ada" } });
    await show(ada);
    fake.offline(ada);
    await act(async () => {
      page.querySelector("button")!.click();
      await fake.publish("rooms/5", "Are you there?");
      await fake.advance(5_000);
    });
    expect(texts("p")).toEqual(["undefined: Hi! (pending)"]);
    await act(async () => {
      fake.online(ada);
      await fake.settled();
    });
    expect(texts("p")).toEqual(["undefined: Are you there? (sent)", "ada: Hi! (sent)"]);
  });

  it("moves the timers of the hooks on with the fake's clock", async () => {
    const bob = fake.client({ credentials: { userId: "bob" } });
    const room = bob.channel("rooms/5");
    await room.subscribe();
    await show(fake.client({ credentials: { userId: "ada" } }));
    await act(async () => {
      await room.presence.set({ typing: 1 });
      await fake.settled();
    });
    expect(texts("i")).toEqual(["bob is typing"]);
    await act(() => fake.advance(12_000));
    expect(texts("i")).toEqual([""]);
  });

  it("renders the reason of a denial", async () => {
    fake.guards = {
      onConnectionRequest: (agent) => agent.connected(),
      onSubscriptionRequest: (channel, agent) => agent.subscriptionDenied(channel, "You are not invited."),
    };
    const warn = jest.spyOn(console, "warn").mockImplementation(() => {});
    await show(fake.client());
    expect(texts("h1")).toEqual(["You are not invited."]);
    warn.mockRestore();
  });
};

describe("a component with the hooks of push-it-client/react", tests);

describe("the same, with jest.useFakeTimers()", () => {
  beforeAll(() => jest.useFakeTimers({ doNotFake: ["queueMicrotask"] }));
  afterAll(() => jest.useRealTimers());
  tests();
});
