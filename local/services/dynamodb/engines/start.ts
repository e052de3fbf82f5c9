import type { Log } from "../../../core/log.js";
import type { ProcessReaper } from "../../../core/process-reaper.js";
import { startAmazon } from "./dynamodb-local.js";
import { startEmbedded } from "./embedded.js";
import { connect } from "./endpoint.js";
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
  guardian: ProcessReaper;
  /** Two different signers: an engine must show both the same tables. */
  signers: [Signer, Signer];
  log: Log;
}

/**
 * Starts the DynamoDB engine that was asked for.
 * @param choice `embedded`, `local` (Amazon's DynamoDB Local), or an endpoint's URL
 * @throws UserError when it cannot be started or reached
 */
export const startDynamoDb = (choice: string, context: EngineContext): Promise<DynamoDb> => {
  if (choice === "embedded") return startEmbedded();
  return choice === "local" ? startAmazon(context) : connect(choice, context.signers);
};
