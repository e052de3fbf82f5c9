/** What AWS charges: benchmarks are priced by the same table as the local runtime's meter. */
export * from "../../local/meter/prices.js";
