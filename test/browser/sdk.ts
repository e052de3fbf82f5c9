import { join } from "node:path";
import { ROOT } from "./dev.js";

/** Where the built SDK is. */
export const SDK = join(ROOT, "client/dist");

/** The built SDK for a `<script>` tag. */
export const SDK_SCRIPT = join(SDK, "push-it.iife.js");
