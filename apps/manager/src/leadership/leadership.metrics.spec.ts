import { Metrics } from '../config/metrics.js';
import { LeadershipMetrics } from './leadership.metrics.js';

describe('the metrics of leadership', () => {
  it('tell whether this manager leads, and count how often that began', async () => {
    const metrics = new Metrics();
    let onChange = (): void => undefined;
    const leadership = {
      isLeader: false,
      subscribe: (listener: () => void) => {
        onChange = listener;
        return () => undefined;
      },
    };
    new LeadershipMetrics(metrics, leadership).onModuleInit();
    const told = async (): Promise<(string | undefined)[]> => {
      const text = await metrics.registry.metrics();
      return [/^warmbox_leader (.*)$/m, /^warmbox_leader_transitions_total (.*)$/m].map((one) => one.exec(text)?.[1]);
    };
    expect(await told()).toEqual(['0', '0']);
    for (const isLeader of [false, true, true, false, true]) {
      leadership.isLeader = isLeader;
      onChange();
    }
    expect(await told()).toEqual(['1', '2']);
    leadership.isLeader = false;
    onChange();
    expect(await told()).toEqual(['0', '2']);
  });
});
