import { RouteConstraints } from '@nestjs/platform-fastify';
import type { FastifyServerOptions } from 'fastify';
import { MEDIA, negotiate, type Media } from '@warmbox/platform';

type Constraints = NonNullable<NonNullable<FastifyServerOptions['routerOptions']>['constraints']>;

const NAME = 'answer';

/**
 * Lets two handlers share one method and path: the router takes the one whose media type `Accept` asks for, as `negotiate`
 * decides. A handler without `@AnswersWith` answers whatever was asked for. Where nothing that is offered is acceptable, no
 * route matches, and the not-found answer says 406.
 */
export const answerConstraint: Constraints = {
  [NAME]: {
    name: NAME,
    storage() {
      const handlers = new Map<unknown, unknown>();
      return {
        get: (media: unknown) => handlers.get(media) ?? null,
        set: (media: unknown, store: unknown) => void handlers.set(media, store),
        del: (media: unknown) => void handlers.delete(media),
        empty: () => handlers.clear(),
      };
    },
    deriveConstraint: (request: { headers: { accept?: string } }) =>
      negotiate(request.headers.accept, [MEDIA.eventStream, MEDIA.json]),
    mustMatchWhenDerived: false,
  },
} as unknown as Constraints;

/** The handler is taken where this is the media type that the client wants most. */
export function AnswersWith(media: Media): MethodDecorator {
  return RouteConstraints({ [NAME]: media });
}
