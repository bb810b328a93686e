import { ProblemError } from '@warmbox/platform';

interface KnownRoute {
  methods: readonly string[];
  segments: readonly string[];
}

/** The routes of a server, so that what matched none of them can be told why: no such path, method or representation. */
export class RouteTable {
  private readonly routes: KnownRoute[] = [];

  /** A route in Fastify's notation: `/a/:b/c`; a `*` takes all the rest. */
  add(method: string | readonly string[], pattern: string): void {
    this.routes.push({ methods: typeof method === 'string' ? [method] : method, segments: pattern.split('/') });
  }

  /**
   * Every method that a path has, in alphabetical order; none where there is no such path. A slash at its end says nothing. Where a
   * pattern names the path more exactly than another, the path is what the first says: `/a/b` is no `/a/:name`.
   */
  methodsAt(path: string): string[] {
    const segments = path.replace(/(?<=.)\/$/, '').split('/');
    const matching = this.routes.filter((route) => matches(route.segments, segments));
    const fewest = Math.min(...matching.map(openSegments));
    const methods = matching.filter((route) => openSegments(route) === fewest).flatMap((route) => route.methods);
    return [...new Set(methods)].sort();
  }

  /** Whether there is a route for it. */
  has(method: string, url: string): boolean {
    return this.methodsAt(pathOf(url)).includes(method);
  }

  /**
   * Why a request matched no route: 404, 405 with `Allow`, or, where path and method do exist, 406: only what is asked for
   * in `Accept` can have kept it from its route.
   *
   * @param asked what the client sent, where that is not where it was led.
   */
  problemOf(method: string, url: string, asked = url): ProblemError {
    const path = pathOf(asked);
    const methods = this.methodsAt(pathOf(url));
    if (methods.length === 0) return new ProblemError('route_not_found', `There is no route ${shown(path)}.`);
    if (methods.includes(method)) {
      return new ProblemError(
        'not_acceptable',
        `Nothing that ${method} ${shown(path)} can answer is in the Accept header.`,
      );
    }
    const allow = methods.join(', ');
    return new ProblemError('method_not_allowed', `${shown(path)} does not have ${method}; it has ${allow}.`, {
      headers: { allow },
    });
  }
}

/** How many segments of its pattern stand for any. */
function openSegments({ segments }: KnownRoute): number {
  return segments.filter((segment) => segment === '*' || segment.startsWith(':')).length;
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const wildcard = pattern.at(-1) === '*';
  if (wildcard ? path.length < pattern.length : path.length !== pattern.length) return false;
  return pattern.every((segment, index) => {
    if (segment === '*') return true;
    return segment.startsWith(':') ? path[index] !== '' : path[index] === segment;
  });
}

/** The path of a request's target, which may be in absolute form. */
function pathOf(url: string): string {
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  return path.replace(/[?#].*$/s, '') || '/';
}

function shown(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}
