import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import { TracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace';
import { waitFor } from '@warmbox/testing';
import { QUEUE_MAX, SpanQueue } from './span.queue.js';

/** A collector in the test's hands. */
class Scene {
  readonly told: Record<string, number> = {};
  readonly said: string[] = [];
  answers: 'at once' | 'never' | 'with a refusal' = 'at once';
  private waiting: (() => void)[] = [];
  private readonly exporter: SpanExporter = {
    export: (_, done) => {
      const refused: ExportResult = { code: ExportResultCode.FAILED, error: new Error('no') };
      const answer = (): void => done(this.answers === 'with a refusal' ? refused : { code: ExportResultCode.SUCCESS });
      if (this.answers === 'never') this.waiting.push(answer);
      else answer();
    },
    shutdown: () => Promise.resolve(),
  };
  readonly queue = new SpanQueue({
    exporter: this.exporter,
    gatherMs: 1,
    onOutcome: (outcome, count) => void (this.told[outcome] = (this.told[outcome] ?? 0) + count),
    onFailure: (error) => void this.said.push(`failed: ${String(error?.message)}`),
    onRecovery: () => void this.said.push('recovered'),
  });
  private readonly tracer = new TracerProvider({ spanProcessors: [this.queue] }).getTracer('a test');

  end(count: number): void {
    for (let each = 0; each < count; each += 1) this.tracer.startSpan('a').end();
  }

  answer(): void {
    this.answers = 'at once';
    for (const answer of this.waiting.splice(0)) answer();
  }
}

describe('SpanQueue', () => {
  it('sends what has ended, soon, and the last of it when it is shut down', async () => {
    const scene = new Scene();
    scene.end(3);
    await waitFor('they are sent', () => scene.told, { exported: 3 });
    scene.end(700);
    await scene.queue.shutdown();
    expect(scene.told).toEqual({ exported: 703 });
  });

  it('keeps only so many for a collector that does not answer, and counts what it drops', async () => {
    const scene = new Scene();
    scene.answers = 'never';
    scene.end(QUEUE_MAX + 10);
    expect(scene.told).toEqual({ dropped: 10 });
    await waitFor('the collector answers', () => (scene.answer(), scene.told.exported), QUEUE_MAX);
    scene.end(1);
    await waitFor('there is room again', () => (scene.answer(), scene.told), { exported: QUEUE_MAX + 1, dropped: 10 });
  });

  it('says once that the collector refuses, and once that it does no more', async () => {
    const scene = new Scene();
    scene.answers = 'with a refusal';
    for (const failed of [1, 2]) {
      scene.end(1);
      await waitFor('it is refused', () => scene.told, { failed });
    }
    expect(scene.said).toEqual(['failed: no']);
    scene.answers = 'at once';
    scene.end(1);
    await waitFor('it is taken', () => scene.told, { exported: 1 });
    expect(scene.said).toEqual(['failed: no', 'recovered']);
  });
});
