import { BlockList, isIP } from "node:net";
import { PatternError } from "./error.js";
import type { Test } from "./texts.js";

const BITS: Record<number, number> = { 4: 32, 6: 128 };

/** `cidr`: a range of IP addresses, such as `10.0.0.0/24`, of either version. */
export const cidr = (operand: unknown, at: string): Test => {
  const [, address = "", prefix = ""] = /^([^/]+)\/(\d{1,3})$/.exec(String(operand)) ?? [];
  const version = isIP(address);
  const bits = BITS[version] ?? -1;
  if (Number(prefix) > bits) throw new PatternError(`${at} takes a range of addresses such as 10.0.0.0/24`);
  const range = new BlockList();
  range.addSubnet(address, Number(prefix), family(version));
  return (value) => typeof value === "string" && isIP(value) === version && range.check(value, family(version));
};

const family = (version: number): "ipv4" | "ipv6" => (version === 6 ? "ipv6" : "ipv4");
