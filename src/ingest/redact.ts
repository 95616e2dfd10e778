const HIDDEN = '***';
const HOST = /^(?:\[[\da-f:.%]*\]|[\w.-]*)(?::\d*)?$/i;
// A user part ends at the last @ of the authority; one whose password holds an unescaped / ? or # ends at a later @.
const URL_LIKE = /\b([a-z][a-z0-9+.-]*):\/\/([^\s'"<>]*)/gi;
const SECRET_KEY =
  /pass|pwd|secret|token|key|auth|credential|signature|session|jwt|streamid|^x-amz-|^(?:pw|sig|sid)$/i;
const SECRET_OPTION = /pass|key|auth|header|cookie|token|secret|credential/i;

/**
 * An address as it may be shown: without its password, and without the values of query parameters that are secrets by
 * their name (`password`, `token`, `passphrase`, `key` ...). The user name stays. Anything else is returned as it is.
 *
 * @example redactUrl('rtsp://admin:hunter2@camera/1?token=abc') // 'rtsp://admin:***@camera/1?token=***'
 */
export function redactUrl(url: string): string {
  return url.replace(URL_LIKE, (_, scheme: string, rest: string) => `${scheme}://${redactRest(rest)}`);
}

function redactRest(rest: string): string {
  const [user, after] = splitUser(rest);
  const shownUser =
    user === undefined ? '' : `${user.includes(':') ? `${user.split(':')[0]}:${HIDDEN}` : user}@`;
  return shownUser + redactQuery(after);
}

/** The user part without its `@`, where there is one, and the rest. */
function splitUser(rest: string): [string | undefined, string] {
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  let at = authority.lastIndexOf('@');
  // user:pa/ss@host: what stands where host and port would is none.
  if (authority.includes(':') && !HOST.test(authority.slice(at + 1)))
    at = Math.max(at, rest.lastIndexOf('@'));
  return at < 0 ? [undefined, rest] : [rest.slice(0, at), rest.slice(at + 1)];
}

function redactQuery(text: string): string {
  return text.replace(/([?&;])([^=&;#]+)=([^&;#]*)/g, (whole, mark: string, key: string) =>
    SECRET_KEY.test(key) ? `${mark}${key}=${HIDDEN}` : whole,
  );
}

/** What takes the secrets of one source out of anything said about it. */
export type Redactor = (text: string) => string;

/**
 * Knows the secrets of a source: the password in its address, as it is, decoded and as HTTP sends it, secret query
 * parameters, and the values of input options that carry credentials (`-headers`, `-passphrase`, `-cookies` ...).
 */
export function redactor(source: string, inputOptions: readonly string[] = []): Redactor {
  const secrets = new Set<string>();
  const add = (secret: string | undefined) => {
    if (!secret) return;
    for (const form of [secret, decoded(secret), encodeURIComponent(decoded(secret))]) secrets.add(form);
  };
  const rest = /^[a-z][a-z0-9+.-]*:\/\/(.*)$/is.exec(source)?.[1];
  if (rest !== undefined) {
    const [user, after] = splitUser(rest);
    const colon = user?.indexOf(':') ?? -1;
    if (user && colon >= 0) {
      add(user.slice(colon + 1));
      const name = decoded(user.slice(0, colon));
      secrets.add(Buffer.from(`${name}:${decoded(user.slice(colon + 1))}`).toString('base64'));
    }
    for (const [, key, value] of after.matchAll(/[?&;]([^=&;#]+)=([^&;#]*)/g)) {
      if (SECRET_KEY.test(key)) add(value);
    }
  }
  for (let i = 0; i + 1 < inputOptions.length; i++) {
    if (inputOptions[i].startsWith('-') && SECRET_OPTION.test(inputOptions[i])) {
      for (const line of inputOptions[i + 1].split(/\r?\n/)) {
        add(line.trim());
        add(/^[^:]+:\s*(?:\w+\s+)?(\S.*)$/.exec(line)?.[1]);
      }
    }
  }
  // Longest first: a secret may hold another.
  const ordered = [...secrets].filter((secret) => secret.length > 0).sort((a, b) => b.length - a.length);
  return (text) => {
    let shown = text.replaceAll(source, redactUrl(source));
    for (const secret of ordered) {
      // One or two characters would blank out half of every message; the address forms are still replaced.
      if (secret.length >= 3) shown = shown.replaceAll(secret, HIDDEN);
    }
    return redactUrl(shown);
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
