import type { Credentials } from "../../core/credentials.js";
import type { ProcessReaper } from "../../core/process-reaper.js";
import type { Meter } from "../../meter/meter.js";
import type { SqsService } from "../../services/sqs/api/service.js";
import type { FunctionUrls } from "../../services/urls/server.js";
import type { Source } from "../app/source.js";
import type { CleanupStack } from "./cleanup-stack.js";
import type { SystemOptions } from "./options.js";
import type { Ports } from "./ports.js";

/**
 * Parts that exist before the template is read: the template's values need the addresses of queues and function URLs.
 */
export interface SystemParts {
  options: SystemOptions;
  source: Source;
  reaper: ProcessReaper;
  cleanup: CleanupStack;
  credentials: Credentials;
  urls: FunctionUrls;
  sqs: SqsService;
  ports: Ports;
  meter: Meter | undefined;
}
