import type { GuardPort } from "../../ports.js";

/**
 * Fails an invocation whose client has its answer already: the guards could not be loaded, so the client was refused, and
 * nobody but Lambda's own metric of errors would tell the operator.
 */
export class GuardsNotLoaded extends Error {
  override name = "GuardsNotLoaded";

  constructor() {
    super("The guards could not be loaded: see guards_not_loaded in the log of this function. Its client was refused.");
    this.stack = `${this.name}: ${this.message}`;
  }
}

/**
 * Fails an invocation that nobody waits for, if guards that it asked could not be loaded.
 * @throws GuardsNotLoaded
 */
export const requireLoaded = (guards: Pick<GuardPort, "unloaded">): void => {
  if (guards.unloaded()) throw new GuardsNotLoaded();
};
