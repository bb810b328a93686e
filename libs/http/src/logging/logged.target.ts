/** The most characters of a path that are logged. */
const PATH_MAX = 500;

/** What is surely a name: what else stands there may be a key that somebody has put there. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;
const NAMES_MAX = 10;

/** A request's target for the log: its path, and the names of its parameters, of which the values are nobody's business. */
export function loggedTarget(target: string): string {
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  const shown = path.length > PATH_MAX ? `${path.slice(0, PATH_MAX)}…` : path;
  if (at < 0) return shown;
  const names = new Set(
    target
      .slice(at + 1)
      .split('&', 1_000)
      .map(nameOf),
  );
  const first = [...names].slice(0, NAMES_MAX);
  return `${shown}?${first.join('&')}${names.size > NAMES_MAX ? '&…' : ''}`;
}

function nameOf(parameter: string): string {
  const [name = ''] = parameter.split('=', 1);
  return parameter.includes('=') && NAME.test(name) ? name : '…';
}
