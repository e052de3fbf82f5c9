import type { Log } from "../../../core/log.js";
import type { ProcessReaper } from "../../../core/process-reaper.js";
import type { Signer } from "../request.js";

/** A DynamoDB that answers on this machine. */
export interface DynamoDb {
  /** For people, such as `embedded (dynalite)`. */
  name: string;
  /** Such as `http://127.0.0.1:41234`. */
  endpoint: string;
  /** Ends it, if it was started here; what it held is gone. */
  close(): Promise<void>;
}

/** What starting an engine needs. */
export interface EngineContext {
  /** The project's folder: its packages are found from there first. */
  project: string;
  reaper: ProcessReaper;
  /** Two different signers: an engine must show both the same tables. */
  signers: [Signer, Signer];
  log: Log;
}
