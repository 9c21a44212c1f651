// Calls to the admin port. Whatever changes something carries the page's token. In a cluster the page may show another proxy than the one
// that serves it: this one relays such calls.

let token = null;
let chosen = null;

/** The other proxy that the page shows; null for the one that serves it. */
export const other = () => chosen;

export const choose = proxy => { chosen = proxy; };

/** Where the proxy that the page shows answers to a path. */
export const pathOf = path => chosen ? `/cluster/${encodeURIComponent(chosen)}${path}` : path;

export class CallError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Reads from the proxy that the page shows. There is no answer, ever, where another one was chosen meanwhile. */
export function get(path) {
  const asked = chosen;
  return new Promise((resolve, reject) => getOwn(pathOf(path)).then(
    answer => asked === chosen && resolve(answer), error => asked === chosen && reject(error)));
}

/** Reads from the proxy that serves the page. */
export async function getOwn(path) {
  return read(await fetch(path, { cache: "no-store" }));
}

/** The names of the models that clients see; none where the proxy wants another key for that. */
export async function modelNames(key) {
  const response = await fetch("/try/v1/models", { cache: "no-store", headers: keyHeaders(key) });
  return response.ok ? (await response.json()).data.map(one => one.id) : [];
}

/** What carries a client's key to the other port. */
export const keyHeaders = key => key ? { "X-Bioproxy-Key": key } : {};

async function read(response) {
  if (!response.ok)
    throw await errorOf(response);
  return response.json();
}

export async function post(path) {
  return read(await send(pathOf(path), { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }));
}

/** A call to the proxy that serves the page, whose answer the caller reads. After a restart of the proxy the token is another one. */
export async function send(path, options) {
  for (let attempt = 0; ; attempt++) {
    token ??= (await getOwn("/token")).token;
    const response = await fetch(path, { ...options, headers: { ...options.headers, "X-Bioproxy-Token": token } });
    if (response.status !== 403 || attempt > 0)
      return response;
    token = null;
  }
}

async function errorOf(response) {
  if (response.status === 401)
    location.reload(); // the session has ended: the port asks for its key
  try {
    const body = await response.json();
    return new CallError(body.error?.message ?? `The answer was ${response.status}.`, response.status);
  } catch {
    return new CallError(`The answer was ${response.status}.`, response.status);
  }
}
