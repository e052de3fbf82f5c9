import type { Member } from "../../../protocol/presence.js";
import type { PushIt } from "../push-it.js";

/** Whether a member is this client or its user. */
export const isOwn = ({ me }: Pick<PushIt, "me">, member: Pick<Member, "userId" | "connections"> & { agent: string }) =>
  me !== undefined &&
  (me.userId === undefined
    ? member.agent === me.agent || !!member.connections?.includes(me.agent)
    : member.userId === me.userId);
