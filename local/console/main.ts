import { chooseUrl, fetchInfo, isOpen } from "./model/info.js";
import { readSubscription } from "./model/input.js";
import { Session } from "./model/session.js";
import { showChannels } from "./view/channels.js";
import { showConnection } from "./view/connection.js";
import { byId } from "./view/dom.js";
import { showHint } from "./view/hint.js";
import { showInspector } from "./view/inspector.js";
import { remembered } from "./view/local-storage.js";
import { showMessages } from "./view/messages.js";
import { showMeter } from "./view/meter.js";
import { showPublish } from "./view/publish.js";
import { showRecovery } from "./view/recovery.js";
import { showServer } from "./view/server.js";
import { showStatus } from "./view/status.js";
import { showTabs } from "./view/tabs.js";

const session = new Session(WebSocket);
showStatus(session);
const connection = showConnection(session);
const publish = showPublish(session);
showChannels(session, publish.on);
showMessages(session);
showRecovery(session);
showInspector(session);
showTabs(byId("inspector", HTMLElement).querySelector<HTMLElement>('[role="tablist"]')!);
showHint(session, publish.on);
const server = showServer(session);
const meter = showMeter();

/** A page from `push-it-cli dev` has a URL to connect to. With guards, it may need credentials first. */
const begin = async (): Promise<void> => {
  const { searchParams } = new URL(location.href);
  const info = await fetchInfo(fetch);
  const url = chooseUrl({
    parameter: searchParams.get("url"),
    remembered: remembered("url"),
    local: info?.websocketUrl,
  });
  connection.fill(url);
  if (info) server.local(info);
  meter.metered(info?.metered ?? false);
  const channel = readSubscription(searchParams.get("channel") ?? "");
  if (channel.ok) {
    publish.on(channel.value);
    session.subscribe(channel.value);
  }
  if (!info || url !== info.websocketUrl || !isOpen(info)) return;
  connection.foldCredentials();
  connection.connect();
};

// The server's description may change while the page is open: guards reload.
session.listen({
  state: ({ state }) => {
    if (state === "connected") void fetchInfo(fetch).then((info) => info && server.local(info));
  },
});
void begin();
