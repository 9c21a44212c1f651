// Calls to the admin port. Whatever changes something carries the page's token.

let token = null;

export class CallError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export async function get(path) {
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

export async function getText(path) {
  const response = await fetch(path, { cache: "no-store" });
  if (!response.ok)
    throw await errorOf(response);
  return response.text();
}

export async function post(path) {
  return read(await send(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }));
}

/** A call whose answer the caller reads. After a restart of the proxy the token is another one. */
export async function send(path, options) {
  for (let attempt = 0; ; attempt++) {
    token ??= (await get("/token")).token;
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
