import type { GuardPort } from "../../ports.js";

/**
 * Fails an invocation whose client has its reply already. The guards could not be loaded, so the client was refused.
 * Without the failure, Lambda's error metric would not show it to the operator.
 */
export class GuardsNotLoaded extends Error {
  override name = "GuardsNotLoaded";

  constructor() {
    super("The guards could not be loaded, and the client was refused. See guards_not_loaded in this function's log.");
    this.stack = `${this.name}: ${this.message}`;
  }
}

/**
 * Fails an asynchronous invocation, if guards that it called could not be loaded.
 * @throws GuardsNotLoaded
 */
export const requireLoaded = (guards: Pick<GuardPort, "unloaded">): void => {
  if (guards.unloaded()) throw new GuardsNotLoaded();
};
