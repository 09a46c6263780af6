/** Ask the server extension: the one door to it, which adds token and XSRF and turns every failure into words. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** Why there is no answer. */
export class Refusal extends Error {
  constructor(
    message: string,
    /** The HTTP status; 0 where the server could not be reached. */
    readonly status: number
  ) {
    super(message);
  }

  /** Whether a newer question took this one's place: nothing to show. */
  get superseded(): boolean {
    return this.status === 409;
  }
}

/** Return the server's answer to `body`, which is JSON already where it is a string; throws a Refusal. */
export async function request<T>(
  settings: ServerConnection.ISettings,
  route: string,
  init: { method?: string; body?: unknown } = {}
): Promise<T> {
  const url = URLExt.join(settings.baseUrl, 'nb2dag', route);
  const { body } = init;
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(
      url,
      { method: init.method ?? 'GET', body: text },
      settings
    );
  } catch {
    throw new Refusal('The Jupyter server cannot be reached: the graph is the last one it sent.', 0);
  }
  if (response.ok) {
    return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
  }
  throw new Refusal(await reason(response), response.status);
}

async function reason(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const message: unknown = JSON.parse(text).message;
    if (typeof message === 'string' && message) {
      return message;
    }
  } catch {
    // A proxy's page, or another server's.
  }
  if (response.status === 404) {
    return 'The nb2dag server extension is missing: install nb2dag where the Jupyter server runs, and restart it.';
  }
  if (response.status === 403 || response.status === 401) {
    return 'The Jupyter server does not know you any more: reload the page and sign in.';
  }
  return `The Jupyter server answered ${response.status} ${response.statusText}`;
}
