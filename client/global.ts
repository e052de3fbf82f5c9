// What a <script> tag loads: defines the global `PushIt`.
import { PushIt } from "./push-it.js";

Object.assign(globalThis, { PushIt });
