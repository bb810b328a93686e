import { planned, type Case } from './fixtures/plan.case.js';
import { ago, creating, NOW, ready, times, unready } from './fixtures/plan.pods.js';

describe('the next plan is due', () => {
  it.each<[string, Case, number]>([
    ['never, where only changes matter', { pods: times(3, ready) }, Infinity],
    ['when a pod runs out of time', { pods: [ready(), ready(), creating({ createdAt: ago(30) })] }, 60_000],
    ['when it does so by its age', { pods: [ready(), ready(), creating()], ageOf: () => 10_000 }, 80_000],
    ['when a pod has not been Ready for a minute', { pods: [...times(3, ready), unready(45)] }, 15_000],
    ['when a circuit lets the next one be tried', { circuits: { kata: { retryAt: NOW + 7_000 } } }, 7_000],
    ['at the first of these', { pods: [creating({ createdAt: ago(89) }), unready(10)], circuits: { kata: {} } }, 1_000],
  ])('%s', (_what, scene, ms) => expect(planned(scene).dueInMs).toBe(ms));
});
