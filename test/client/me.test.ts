import { Bench, introduced, settled } from "./support/setup.js";

const bench = Bench.use();

describe("pushIt.me", () => {
  beforeEach(() => {
    bench.server.introduces = false;
  });

  it("is unknown until the first ping has its reply", async () => {
    const { pushIt, peer } = await bench.connected();
    expect(pushIt.me).toBeUndefined();
    peer.answer(await peer.introduction, { successful: true, data: { agent: "id-1", userId: "ann" } });
    await introduced(pushIt);
    expect(pushIt.me).toEqual({ agent: "id-1", userId: "ann" });
  });

  it("is the value of the event me", async () => {
    const { pushIt, peer } = await bench.connected();
    const identities: unknown[] = [];
    pushIt.on("me", (me) => identities.push([me, pushIt.me === me]));
    peer.answer(await peer.introduction, { successful: true, data: { agent: "id-1", userId: "ann" } });
    await introduced(pushIt);
    await settled();
    expect(identities).toEqual([[{ agent: "id-1", userId: "ann" }, true]]);
  });

  it("has no userId if the server named none", async () => {
    const { pushIt, peer } = await bench.connected();
    peer.answer(await peer.introduction, { successful: true, data: { agent: "id-1" } });
    await introduced(pushIt);
    expect(pushIt.me).toEqual({ agent: "id-1" });
    expect(Object.keys(pushIt.me!)).toEqual(["agent"]);
  });

  it("is another agent on the next connection, and unknown between them", async () => {
    const { pushIt, states, peer } = await bench.connected();
    peer.answer(await peer.introduction, { successful: true, data: { agent: "id-1" } });
    await introduced(pushIt);
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    expect(pushIt.me).toBeUndefined();
    bench.platform.advance(1_000);
    const next = await bench.server.peers.take();
    next.answer(await next.introduction, { successful: true, data: { agent: "id-2" } });
    await introduced(pushIt);
    expect(pushIt.me).toEqual({ agent: "id-2" });
  });

  it("is undefined after disconnect() and before connect()", async () => {
    const { pushIt } = bench.client({ autoConnect: false });
    expect(pushIt.me).toBeUndefined();
    const connected = await bench.connected();
    connected.peer.answer(await connected.peer.introduction, { successful: true, data: { agent: "id-1" } });
    await introduced(connected.pushIt);
    connected.pushIt.disconnect();
    await settled();
    expect(connected.pushIt.me).toBeUndefined();
  });
});
