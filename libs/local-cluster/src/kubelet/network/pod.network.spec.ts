import type { Pod } from '@warmbox/sandbox';
import { PodNetwork } from './pod.network.js';
import { Splice } from './splice.js';

function podWithPort(): Pod {
  return { spec: { containers: [{ name: 'executor', ports: [{ name: 'executor', containerPort: 8666 }] }] } };
}

const pod = podWithPort();

/** Elsewhere than Linux there is one loopback address only. */
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('PodNetwork with addresses', () => {
  let network: PodNetwork;

  beforeEach(async () => {
    network = await PodNetwork.open();
  });
  afterEach(() => network.close());

  it('gives every pod an address of its own that can be listened on', async () => {
    const addresses = Array.from({ length: 300 }, () => network.allocate(pod));
    expect(new Set(addresses.map(({ host }) => host)).size).toBe(300);
    for (const { host, port } of [addresses[0]!, addresses[299]!]) {
      expect(port).toBe(8666);
      const splice = await Splice.listen(host, port, '/nowhere');
      await splice.close();
    }
  });

  it('gives the same block to no two networks', async () => {
    const others = await Promise.all(Array.from({ length: 5 }, () => PodNetwork.open(() => 0)));
    const blocks = [network, ...others].map((each) => each.allocate(pod).host.split('.')[1]);
    expect(new Set(blocks).size).toBe(6);
    await Promise.all(others.map((other) => other.close()));
  });

  it('uses an address that was given back, but only after all others', () => {
    const first = network.allocate(pod);
    first.release();
    const hosts = Array.from({ length: 65_533 }, () => network.allocate(pod).host);
    expect(hosts).not.toContain(first.host);
    expect(network.allocate(pod).host).toBe(first.host);
    expect(() => network.allocate(pod)).toThrow('in use');
  });

  it('does not give out the first and the last address of its block', () => {
    const hosts = Array.from({ length: 65_534 }, () => network.allocate(pod).host);
    expect(hosts.some((host) => host.endsWith('.0.0') || host.endsWith('.255.255'))).toBe(false);
  });

  it('admits pods as they are', () => {
    const admitted = podWithPort();
    network.admit(admitted);
    expect(admitted).toEqual(podWithPort());
  });
});

describe('PodNetwork with ports', () => {
  function admitted(network: PodNetwork): { pod: Pod; port: number | undefined } {
    const created = podWithPort();
    network.admit(created);
    return { pod: created, port: created.spec?.containers[0]?.ports?.[0]?.containerPort };
  }

  it('writes a port of its own into every pod, which is where the pod is reached', () => {
    const network = PodNetwork.ofPorts();
    const ports = Array.from({ length: 200 }, () => admitted(network).port);
    expect(new Set(ports).size).toBe(200);
    const last = admitted(network);
    expect(network.allocate(last.pod)).toMatchObject({ host: '127.0.0.1', port: last.port });
  });

  it('keeps the port of a pod that lives, and gives up that of one that never came', () => {
    let now = 0;
    const network = PodNetwork.ofPorts(
      () => 0,
      () => now,
    );
    const living = admitted(network);
    network.allocate(living.pod);
    const never = admitted(network).port;
    now = 61_000;
    const ports = Array.from({ length: 11_999 }, () => admitted(network).port);
    expect(ports).toContain(never);
    expect(ports).not.toContain(living.port);
    expect(() => network.admit(podWithPort())).toThrow('in use');
  });
});
