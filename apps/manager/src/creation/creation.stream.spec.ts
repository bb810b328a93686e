import type { CreateSandboxDto, CreationEvent } from '@warmbox/dto';
import { ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import type { Subscription } from 'rxjs';
import { aPrincipal } from '../http/fixtures/a.principal.js';
import { creationStream } from './creation.stream.js';
import { SandboxCreator } from './sandbox.creator.js';
import type { CreationTurn, CreationWait } from './warm.source.js';

/** A creation at a limit that the test moves. */
class Scene {
  readonly clock = new FakeClock();
  readonly events: CreationEvent[] = [];
  readonly waits: CreationWait[] = [];
  warm: Pod | undefined;
  room = 0;
  /** Whether what room there is belongs to those who came before. */
  isReserved = false;
  created = 0;
  released = 0;
  private turn = Promise.withResolvers<CreationTurn | undefined>();
  private subscription: Subscription | undefined;

  async start(request: CreateSandboxDto = {}, disconnected?: AbortSignal): Promise<void> {
    const creator = new SandboxCreator(
      { check: () => undefined, templateOf: () => 'now', plan: () => aPod() },
      { create: (pod) => this.create(pod) },
      {
        take: () => Promise.resolve(this.warm),
        checkTurn: () => {
          if (this.isReserved) throw new ProblemError('limit_reached', 'kept');
        },
        wait: (_request, wait) => {
          this.waits.push(wait);
          return wait.forMs > 0 ? this.turn.promise : Promise.resolve(undefined);
        },
      },
      // It goes on and on.
      { bringToReady: () => new Promise(() => undefined) },
      this.clock,
    );
    const stream = await creationStream(
      (waiting) => creator.create(aPrincipal(), 'kata', request, waiting),
      request,
      disconnected,
    );
    this.subscription = stream.subscribe((event) => this.events.push(event));
  }

  async give(turn: CreationTurn | undefined): Promise<void> {
    const { resolve } = this.turn;
    this.turn = Promise.withResolvers();
    resolve(turn);
    await this.clock.advance(0);
  }

  get slot(): CreationTurn {
    return { slot: { release: () => (this.released += 1) } };
  }

  leave(): void {
    this.subscription?.unsubscribe();
  }

  get types(): string[] {
    return this.events.map(({ eventType }) => eventType);
  }

  private async create(pod: Pod): Promise<Pod> {
    if (this.room === 0) return Promise.reject(new ProblemError('limit_reached', 'full'));
    this.room -= 1;
    this.created += 1;
    return Promise.resolve(pod);
  }
}

describe('creationStream', () => {
  it('is at `ready` at once with a warm sandbox, and creates none', async () => {
    const scene = new Scene();
    scene.room = 1;
    scene.warm = aPod({ name: 'warm-1', ready: true });
    await scene.start();
    expect(scene.types).toEqual(['created', 'healthcheck', 'ready']);
    expect(scene.events.at(-1)).toMatchObject({ podName: 'warm-1', elapsedSeconds: 0 });
    expect(scene.created).toBe(0);
    expect(scene.clock.waiting).toBe(0);
  });

  it('does not begin where nobody wants to wait at the limit', async () => {
    const scene = new Scene();
    await expect(scene.start()).rejects.toMatchObject({ code: 'limit_reached' });
    expect(scene.waits).toMatchObject([{ forMs: 0, again: false }]);
  });

  it('takes no slot that is reserved for those who came before: it waits for its turn', async () => {
    const scene = new Scene();
    scene.isReserved = true;
    scene.room = 1;
    await expect(scene.start()).rejects.toMatchObject({ code: 'limit_reached' });
    const starting = scene.start({ waitSeconds: 10 });
    await scene.clock.advance(0);
    expect([scene.created, scene.waits.length]).toEqual([0, 2]);
    await scene.give(scene.slot);
    await starting;
    expect([scene.created, scene.released]).toEqual([1, 1]);
  });

  it('tells its position while it waits, then goes on as any other', async () => {
    const scene = new Scene();
    const starting = scene.start({ waitSeconds: 10 });
    await scene.clock.advance(0);
    scene.waits[0]?.onQueued?.(2, 4);
    await starting;
    scene.waits[0]?.onQueued?.(1, 2);
    await scene.clock.advance(0);
    expect(scene.events).toEqual([
      { eventType: 'queued', position: 2, estimatedSeconds: 4 },
      { eventType: 'queued', position: 1, estimatedSeconds: 2 },
    ]);
    scene.room = 1;
    await scene.give(scene.slot);
    expect(scene.types).toEqual(['queued', 'queued', 'created']);
    expect([scene.created, scene.released]).toEqual([1, 1]);
  });

  it('tells the newest position first to one who listens late, and none twice', async () => {
    const scene = new Scene();
    const starting = scene.start({ waitSeconds: 10 });
    await scene.clock.advance(0);
    for (const position of [3, 2, 2]) scene.waits[0]?.onQueued?.(position, position);
    await starting;
    scene.waits[0]?.onQueued?.(2, 9);
    expect(scene.events).toEqual([{ eventType: 'queued', position: 2, estimatedSeconds: 2 }]);
  });

  it('is at `ready` where the turn brings a warm sandbox', async () => {
    const scene = new Scene();
    const starting = scene.start({ waitSeconds: 10 });
    await scene.clock.advance(0);
    scene.waits[0]?.onQueued?.(1, 1);
    await starting;
    await scene.give({ pod: aPod({ name: 'warm-1', ready: true }) });
    expect(scene.types).toEqual(['queued', 'created', 'healthcheck', 'ready']);
  });

  it('has the next turn where its own came to nothing, for what is left of the time', async () => {
    const scene = new Scene();
    void scene.start({ waitSeconds: 10 });
    await scene.clock.advance(3_000);
    await scene.give(scene.slot);
    expect(scene.waits.map(({ forMs, again }) => ({ forMs, again }))).toEqual([
      { forMs: 10_000, again: false },
      { forMs: 7_000, again: true },
    ]);
    scene.room = 1;
    await scene.give(scene.slot);
    expect(scene.types).toEqual(['created']);
  });

  it('ends with `failed` when the wait is over', async () => {
    const scene = new Scene();
    const starting = scene.start({ waitSeconds: 10 });
    await scene.clock.advance(0);
    scene.waits[0]?.onQueued?.(1, 1);
    await starting;
    await scene.give(undefined);
    expect(scene.events.at(-1)).toEqual({ eventType: 'failed', podName: '', reason: 'full', code: 'limit_reached' });
  });

  it('waits no more for one who has left', async () => {
    const scene = new Scene();
    const starting = scene.start({ waitSeconds: 10 });
    await scene.clock.advance(0);
    scene.waits[0]?.onQueued?.(1, 1);
    await starting;
    expect(scene.waits[0]?.disconnected?.aborted).toBe(false);
    scene.leave();
    expect(scene.waits[0]?.disconnected?.aborted).toBe(true);
  });

  it('waits no more for one who sends no more, and still tells what came of it', async () => {
    const scene = new Scene();
    const leaving = new AbortController();
    const starting = scene.start({ waitSeconds: 10 }, leaving.signal);
    await scene.clock.advance(0);
    scene.waits[0]?.onQueued?.(1, 1);
    await starting;
    leaving.abort();
    expect(scene.waits[0]?.disconnected?.aborted).toBe(true);
    await scene.give(undefined);
    expect(scene.types).toEqual(['queued', 'failed']);
  });

  it('creates nothing for one who leaves in the moment of its turn, and gives its slot back', async () => {
    const scene = new Scene();
    const starting = scene.start({ waitSeconds: 10 });
    await scene.clock.advance(0);
    scene.waits[0]?.onQueued?.(1, 1);
    await starting;
    scene.room = 1;
    scene.leave();
    await scene.give(scene.slot);
    expect([scene.created, scene.released]).toEqual([0, 1]);
  });
});
