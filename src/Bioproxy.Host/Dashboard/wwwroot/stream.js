// The state of the proxy as server-sent events. A page that nobody looks at closes its stream, so that nothing is computed for it.

import { get } from "./api.js";

const retryMs = 2000;
const hiddenMs = 10000;

/** @param {(state: object) => void} onState gets every state; @param {(connection: string) => void} onChange is told open or lost. */
export function follow(onState, onChange) {
  let source = null;
  let timer = 0;
  let hiding = 0;

  const open = () => {
    clearTimeout(timer);
    if (source)
      return;
    source = new EventSource("/events");
    source.addEventListener("state", event => {
      onChange("open");
      onState(JSON.parse(event.data));
    });
    source.onopen = () => onChange("open");
    source.onerror = () => {
      onChange("lost");
      close(); // the browser's own attempts end for good at an answer that is not a stream
      timer = setTimeout(open, retryMs);
      get("/token").catch(() => {}); // leads to the login where the session has ended, which the stream's own error does not tell
    };
  };

  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden)
      hiding = setTimeout(close, hiddenMs);
    else
      open();
  });
  open();
}
