// Uses a built bundle as an application would, and prints what came of it: node scenario.mjs BUNDLE URL [ws]
import { pathToFileURL } from "node:url";

const [bundle, url, library] = process.argv.slice(2);
const { PushIt, PushItError, Channel } = await import(pathToFileURL(bundle).href);
// A server that renders pages does not connect by itself.
const options = library ? { WebSocket: (await import(library)).default } : { autoConnect: true };

const states = [];
const pushIt = new PushIt({ url, channels: ["a"], credentials: { token: "t" }, ...options });
pushIt.on("state", ({ state, code }) => states.push(`${state} ${code}`));
const seed = new Promise(
  (resolve) => (pushIt.onMessageReceived = (channel, message) => resolve({ channel, ...message })),
);
await new Promise((resolve) => pushIt.on("subscribed", resolve));

const channel = pushIt.channel("a");
const loop = (async () => {
  for await (const { data } of channel) return data;
})();
const published = await channel.publish({ n: 1 }, { echo: false });
const refused = await channel.publish("x".repeat(40_000)).catch((error) => error);
pushIt.send({ channel: "a", data: 2 });

console.log(
  JSON.stringify({
    received: await seed,
    looped: await loop,
    published: Object.keys(published),
    refused: [refused instanceof PushItError, refused.name, refused.code, refused.retryable],
    isChannel: channel instanceof Channel,
    states,
  }),
);
pushIt.disconnect();
