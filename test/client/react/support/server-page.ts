import { Writable } from "node:stream";
import { renderToPipeableStream } from "react-dom/server";
import { PushIt } from "push-it-client";
import { appOf } from "./app.js";
import { Everything } from "./everything.js";

/** Renders every hook as a server does. */
export const renderOnServer = async (url: string): Promise<{ html: string; state: string }> => {
  const client = new PushIt({ url, autoConnect: false });
  let html = "";
  await new Promise<void>((resolve, reject) => {
    const stream = renderToPipeableStream(appOf(client, [Everything]), { onError: reject });
    const sink = new Writable({
      write(chunk, _encoding, done) {
        html += String(chunk);
        done();
      },
    });
    sink.on("finish", resolve);
    stream.pipe(sink);
  });
  return { html, state: client.state };
};
