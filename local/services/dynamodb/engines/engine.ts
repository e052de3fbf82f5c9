import type { Log } from "../../../core/log.js";
import type { ProcessReaper } from "../../../core/process-reaper.js";
import type { Signer } from "../request.js";

/** A DynamoDB that answers on this machine. */
export interface DynamoDb {
  /** For people, such as `embedded (dynalite)`. */
  name: string;
  /** Such as `http://127.0.0.1:41234`. */
  endpoint: string;
  /** Ends the engine and drops its data, if it was started here. */
  close(): Promise<void>;
}

/** The context of starting an engine. */
export interface EngineContext {
  /** The project's folder: its packages are found from there first. */
  project: string;
  reaper: ProcessReaper;
  /** Two different signers: an engine must show both the same tables. */
  signers: [Signer, Signer];
  log: Log;
}
