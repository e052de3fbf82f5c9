import { chromium } from "./engines/chromium.js";
import { runIn } from "./suite/run.js";

jest.setTimeout(120_000);

runIn(chromium);
