// The file for a <script> tag. It defines the global `PushIt`, with the other classes as its properties.
import { Channel } from "./channel.js";
import { PushItError } from "./errors.js";
import { PushIt } from "./push-it.js";

(globalThis as { PushIt?: typeof PushIt }).PushIt = Object.assign(PushIt, { Channel, PushItError });
