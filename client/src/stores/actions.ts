import type { ChannelView } from "./channel-view.js";
import type { Wish } from "./types.js";

/** The functions of a list of messages, by name. */
export const MESSAGES_ACTIONS = ["publish", "retry", "discard", "loadOlder"];

/** The functions of a list of members that are typing, by name. */
export const TYPING_ACTIONS = ["keystroke", "stop"];

/** Functions that call the methods of what is behind a view. */
export const actionsOf = (view: () => Pick<ChannelView<unknown>, "call">, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, (...args: unknown[]) => view().call(name, ...args)]));

/** Options that are functions, and no sources of values. */
const CALLBACKS = /^(token|onMessage)$/;

/**
 * Puts the options of a component into its wish. It reads all of a state, so that a framework notices each change.
 * @param valueOf returns the value now of an option that a framework may hold
 */
export const updateWish = (wish: Wish, options: object, valueOf: (option: unknown) => unknown): void => {
  for (const [key, option] of Object.entries(options)) {
    const value: unknown = CALLBACKS.test(key) ? option : valueOf(option);
    JSON.stringify(value);
    wish[key as never] = value as never;
  }
};
