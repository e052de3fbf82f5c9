import { render } from "svelte/server";
import { PushIt } from "push-it-client";
import { useSilentConsole } from "../bindings/framework.js";
import { Bench } from "../support/setup.js";
import { compiled } from "./compiled.js";
import { SERVER_HTML } from "./server-html.js";

// The modules that Node loads on a server.
const SERVER = "../../../node_modules/svelte/src";
jest.mock("svelte", () => jest.requireActual<object>(`${SERVER}/index-server.js`));
jest.mock("svelte/reactivity", () => jest.requireActual<object>(`${SERVER}/reactivity/index-server.js`));
jest.mock("svelte/store", () => jest.requireActual<object>(`${SERVER}/store/index-server.js`));

describe("Svelte on a server", () => {
  useSilentConsole();
  const bench = Bench.use();

  const html = (client: PushIt): string => render(compiled("Provided.svelte", "server"), { props: { client } }).body;

  it("renders empty snapshots, and connects nothing", () => {
    const client = new PushIt({ url: bench.server.url, autoConnect: false });
    expect(html(client)).toBe(SERVER_HTML);
    expect([client.state, bench.server.peers.waiting]).toEqual(["disconnected", 0]);
  });

  it("renders the same if its client is connected", async () => {
    const { pushIt } = await bench.connected();
    expect(html(pushIt)).toBe(SERVER_HTML);
  });
});
