import { webkit } from "./engines/webkit.js";
import { runIn } from "./suite/run.js";

jest.setTimeout(120_000);

runIn(webkit);
