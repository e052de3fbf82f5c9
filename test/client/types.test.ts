// Types, checked by tsc (`npm run typecheck`): a wrong one does not compile. The one test below runs what compiles.
import WebSocket from "ws";
import {
  PushIt,
  type PushItError,
  type Channel,
  type Json,
  type PushItOptions,
  type ReceivedMessage,
  type RequestCode,
  type SocketClass,
  type State,
  type StateChange,
} from "push-it-client";
import { FakePlatform } from "./support/fake-platform.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const proves = <_Claim extends true, _Another extends true = true>(): void => {};
/** A listener that takes just this. */
const exactly =
  <Value>() =>
  (_value: Value): void => {};

interface Story {
  title: string;
}

const options: PushItOptions = { url: "ws://127.0.0.1:1", autoConnect: false, WebSocket, platform: new FakePlatform() };
const browsers: SocketClass = globalThis.WebSocket;

describe("the types", () => {
  it("say what an application may do", async () => {
    const pushIt = new PushIt(options);
    const stories = pushIt.channel<Story>("stories/5");

    proves<Equal<typeof pushIt.state, State>>();
    proves<Equal<typeof stories, Channel<Story>>>();
    proves<Equal<ReturnType<typeof stories.subscribe>, Promise<void>>>();
    proves<Equal<Awaited<ReturnType<typeof stories.publish>>["result"], Json | undefined>>();

    const uuid: string = pushIt.publish({ channel: "a", data: { any: ["thing"] } });
    pushIt.publish({ channel: "a", message: 1, echo: false }, (error: PushItError) => error.code satisfies RequestCode);
    // @ts-expect-error a message needs data
    void (() => pushIt.publish({ channel: "a" }));
    // @ts-expect-error and a channel
    void (() => pushIt.publish({ data: 1 }));
    // @ts-expect-error a story has a title
    void (() => stories.publish({ name: "One" }));
    // @ts-expect-error no such event
    void (() => pushIt.on("states", () => {}));
    // @ts-expect-error the state is the SDK's to set
    void (() => (pushIt.state = "connected"));
    // @ts-expect-error a url is required
    void (() => new PushIt({ channels: [] }));

    // Data that JSON would change is refused by type.
    const lossy = pushIt.channel<{ at: Date; n: bigint }>("lossy");
    // @ts-expect-error JSON has no bigint
    void (() => lossy.publish({ at: new Date(), n: 1n }));
    // @ts-expect-error a Map becomes {}
    void (() => pushIt.publish({ channel: "a", data: new Map([[1, 2]]) }));
    // @ts-expect-error nor functions, in whatever depth
    void (() => pushIt.publish({ channel: "a", data: { deep: [{ act: () => {} }] } }));
    // @ts-expect-error undefined is not data
    void (() => pushIt.channel("a").publish(undefined));
    const dated = pushIt.channel<{ at: Date }>("dated");
    void (() => dated.publish({ at: new Date() }));
    void (() => dated.on("message", ({ data }) => data.at satisfies string));
    // @ts-expect-error a Date has become text
    void (() => dated.on("message", ({ data }) => data.at satisfies Date));

    // This client's identity and its credentials.
    proves<Equal<typeof pushIt.me, { agent: string; userId?: string } | undefined>>();
    proves<Equal<ReturnType<typeof pushIt.refreshCredentials>, Promise<void>>>();
    void (() => pushIt.connect({ credentials: { token: "t" } }));
    void (() => pushIt.reset() satisfies void);

    // The values of listeners and loops, by assignment both ways.
    const offs: (() => void)[] = [
      pushIt.on("state", exactly<StateChange>()),
      pushIt.on("message", exactly<ReceivedMessage>()),
      pushIt.on("error", exactly<PushItError>()),
      pushIt.on("rotated", exactly<{ channels: string[] }>()),
      stories.on("message", exactly<ReceivedMessage<Story>>()),
      stories.on("subscribed", exactly<{ channel: string }>()),
    ];
    pushIt.onMessageReceived = (channel: string, message: ReceivedMessage) => void [channel, message];
    // @ts-expect-error a story's title is text
    stories.on("message", ({ data }: ReceivedMessage<{ title: number }>) => void data.title);
    void (async () => {
      for await (const message of stories) exactly<ReceivedMessage<Story>>()(message);
    });
    for (const off of offs) off();
    expect([uuid.length, pushIt.state, browsers]).toEqual([22, "disconnected", globalThis.WebSocket]);
  });
});
