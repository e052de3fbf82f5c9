import type { Member } from "push-it-client";

/** A join or leave of a channel, and its time in milliseconds since 1970. */
export interface Coming {
  came: boolean;
  member: Member;
  at: number;
}

/** The members of a channel, as far as this page knows them. */
export interface Here {
  members: Member[];
  /** The last who came or left. */
  last?: Coming;
}

/** The presence state of one channel. */
interface Known {
  members: Map<string, Member>;
  last?: Coming;
  /** Joins and leaves since the current request was sent: its response may be older. */
  since?: Coming[] | undefined;
}

/** Tracks the members by channel: a requested list, and the joins and leaves after it. */
export class MemberTracker {
  readonly #channels = new Map<string, Known>();

  /** The members of the channel; `undefined` if they were not requested. */
  of(channel: string): Here | undefined {
    const known = this.#channels.get(channel);
    return known && { members: [...known.members.values()], ...(known.last && { last: known.last }) };
  }

  /** The page asks who is there. */
  asked(channel: string): void {
    this.#channels.set(channel, { members: new Map(), ...this.#channels.get(channel), since: [] });
  }

  /** Applies the response: members that are not in it have left, unless they joined since the request. */
  answered(channel: string, members: readonly Member[]): void {
    const known = this.#channels.get(channel);
    if (!known) return;
    known.members = new Map(members.map((member) => [member.agent, member]));
    for (const coming of known.since ?? []) apply(known, coming);
    known.since = undefined;
  }

  /** Applies a join or leave. */
  changed(channel: string, coming: Coming): void {
    const known = this.#channels.get(channel);
    if (!known) return;
    known.since?.push(coming);
    known.last = coming;
    apply(known, coming);
  }

  /** The page has left the channel, and receives no more joins and leaves. */
  left(channel: string): void {
    this.#channels.delete(channel);
  }
}

const apply = ({ members }: Known, { came, member }: Coming): void => {
  if (came) members.set(member.agent, member);
  else members.delete(member.agent);
};
