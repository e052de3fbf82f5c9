import { CONNECTING } from "./behaviours/connecting.js";
import { HISTORY } from "./behaviours/history.js";
import { PRESENCE } from "./behaviours/presence.js";
import { PUBLISHING } from "./behaviours/publishing.js";
import { SERVER_API } from "./behaviours/server-api.js";
import { SUBSCRIBING } from "./behaviours/subscribing.js";
import type { Behaviour } from "./world.js";

/** The conformance suite: the fake and the local system keep the same promises. */
export const SUITE: Behaviour[] = [
  ...CONNECTING,
  ...SUBSCRIBING,
  ...PUBLISHING,
  ...HISTORY,
  ...PRESENCE,
  ...SERVER_API,
];
