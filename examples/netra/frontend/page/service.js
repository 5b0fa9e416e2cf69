// Asks a service over HTTP, and turns whatever goes wrong into one kind of error with words for the user.

const PATIENCE_MS = 15_000;

export class ServiceError extends Error {
  // `code` is the service's own, "away" where it does not answer, or "broken" where its answer makes no sense.
  constructor(code, message, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export async function ask(name, url, { method = "GET", token = "", body } = {}) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    response = await fetch(url, { method, headers, body: body && JSON.stringify(body), signal });
  } catch {
    throw new ServiceError("away", `The ${name} cannot be reached. Check your connection, or try again in a moment.`);
  }
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new ServiceError("broken", `The ${name} gave an answer that makes no sense (${response.status}).`, response.status);
  }
  if (response.ok) return answer;
  throw new ServiceError(answer.error ?? "refused", answer.message ?? `The ${name} refused (${response.status}).`, response.status);
}
