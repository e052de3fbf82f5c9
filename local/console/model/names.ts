import type { Member } from "push-it-client";

/** As much of an agent's id as tells a few of them apart. */
const SHORT = 6;

/** Longer names would push everybody else off the line. */
const LONGEST = 24;

/** Who somebody is, for people: the user where the guard said who, or else the beginning of the agent's id. */
export const nameOf = ({ agent, userId }: Member): string => {
  const name = userId ?? agent.slice(0, SHORT);
  return name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
};
