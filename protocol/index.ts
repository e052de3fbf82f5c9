export * from "./back-end.js";
export * from "./channel.js";
export * from "./codes.js";
export * from "./frames.js";
export * from "./id.js";
export * from "./limits.js";
export * from "./version.js";
