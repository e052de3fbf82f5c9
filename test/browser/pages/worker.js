/* global URLSearchParams, location, postMessage, self */
// The same client in a worker: it sends the page new items of its lists.
import { PushIt } from "/sdk/esm/index.js";

const { options, channels } = JSON.parse(new URLSearchParams(location.search).get("talk"));
const pushIt = new PushIt(options);
pushIt.on("state", ({ state, code, reason }) => postMessage(["events", `${state} ${code} ${reason}`]));
pushIt.on("subscribed", ({ channel }) => postMessage(["events", `subscribed ${channel}`]));
pushIt.on("message", ({ data }) => postMessage(["messages", data]));
channels.forEach((channel) => pushIt.subscribe(channel));
self.onmessage = ({ data: [channel, data] }) => pushIt.publish({ channel, data });
