import type { Connection } from "./connection.js";
import type { Emitter } from "./emitter.js";
import type { History } from "./history.js";
import type { Settings } from "./options.js";
import type { Subscriptions } from "./subscriptions.js";
import type { Traffic } from "./traffic.js";
import type { Events } from "./types.js";

/**
 * One client: its options, and what its parts add. One object for all of it is the smallest to send. What extends a
 * client wraps methods of it: the parts call them, their own ones too where that makes a difference, as methods of this
 * object, so that the wrapped one is called.
 */
export type Core = Settings & Emitter<Events> & Traffic & Subscriptions & Connection & History;
