import { join } from "node:path";
import { ROOT } from "./dev.js";

/** The path of the built SDK. */
export const SDK = join(ROOT, "client/dist");

/** The built SDK for a `<script>` tag. */
export const SDK_SCRIPT = join(SDK, "push-it.iife.js");
