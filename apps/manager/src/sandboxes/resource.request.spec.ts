import type { ResourcesDto } from '@warmbox/dto';
import { resolveResources } from './resource.request.js';

const rules = {
  defaultRequests: { memoryMi: 128, cpuMillicores: 250 },
  defaultLimits: { memoryMi: 512, cpuMillicores: 1000 },
  maximum: { memoryMi: 4096, cpuMillicores: 4000 },
  memoryFloorMi: 64,
};

describe('resources of a new sandbox', () => {
  const cases: { name: string; asked: ResourcesDto | undefined; requests: unknown; limits: unknown }[] = [
    {
      name: 'are the defaults where nothing is asked for',
      asked: undefined,
      requests: rules.defaultRequests,
      limits: rules.defaultLimits,
    },
    {
      name: 'mix what is asked for with the defaults, amount by amount',
      asked: { requests: { memoryMi: 64 }, limits: { cpuMillicores: 2000 } },
      requests: { memoryMi: 64, cpuMillicores: 250 },
      limits: { memoryMi: 512, cpuMillicores: 2000 },
    },
    {
      name: 'lower the default request to a smaller limit',
      asked: { limits: { memoryMi: 64, cpuMillicores: 100 } },
      requests: { memoryMi: 64, cpuMillicores: 100 },
      limits: { memoryMi: 64, cpuMillicores: 100 },
    },
    {
      name: 'raise the default limit to a larger request',
      asked: { requests: { memoryMi: 1024 } },
      requests: { memoryMi: 1024, cpuMillicores: 250 },
      limits: { memoryMi: 1024, cpuMillicores: 1000 },
    },
    {
      name: 'may be exactly the maximum',
      asked: { limits: { memoryMi: 4096, cpuMillicores: 4000 } },
      requests: rules.defaultRequests,
      limits: { memoryMi: 4096, cpuMillicores: 4000 },
    },
  ];
  it.each(cases)('$name', ({ asked, requests, limits }) => {
    expect(resolveResources(asked, rules)).toEqual({ requests, limits });
  });

  const refused: { name: string; asked: ResourcesDto; pointers: string[] }[] = [
    {
      name: 'refuse a request above the limit that was asked for',
      asked: { requests: { memoryMi: 256 }, limits: { memoryMi: 128 } },
      pointers: ['/resources/requests/memoryMi'],
    },
    {
      name: 'refuse a limit above the maximum',
      asked: { limits: { cpuMillicores: 4001 } },
      pointers: ['/resources/limits/cpuMillicores'],
    },
    {
      name: 'refuse less memory than the executor needs',
      asked: { limits: { memoryMi: 63 } },
      pointers: ['/resources/limits/memoryMi'],
    },
    {
      name: 'blame the request where only it is above the maximum',
      asked: { requests: { memoryMi: 5000 } },
      pointers: ['/resources/requests/memoryMi'],
    },
    {
      name: 'list every violation',
      asked: { requests: { memoryMi: 9000 }, limits: { memoryMi: 8000, cpuMillicores: 8000 } },
      pointers: ['/resources/limits/memoryMi', '/resources/requests/memoryMi', '/resources/limits/cpuMillicores'],
    },
  ];
  it.each(refused)('$name', ({ asked, pointers }) => {
    const violations = resolveResources(asked, rules);
    expect(Array.isArray(violations) && violations.map(({ pointer }) => pointer)).toEqual(pointers);
  });
});
