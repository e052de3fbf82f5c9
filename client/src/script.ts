// What a <script> tag loads: defines the global `PushIt`.
import { PushIt } from "./push-it.js";

(globalThis as { PushIt?: typeof PushIt }).PushIt = PushIt;
