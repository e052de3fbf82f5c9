import type { Connection } from "./connection.js";
import type { Emitter } from "./emitter.js";
import type { Settings } from "./options.js";
import type { Subscriptions } from "./subscriptions.js";
import type { Traffic } from "./traffic.js";
import type { Events } from "./types.js";

/**
 * What one client consists of. Whatever extends it wraps methods of these: the parts call them, their own ones too where
 * that makes a difference, as methods of the part, so that the wrapped one is called.
 */
export interface Parts {
  _settings: Settings;
  _events: Emitter<Events>;
  _traffic: Traffic;
  _subscriptions: Subscriptions;
  _connection: Connection;
}
