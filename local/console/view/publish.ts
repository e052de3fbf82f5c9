import { MAX_FRAME_BYTES } from "../../../protocol/index.js";
import { byteLength, count, duration } from "../model/format.js";
import { readData, readPublication } from "../model/input.js";
import { layOut } from "../model/layout.js";
import type { Session } from "../model/session.js";
import type { Publication } from "../model/guard-events.js";
import { byId, codeBadge, el, setProblem } from "./dom.js";

/** The initial text of the data field, which can be published unchanged. */
const SAMPLE = '{ "title": "Hello" }';

/** The publish form. */
export interface PublishForm {
  /** Fills in the channel. */
  on: (channel: string) => void;
}

/** The form for publishing, and its result. */
export const showPublish = (session: Session): PublishForm => {
  const channel = byId("publish-channel", HTMLInputElement);
  const data = byId("data", HTMLTextAreaElement);
  const channelProblem = byId("publish-channel-error", HTMLElement);
  const dataProblem = byId("data-error", HTMLElement);
  const form = byId("publication", HTMLFormElement);
  data.value = SAMPLE;

  const showSize = (): void => {
    const read = readData(data.value, format());
    const size = byteLength(read.ok ? JSON.stringify(read.value) : data.value);
    const output = byId("data-bytes", HTMLElement);
    output.textContent = `${count(size)} / ${count(MAX_FRAME_BYTES)} bytes`;
    output.toggleAttribute("data-over", size > MAX_FRAME_BYTES);
  };
  const publish = async (): Promise<void> => {
    const where = readPublication(channel.value);
    const what = readData(data.value, format());
    setProblem(channel, channelProblem, where.ok ? "" : where.problem);
    setProblem(data, dataProblem, what.ok ? "" : what.problem);
    if (!where.ok) return channel.focus();
    if (!what.ok) return data.focus();
    const echo = byId("echo", HTMLInputElement).checked;
    showOutcome(await session.publish({ channel: where.value, data: what.value, echo }));
  };

  channel.addEventListener("input", () => setProblem(channel, channelProblem, ""));
  data.addEventListener("input", () => setProblem(data, dataProblem, ""));
  form.addEventListener("input", showSize);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void publish();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void publish();
  });
  showSize();
  return {
    on: (name) => {
      if (!readPublication(name).ok) return;
      channel.value = name;
      setProblem(channel, channelProblem, "");
    },
  };
};

const format = (): "json" | "text" =>
  document.querySelector<HTMLInputElement>('input[name="format"]:checked')?.value === "text" ? "text" : "json";

const showOutcome = ({ uuid, channel, tookMs, result, problem }: Publication): void => {
  const box = byId("publish-result", HTMLElement);
  const took = `on ${channel} in ${duration(tookMs)}`;
  box.hidden = false;
  box.dataset.tone = problem ? "bad" : "good";
  box.replaceChildren(
    problem
      ? el("p", {}, codeBadge(problem.code), document.createTextNode(` ${problem.reason}`))
      : el("p", { text: `Published ${took}.` }),
    ...(result === undefined ? [] : [el("pre", { text: layOut(result) })]),
    el("p", { class: "note id", text: problem ? `${uuid} ${took}` : uuid }),
  );
  box.scrollIntoView({ block: "nearest" });
};
