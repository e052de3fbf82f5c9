import { isProxy, reactive, ref, shallowRef } from "@vue/reactivity";
import { arrived } from "../support/recorded.js";
import { Bench } from "../support/setup.js";

const bench = Bench.use();

describe("Vue's reactivity", () => {
  it("leaves a client in a ref as it is", async () => {
    const { pushIt, peer } = await bench.connected();
    const held = ref(pushIt);
    expect(isProxy(held.value)).toBe(false);
    expect(held.value.state).toBe("connected");
    await held.value.channel("a").publish(1);
    expect(peer.frames.all).toHaveLength(1);
    held.value.disconnect();
    expect(pushIt.state).toBe("disconnected");
  });

  it("leaves a channel in a ref as it is", async () => {
    const { pushIt, peer } = await bench.connected();
    const stories = ref(pushIt.channel<number>("stories/5"));
    const received: number[] = [];
    stories.value.on("message", ({ data }) => received.push(data));
    await stories.value.subscribe();
    peer.send({ channel: "stories/5", uuid: "u1", data: 5 });
    await arrived(pushIt, peer);
    await stories.value.unsubscribe();
    expect([isProxy(stories.value), received, stories.value.name, stories.value.position]).toEqual([
      false,
      [5],
      "stories/5",
      undefined,
    ]);
  });

  it("leaves them as they are deep in reactive state", async () => {
    const { pushIt, peer } = await bench.connected();
    const state = reactive({ connection: { pushIt, channels: [pushIt.channel("a")] } });
    expect([
      isProxy(state.connection),
      isProxy(state.connection.pushIt),
      isProxy(state.connection.channels[0]),
    ]).toEqual([true, false, false]);
    await state.connection.channels[0]!.subscribe();
    await state.connection.pushIt.refreshCredentials();
    expect(peer.frames.all.map(({ action }) => action)).toEqual(["subscribe", "refresh"]);
  });

  it("tracks the application's copies of them", async () => {
    const { pushIt } = await bench.connected();
    const shown = shallowRef<string>(pushIt.state);
    pushIt.on("state", ({ state }) => (shown.value = state));
    pushIt.disconnect();
    await new Promise((resolve) => setImmediate(resolve));
    expect(shown.value).toBe("disconnected");
  });
});
