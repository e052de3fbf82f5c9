import type { PresencePage } from "../../../protocol/index.js";
import type { Scene } from "./scene.js";
import { BASE, CHANNELS, type Variant, withoutChannels } from "./variant.js";

const functionNamed = ({ live }: Scene, name: string): boolean =>
  live.running.model.functions.some(({ logicalId }) => logicalId.startsWith(`PushIt${name}`));

/** The last message that a new subscriber receives. */
const latestValue = async (scene: Scene) =>
  ((await (await scene.connect()).subscribe("stocks/a")).data as { latest?: { data: unknown; from?: object } }).latest;

const latest = async (scene: Scene): Promise<unknown> => (await latestValue(scene))?.data;
const newLatestValue = async (scene: Scene) => (await scene.reaches("stocks/a", scene.ann), latestValue(scene));

const stateOfAnn = async (scene: Scene): Promise<unknown> => {
  const { members } = (await scene.presence("rooms/a")).data as unknown as PresencePage;
  const ann = members.find(({ userId }) => userId === "ann");
  expect(ann).toBeDefined();
  return ann?.state;
};

let positionBefore = { epoch: "", offset: 0 };

/** Each option of channels that can be turned on and off, or changed. */
export const CHANNEL_VARIANTS: readonly Variant[] = [
  {
    name: "no channel has history",
    about: ["channels", "history"],
    props: () => withoutChannels("kept/*"),
    async meanwhile(scene) {
      positionBefore = scene.position;
      expect((await scene.history("kept/a")).successful).toBe(false);
      const data = await scene.reaches("kept/a", scene.ann);
      expect((await scene.ann.message(data)).epoch).toBeUndefined();
    },
    async afterwards(scene) {
      // It does not have the messages that were published meanwhile, and the history goes on from there.
      const data = await scene.reaches("kept/a", scene.ann);
      const { epoch, offset } = positionBefore;
      const answer = (await scene.history("kept/a", { epoch, offset: offset - 1 })).data as {
        messages: { offset: number; data: unknown }[];
        recovered: boolean;
      };
      expect(answer.recovered).toBe(true);
      expect(answer.messages[0]).toMatchObject({ offset });
      expect(answer.messages.at(-1)).toMatchObject({ data });
      expect(answer.messages.map((each) => each.offset)).toEqual(answer.messages.map((_, at) => offset + at));
    },
  },
  {
    name: "no channel has presence",
    about: ["presence"],
    props: () => withoutChannels("rooms/*"),
    async meanwhile(scene) {
      expect((await scene.presence("rooms/a")).successful).toBe(false);
    },
    async afterwards(scene) {
      const { data } = await scene.presence("rooms/a");
      expect((data as { members: { userId: string }[] }).members.map(({ userId }) => userId)).toContain("ann");
    },
  },
  {
    name: "members have states",
    about: ["presence"],
    props: () => ({ ...BASE, channels: { ...CHANNELS, "rooms/*": { presence: { state: true } } } }),
    async meanwhile(scene) {
      const wire = await scene.connect();
      await wire.subscribe("rooms/a");
      expect(await scene.setState("rooms/a", "away")).toMatchObject({ successful: true });
      const isShown = (): boolean => wire.frames.some((frame) => frame.includes('"state":"away"'));
      await wire.until(isShown, "the state");
      expect(await stateOfAnn(scene)).toBe("away");
    },
    async afterwards(scene) {
      expect(await scene.setState("rooms/a", "back")).toMatchObject({ successful: false, code: "unknown_action" });
      expect(await stateOfAnn(scene)).toBeUndefined();
    },
  },
  {
    name: "messages do not say who published them",
    about: ["from"],
    props: () => ({ ...BASE, channels: { ...CHANNELS, "stocks/*": { latest: true } } }),
    meanwhile: async (scene) => expect(await newLatestValue(scene)).not.toHaveProperty("from"),
    afterwards: async (scene) => expect(await newLatestValue(scene)).toHaveProperty("from.connection"),
  },
  {
    name: "no channel keeps its last message",
    about: ["latest"],
    props: () => withoutChannels("stocks/*"),
    meanwhile: async (scene) => expect(await latest(scene)).toBeUndefined(),
    async afterwards(scene) {
      const data = await scene.reaches("stocks/a", scene.ann);
      expect(await latest(scene)).toBe(data);
      // Numbers go on, or clients would drop new messages.
      const offsets = scene.ann.messages("stocks/a").flatMap(({ offset }) => offset ?? []);
      expect(offsets).toEqual([...new Set(offsets)].sort((one, other) => one - other));
    },
  },
  {
    name: "no channel lingers",
    about: ["linger"],
    props: () => withoutChannels("busy/*"),
    meanwhile: (scene) => Promise.resolve(expect(functionNamed(scene, "Flush")).toBe(false)),
    afterwards: (scene) => Promise.resolve(expect(functionNamed(scene, "Flush")).toBe(true)),
  },
  {
    name: "a channel has more shards",
    about: ["shards"],
    props: () => ({ ...BASE, channels: { ...CHANNELS, "crowds/*": { shards: 16 } } }),
    async meanwhile(scene) {
      const others = await Promise.all([1, 2, 3].map(() => scene.connect()));
      for (const wire of others) await wire.subscribe("crowds/a");
      await scene.reaches("crowds/a", scene.ann, ...others);
    },
  },
  {
    name: "a channel has no shards",
    about: ["shards"],
    // A subscriber in a shard that is not read any more.
    silent: ["crowds/a"],
    props: () => withoutChannels("crowds/*"),
    async meanwhile(scene) {
      const wire = await scene.connect();
      await wire.subscribe("crowds/a");
      await scene.reaches("crowds/a", wire);
    },
  },
];
