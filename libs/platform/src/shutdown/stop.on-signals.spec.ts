import { EventEmitter } from 'node:events';
import { stopOnSignals } from './stop.on-signals.js';

class FakeProcess extends EventEmitter {
  readonly calls: string[] = [];
  stopped = Promise.withResolvers<undefined>();

  constructor(exitCode?: (signal: NodeJS.Signals) => number) {
    super();
    stopOnSignals(this, {
      stop: async () => {
        this.calls.push('stop');
        await this.stopped.promise;
      },
      exitCode,
      hurry: () => this.calls.push('hurry'),
      exit: (code) => this.calls.push(`exit ${code}`),
      onError: (error) => this.calls.push(String(error)),
    });
  }

  async settled(): Promise<string[]> {
    await new Promise(setImmediate);
    return this.calls;
  }
}

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT'])('%s stops in order and then exits with 0', async (signal) => {
    const process = new FakeProcess();
    process.emit(signal, signal);
    expect(await process.settled()).toEqual(['stop']);
    process.stopped.resolve(undefined);
    expect(await process.settled()).toEqual(['stop', 'exit 0']);
  });

  it('exit with the code that is told for the first of them', async () => {
    const process = new FakeProcess((signal) => (signal === 'SIGINT' ? 130 : 143));
    process.emit('SIGINT', 'SIGINT');
    process.emit('SIGTERM', 'SIGTERM');
    process.stopped.resolve(undefined);
    expect(await process.settled()).toEqual(['stop', 'hurry', 'exit 130']);
  });

  it('hurry the stop the second time, and end the process the third', async () => {
    const process = new FakeProcess();
    process.emit('SIGINT');
    process.emit('SIGTERM');
    expect(await process.settled()).toEqual(['stop', 'hurry']);
    process.emit('SIGINT');
    expect(await process.settled()).toEqual(['stop', 'hurry', 'exit 1']);
  });

  it('exit with 1 where the stop fails', async () => {
    const process = new FakeProcess();
    process.emit('SIGTERM');
    process.stopped.reject(new Error('stuck'));
    expect(await process.settled()).toEqual(['stop', 'Error: stuck', 'exit 1']);
  });
});
