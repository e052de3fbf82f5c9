import type { Json } from "../../../protocol/index.js";
import { Wire, type WireOptions } from "../../e2e/support/wire.js";
import type { LiveStack } from "./live.js";

/** One channel of each kind. */
const CHANNELS = ["plain", "kept/a", "rooms/a", "stocks/a", "busy/a", "crowds/a", "news/a"] as const;

/** A stack with two clients that were there from the beginning, and stay. */
export class Scene {
  readonly #wires: Wire[] = [];
  #count = 0;

  private constructor(
    readonly live: LiveStack,
    /** Is subscribed to all channels. */
    readonly ann: Wire,
    /** Publishes on all channels. */
    readonly bob: Wire,
  ) {}

  static async start(live: LiveStack): Promise<Scene> {
    const open = (userId: string) => Wire.open(live.running.websocketUrl, { credentials: { userId } });
    const scene = new Scene(live, await open("ann"), await open("bob"));
    for (const channel of CHANNELS)
      expect(await scene.ann.subscribe(channel === "news/a" ? "news/*" : channel)).toMatchObject({ successful: true });
    return scene;
  }

  /** Opens a connection, which ends with the scene. */
  async connect(options: WireOptions = { credentials: { userId: "new" } }): Promise<Wire> {
    const wire = await Wire.open(this.live.running.websocketUrl, options);
    this.#wires.push(wire);
    return wire;
  }

  /** Publishes something new, and resolves with it when everybody named has received it. */
  async reaches(channel: string, ...whom: Wire[]): Promise<Json> {
    const data = `${channel} ${(this.#count += 1)}`;
    expect(await this.bob.publish(channel, data)).toEqual(expect.objectContaining({ successful: true }));
    await Promise.all(whom.map((wire) => wire.message(data)));
    return data;
  }

  /**
   * Every channel still reaches the client that was there from the beginning.
   * @param but the channels that do not
   */
  async reachesAll(but: readonly string[] = []): Promise<void> {
    for (const channel of CHANNELS) if (!but.includes(channel)) await this.reaches(channel, this.ann);
    expect(this.ann.closed).toBeUndefined();
  }

  /** Asks for a channel's history. */
  history(channel: string, since?: { epoch: string; offset: number }) {
    return this.ann.request({
      action: "history",
      channel: "/meta/history",
      data: { channel, ...(since && { since }) },
    });
  }

  /** Asks for the presence of a channel. */
  presence(channel: string) {
    return this.ann.request({ action: "presence", channel: "/meta/presence", data: { channel } });
  }

  /** Sets the state of the first client on a channel. */
  setState(channel: string, state: Json) {
    return this.ann.request({ action: "state", channel: "/meta/presence", data: { channel, state } });
  }

  /** The first client's position on the channel with history. */
  get position(): { epoch: string; offset: number } {
    const { epoch, offset } =
      this.ann
        .messages("kept/a")
        .filter((each) => each.epoch !== undefined)
        .at(-1) ?? {};
    return { epoch: epoch!, offset: offset! };
  }

  async end(): Promise<void> {
    await Promise.all([this.ann, this.bob, ...this.#wires].map((wire) => wire.close()));
  }
}
