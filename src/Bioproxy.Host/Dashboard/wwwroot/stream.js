// The state of the proxy as server-sent events. A page that nobody looks at closes its stream, so that nothing is computed for it.

import { getOwn, pathOf } from "./api.js";

const retryMs = 2000;
const hiddenMs = 10000;

/**
 * @param {(state: object) => void} onState gets every state of the proxy that serves the page;
 * @param {(frame: object) => void} onRelayed gets every state of another one, or why there is none;
 * @param {(connection: string) => void} onChange is told open or lost.
 * @returns what begins again, with the proxy that is chosen then.
 */
export function follow(onState, onRelayed, onChange) {
  let source = null;
  let timer = 0;
  let hiding = 0;

  const open = () => {
    clearTimeout(timer);
    if (source)
      return;
    source = new EventSource(pathOf("/events"));
    for (const [name, tell] of [["state", onState], ["relayed", onRelayed]]) {
      source.addEventListener(name, event => {
        onChange("open");
        tell(JSON.parse(event.data));
      });
    }
    source.onopen = () => onChange("open");
    source.onerror = () => {
      onChange("lost");
      close(); // the browser's own attempts end for good at an answer that is not a stream
      timer = setTimeout(open, retryMs);
      getOwn("/token").catch(() => {}); // leads to the login where the session has ended, which the stream's own error does not tell
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
  return () => {
    close();
    open();
  };
}
