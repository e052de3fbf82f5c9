import type { Member } from "push-it-client";

/** The first characters of an agent's id, enough to distinguish a few agents. */
const SHORT = 6;

/** Longer names would leave no room for the others on the line. */
const LONGEST = 24;

/** The name of a member as text: the user if the guard set one, or else the beginning of the agent's id. */
export const nameOf = ({ agent, userId }: Member): string => {
  const name = userId ?? agent.slice(0, SHORT);
  return name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
};
