import { firefox } from "./engines/firefox.js";
import { runIn } from "./suite/run.js";

jest.setTimeout(120_000);

runIn(firefox);
